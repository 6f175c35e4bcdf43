"""What a melder reads of a melding: timeline and status in words, as tables of cases and once through the flow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.actor import Actor
from meldingen.domain.workflow import (
    AFGEHANDELD,
    BIJ_PARTIJ,
    DOORGEZET,
    DOORVERWEZEN,
    GEREED,
    HEROPEND,
    IN_BEHANDELING,
    INGEPLAND,
    INGETROKKEN,
    MELDING_STATUSES,
    NIEUW,
    ONTVANGEN,
    OPGEPAKT,
    VERVALLEN,
    WACHT_OP_MELDER,
)
from meldingen.flow import closure, feedback, joining, work
from meldingen.flow.standing import Handler, Part, handlers, open_question, parts_of, status_words
from meldingen.flow.status import Basis
from meldingen.flow.timeline import Happening, tell, timeline_of
from meldingen.store.dossier import dossier_of
from tests import factories
from tests.api.test_statements import counted

TODAY = date(2026, 4, 14)
AT = datetime(2026, 4, 14, 6, 47, tzinfo=UTC)


def part(status: str, outcome: str | None = None, sentence: str = "", **facts: Any) -> Part:
    """A part of a melding."""
    return Part(1, status, "Losse tegel", facts.pop("team", "Serviceteam"), outcome=outcome, sentence=sentence, **facts)


SOLVED = part(GEREED, "opgelost", "De tegel ligt recht.")
NOT_SOLVED = part(GEREED, "niet_opgelost", "De boom is gezond.")


@pytest.mark.parametrize(
    ("status", "parts", "words"),
    [
        (ONTVANGEN, [], "Ontvangen"),
        (ONTVANGEN, [part(NIEUW)], "Ontvangen"),
        (IN_BEHANDELING, [part(OPGEPAKT)], "Wij zijn ermee bezig"),
        (INGEPLAND, [part(INGEPLAND, planned_on=date(2026, 4, 16))], "Ingepland voor 16 april"),
        (WACHT_OP_MELDER, [part(WACHT_OP_MELDER)], "Wij wachten op uw antwoord"),
        (DOORGEZET, [part(BIJ_PARTIJ, team="Waterschap")], "Doorgezet naar Waterschap"),
        (AFGEHANDELD, [SOLVED], "Opgelost: De tegel ligt recht."),
        (AFGEHANDELD, [NOT_SOLVED], "Niet opgelost: De boom is gezond."),
        (AFGEHANDELD, [SOLVED, SOLVED], "Opgelost"),
        (AFGEHANDELD, [SOLVED, NOT_SOLVED], "Klaar, maar niet alles is opgelost"),
        (AFGEHANDELD, [SOLVED, part(VERVALLEN)], "Opgelost: De tegel ligt recht."),
        (IN_BEHANDELING, [SOLVED, part(NIEUW)], "Deels klaar"),
        (INGEPLAND, [SOLVED, part(INGEPLAND)], "Deels klaar"),
        (HEROPEND, [SOLVED, part(NIEUW)], "Wij kijken er opnieuw naar"),
        (IN_BEHANDELING, [replace(SOLVED, redone=True), part(OPGEPAKT)], "Wij zijn ermee bezig"),
        (AFGEHANDELD, [replace(NOT_SOLVED, redone=True), SOLVED], "Opgelost: De tegel ligt recht."),
        (INGETROKKEN, [part(VERVALLEN)], "Ingetrokken"),
        (DOORVERWEZEN, [], "Doorverwezen naar Elders"),
    ],
)
def test_the_status_in_words(status: str, parts: list[Part], words: str) -> None:
    assert status_words(status, parts, referred_to="Elders", today=TODAY) == words


@pytest.mark.parametrize("status", MELDING_STATUSES)
def test_no_status_is_shown_as_a_code(status: str) -> None:
    words = status_words(status, [], referred_to="Elders", today=TODAY)
    assert words and "_" not in words and words[0].isupper()


def happening(kind: str, own: bool = False, team: str = "Serviceteam", text: str = "", **facts: Any) -> Happening:
    """One event."""
    partner = team == "Waterschap"
    return Happening(AT, kind, None if own else 1, facts, own, team_name=team, partner=partner, text=text)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (happening("ontvangen", own=True), "Wij hebben uw melding ontvangen."),
        (happening("toegewezen"), "Uw melding ligt bij Serviceteam."),
        (
            happening("toegewezen", team="Waterschap"),
            "Uw melding is doorgezet naar Waterschap. Wij houden u op de hoogte.",
        ),
        (happening("overgedragen", from_team_id=1, team_id=2), "Uw melding ligt bij Serviceteam."),
        (happening("overgedragen", from_team_id=1, team_id=1), None),
        (happening("opgepakt"), "Serviceteam is ermee bezig."),
        (happening("ingepland", planned_on="2026-04-16"), "Het werk is gepland voor 16 april."),
        (happening("vraag_gesteld", melding_id=7, text="Welk nummer?"), "Wij stelden u een vraag: Welk nummer?"),
        (happening("vraag_gesteld", melding_id=8, text="Welk nummer?"), "Wij wachten op meer informatie."),
        (happening("afgehandeld", outcome="opgelost", text="De tegel ligt recht."), "Opgelost: De tegel ligt recht."),
        (
            happening("afgehandeld", outcome="overgedragen", text="Neem contact op met: PWN"),
            "Overgedragen: Neem contact op met: PWN",
        ),
        (happening("aanvulling", own=True, text="Ook links."), "U voegde iets toe: Ook links."),
        (
            happening("samengevoegd", own=True),
            "Anderen hebben dit ook gemeld. Wij lossen uw melding samen met die meldingen op.",
        ),
        (happening("gebeld", own=True, outcome="gesproken"), "Wij hebben u gebeld."),
        (happening("gebeld", own=True, outcome="niet_bereikt"), None),
        (happening("samengevoegd"), None),
        (happening("notitie", text="Lastige melder"), None),
        (happening("geweigerd", text="Lastige melder"), None),
        (happening("foto_ontvangen"), None),
    ],
)
def test_one_event_in_words(event: Happening, line: str | None) -> None:
    told = tell([event], melding_id=7, referred_to="", today=TODAY)
    assert [one.text for one in told] == ([line] if line else [])


def test_photos_that_came_together_are_one_line() -> None:
    photo = happening("foto_ontvangen", own=True)
    later = Happening(AT + timedelta(hours=1), "foto_ontvangen", None, {}, True)
    told = tell([photo, photo, photo, happening("opgepakt"), later], melding_id=7, referred_to="", today=TODAY)
    assert [one.text for one in told] == ["U stuurde 3 foto's.", "Serviceteam is ermee bezig.", "U stuurde een foto."]


def test_a_whole_life(session: Session, now: datetime) -> None:
    """Through the flow: no name of a colleague, no other melder, nothing of before somebody joined."""
    home = factories.gemeente(session)
    team = factories.medewerker(session, home, "team", team_slug="serviceteam", username="henk-van-dienst")
    mine = factories.melding(session, now=now, contact={"name": "Ans", "email": "ans@voorbeeld.nl"})
    opdracht = factories.opdracht_of(session, mine)
    hour = timedelta(hours=1)
    work.take_up(session, opdracht.id, basis=Basis(version=1), actor=team, now=now + hour)
    work.add_note(session, opdracht.id, "Lastige melder", actor=team, now=now + hour)
    other = factories.melding(session, now=now + 2 * hour, description="Ook die tegel van mij.")
    second = factories.opdracht_of(session, other)
    joining.join_opdracht(session, second.id, opdracht.id, basis=Basis(version=1), actor=team, now=now + 3 * hour)
    feedback.add_supplement(
        session,
        mine,
        "Ook links ligt er een los.",
        actor=factories.medewerker(session, home, "kcc"),
        now=now + 4 * hour,
    )
    new = closure.NewClosure("niet_opgelost", sentence="Wij komen in mei terug.", reason="later-bij-onderhoud")
    closure.close_opdracht(
        session, opdracht.id, new, basis=Basis(version=opdracht.version), actor=team, now=now + 5 * hour
    )
    ended = "Niet opgelost: Wij doen dit later, als er ander werk is in deze straat. Wij komen in mei terug."
    assert [line.text for line in timeline_of(dossier_of(session, mine), now=now + 6 * hour)] == [
        "Wij hebben uw melding ontvangen.",
        "Uw melding ligt bij Serviceteam.",
        "Serviceteam is ermee bezig.",
        "U voegde iets toe: Ook links ligt er een los.",
        ended,
    ]
    joined = [line.text for line in timeline_of(dossier_of(session, other), now=now + 6 * hour)]
    assert joined[2:] == ["Anderen hebben dit ook gemeld. Wij lossen uw melding samen met die meldingen op.", ended]
    told = " ".join([*joined, *(line.text for line in timeline_of(dossier_of(session, mine), now=now))])
    for private in ("henk", "Ans", "Lastige", "Ook die tegel"):
        assert private not in told.replace("U voegde iets toe", "")
    assert parts_of(dossier_of(session, mine))[0].words(TODAY) == ended


def test_a_page_asks_as_much_however_many_parts_there_are(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    team = factories.medewerker(session, home, "team", team_slug="serviceteam")
    melding = factories.melding(session, now=now)
    first = factories.opdracht_of(session, melding)

    def cost() -> tuple[int, set[str]]:
        session.flush()
        session.expunge_all()
        with counted() as sent:
            parts = parts_of(dossier_of(session, melding))
        return len(sent), {part.category_name for part in parts}

    one, _ = cost()
    split = joining.Split("gras-te-hoog", reason="Twee dingen")
    joining.split_opdracht(session, first.id, split, basis=Basis(version=1), actor=team, now=now)
    two, names = cost()
    assert two == one and names == {"Losse tegel", "Gras te hoog"}


def test_who_has_it_is_a_team_or_a_party_once() -> None:
    ours, outside = part(OPGEPAKT), part(BIJ_PARTIJ, team="Waterschap", partner=True)
    assert handlers([ours, outside, part(VERVALLEN, team="Ander team"), SOLVED]) == [
        Handler("Serviceteam", False, False),
        Handler("Waterschap", True, False),
    ]
    assert handlers([SOLVED, NOT_SOLVED]) == [Handler("Serviceteam", False, True)]
    assert handlers([replace(SOLVED, redone=True), part(NIEUW, team="Vangnet")]) == [Handler("Vangnet", False, False)]


def test_the_question_that_waits_for_this_melder(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    team = factories.medewerker(session, home, "team", team_slug="serviceteam")
    melding = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = factories.opdracht_of(session, melding)
    assert open_question(dossier_of(session, melding)) is None
    work.ask_melder(session, opdracht.id, "Bij welk huis?", basis=Basis(version=1), actor=team, now=now)
    asked = open_question(dossier_of(session, melding))
    assert asked is not None and (asked.at, asked.text) == (now, "Bij welk huis?")
    feedback.add_supplement(session, melding, "Nummer 12.", actor=Actor(kind="melder", melding_id=melding.id), now=now)
    assert open_question(dossier_of(session, melding)) is None
