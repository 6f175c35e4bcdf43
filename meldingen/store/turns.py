"""Whose turn it is: which due rows of the outbox go next, so that a storm in one gemeente holds up nobody else.

Rows stand in lines: of one topic, one urgency and one gemeente (0: of the whole installation). The index
`ix_outbox_line` has each line together, its oldest first, so looking at the head of every line costs a step per line
and not per row. Only reading and locking; what a lease is: leases.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .outbox import Topic, Urgency

HELD_AT_MOST = timedelta(minutes=5)
"""How long a parked or quiet row holds the next row of its order key (HUIS, "Outbox and RQ")."""
URGENCIES = (Urgency.SPOED, Urgency.NORMAL, Urgency.PHOTO, Urgency.LATER)

# Of one order key only the oldest unfinished row goes. It holds the next while it is worked on or due; when it is
# parked, or quiet (not due), the next waits at most HELD_AT_MOST past its own due time.
_FREE = """
    o.done_at IS NULL AND o.parked_at IS NULL AND o.due_at <= :now
    AND (o.lease_until IS NULL OR o.lease_until <= now())
    AND (o.order_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM outbox e
        WHERE e.order_key = o.order_key AND e.id < o.id AND e.done_at IS NULL
        AND (e.lease_until > now()
            OR (e.parked_at IS NULL AND e.due_at <= :now)
            OR ((e.parked_at > :since OR (e.parked_at IS NULL AND e.due_at > :now)) AND o.due_at > :since))
    ))
"""
_NEXT_HOME = """
    SELECT min(coalesce(o.gemeente_id, 0)) FROM outbox o
    WHERE o.topic = line.topic AND o.urgency = line.urgency AND o.done_at IS NULL AND o.parked_at IS NULL
"""
_HEADS = sa.text(f"""
    WITH RECURSIVE line (topic, urgency, home) AS (
        SELECT line.topic, line.urgency, ({_NEXT_HOME})
        FROM unnest(CAST(:topics AS text[]), CAST(:urgencies AS smallint[])) AS line (topic, urgency)
        UNION ALL
        SELECT line.topic, line.urgency, ({_NEXT_HOME} AND coalesce(o.gemeente_id, 0) > line.home)
        FROM line WHERE line.home IS NOT NULL
    )
    SELECT line.topic, line.urgency, line.home, head.id, head.due_at, head.attempts
    FROM line CROSS JOIN LATERAL (
        SELECT o.id, o.due_at, o.attempts FROM outbox o
        WHERE o.topic = line.topic AND o.urgency = line.urgency AND coalesce(o.gemeente_id, 0) = line.home AND {_FREE}
        ORDER BY o.due_at, o.id LIMIT 1
    ) head
    WHERE line.home IS NOT NULL
""")  # noqa: S608  made of the constants above
_TAKE = sa.text(f"""
    SELECT mine.home, o.id, o.attempts, o.lease, o.reason
    FROM unnest(CAST(:homes AS bigint[])) AS mine (home) CROSS JOIN LATERAL (
        SELECT o.id, o.due_at, o.attempts, o.lease, o.reason FROM outbox o
        WHERE o.topic = :topic AND o.urgency = :urgency AND coalesce(o.gemeente_id, 0) = mine.home AND {_FREE}
        AND (:alone OR o.attempts = 0)
        ORDER BY o.due_at, o.id LIMIT :each FOR UPDATE SKIP LOCKED
    ) o
    ORDER BY row_number() OVER (PARTITION BY mine.home ORDER BY o.due_at, o.id), o.due_at, o.id LIMIT :most
""")  # noqa: S608


@dataclass(frozen=True)
class Head:
    """The oldest due row of a line. home: the gemeente's id, 0 for the whole installation."""

    topic: Topic
    urgency: int
    home: int
    id: int
    due_at: datetime
    attempts: int


class Turns:
    """Who was served when, in the memory of one relay: of lines that are equally urgent the longest unserved is next.

    Nothing breaks when it is forgotten, or when two relays remember differently.
    """

    def __init__(self) -> None:
        self._served: dict[tuple[Topic, int], int] = {}
        self._count = 0

    def in_order(self, heads: Collection[Head]) -> list[Head]:
        """The most urgent first, of these the longest unserved, of these the oldest."""
        return sorted(heads, key=lambda head: (head.urgency, self._at(head), head.due_at, head.id))

    def note(self, topic: Topic, homes: Collection[int]) -> None:
        """These lines had their turn."""
        self._count += 1
        self._served.update({(topic, home): self._count for home in homes})

    def _at(self, head: Head) -> int:
        return self._served.get((head.topic, head.home), 0)


def heads(session: Session, lines: Collection[tuple[Topic, bool]], *, now: datetime) -> list[Head]:
    """The first row that may be leased of every line among these (topic, urgent). Locks nothing."""
    asked = [(topic, level) for topic, urgent in lines for level in URGENCIES if (level < Urgency.NORMAL) is urgent]
    found = session.execute(
        _HEADS,
        {
            "topics": [topic.value for topic, _ in asked],
            "urgencies": [level for _, level in asked],
            "now": now,
            "since": now - HELD_AT_MOST,
        },
    )
    return [Head(Topic(r.topic), r.urgency, r.home, r.id, r.due_at, r.attempts) for r in found]


def take(
    session: Session, topic: Topic, urgency: int, homes: Collection[int], *, most: int, alone: bool, now: datetime
) -> Sequence[sa.Row[tuple[int, int, int, object, str]]]:
    """Locks at most so many rows of these gemeenten, as many of each; rows that another relay is leasing are passed
    over. alone: also a row that was tried before. Gives home, id, attempts, lease, reason; the oldest of each first."""
    asked = {"topic": topic.value, "urgency": urgency, "homes": sorted(homes), "now": now, "since": now - HELD_AT_MOST}
    each = -(-most // len(homes))
    return session.execute(_TAKE, {**asked, "most": most, "each": each, "alone": alone}).all()
