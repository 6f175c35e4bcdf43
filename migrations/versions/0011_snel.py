"""What *Snel en onverwoestbaar* asks of the tables: lines in the outbox per gemeente, and turns at a provider per gemeente.

Reversible; going back forgets the turns that were given out. Nothing here rewrites a table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

UNDONE = sa.text("done_at IS NULL AND parked_at IS NULL")
LINE = ["topic", "urgency", sa.text("coalesce(gemeente_id, 0)"), "due_at", "id"]
# Each row is written four times: put, leased, begun, finished. With room on its page the two in the middle touch no
# index (docs/opzetten.md has the measurement). Dead rows are cleared by their number, not by their share of a table
# that keeps what was done for days, and without pauses: the table is small and its front is read all the time.
OUTBOX = {
    "fillfactor": "50",
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "2000",
    "autovacuum_vacuum_cost_delay": "0",
    "autovacuum_analyze_scale_factor": "0",
    "autovacuum_analyze_threshold": "2000",
}


def upgrade() -> None:
    op.create_index("ix_outbox_line", "outbox", LINE, postgresql_where=UNDONE)
    op.drop_index("ix_outbox_due", table_name="outbox", postgresql_where=UNDONE)
    op.execute(f"ALTER TABLE outbox SET ({', '.join(f'{name} = {value}' for name, value in OUTBOX.items())})")
    op.execute("DELETE FROM pace")  # turns last seconds: who waits takes a new one
    op.add_column("pace", sa.Column("home", sa.BigInteger(), nullable=False))
    op.drop_constraint(op.f("pk_pace"), "pace", type_="primary")
    op.create_primary_key(op.f("pk_pace"), "pace", ["channel", "home"])
    op.add_column("account", sa.Column("calendar_generation", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("account", "calendar_generation")
    op.execute("DELETE FROM pace")
    op.drop_constraint(op.f("pk_pace"), "pace", type_="primary")
    op.drop_column("pace", "home")
    op.create_primary_key(op.f("pk_pace"), "pace", ["channel"])
    op.execute(f"ALTER TABLE outbox RESET ({', '.join(OUTBOX)})")
    op.create_index("ix_outbox_due", "outbox", ["urgency", "due_at", "id"], postgresql_where=UNDONE)
    op.drop_index("ix_outbox_line", table_name="outbox", postgresql_where=UNDONE)
