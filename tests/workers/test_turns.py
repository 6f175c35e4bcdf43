"""Whose turn it is: a storm in one gemeente holds up no other, and no kind of work holds up another kind."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.store import leases, pace, turns
from meldingen.store.gemeente import Gemeente
from meldingen.store.leases import Terms
from meldingen.store.outbox import OutboxEntry, Topic, Urgency, put
from meldingen.store.turns import Turns

TERMS = {topic: Terms(lot=1 if topic is Topic.PHOTO else 4, lease_s=60, tries=2) for topic in Topic}
LINES = [(topic, urgent) for topic in Topic for urgent in (True, False)]
SECOND, PER_MINUTE = timedelta(seconds=1), 60


@pytest.fixture
def homes(session: Session) -> list[int]:
    """Three gemeenten: one where it storms and two others."""
    rows = [Gemeente(code=f"GM99{n}", slug=f"g{n}", name=f"G{n}", served=True, policy={}) for n in range(3)]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def add(session: Session, now: datetime, home: int | None, topic: Topic = Topic.ROUTE, **options: Any) -> int:
    put(session, topic, {"id": 1}, gemeente_id=home, now=now, **options)
    return session.scalars(sa.select(sa.func.max(OutboxEntry.id))).one()


def lots(session: Session, now: datetime, count: int) -> list[tuple[int, ...]]:
    """The ids of so many lots, as one relay leases them."""
    served = Turns()
    leased = [leases.lease(session, LINES, terms=TERMS, now=now, turns=served) for _ in range(count)]
    return [lot.ids for lot in leased if lot]


def test_a_lot_has_something_of_every_gemeente_that_waits(session: Session, now: datetime, homes: list[int]) -> None:
    storm = [add(session, now, homes[0]) for _ in range(9)]
    one, other = add(session, now + SECOND, homes[1]), add(session, now + SECOND, homes[2])
    assert lots(session, now + SECOND, 4) == [(storm[0], one, other, storm[1]), tuple(storm[2:6]), tuple(storm[6:])]


def test_where_each_goes_alone_they_take_turns(session: Session, now: datetime, homes: list[int]) -> None:
    storm = [add(session, now, homes[0], Topic.PHOTO) for _ in range(4)]
    calm = [add(session, now + SECOND, homes[1], Topic.PHOTO) for _ in range(2)]
    found = [ids[0] for ids in lots(session, now + SECOND, 6)]
    assert found == [storm[0], calm[0], storm[1], calm[1], storm[2], storm[3]]


def test_what_is_tried_again_and_again_holds_up_no_other_gemeente(
    session: Session, now: datetime, homes: list[int]
) -> None:
    failing = [add(session, now, homes[0], Topic.NOTICE) for _ in range(5)]
    session.execute(sa.update(OutboxEntry).values(attempts=1))
    calm = add(session, now + SECOND, homes[1], Topic.NOTICE)
    assert lots(session, now + SECOND, 3) == [(failing[0],), (calm,), (failing[1],)]


def test_a_backlog_of_one_kind_holds_up_no_other_kind(session: Session, now: datetime, homes: list[int]) -> None:
    routes = [add(session, now, homes[0]) for _ in range(8)]
    notice = add(session, now + SECOND, homes[0], Topic.NOTICE)
    assert lots(session, now + SECOND, 3) == [tuple(routes[:4]), (notice,), tuple(routes[4:])]


def test_spoed_of_anybody_goes_before_everybodys_turn(session: Session, now: datetime, homes: list[int]) -> None:
    ordinary = [add(session, now, home) for home in homes]
    spoed = [add(session, now + SECOND, homes[0], urgency=Urgency.SPOED) for _ in range(5)]
    found = lots(session, now + SECOND, 3)
    assert found == [tuple(spoed[:4]), (spoed[4],), tuple(ordinary)]


def test_work_of_the_whole_installation_has_its_turn_too(session: Session, now: datetime, homes: list[int]) -> None:
    storm = [add(session, now, homes[0], Topic.WEBHOOK) for _ in range(5)]
    ours = add(session, now + SECOND, None, Topic.WEBHOOK)
    assert lots(session, now + SECOND, 1) == [(storm[0], ours, storm[1])]


def test_what_is_not_due_counts_for_no_turn(session: Session, now: datetime, homes: list[int]) -> None:
    later = add(session, now, homes[1], due_at=now + SECOND)
    storm = [add(session, now, homes[0]) for _ in range(4)]
    assert lots(session, now, 2) == [tuple(storm)]
    assert lots(session, now + SECOND, 1) == [(later,)]


def test_the_head_of_a_line_is_found_by_its_index(session: Session, now: datetime, homes: list[int]) -> None:
    """However much waits elsewhere: a step per line, not one per row."""
    rows = [{"topic": "toewijzen", "urgency": 50, "payload": {}, "due_at": now, "created_at": now} for _ in range(3000)]
    session.execute(sa.insert(OutboxEntry), [{**row, "gemeente_id": homes[0]} for row in rows])
    add(session, now, homes[1])
    session.execute(sa.text("ANALYZE outbox"))

    asked = {"topics": ["toewijzen", "foto"], "urgencies": [50, 60], "now": now, "since": now - turns.HELD_AT_MOST}
    plan = session.execute(sa.text(f"EXPLAIN (ANALYZE, FORMAT JSON) {turns._HEADS.text}"), asked).scalar_one()
    scans = list(_scans(plan[0]["Plan"]))
    assert {scan["Index Name"] for scan in scans if scan["Relation Name"] == "outbox"} <= {
        "ix_outbox_line",
        "ix_outbox_order_key",
    }
    assert sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans) < 20


def _scans(node: dict[str, Any]) -> Any:
    if "Relation Name" in node:
        yield node
    for child in node.get("Plans", []):
        yield from _scans(child)


class TestPace:
    def test_a_long_line_of_one_gemeente_is_nobody_elses(self, session: Session, now: datetime) -> None:
        storm = [pace.take_slot(session, "email", home=1, per_minute=PER_MINUTE, now=now) for _ in range(60)]
        other = pace.take_slot(session, "email", home=2, per_minute=PER_MINUTE, now=now)
        assert storm[-1] > now + 45 * SECOND and other <= now

    def test_two_long_lines_each_move_half_as_fast(self, session: Session, now: datetime) -> None:
        for home in (1, 2):
            for _ in range(20):
                pace.take_slot(session, "email", home=home, per_minute=PER_MINUTE, now=now)
        first, second = (pace.take_slot(session, "email", home=1, per_minute=PER_MINUTE, now=now) for _ in range(2))
        assert second - first == 2 * SECOND

    def test_the_gate_counts_everybody(self, session: Session, now: datetime) -> None:
        passed = [pace.pass_gate(session, "email", per_minute=PER_MINUTE, now=now) for _ in range(20)]
        burst = int((pace.SAVED_UP + pace.LEEWAY) / SECOND) + 1
        assert passed[:burst] == [None] * burst and None not in passed[burst:]
        assert pace.pass_gate(session, "email", per_minute=PER_MINUTE, now=now, urgent=True) is None
        assert pace.pass_gate(session, "sms", per_minute=PER_MINUTE, now=now) is None

    def test_who_finds_the_gate_shut_hears_when_to_come(self, session: Session, now: datetime) -> None:
        pace.rest_until(session, "email", now + 600 * SECOND)
        assert pace.pass_gate(session, "email", per_minute=PER_MINUTE, now=now) == now + 600 * SECOND
        assert pace.pass_gate(session, "email", per_minute=PER_MINUTE, now=now + 600 * SECOND) is None
