"""What quick reading asks of the tables: the links of a melding, also those that ended, by its number.

Reversible. The index takes no lock that stops reading; writing links waits while it is made.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_melding_opdracht_melding_id", "melding_opdracht", ["melding_id"])


def downgrade() -> None:
    op.drop_index("ix_melding_opdracht_melding_id", "melding_opdracht")
