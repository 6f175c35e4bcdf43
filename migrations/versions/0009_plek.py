"""How sure the place of a melding is, and numbers of objects found in capitals or not. Reversible.

Going back loses the accuracy.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("melding", sa.Column("accuracy_m", sa.Integer(), nullable=True))
    op.drop_index("ix_object_code", "object")
    op.create_index("ix_object_code", "object", ["gemeente_id", sa.text("upper(code)")])


def downgrade() -> None:
    op.drop_index("ix_object_code", "object")
    op.create_index("ix_object_code", "object", ["gemeente_id", "code"])
    op.drop_column("melding", "accuracy_m")
