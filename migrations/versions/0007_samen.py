"""Berichten that travel in one message, and a turn at the provider."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("carrier_id", sa.BigInteger(), nullable=True))
    op.add_column("delivery", sa.Column("slot_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_delivery_gemeente_id_carrier_id"),
        "delivery",
        "delivery",
        ["gemeente_id", "carrier_id"],
        ["gemeente_id", "id"],
    )
    op.create_index(
        "ix_delivery_carrier_id", "delivery", ["carrier_id"], postgresql_where=sa.text("carrier_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_carrier_id", table_name="delivery")
    op.drop_constraint(op.f("fk_delivery_gemeente_id_carrier_id"), "delivery", type_="foreignkey")
    op.drop_column("delivery", "slot_at")
    op.drop_column("delivery", "carrier_id")
