"""Reads that stay flat as a database grows, and fewer indexes on the way in. Measured by bench.groot. Reversible.

The sequence of the meldingnummers starts anew after seven digits: the year stands in front of them, so that they are
unique up to ten million meldingen a year.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

OPEN = "status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"
WORDS = "to_tsvector('dutch'::regconfig, (((description || ' '::text) || address) || ' '::text) || location_note)"
WEEK = "(gemeente_id * 100000 + ((received_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date) / 7)"
NOT_REFERRED_TO = ("closure", "contact", "delivery_step", "ending", "melding_opdracht", "verdict")
"""No row of another table refers to these: the key of (gemeente_id, id) was written and never read."""
KEPT = "subject <> '' OR text <> '' OR html <> '' OR address <> '' OR provider_id <> ''"
TRIGRAMS = "gin_trgm_ops"


def upgrade() -> None:
    for extension in ("btree_gin", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.execute("ALTER SEQUENCE melding_number MAXVALUE 9999999 CYCLE")
    for table in NOT_REFERRED_TO:
        op.drop_constraint(op.f(f"uq_{table}_gemeente_id_id"), table)

    _again("ix_opdracht_open_team", "opdracht", ["team_id", *_in_order()], where=OPEN)
    _again("ix_opdracht_open_gemeente", "opdracht", ["gemeente_id", *_in_order()], where=OPEN)
    op.create_index(
        "ix_opdracht_reopened_from_id", "opdracht", ["reopened_from_id"],
        postgresql_where=sa.text("reopened_from_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_opdracht_closed_near", "opdracht", [sa.text("(location::geography)"), "closed_at"],
        postgresql_using="gist", postgresql_where=sa.text("status = 'gereed'"),
    )  # fmt: skip

    _again("ix_melding_words", "melding", [sa.text(WEEK), sa.text(WORDS)], gin={})
    _again(
        "ix_melding_address", "melding", [sa.text(WEEK), "address"], gin={"address": TRIGRAMS}, where="address <> ''"
    )
    _again("ix_contact_name", "contact", ["gemeente_id", "name"], gin={"name": TRIGRAMS}, where="name <> ''")
    _again("ix_contact_phone_part", "contact", ["gemeente_id", "phone"], gin={"phone": TRIGRAMS}, where="phone <> ''")
    op.create_index("ix_melding_number_end", "melding", [sa.text("reverse(number) text_pattern_ops")])

    _again("ix_melding_entered_by", "melding", ["entered_by"], where="entered_by IS NOT NULL")
    _again("ix_journal_melding_id", "journal", ["melding_id", "id"], where="melding_id IS NOT NULL")
    _again("ix_journal_opdracht_id", "journal", ["opdracht_id", "id"], where="opdracht_id IS NOT NULL")
    op.create_index(
        "ix_melding_photos_expected", "melding", ["received_at"], postgresql_where=sa.text("photos_expected > 0")
    )
    op.create_index(
        "ix_melding_withdrawn", "melding", ["gemeente_id", "id"], postgresql_where=sa.text("withdrawn_at IS NOT NULL")
    )
    op.create_index("ix_delivery_kept", "delivery", ["gemeente_id", "id", "created_at"], postgresql_where=sa.text(KEPT))


def downgrade() -> None:
    for index, table in (
        ("ix_delivery_kept", "delivery"),
        ("ix_melding_withdrawn", "melding"),
        ("ix_melding_photos_expected", "melding"),
        ("ix_melding_number_end", "melding"),
        ("ix_opdracht_closed_near", "opdracht"),
        ("ix_opdracht_reopened_from_id", "opdracht"),
    ):
        op.drop_index(index, table)
    _again("ix_journal_opdracht_id", "journal", ["opdracht_id", "id"])
    _again("ix_journal_melding_id", "journal", ["melding_id", "id"])
    _again("ix_melding_entered_by", "melding", ["entered_by"])
    _again("ix_contact_phone_part", "contact", ["phone"], gin={"phone": TRIGRAMS}, where="phone <> ''")
    _again("ix_contact_name", "contact", ["name"], gin={"name": TRIGRAMS}, where="name <> ''")
    _again("ix_melding_address", "melding", ["address"], gin={"address": TRIGRAMS}, where="address <> ''")
    _again("ix_melding_words", "melding", [sa.text(WORDS)], gin={})
    _again("ix_opdracht_open_gemeente", "opdracht", ["gemeente_id", "due_at", "id"], where=OPEN)
    _again("ix_opdracht_open_team", "opdracht", ["team_id", "due_at", "id"], where=OPEN)
    for table in NOT_REFERRED_TO:
        op.create_unique_constraint(op.f(f"uq_{table}_gemeente_id_id"), table, ["gemeente_id", "id"])
    op.execute("ALTER SEQUENCE melding_number NO MAXVALUE NO CYCLE")
    for extension in ("btree_gin", "btree_gist"):
        op.execute(f"DROP EXTENSION {extension}")


def _in_order() -> list[sa.TextClause | str]:
    return [sa.text("(urgency = 'spoed'::text) DESC"), sa.text("danger_suspected DESC"), "due_at", "id"]


def _again(
    name: str, table: str, columns: list[sa.TextClause | str], *, gin: dict[str, str] | None = None, where: str = ""
) -> None:
    """Makes an index that was there in another shape."""
    op.drop_index(name, table)
    op.create_index(
        name,
        table,
        columns,
        postgresql_using="btree" if gin is None else "gin",
        postgresql_ops=gin or {},
        postgresql_where=sa.text(where) if where else None,
    )
