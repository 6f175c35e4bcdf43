"""What a melder reads after choosing a category, and an index for the meldingen that nobody owns.

Measured with 200,000 meldingen, 2,000 of them still `ontvangen`: 160 → 17 ms. Reversible.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("category", sa.Column("hint", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_melding_ontvangen",
        "melding",
        ["gemeente_id", "received_at", "id"],
        postgresql_where=sa.text("status = 'ontvangen'"),
    )


def downgrade() -> None:
    op.drop_index("ix_melding_ontvangen", "melding")
    op.drop_column("category", "hint")
