"""Berichten as a chain: its steps, texts, tasks, incoming mail, push, verdicts, webhooks and requests about privacy.

The statuses of a delivery get the names of domain/delivery.py. Reversible while no new channel or preference is used.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

CHECKS = (
    ("delivery", "channel", ("email", "sms", "telefoon"), ("email", "sms", "push", "brief", "telefoon")),
    (
        "delivery",
        "status",
        ("gepland", "bezig", "verzonden", "bezorgd", "mislukt"),
        ("gepland", "klaar", "verzonden", "bezorgd", "niet_bezorgd"),
    ),
    ("contact", "preference", ("email", "sms", "bellen"), ("email", "sms", "push", "brief", "bellen")),
)
RENAMED = (("bezig", "klaar"), ("mislukt", "niet_bezorgd"))


def rename(pairs: tuple[tuple[str, str], ...], checks: int, unfinished: str) -> None:
    """Lets the closed lists go, renames the statuses of deliveries, and closes the lists again."""
    for table, column, *_ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
    op.drop_index("uq_delivery_unfinished", table_name="delivery")
    for was, becomes in pairs:
        op.execute(f"UPDATE delivery SET status = '{becomes}' WHERE status = '{was}'")
    for table, column, *lists in CHECKS:
        listed = ", ".join(f"'{value}'" for value in lists[checks])
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")
    op.create_index(
        "uq_delivery_unfinished",
        "delivery",
        ["notice_id"],
        unique=True,
        postgresql_where=sa.text(f"status IN ('gepland', '{unfinished}')"),
    )


def upgrade() -> None:
    rename(RENAMED, 1, "klaar")
    op.create_table(
        "pace",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_pace")),
    )
    op.create_table(
        "privacy_request",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("melding_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_how", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "proof", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('inzage', 'correctie', 'verwijdering', 'beperking')", name=op.f("ck_privacy_request_kind")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'gecontroleerd', 'uitgevoerd', 'afgewezen')", name=op.f("ck_privacy_request_status")
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["account.id"], name=op.f("fk_privacy_request_checked_by")),
        sa.ForeignKeyConstraint(["finished_by"], ["account.id"], name=op.f("fk_privacy_request_finished_by")),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_privacy_request_gemeente_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_privacy_request_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_privacy_request_gemeente_id_id")),
    )
    op.create_index("ix_privacy_request_due_at", "privacy_request", ["gemeente_id", "due_at"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("own_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("safe_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_webhook_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_webhook_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "name", name=op.f("uq_webhook_gemeente_id_name")),
    )
    op.create_table(
        "notice_text",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'push', 'brief', 'telefoon')", name=op.f("ck_notice_text_channel")
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "category_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_notice_text_gemeente_id_category_id"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_notice_text_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_text")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_notice_text_gemeente_id_id")),
    )
    op.create_index(
        "uq_notice_text_now",
        "notice_text",
        ["gemeente_id", "kind", "channel", sa.text("coalesce(category_id, 0)")],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_index(
        "uq_notice_text_version",
        "notice_text",
        ["gemeente_id", "kind", "channel", sa.text("coalesce(category_id, 0)"), "version"],
        unique=True,
    )
    op.create_table(
        "webhook_call",
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maybe_double", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("in_doubt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "webhook_id"],
            ["webhook.gemeente_id", "webhook.id"],
            name=op.f("fk_webhook_call_gemeente_id_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_webhook_call_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_call")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_webhook_call_gemeente_id_id")),
        sa.UniqueConstraint(
            "webhook_id", "event_id", "melding_id", name=op.f("uq_webhook_call_webhook_id_event_id_melding_id")
        ),
    )
    op.create_index(
        "ix_webhook_call_unsent",
        "webhook_call",
        ["webhook_id", "event_id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "incoming_mail",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("raw_key", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('bounce', 'automatisch', 'antwoord', 'onbekend', 'lus')", name=op.f("ck_incoming_mail_kind")
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_incoming_mail_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_incoming_mail_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_incoming_mail_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "sha256", name=op.f("uq_incoming_mail_gemeente_id_sha256")),
    )
    op.create_index("ix_incoming_mail_melding_id", "incoming_mail", ["melding_id"], unique=False)
    op.create_table(
        "push_subscription",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_push_subscription_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_push_subscription_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_push_subscription_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "melding_id", name=op.f("uq_push_subscription_gemeente_id_melding_id")),
    )
    op.create_table(
        "task",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=True),
        sa.Column("mail_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('kcc', 'coordinator')", name=op.f("ck_task_role")),
        sa.CheckConstraint("status IN ('open', 'klaar', 'vervallen')", name=op.f("ck_task_status")),
        sa.ForeignKeyConstraint(["finished_by"], ["account.id"], name=op.f("fk_task_finished_by")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "mail_id"],
            ["incoming_mail.gemeente_id", "incoming_mail.id"],
            name=op.f("fk_task_gemeente_id_mail_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_task_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "opdracht_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_task_gemeente_id_opdracht_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_task_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_task_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "key", name=op.f("uq_task_gemeente_id_key")),
    )
    op.create_index("ix_task_melding_id", "task", ["melding_id"], unique=False)
    op.create_index(
        "ix_task_open",
        "task",
        ["gemeente_id", "role", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "verdict",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("asked IN ('opgelost', 'uitleg')", name=op.f("ck_verdict_asked")),
        sa.CheckConstraint("via IN ('volgpagina', 'api', 'telefoon', 'e_mail')", name=op.f("ck_verdict_via")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_verdict_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "note_id"], ["note.gemeente_id", "note.id"], name=op.f("fk_verdict_gemeente_id_note_id")
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_verdict_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_verdict_gemeente_id_id")),
        sa.UniqueConstraint(
            "gemeente_id", "melding_id", "event_id", name=op.f("uq_verdict_gemeente_id_melding_id_event_id")
        ),
    )
    op.create_table(
        "delivery_step",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('gepland', 'klaar', 'verzonden', 'bezorgd', 'niet_bezorgd')",
            name=op.f("ck_delivery_step_status"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "delivery_id"],
            ["delivery.gemeente_id", "delivery.id"],
            name=op.f("fk_delivery_step_gemeente_id_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_delivery_step_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_step")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_delivery_step_gemeente_id_id")),
    )
    op.create_index("ix_delivery_step_delivery_id", "delivery_step", ["delivery_id", "id"], unique=False)
    op.add_column(
        "category",
        sa.Column(
            "retention", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )
    op.add_column("contact", sa.Column("night_too", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("contact", sa.Column("postal_address", sa.Text(), server_default="", nullable=False))
    op.add_column("melding", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("melding", sa.Column("frozen_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("melding", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notice", sa.Column("bundled_into", sa.BigInteger(), nullable=True))
    op.add_column("notice", sa.Column("ended", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(
        op.f("fk_notice_gemeente_id_bundled_into"),
        "notice",
        "notice",
        ["gemeente_id", "bundled_into"],
        ["gemeente_id", "id"],
    )
    op.add_column("opdracht", sa.Column("warned_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("opdracht", sa.Column("automatic_delays", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("opdracht", "automatic_delays")
    op.drop_column("opdracht", "warned_due_at")
    op.drop_constraint(op.f("fk_notice_gemeente_id_bundled_into"), "notice", type_="foreignkey")
    op.drop_column("notice", "ended")
    op.drop_column("notice", "bundled_into")
    op.drop_column("melding", "erased_at")
    op.drop_column("melding", "frozen_reason")
    op.drop_column("melding", "frozen_at")
    op.drop_column("contact", "postal_address")
    op.drop_column("contact", "night_too")
    op.drop_column("category", "retention")
    op.drop_index("ix_delivery_step_delivery_id", table_name="delivery_step")
    op.drop_table("delivery_step")
    op.drop_table("verdict")
    op.drop_index("ix_task_open", table_name="task", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_task_melding_id", table_name="task")
    op.drop_table("task")
    op.drop_table("push_subscription")
    op.drop_index("ix_incoming_mail_melding_id", table_name="incoming_mail")
    op.drop_table("incoming_mail")
    op.drop_table("webhook_call")
    op.drop_index("uq_notice_text_version", table_name="notice_text")
    op.drop_index("uq_notice_text_now", table_name="notice_text", postgresql_where=sa.text("retired_at IS NULL"))
    op.drop_table("notice_text")
    op.drop_table("webhook")
    op.drop_index("ix_privacy_request_due_at", table_name="privacy_request")
    op.drop_table("privacy_request")
    op.drop_table("pace")
    rename(tuple((new, old) for old, new in RENAMED), 0, "bezig")
