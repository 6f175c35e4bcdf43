"""Undoing a closing: everything as it was, nobody hears; and what makes it too late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.domain.errors import Conflict, DomainError, Forbidden
from meldingen.flow import chain, feedback, joining, undo, work
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.joining import Split
from meldingen.flow.refused import decide_refused
from meldingen.flow.status import Basis
from meldingen.flow.timeline import timeline_of
from meldingen.store import task
from meldingen.store.dossier import dossier_of
from meldingen.store.ending import Ending
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice, deliveries_of, notices_of
from meldingen.store.opdracht import Closure, Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories
from tests.flow.berichten import MAIL, House
from tests.flow.test_together import at_once

UNDO_S = 60
SOON = timedelta(seconds=20)


class Street:
    """A gemeente where a closing can be undone for a minute, and a member of the serviceteam."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.home = factories.gemeente(session)
        self.home.policy = {"undo_s": UNDO_S}
        self.member: Actor = factories.medewerker(session, self.home, TEAM, team_slug="serviceteam")

    def work(self, **facts: Any) -> tuple[Melding, Opdracht]:
        made = factories.melding(self.session, now=self.now, contact={"email": "jan@example.nl"}, **facts)
        return made, factories.opdracht_of(self.session, made)

    def close(self, of: Opdracht, **more: Any) -> None:
        said = NewClosure("opgelost", "De tegel ligt weer vast.")
        close_opdracht(self.session, of.id, said, **{**self.who(of), **more})

    def undo(self, of: Opdracht, *, after: timedelta = SOON, **more: Any) -> None:
        undo.undo_closing(self.session, of.id, **{**self.who(of), "now": self.now + after, **more})

    def who(self, of: Opdracht) -> dict[str, Any]:
        return {"basis": Basis(version=of.version), "actor": self.member, "now": self.now}

    def ended(self, melding: Melding, kind: str = "gereed") -> list[str]:
        owed = notices_of(self.session, [melding.id], scope=[self.home.id])
        return [notice.ended for notice in owed if notice.kind == kind]


@pytest.fixture
def street(session: Session, now: datetime) -> Street:
    return Street(session, now)


FACTS = (
    "status", "outcome", "closed_at", "taken_up_at", "taken_up_by", "due_at", "planned_on", "paused_at", "paused_days",
)  # fmt: skip


def _ask(street: Street, of: Opdracht) -> None:
    work.ask_melder(street.session, of.id, "Waar precies?", **street.who(of))


def _take_up(street: Street, of: Opdracht) -> None:
    work.take_up(street.session, of.id, **street.who(of))


@pytest.mark.parametrize("before", [lambda *_: None, _take_up, _ask], ids=["nieuw", "opgepakt", "wacht_op_melder"])
def test_everything_is_as_it_was(street: Street, before: Callable[[Street, Opdracht], None]) -> None:
    melding, opdracht = street.work()
    before(street, opdracht)
    stood, status = {name: getattr(opdracht, name) for name in FACTS}, melding.status
    key = {"key": "zelf", "words": "Schrijf zelf.", "due_at": street.now}
    task.put(
        street.session, task.MUST_WRITE, gemeente_id=street.home.id, role="coordinator", now=street.now,
        opdracht_id=opdracht.id, **key,
    )  # fmt: skip
    later = street.now + timedelta(days=7)  # a pause that ends by the closing is counted, and then not
    street.close(opdracht, now=later)
    assert melding.status == "afgehandeld" and street.session.scalar(sa.select(Ending.id)) is not None
    version = opdracht.version
    undo.undo_closing(street.session, opdracht.id, **{**street.who(opdracht), "now": later + SOON})
    assert {name: getattr(opdracht, name) for name in FACTS} == stood
    assert (melding.status, melding.closed_at, opdracht.version) == (status, None, version + 1)
    assert (
        street.session.scalars(sa.select(Ending.id)).all() == street.session.scalars(sa.select(Closure.id)).all() == []
    )
    assert street.session.scalars(sa.select(task.Task.status)).all() == ["open"]
    assert street.ended(melding) == ["ongedaan"]


def test_a_bericht_waits_as_long_as_it_can_be_undone(street: Street) -> None:
    melding, opdracht = street.work()
    street.close(opdracht)
    assert opdracht.undo_until == street.now + timedelta(seconds=UNDO_S)
    due = street.session.scalars(sa.select(OutboxEntry.due_at).where(OutboxEntry.topic == Topic.NOTICE)).all()
    assert due[-1] == opdracht.undo_until
    assert street.ended(melding) == [""]


def test_closing_again_tells_the_melder_once(street: Street) -> None:
    melding, opdracht = street.work()
    street.close(opdracht)
    street.undo(opdracht)
    street.close(opdracht, now=street.now + SOON)
    assert street.ended(melding) == ["ongedaan", ""]
    told = [line.text for line in timeline_of(dossier_of(street.session, melding), now=street.now)]
    assert sum("tegel ligt weer vast" in line for line in told) == 1


def test_one_part_undone_opens_the_melding_that_the_other_part_ended(street: Street) -> None:
    """What the melder would have heard of the end does not go; it goes when the first part is closed again."""
    melding, first = street.work()
    _, second = joining.split_opdracht(street.session, first.id, Split("losse-tegel"), **street.who(first))
    assert second is not None
    street.close(first)
    street.close(second)
    street.undo(first)
    assert melding.status == "in_behandeling" and street.ended(melding) == ["ongedaan"]
    assert street.ended(melding, "deels_klaar") == ["ongedaan"]
    street.close(first, now=street.now + SOON)
    assert melding.status == "afgehandeld" and street.ended(melding) == ["ongedaan", ""]


def _too_late(street: Street, opdracht: Opdracht, _melding: Melding) -> None:
    street.undo(opdracht, after=timedelta(seconds=UNDO_S))


