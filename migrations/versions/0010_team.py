"""What *Het team en het KCC* remembers: who has duty, what waits with a party, what can still be undone, who signs in how.

Reversible; going back loses the rosters, the second factors, the attempts at phoning and what was marked for a desk.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

BEFORE = "role IN ('team', 'piket', 'kcc', 'coordinator', 'beheer')"
AFTER = "role IN ('team', 'piket', 'kcc', 'coordinator', 'beheer', 'antwoorddienst')"
NOTES = "kind IN ('notitie', 'aanvulling', 'vraag', 'weigering')"
MORE_NOTES = NOTES[:-1] + ", 'partij_vraag', 'partij_antwoord')"
DESKS = "desk IN ('', 'klacht', 'schade', 'bezwaar', 'handhaving')"
ABUSE = "abuse IN ('', 'grof', 'bedreiging')"
SINCE = """
UPDATE opdracht SET party_since_at = COALESCE(
    (SELECT max(j.at) FROM journal j WHERE j.opdracht_id = opdracht.id AND j.facts ? 'team_id'), created_at)
WHERE status = 'bij_partij'
"""
"""What an external party has already, it has since it was given."""
TEXT, MOMENT = sa.Text(), sa.DateTime(timezone=True)


def upgrade() -> None:
    _words("account", "email", "phone", "totp_secret")
    op.add_column("account", sa.Column("totp_confirmed_at", MOMENT, nullable=True))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("account", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("account", sa.Column("locked_until", MOMENT, nullable=True))
    op.add_column("account", sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
    _words("staff_session", "device")
    op.add_column("staff_session", sa.Column("seen_at", MOMENT, nullable=True))
    op.drop_constraint(op.f("ck_account_role_role"), "account_role")
    op.create_check_constraint(op.f("ck_account_role_role"), "account_role", AFTER)

    op.create_table(
        "staff_push",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", TEXT, nullable=False),
        sa.Column("p256dh", TEXT, nullable=False),
        sa.Column("auth", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_staff_push_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_push")),
        sa.UniqueConstraint("account_id", "endpoint", name=op.f("uq_staff_push_account_id_endpoint")),
    )
    op.create_table(
        "duty",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("until_at", MOMENT, nullable=False),
        sa.Column("place", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("swap_asked_at", MOMENT, nullable=True),
        sa.Column("first_account_id", sa.BigInteger(), nullable=False),
        *_own("duty"),
        _refers("duty", "team_id", "team"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_duty_account_id")),
        sa.ForeignKeyConstraint(["first_account_id"], ["account.id"], name=op.f("fk_duty_first_account_id")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_duty_until_at")),
    )
    op.create_index("ix_duty_team_id", "duty", ["team_id", "until_at"])
    op.create_index("ix_duty_account_id", "duty", ["account_id", "until_at"])

    op.add_column("notice", sa.Column("account_id", sa.BigInteger(), nullable=True))
    op.add_column("notice", sa.Column("device_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_notice_account_id"), "notice", "account", ["account_id"], ["id"])
    op.create_index(
        "uq_notice_event_account",
        "notice",
        ["event_id", "account_id", "device_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )

    op.add_column("team", sa.Column("news", TEXT, server_default="meteen", nullable=False))
    op.create_check_constraint(op.f("ck_team_news"), "team", "news IN ('meteen', 'per_dag')")
    op.add_column("team", sa.Column("link_generation", sa.Integer(), server_default="1", nullable=False))
    op.add_column("api_key", sa.Column("team_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_api_key_gemeente_id_team_id"), "api_key", "team", ["gemeente_id", "team_id"], ["gemeente_id", "id"]
    )
    op.add_column("api_key", sa.Column("category_ids", sa.ARRAY(sa.BigInteger()), nullable=True))

    for name in ("party_since_at", "party_told_at", "safe_at", "undo_until"):
        op.add_column("opdracht", sa.Column(name, MOMENT, nullable=True))
    op.add_column("opdracht", sa.Column("party_expected_on", sa.Date(), nullable=True))
    op.add_column("opdracht", sa.Column("party_days", sa.Integer(), server_default="0", nullable=False))
    op.execute(SINCE)
    op.create_index(
        "ix_opdracht_party_expected_on",
        "opdracht",
        ["party_expected_on"],
        postgresql_where=sa.text("party_since_at IS NOT NULL AND party_expected_on IS NOT NULL"),
    )
    op.drop_constraint(op.f("ck_note_kind"), "note")
    op.create_check_constraint(op.f("ck_note_kind"), "note", MORE_NOTES)
    op.add_column("ending", sa.Column("party_days", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ending", sa.Column("in_term_party", sa.Boolean(), nullable=True))

    _words("melding", "desk", "abuse")
    op.create_check_constraint(op.f("ck_melding_desk"), "melding", DESKS)
    op.create_check_constraint(op.f("ck_melding_abuse"), "melding", ABUSE)
    op.create_index("ix_melding_desk", "melding", ["gemeente_id"], postgresql_where=sa.text("desk <> ''"))

    op.add_column("terugbelnotitie", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_terugbelnotitie_owner_id"), "terugbelnotitie", "account", ["owner_id"], ["id"])
    op.create_table(
        "call_attempt",
        sa.Column("terugbelnotitie_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("words", TEXT, server_default="", nullable=False),
        *_own("call_attempt"),
        _refers("call_attempt", "terugbelnotitie_id", "terugbelnotitie", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_call_attempt_account_id")),
        sa.CheckConstraint("outcome IN ('gesproken', 'niet_bereikt')", name=op.f("ck_call_attempt_outcome")),
    )
    op.create_index("ix_call_attempt_terugbelnotitie_id", "call_attempt", ["terugbelnotitie_id"])

    _words("contact_view", "words")
    op.create_index(
        "ix_contact_phone_part",
        "contact",
        ["phone"],
        postgresql_using="gin",
        postgresql_ops={"phone": "gin_trgm_ops"},
        postgresql_where=sa.text("phone <> ''"),
    )
    op.add_column("delivery", sa.Column("again", sa.SmallInteger(), server_default="0", nullable=False))
    op.drop_constraint(op.f("uq_delivery_notice_id_channel"), "delivery")
    op.create_unique_constraint(
        op.f("uq_delivery_notice_id_channel_again"), "delivery", ["notice_id", "channel", "again"]
    )

    op.add_column("concept", sa.Column("account_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_concept_account_id"), "concept", "account", ["account_id"], ["id"])
    op.create_index(
        "ix_concept_account_id", "concept", ["account_id"], postgresql_where=sa.text("account_id IS NOT NULL")
    )

    op.create_table(
        "bulk",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("facts", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("status", TEXT, server_default="gepland", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        *_own("bulk"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bulk_account_id")),
        sa.CheckConstraint("status IN ('gepland', 'bezig', 'klaar', 'ongedaan')", name=op.f("ck_bulk_status")),
    )
    op.create_table(
        "bulk_item",
        sa.Column("bulk_id", sa.BigInteger(), nullable=False),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("result", TEXT, server_default="", nullable=False),
        sa.Column("words", TEXT, server_default="", nullable=False),
        *_own("bulk_item"),
        _refers("bulk_item", "bulk_id", "bulk", ondelete="CASCADE"),
        _refers("bulk_item", "opdracht_id", "opdracht", ondelete="CASCADE"),
        sa.UniqueConstraint("bulk_id", "opdracht_id", name=op.f("uq_bulk_item_bulk_id_opdracht_id")),
    )
    op.create_index("ix_bulk_item_opdracht_id", "bulk_item", ["opdracht_id"])


def downgrade() -> None:
    for table in ("bulk_item", "bulk", "call_attempt", "duty", "staff_push"):
        op.drop_table(table)
    op.execute("DELETE FROM account_role WHERE role = 'antwoorddienst'")
    op.drop_constraint(op.f("ck_account_role_role"), "account_role")
    op.create_check_constraint(op.f("ck_account_role_role"), "account_role", BEFORE)
    op.execute("UPDATE note SET kind = 'notitie' WHERE kind IN ('partij_vraag', 'partij_antwoord')")
    op.drop_constraint(op.f("ck_note_kind"), "note")
    op.create_check_constraint(op.f("ck_note_kind"), "note", NOTES)
    op.execute("DELETE FROM notice WHERE account_id IS NOT NULL")
    op.execute("DELETE FROM delivery WHERE again > 0")
    op.drop_constraint(op.f("uq_delivery_notice_id_channel_again"), "delivery")
    op.create_unique_constraint(op.f("uq_delivery_notice_id_channel"), "delivery", ["notice_id", "channel"])
    op.drop_index("ix_contact_phone_part", "contact")
    for table, columns in (
        ("concept", ("account_id",)),
        ("terugbelnotitie", ("owner_id",)),
        ("contact_view", ("words",)),
        ("delivery", ("again",)),
        ("melding", ("abuse", "desk")),
        ("ending", ("in_term_party", "party_days")),
        ("opdracht", ("party_days", "party_expected_on", "undo_until", "safe_at", "party_told_at", "party_since_at")),
        ("api_key", ("category_ids", "team_id")),
        ("team", ("link_generation", "news")),
        ("notice", ("device_id", "account_id")),
        ("staff_session", ("seen_at", "device")),
        (
            "account",
            (
                "must_change", "locked_until", "failures", "totp_step", "totp_confirmed_at", "totp_secret",
                "phone", "email",
            ),
        ),
    ):  # fmt: skip
        for column in columns:
            op.drop_column(table, column)


def _words(table: str, *columns: str) -> None:
    for column in columns:
        op.add_column(table, sa.Column(column, TEXT, server_default="", nullable=False))


def _refers(table: str, column: str, to: str, **options: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_gemeente_id_{column}")
    return sa.ForeignKeyConstraint(
        ["gemeente_id", column], [f"{to}.gemeente_id", f"{to}.id"], name=name, ondelete=options.get("ondelete")
    )


def _own(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f(f"fk_{table}_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f(f"uq_{table}_gemeente_id_id")),
    ]
