"""The figures: SQL against counting by hand over random rows, the same answer later, a fixed number of queries."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.cijfers import COUNTS, Term, last_months
from meldingen.domain.deadlines import AMSTERDAM, local_day, start_of
from meldingen.domain.suppression import is_small
from meldingen.flow.cijfers import Report, Shown, make_report
from meldingen.store.callback import Callback
from meldingen.store.category import Category, all_categories_of
from meldingen.store.ending import REACHES, Ending
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event, Tombstone
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.reports_work import count_work
from meldingen.store.team import Team, every_team
from meldingen.store.verdict import Verdict
from tests import factories

YEAR = Term(date(2025, 11, 1), date(2026, 4, 1))
_ids = itertools.count(10**9)
KINDS = ("gereed", "niet_opgelost", "overgedragen")


class History:
    """Random rows of one gemeente, as the flow could have left them; the same for the same seed."""

    def __init__(self, session: Session, home: Gemeente, seed: int, meldingen: int = 70) -> None:
        self.dice = random.Random(seed)
        self.session, self.home = session, home
        self.categories: list[Category | None] = [None, *all_categories_of(session, scope=[home.id])]
        self.teams: list[Team] = list(every_team(session, scope=[home.id]))
        self.meldingen = [self.melding(number) for number in range(meldingen)]
        session.flush()
        self.endings: list[Ending] = []
        self.verdicts: list[Verdict] = []
        self.told: dict[int, datetime] = {}
        self.rows: list[Any] = []
        self.callbacks: list[Callback] = []
        for melding in self.meldingen:
            at = melding.received_at
            for _ in range(self.dice.choice((0, 1, 1, 1, 2))):
                at = self.end(melding, at + timedelta(hours=self.dice.randint(1, 900)))
        self.tombstones = [
            Tombstone(
                gemeente_id=home.id, number=f"weg{home.id}{n}", melding_id=n,
                category=self.dice.choice(("straat", "?")),
                received_at=self.moment(), destroyed_at=self.moment(), reason="termijn",
            )
            for n in range(9)
        ]  # fmt: skip
        for table in (Event, Notice):  # what others refer to goes first
            session.add_all([row for row in self.rows if isinstance(row, table)])
            session.flush()
        session.add_all([*self.rows, *self.tombstones])
        session.flush()

    def moment(self) -> datetime:
        return start_of(date(2025, 10, 20)) + timedelta(minutes=self.dice.randint(0, 230 * 24 * 60))

    def melding(self, number: int) -> Melding:
        chosen = self.dice.choice(self.categories)
        day = date(2026, 4, 14)
        made = Melding(
            gemeente_id=self.home.id, number=f"{self.home.id:03}{number:07}", status="ontvangen",
            location="SRID=4326;POINT(4.7 52.66)", location_source="pin",
            wijk_code=self.dice.choice(("WK900101", None)), category_id=chosen.id if chosen else None,
            intake_channel=self.dice.choice(("app", "telefoon", "partner")),
            partner_name=self.dice.choice(("BuitenApp", "")), received_at=self.moment(),
            first_promised_on=day, promised_on=day, term_days=5,
            referred_to=self.dice.choice(("", "", "", "Bergen")),
        )  # fmt: skip
        self.session.add(made)
        return made

    def end(self, melding: Melding, at: datetime) -> datetime:
        dice = self.dice
        event = Event(gemeente_id=self.home.id, at=at, kind="afgehandeld", actor="systeem", facts={})
        event.id = next(_ids)
        kind = dice.choice(KINDS)
        reopened = at + timedelta(hours=dice.randint(1, 700)) if dice.random() < 0.3 else None
        ending = Ending(
            gemeente_id=self.home.id, melding_id=melding.id, event_id=event.id, kind=kind,
            month=local_day(at).replace(day=1), at=at, received_at=melding.received_at, closed_at=at,
            category_id=melding.category_id, wijk_code=melding.wijk_code, team_id=dice.choice(self.teams).id,
            intake_channel=melding.intake_channel, partner_name=melding.partner_name, reach=dice.choice(REACHES),
            spoed=dice.random() < 0.2, partner=dice.random() < 0.2, werkdagen=dice.randint(0, 30),
            in_term=dice.random() < 0.6, in_term_paused=dice.random() < 0.8, reopened_at=reopened,
            in_term_party=dice.choice([None, True, False]), party_days=dice.randint(0, 9),
        )  # fmt: skip
        self.endings.append(ending)
        notice = Notice(gemeente_id=self.home.id, event_id=event.id, melding_id=melding.id, kind=kind, at=at)
        notice.id = next(_ids)
        self.rows += [event, ending, notice]
        if dice.random() < 0.8:
            sent = [at + timedelta(hours=dice.randint(0, 400)) for _ in range(dice.choice((1, 2)))]
            self.told[event.id] = min(sent)
            for channel, sent_at in zip(("email", "sms"), sent, strict=False):
                self.rows.append(
                    Delivery(
                        gemeente_id=self.home.id, notice_id=notice.id, channel=channel, status="verzonden",
                        reference=f"{channel}{notice.id}", due_at=at, created_at=at, sent_at=sent_at,
                    )
                )  # fmt: skip
        if dice.random() < 0.5:
            about = "opgelost" if kind == "gereed" else "uitleg"
            verdict = Verdict(
                gemeente_id=self.home.id, melding_id=melding.id, event_id=event.id, asked=about,
                answer=dice.random() < 0.7, via="volgpagina", at=at + timedelta(hours=dice.randint(1, 500)),
            )  # fmt: skip
            self.verdicts.append(verdict)
            self.rows.append(verdict)
        if dice.random() < 0.4:
            due = start_of(local_day(at) + timedelta(days=3))
            status = dice.choice(("open", "gesproken", "vervallen"))
            finished = None if status == "open" else at + timedelta(hours=dice.randint(1, 120))
            call = Callback(
                gemeente_id=self.home.id, melding_id=melding.id, kind=kind, reason="bel_mij", words="",
                status=status, created_at=at, due_at=due, finished_at=finished,
            )  # fmt: skip
            self.callbacks.append(call)
            self.rows.append(call)
        return reopened or at + timedelta(days=400)


def month_of(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date().replace(day=1)


def by_hand(history: History, term: Term) -> Counter[tuple[date | None, str, Any, str]]:
    """Every count, one row at a time, in plain Python."""
    counts: Counter[tuple[date | None, str, Any, str]] = Counter()
    mains = {c.id: c.parent_id or c.id for c in history.categories if c}
    slugs = {c.slug: c for c in history.categories if c}
    meldingen = {m.id: m for m in history.meldingen}
    endings = {e.event_id: e for e in history.endings}

    def add(code: str, moment: datetime, row: Any, *, team: bool = True) -> None:
        month = month_of(moment)
        if not term.first <= month <= term.last:
            return
        channel = f"partner: {row.partner_name}" if row.intake_channel == "partner" and row.partner_name else None
        keys = {
            "totaal": None,
            "hoofdcategorie": mains.get(row.category_id),
            "categorie": row.category_id,
            "wijk": row.wijk_code,
            "kanaal": channel or row.intake_channel,
        }
        for level, key in (keys | ({"team": row.team_id} if team else {})).items():
            counts[month, level, key, code] += 1

    for melding in history.meldingen:
        add("ontvangen", melding.received_at, melding, team=False)
        if melding.referred_to:
            add("doorverwezen", melding.received_at, melding, team=False)
    for stone in history.tombstones:
        known = slugs.get(stone.category)
        row = Melding(
            category_id=known.id if known else None,
            wijk_code="vernietigd",
            intake_channel="vernietigd",
            partner_name="",
        )
        add("ontvangen", stone.received_at, row, team=False)
    for end in history.endings:
        if end.reopened_at:
            add("heropend", end.reopened_at, end)
        if end.reopened_at and month_of(end.reopened_at) == month_of(end.at):
            continue
        codes = {
            "afgehandeld": True, "op_tijd": end.in_term_paused, "op_tijd_zonder_pauze": end.in_term,
            "op_tijd_zonder_partij": end.in_term_paused if end.in_term_party is None else end.in_term_party,
            "spoed": end.spoed, "spoed_op_tijd": end.spoed and end.in_term_paused, "doorgezet": end.partner,
            "anoniem": end.reach == "anoniem",
        }  # fmt: skip
        for code, counts_here in codes.items():
            if counts_here:
                add(code, end.at, end)
    for call in history.callbacks:
        if call.status == "vervallen" and call.finished_at and call.finished_at < call.due_at:
            continue
        moment = call.due_at - timedelta(seconds=1)
        add("terugbellen", moment, meldingen[call.melding_id], team=False)
        if call.status == "gesproken" and call.finished_at and call.finished_at < call.due_at:
            add("gebeld_op_tijd", moment, meldingen[call.melding_id], team=False)
    for event_id, told_at in history.told.items():
        about = "opgelost" if endings[event_id].kind == "gereed" else "uitleg"
        add(f"gevraagd_{about}", told_at, endings[event_id])
    for verdict in history.verdicts:
        add(f"antwoord_{verdict.asked}", verdict.at, endings[verdict.event_id])
        if verdict.answer:
            add(f"ja_{verdict.asked}", verdict.at, endings[verdict.event_id])
    return counts


def by_sql(session: Session, home: Gemeente, term: Term) -> Counter[tuple[date | None, str, Any, str]]:
    counts: Counter[tuple[date | None, str, Any, str]] = Counter()
    for row in count_work(session, term, scope=[home.id]):
        for code, count in row.counts.items():
            if row.month and count and code not in ("mediaan", "p90", "dagen_bij_partij"):
                counts[row.month, row.level, row.key, code] += count
    return counts


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.mark.parametrize("seed", range(2))
def test_sql_counts_as_a_person_would(session: Session, home: Gemeente, seed: int) -> None:
    history = History(session, home, seed)
    other = factories.gemeente(session, name="Elders", code="GM9002", west=5.60)
    History(session, other, seed + 100, meldingen=20)
    expected = by_hand(history, YEAR)
    assert by_sql(session, home, YEAR) == expected
    assert {key[3] for key in expected} == set(COUNTS), "every count occurs"
    march = Term(date(2026, 3, 1), date(2026, 3, 1))
    assert by_sql(session, home, march) == by_hand(history, march)


def test_median_and_p90(session: Session, home: Gemeente) -> None:
    history = History(session, home, 5)
    held = [e for e in history.endings if not e.reopened_at or month_of(e.reopened_at) != month_of(e.at)]
    days = sorted(e.werkdagen for e in held if YEAR.first <= e.month <= YEAR.last)
    rows = [r for r in count_work(session, YEAR, scope=[home.id]) if r.month is None and r.level == "totaal"]
    (whole,) = [r.counts for r in rows if "mediaan" in r.counts]
    assert whole["mediaan"] == days[-(-len(days) // 2) - 1]
    assert whole["p90"] == days[-(-len(days) * 9 // 10) - 1]


def test_a_closed_month_gives_the_same_answer_later(session: Session, home: Gemeente) -> None:
    history = History(session, home, 7)
    march = Term(date(2026, 3, 1), date(2026, 3, 1))
    before = by_sql(session, home, march)
    april = start_of(date(2026, 4, 1))
    for end in history.endings:
        if end.reopened_at is None and end.at < april:
            end.reopened_at = april + timedelta(hours=1)
    for melding in history.meldingen:
        melding.status, melding.term_days, melding.withdrawn_at = "ingetrokken", 99, april
    for call in history.callbacks:
        if call.status == "open" and call.due_at <= april:
            call.status, call.finished_at = "gesproken", april + timedelta(hours=2)
    for category in history.categories:
        if category:
            category.term_days, category.urgency = 77, "spoed"
    session.flush()
    session.expire_all()
    assert by_sql(session, home, march) == before


@pytest.mark.parametrize("seed", range(2))
def test_nothing_small_is_shown(session: Session, home: Gemeente, seed: int) -> None:
    history = History(session, home, seed)
    report = make_report(session, home.id, YEAR)
    true = by_hand(history, YEAR)
    keys = {"categorie": {c.slug: c.id for c in history.categories if c}}
    for line in [*report.months, *(line for lines in report.monthly.values() for line in lines)]:
        for shown in line.values.values():
            assert not (shown.hidden and shown.value is not None)
        for code in ("ontvangen", "afgehandeld", "spoed", "heropend"):
            shown = line.values[code]
            assert shown.value is None or not is_small(shown.value)
            if line.level == "categorie" and line.code and shown.value is not None:
                assert shown.value == true[line.month, "categorie", keys["categorie"][line.code], code]
    assert any(shown.hidden for line in report.monthly["wijk"] for shown in line.values.values())
    assert_no_row_stands_alone(report)


def assert_no_row_stands_alone(report: Report) -> None:
    """Where a total is shown, no single row of it is hidden: else it is the difference."""
    for month in report.months:
        for level in ("hoofdcategorie", "categorie", "wijk", "kanaal"):
            for code in ("ontvangen", "afgehandeld", "spoed", "heropend", "doorgezet"):
                hidden = [x for x in report.monthly[level] if x.month == month.month and x.values[code].hidden]
                assert month.values[code].hidden or len(hidden) != 1, (month.month, level, code)


def test_totals_over_months_leave_out_what_is_hidden(session: Session, home: Gemeente) -> None:
    History(session, home, 1)
    report = make_report(session, home.id, YEAR)
    for level, lines in report.parts.items():
        for line in lines:
            months = [m for m in report.monthly[level] if m.code == line.code]
            shown = sum(m.values["afgehandeld"].value or 0 for m in months)
            value = line.values["afgehandeld"]
            assert (value.value or 0) == shown
            assert value.hidden or value.at_least == any(m.values["afgehandeld"].hidden for m in months)


def test_an_empty_gemeente(session: Session, home: Gemeente, now: datetime) -> None:
    report = make_report(session, home.id, last_months(local_day(now)))
    assert report.empty and len(report.months) == 12 and report.parts["team"] == []
    assert report.total.values["op_tijd"] == Shown()


def test_the_number_of_queries_does_not_grow(session: Session, home: Gemeente) -> None:
    with counted(session) as few:
        make_report(session, home.id, YEAR)
    History(session, home, 2)
    with counted(session) as many:
        make_report(session, home.id, YEAR)
    assert len(few) == len(many) <= 10


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """The statements that go to the database."""
    session.flush()
    session.expire_all()
    asked: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)
    yield asked
    sa.event.remove(connection, "before_cursor_execute", note)
