"""What the proof of destroying needs, the word of the archivaris, and the identity check of a request.

Reversible; going back forgets who confirmed which terms.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("tombstone", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tombstone", sa.Column("batch", sa.Text(), server_default="", nullable=False))
    op.add_column("privacy_request", sa.Column("found_by", sa.Text(), server_default="", nullable=False))
    op.add_column("privacy_request", sa.Column("code_number", sa.Integer(), server_default="0", nullable=False))
    op.add_column("privacy_request", sa.Column("code_sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("privacy_request", sa.Column("code_tries", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_table(
        "retention_confirmation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_retention_confirmation_gemeente_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_retention_confirmation_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_confirmation")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_retention_confirmation_gemeente_id_id")),
    )


def downgrade() -> None:
    op.drop_table("retention_confirmation")
    for column in ("code_tries", "code_sent_at", "code_number", "found_by"):
        op.drop_column("privacy_request", column)
    op.drop_column("tombstone", "batch")
    op.drop_column("tombstone", "closed_at")
