"""Words of danger: what alarms where nobody can be asked, what stands on top of the lists, and who decides."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, BEHEER, COORDINATOR, KCC, TEAM, Actor
from meldingen.domain.danger import BY_WORDS, SUSPECTED
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, Stale
from meldingen.flow import closure, danger, feedback, joining, spoed, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.danger import ALARMING, mark_of, read_words, words_of
from meldingen.flow.status import Basis
from meldingen.store import journal, task
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.workfilter import WorkFilter
from meldingen.store.worklines import count_lists
from meldingen.store.worklists import Sees, list_opdrachten
from tests import factories
from tests.factories import melding, opdracht_of, team

GAS = "Ik ruik een sterke gaslucht bij het bankje."
WIRES = "Er hangen draden uit de paal."


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


def on(opdracht: Opdracht) -> Basis:
    return Basis(version=opdracht.version)


def alarms(session: Session) -> int:
    session.flush()
    return len(session.scalars(sa.select(Notice.id).where(Notice.kind == "alarm")).all())


def kinds(session: Session, of: Melding) -> list[str]:
    opdrachten = [opdracht_of(session, of).id]
    past = journal.history_of(session, melding_ids=[of.id], opdracht_ids=opdrachten, scope=[of.gemeente_id])
    return [event.kind for event in past]


def test_where_nobody_can_be_asked_only_the_short_list_alarms(session: Session, home: Gemeente, now: datetime) -> None:
    app = melding(session, now=now, intake_channel="app", description=GAS)
    assert app.danger and app.flags == [BY_WORDS] and opdracht_of(session, app).urgency == "spoed"
    assert alarms(session) == 1
    told = journal.history_of(session, melding_ids=[app.id], scope=[home.id])[0]
    assert told.facts["danger"] and told.facts[BY_WORDS], "the journal says that words did it"
    rest = melding(session, now=now, intake_channel="app", description=WIRES)
    work_of_rest = opdracht_of(session, rest)
    assert not rest.danger and rest.flags == [SUSPECTED]
    assert (work_of_rest.danger, work_of_rest.danger_suspected, work_of_rest.urgency) == (False, True, "normaal")
    assert alarms(session) == 1


@pytest.mark.parametrize("text", [GAS, WIRES])
def test_words_alone_page_nobody_where_the_melder_could_be_asked(
    session: Session, home: Gemeente, now: datetime, text: str
) -> None:
    desk = factories.medewerker(session, home, KCC)
    for facts in ({}, {"actor": desk, "intake_channel": "telefoon"}):
        silent = melding(session, now=now, description=text, **facts)
        assert not silent.danger and silent.flags == [SUSPECTED]
        said_no = melding(session, now=now, description=text, danger_denied=True, **facts)
        assert not said_no.danger and said_no.flags == [] and not opdracht_of(session, said_no).danger_suspected
    assert alarms(session) == 0
    said_yes = melding(session, now=now, description=text, danger=True)
    assert said_yes.danger and said_yes.flags == [] and alarms(session) == 1


def test_what_is_suspected_stands_on_top_under_spoed(session: Session, home: Gemeente, now: datetime) -> None:
    earlier = now - timedelta(days=4)
    late = opdracht_of(session, melding(session, now=earlier)).id
    suspected = opdracht_of(session, melding(session, now=now, intake_channel="app", description=WIRES)).id
    urgent = opdracht_of(session, melding(session, now=now, danger=True)).id
    everybody = Sees(whole=frozenset([home.id]))

    def ids(**facts: object) -> list[int]:
        wanted = WorkFilter(**facts)  # type: ignore[arg-type]
        rows = list_opdrachten(session, wanted, everybody, scope=[home.id], limit=9)
        return [row.opdracht.id for row in rows]

    assert ids() == [urgent, suspected, late] and ids(order="prioriteit") == [urgent, suspected, late]
    assert ids(order="ontvangst")[0] == late
    assert ids(on_list=SUSPECTED) == [suspected]
    assert count_lists(session, everybody, scope=[home.id], now=now)[SUSPECTED] == 1


def test_a_person_confirms_and_it_is_spoed(session: Session, home: Gemeente, now: datetime) -> None:
    evening = now + timedelta(hours=12)
    desk = factories.medewerker(session, home, KCC)
    made = melding(session, now=evening, intake_channel="app", description=WIRES)
    opdracht = opdracht_of(session, made)
    assert opdracht.team_id == team(session, home, "serviceteam").id
    spoed.judge_danger(session, opdracht.id, True, "Gebeld.", basis=on(opdracht), actor=desk, now=evening)
    assert (opdracht.danger, opdracht.danger_suspected, opdracht.urgency) == (True, False, "spoed")
    assert opdracht.team_id == team(session, home, "piket").id, "at night the rules for danger decide"
    assert made.danger and made.flags == [] and alarms(session) == 1 and opdracht.priority >= 300
    assert kinds(session, made)[-1] == "gevaar_bevestigd"
    with pytest.raises(Conflict, match="past_niet"):
        spoed.judge_danger(session, opdracht.id, True, "", basis=on(opdracht), actor=desk, now=evening)


def test_or_says_it_is_not_dangerous(session: Session, home: Gemeente, now: datetime) -> None:
    member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    other = factories.medewerker(session, home, TEAM, team_slug="groen")
    made = melding(session, now=now, intake_channel="app", description=WIRES)
    opdracht = opdracht_of(session, made)
    with pytest.raises(Forbidden):
        spoed.judge_danger(session, opdracht.id, True, "", basis=on(opdracht), actor=other, now=now)
    with pytest.raises(Stale):
        spoed.judge_danger(session, opdracht.id, False, "", basis=Basis(version=99), actor=member, now=now)
    spoed.judge_danger(session, opdracht.id, False, "", basis=on(opdracht), actor=member, now=now)
    assert not opdracht.danger and not opdracht.danger_suspected and made.flags == [] and not made.danger
    assert kinds(session, made)[-1] == "geen_gevaar" and alarms(session) == 0


def test_who_is_at_it_keeps_it_and_hears_no_alarm(session: Session, home: Gemeente, now: datetime) -> None:
    member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    opdracht = opdracht_of(session, melding(session, now=now, intake_channel="app", description=WIRES))
    work.take_up(session, opdracht.id, basis=on(opdracht), actor=member, now=now)
    night = now + timedelta(hours=14)
    spoed.judge_danger(session, opdracht.id, True, "", basis=on(opdracht), actor=member, now=night)
    assert opdracht.urgency == "spoed" and opdracht.team_id in member.team_ids and alarms(session) == 0


def test_suspicion_goes_along_with_a_join_and_leaves_with_its_melding(
    session: Session, home: Gemeente, now: datetime
) -> None:
    chief = factories.medewerker(session, home, COORDINATOR)
    plain = opdracht_of(session, melding(session, now=now))
    sounding = melding(session, now=now, intake_channel="app", description=WIRES)
    joining.join_opdracht(
        session, opdracht_of(session, sounding).id, plain.id, basis=Basis(version=1), actor=chief, now=now
    )
    assert plain.danger_suspected and not plain.danger
    apart = joining.undo_join(session, sounding.id, plain.id, actor=chief, now=now)
    assert apart.danger_suspected and not plain.danger_suspected
    melding(session, now=now, danger=True, same_as=str(apart.id), intake_channel="telefoon", actor=chief)
    assert apart.danger and not apart.danger_suspected


@pytest.fixture
def plain(session: Session, home: Gemeente, now: datetime) -> Melding:
    return melding(session, now=now, description="Losse tegel.")


def write(session: Session, of: Melding, text: str, now: datetime, actor: Actor = ANONYMOUS) -> None:
    feedback.add_supplement(session, of, text, actor=actor, now=now, came_by="e_mail")


def test_a_later_word_of_the_melder_is_heard_too(session: Session, plain: Melding, now: datetime) -> None:
    opdracht = opdracht_of(session, plain)
    write(session, plain, "Er is geen gevaar hoor.", now)
    assert not opdracht.danger_suspected and alarms(session) == 0
    write(session, plain, WIRES, now)
    assert opdracht.danger_suspected and plain.flags == [SUSPECTED] and alarms(session) == 0
    write(session, plain, GAS, now)
    assert opdracht.urgency == "spoed" and plain.danger and not opdracht.danger_suspected and opdracht.priority >= 300
    assert alarms(session) == 1 and {SUSPECTED, BY_WORDS} <= set(kinds(session, plain))
    write(session, plain, GAS, now)
    assert alarms(session) == 1, "it rings already"


def test_words_of_a_colleague_are_his_own_to_judge(
    session: Session, home: Gemeente, plain: Melding, now: datetime
) -> None:
    write(session, plain, GAS, now, factories.medewerker(session, home, KCC))
    assert not plain.danger and plain.flags == [] and alarms(session) == 0


def test_after_the_end_the_kcc_reads_it_at_once(
    session: Session, home: Gemeente, plain: Melding, now: datetime
) -> None:
    chief = factories.medewerker(session, home, COORDINATOR)
    opdracht = opdracht_of(session, plain)
    closure.close_opdracht(
        session, opdracht.id, NewClosure("opgelost", "Recht."), basis=on(opdracht), actor=chief, now=now
    )
    write(session, plain, WIRES, now)
    item = session.scalars(sa.select(task.Task).where(task.Task.melding_id == plain.id)).one()
    assert item.due_at == now and "woorden van gevaar" in item.words


def test_a_gemeente_writes_its_own_lists(session: Session, home: Gemeente, now: datetime) -> None:
    chief = factories.medewerker(session, home, BEHEER)
    who = {"actor": chief, "now": now}
    ours = words_of(home.policy)
    new = read_words("Zombie\nwilde  beer", "zombie")
    danger.set_words(session, home.id, new, seen=mark_of(ours), **who)
    assert words_of(home.policy).alarming == ("zombie",) and words_of(home.policy).harmless == ours.harmless
    assert melding(session, now=now, intake_channel="app", description="Een zombie!").danger
    assert melding(session, now=now, intake_channel="app", description=GAS).flags == []
    with pytest.raises(Stale):
        danger.set_words(session, home.id, None, seen=mark_of(ours), **who)
    danger.set_words(session, home.id, None, seen=mark_of(new), **who)
    assert words_of(home.policy) == ours and ALARMING not in home.policy
    danger.set_words(session, home.id, None, seen=mark_of(ours), **who)
    past = session.scalars(sa.select(journal.Event).where(journal.Event.kind == "gevaarwoorden_gewijzigd")).all()
    assert len(past) == 2 and past[0].facts == {"own": True, "asking": 2, "alarming": 1}
    with pytest.raises(Forbidden):
        danger.set_words(
            session, home.id, None, seen=mark_of(ours), actor=factories.medewerker(session, home, KCC), now=now
        )
    with pytest.raises(InvalidInput) as refused:
        read_words("ga*s", "w" * 99)
    assert [one.field for one in refused.value.fields] == ["vragen", "alarm"]
