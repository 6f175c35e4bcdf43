"""What the figures remember of each end of a melding.

Nothing is filled in for ends of before: what was true at that moment is not known any more. Reversible.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

REACHES = "reach IN ('bereikbaar', 'anoniem', 'wil_geen_bericht', 'geen_kanaal', 'gewist')"


def upgrade() -> None:
    op.create_table(
        "ending",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("wijk_code", sa.Text(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("intake_channel", sa.Text(), nullable=False),
        sa.Column("partner_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("spoed", sa.Boolean(), nullable=False),
        sa.Column("partner", sa.Boolean(), nullable=False),
        sa.Column("werkdagen", sa.Integer(), nullable=False),
        sa.Column("in_term", sa.Boolean(), nullable=False),
        sa.Column("in_term_paused", sa.Boolean(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(REACHES, name=op.f("ck_ending_reach")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "category_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_ending_gemeente_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "team_id"], ["team.gemeente_id", "team.id"], name=op.f("fk_ending_gemeente_id_team_id")
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_ending_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ending")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_ending_gemeente_id_id")),
        sa.UniqueConstraint(
            "gemeente_id", "melding_id", "event_id", name=op.f("uq_ending_gemeente_id_melding_id_event_id")
        ),
    )
    op.create_index("ix_ending_month", "ending", ["gemeente_id", "month"])


def downgrade() -> None:
    op.drop_table("ending")
