"""The oordeel of a melder, answers that come back, and the work items that follow from them."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR, KCC, TEAM, Actor
from meldingen.domain.cijfers import last_months
from meldingen.domain.deadlines import local_day
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from meldingen.flow import closure, feedback, tasks, verdict
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.flow.verdict_report import shown_of
from meldingen.store.answers import with_new_answer
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.reports_verdicts import VerdictCounts, count_verdicts
from meldingen.store.task import Task, open_tasks
from meldingen.store.verdict import Verdict
from tests import factories
from tests.factories import opdracht_of

SOLVED, NOT = NewClosure("opgelost"), NewClosure("niet_opgelost", reason="eigen-terrein")


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def member(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, TEAM, team_slug="serviceteam")


@pytest.fixture
def melding(session: Session, home: Gemeente, now: datetime) -> Melding:
    return factories.melding(session, now=now, contact={"email": "bo@example.nl"})


def melder_of(melding: Melding) -> Actor:
    return Actor(kind="melder", melding_id=melding.id)


def end(session: Session, melding: Melding, said: NewClosure, member: Actor, now: datetime) -> None:
    opdracht = opdracht_of(session, melding)
    basis = Basis(version=opdracht.version)
    closure.close_opdracht(session, opdracht.id, said, basis=basis, actor=member, now=now)


def judge(session: Session, melding: Melding, answer: bool, now: datetime, words: str = "") -> None:
    actor = melder_of(melding)
    feedback.judge(session, melding, answer=answer, words=words, via="volgpagina", actor=actor, now=now)


def verdicts(session: Session) -> list[tuple[str, bool, str]]:
    rows = session.execute(sa.select(Verdict.asked, Verdict.answer, Verdict.via).order_by(Verdict.id))
    return [(asked, answer, via) for asked, answer, via in rows]


def items(session: Session) -> list[tuple[str, str]]:
    return [(t.kind, t.status) for t in session.scalars(sa.select(Task).order_by(Task.id))]


def test_solved_or_not(session: Session, melding: Melding, member: Actor, now: datetime) -> None:
    with pytest.raises(Conflict):
        judge(session, melding, True, now)
    end(session, melding, SOLVED, member, now)
    judge(session, melding, True, now)
    judge(session, melding, True, now)
    assert verdicts(session) == [("opgelost", True, "volgpagina")] and melding.status == "afgehandeld"
    judge(session, melding, False, now + timedelta(days=2), "De tegel ligt weer los.")
    assert verdicts(session) == [("opgelost", False, "volgpagina")] and melding.status == "heropend"
    end(session, melding, SOLVED, factories.medewerker(session, session.get_one(Gemeente, melding.gemeente_id),
                                                       COORDINATOR), now + timedelta(days=3))  # fmt: skip
    judge(session, melding, True, now + timedelta(days=4))
    assert len(verdicts(session)) == 2, "once per end"
    with pytest.raises(Conflict):
        judge(session, melding, True, now + timedelta(days=34))


def test_enough_and_a_mark_belong_to_an_answer(
    session: Session, home: Gemeente, melding: Melding, member: Actor, now: datetime
) -> None:
    def more(enough: bool | None, mark: int | None, at: datetime = now) -> None:
        verdict.say_more(session, melding, enough=enough, mark=mark, actor=melder_of(melding), now=at)

    def said(at: datetime = now) -> tuple[bool | None, bool | None, int | None, bool] | None:
        known = verdict.said_about(session, melding, now=at)
        return (known.answer, known.enough, known.mark, known.open) if known else None

    end(session, melding, SOLVED, member, now)
    assert said() == (None, None, None, True)
    with pytest.raises(Conflict):
        more(True, 8)
    judge(session, melding, True, now)
    for wrong in (0, 11, -1):
        with pytest.raises(InvalidInput):
            more(None, wrong)
    more(True, 8)
    more(False, None)
    assert said() == (True, False, None, True)
    judge(session, melding, False, now)
    more(False, 3)
    assert said() == (False, False, 3, False), "who opened it again may still say this"
    assert verdict.question_for(session, melding, now=now) is None
    end(session, melding, NOT, factories.medewerker(session, home, COORDINATOR), now + timedelta(days=1))
    later = now + timedelta(days=2)
    assert said(later) == (None, None, None, True), "the second end is asked anew"
    judge(session, melding, True, later)
    more(True, 10, later)
    assert said(now + timedelta(days=32)) is None
    kept = session.execute(sa.select(Verdict.asked, Verdict.enough, Verdict.mark).order_by(Verdict.id)).all()
    assert [tuple(row) for row in kept] == [("opgelost", False, 3), ("uitleg", True, 10)]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((0, 0, 0, 0, 0), (0, None, None, set())),
        ((4, 4, 4, 4, 32), (None, None, None, {"answers", "enough", "mark"})),
        ((5, 5, 5, 5, 39), (5, 100, 7.8, set())),
        ((9, 9, 8, 4, 39), (9, None, None, {"enough", "mark"})),
        ((9, 9, 4, 5, 40), (9, None, 8.0, {"enough"})),
        ((12, 10, 5, 0, 0), (12, 50, None, set())),
        ((400, 300, 299, 200, 1501), (400, 100, 7.5, set())),
    ],
)
def test_few_opinions_are_hidden(
    counts: tuple[int, int, int, int, int], shown: tuple[int | None, int | None, float | None, set[str]]
) -> None:
    month = date(2026, 4, 1)
    seen = shown_of(VerdictCounts(1, month, *counts))
    assert (seen.answers, seen.enough, seen.mark, set(seen.hidden)) == shown


def test_opinions_count_in_the_month_of_the_answer(
    session: Session, home: Gemeente, melding: Melding, member: Actor, now: datetime
) -> None:
    end(session, melding, SOLVED, member, now)
    judge(session, melding, True, now)
    verdict.say_more(session, melding, enough=True, mark=9, actor=melder_of(melding), now=now)
    term = last_months(local_day(now), 2)
    assert count_verdicts(session, term, scope=[home.id]) == [
        VerdictCounts(home.id, term.last, 1, 1, 1, 1, 9),
    ]
    assert count_verdicts(session, last_months(local_day(now) - timedelta(days=40)), scope=[home.id]) == []


def test_an_explanation_that_is_not_clear_is_work(
    session: Session, melding: Melding, member: Actor, now: datetime
) -> None:
    end(session, melding, NOT, member, now)
    judge(session, melding, False, now, "Van wie is die grond dan?")
    judge(session, melding, False, now)
    assert verdicts(session) == [("uitleg", False, "volgpagina")] and melding.status == "afgehandeld"
    assert items(session) == [("uitleg_onduidelijk", "open")]
    judge(session, melding, True, now)
    assert items(session) == [("uitleg_onduidelijk", "vervallen")]


def test_an_answer_signals_the_team_once_per_burst(
    session: Session, melding: Melding, member: Actor, now: datetime
) -> None:
    opdracht = opdracht_of(session, melding)

    def say(minutes: int) -> int:
        at = now + timedelta(minutes=minutes)
        feedback.add_supplement(session, melding, "Bij nummer 12.", actor=melder_of(melding), now=at)
        return len(list(session.scalars(sa.select(Notice).where(Notice.kind == "antwoord_ontvangen"))))

    assert [say(0), say(5), say(14), say(16)] == [1, 1, 1, 2]
    scope = [melding.gemeente_id]
    assert with_new_answer(session, [opdracht.id], scope=scope) == {opdracht.id}
    feedback.read_answers(session, opdracht, actor=member, now=now)
    feedback.read_answers(session, opdracht, actor=member, now=now)
    assert with_new_answer(session, [opdracht.id], scope=scope) == frozenset() and items(session) == []


def test_after_the_end_the_kcc_reads_it(session: Session, melding: Melding, member: Actor, now: datetime) -> None:
    end(session, melding, SOLVED, member, now)
    for _ in range(2):
        feedback.add_supplement(session, melding, "Dank u wel!", actor=melder_of(melding), now=now)
    assert items(session) == [("antwoord_na_sluiten", "open")]


def test_finishing_an_item(session: Session, home: Gemeente, melding: Melding, member: Actor, now: datetime) -> None:
    end(session, melding, SOLVED, member, now)
    feedback.add_supplement(session, melding, "Nog iets.", actor=melder_of(melding), now=now)
    desk, boss = factories.medewerker(session, home, KCC), factories.medewerker(session, home, COORDINATOR)
    (row,) = open_tasks(session, tasks.whose(desk), scope=[home.id])
    assert row.melding is melding and not open_tasks(session, tasks.whose(boss), scope=[home.id])

    def finish(actor: Actor, words: str = "Gebeld.", version: int = 1) -> Task:
        return tasks.finish_task(session, row.task.id, words, version=version, actor=actor, now=now)

    with pytest.raises(Forbidden):
        finish(member)
    with pytest.raises(InvalidInput):
        finish(desk, " ")
    with pytest.raises(NotFound):
        finish(Actor(kind="medewerker", account_id=1, roles={-1: frozenset([KCC])}))
    assert finish(desk).status == "klaar"
    with pytest.raises(Stale):
        finish(boss)
    with pytest.raises(Conflict):
        finish(boss, version=2)
