"""What the figures and the groups on the map ask of an index, so that ten million meldingen cost them no more.

Reversible. ix_delivery_sent is written when a bericht goes out, ix_ending_reopened when an end did not hold, and
ix_opdracht_open_received holds open work only; none of them is on the way in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

OPEN = "status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"
INDEXES = (
    ("ix_delivery_sent", "delivery", ("gemeente_id", "sent_at"), "sent_at IS NOT NULL"),
    ("ix_ending_reopened", "ending", ("gemeente_id", "reopened_at"), "reopened_at IS NOT NULL"),
    ("ix_opdracht_open_received", "opdracht", ("gemeente_id", "received_at"), OPEN),
)


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, list(columns), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