def _by_another(street: Street, opdracht: Opdracht, _melding: Melding) -> None:
    other = factories.medewerker(street.session, street.home, TEAM, team_slug="serviceteam", username="ander")
    street.undo(opdracht, actor=other)


def _told_already(street: Street, opdracht: Opdracht, melding: Melding) -> None:
    """One of two melders was told by hand: then neither is left with half a story."""
    (notice,) = [n for n in notices_of(street.session, [melding.id], scope=[street.home.id]) if n.kind == "gereed"]
    made = chain.plan(street.session, notice, "email", "jan@example.nl", prefix="x", now=street.now)
    chain.begin_try(street.session, made, now=street.now)
    street.undo(opdracht)


def _opened_again(street: Street, opdracht: Opdracht, melding: Melding) -> None:
    melder = Actor(kind="melder", melding_id=melding.id, roles={street.home.id: frozenset()})
    feedback.reopen_melding(street.session, melding, words="", actor=melder, now=street.now + timedelta(seconds=5))
    street.undo(opdracht)


def _twice(street: Street, opdracht: Opdracht, _melding: Melding) -> None:
    street.undo(opdracht)
    street.undo(opdracht)


@pytest.mark.parametrize(
    ("act", "kind", "code"),
    [
        (_too_late, Conflict, "te_laat"),
        (_by_another, Forbidden, "niet_van_u"),
        (_told_already, Conflict, "al_verteld"),
        (_opened_again, Conflict, "al_heropend"),
        (_twice, Conflict, "te_laat"),
    ],
    ids=["te laat", "een ander", "al verteld", "al heropend", "twee keer"],
)
def test_what_cannot_be_undone(street: Street, act: Callable[..., None], kind: type[DomainError], code: str) -> None:
    melding, opdracht = street.work()
    street.close(opdracht)
    with pytest.raises(kind) as refused:
        act(street, opdracht, melding)
    assert refused.value.code == code


def test_a_coordinator_undoes_what_a_team_closed(street: Street) -> None:
    _, opdracht = street.work()
    street.close(opdracht)
    street.undo(opdracht, actor=factories.medewerker(street.session, street.home, COORDINATOR))
    assert opdracht.status == "nieuw"


def test_zero_seconds_is_not_at_all(street: Street) -> None:
    street.home.policy = {"undo_s": 0}
    _, opdracht = street.work()
    street.close(opdracht)
    assert opdracht.undo_until is None
    with pytest.raises(Conflict):
        street.undo(opdracht)


def test_a_step_of_a_tablet_that_came_too_late_waits_for_a_person(street: Street) -> None:
    """It is on the coordinator's list until whoever did it, or the coordinator, decides; also when it comes twice."""
    _, opdracht = street.work()
    street.close(opdracht)
    late = {**street.who(opdracht), "now": street.now + timedelta(hours=2)}
    late["basis"] = Basis(version=2, operation_id="stap-1", device_at=street.now + SOON)
    for _ in range(2):
        done = undo.undo_closing(street.session, opdracht.id, **late)
        assert done.refused is not None and done.refused.code == "te_laat"
    (item,) = street.session.scalars(sa.select(task.Task)).all()
    assert (item.kind, item.role, item.status) == ("tablet_conflict", "coordinator", "open")
    decide_refused(street.session, opdracht.id, "stap-1", "laten", actor=street.member, now=late["now"])
    street.session.refresh(item)
    assert (item.status, item.finished_by) == ("klaar", street.member.account_id)


def test_two_who_take_up_without_coverage_both_have_what_they_wanted(street: Street) -> None:
    _, opdracht = street.work()
    street_basis = Basis(version=1, operation_id="a", device_at=street.now)
    for key in ("a", "b"):
        facts = {**street.who(opdracht), "basis": replace(street_basis, operation_id=key)}
        done = work.take_up(street.session, opdracht.id, **facts)
    assert done.overtaken and done.refused is None and opdracht.version == 2


def test_a_worker_that_begins_and_a_person_who_undoes_never_both_win(house: House, now: datetime) -> None:
    """The bericht is handed to a worker at the very moment of the undoing, before its time: one of the two loses."""
    house.change(house.home, policy={"undo_s": UNDO_S})
    with db.transaction(house.engine) as session:
        member = factories.medewerker(session, house.home, TEAM, team_slug="serviceteam")
        at = db.business_now(session)
        melding = factories.melding(session, now=at, contact=MAIL)
        opdracht = factories.opdracht_of(session, melding)
        session.execute(sa.update(OutboxEntry).values(done_at=at))
    for _ in range(4):
        with db.transaction(house.engine) as session:
            fresh = session.get_one(Opdracht, opdracht.id)
            facts: dict[str, Any] = {"basis": Basis(version=fresh.version), "actor": member, "now": at}
            close_opdracht(session, opdracht.id, NewClosure("opgelost"), **facts)
        (row,) = house.owed()

        def undoing(session: Session) -> Any:
            version = session.get_one(Opdracht, opdracht.id).version
            return undo.undo_closing(
                session, opdracht.id, basis=Basis(version=version), actor=member, now=at + timedelta(seconds=1)
            )

        _, undone = at_once(house.engine, lambda _session, row=row: house.deliver(row), undoing)
        sent = len(house.mail.sent)
        if isinstance(undone, DomainError):
            assert undone.code == "al_verteld" and sent == 1
            break
        assert sent == 0
    with Session(house.engine) as session:
        owed = session.scalars(sa.select(Notice).where(Notice.kind == "gereed")).all()
        told = [n for n in owed if deliveries_of(session, [n.id], scope=house.scope)]
        assert len([n for n in told if not n.ended]) == len(house.mail.sent)
