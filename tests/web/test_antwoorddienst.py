"""The answering service after hours: spoed only, in the flow, on the page and in the API; no contact data."""

import pytest
from sqlalchemy.orm import Session

from meldingen.db import business_now
from meldingen.domain.actor import ANTWOORDDIENST, KCC
from meldingen.domain.errors import Forbidden, InvalidInput
from meldingen.flow import work
from meldingen.flow.status import Basis
from meldingen.store.gemeente import Gemeente
from tests import factories

from .conftest import World
from .desk import Desk, browser_of, make_desk
from .test_kcc import entry


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        who = factories.medewerker(session, home, ANTWOORDDIENST, username=f"dienst{made.number}")
    made.people = {**made.people, "dienst": who}
    made.browsers = {**made.browsers, "dienst": browser_of(world, who)}
    return made


def test_only_spoed_is_stored_and_the_rest_has_words_to_say(session: Session, now: object) -> None:
    home = factories.gemeente(session)
    home.website = "https://www.duinstede.nl"
    who = factories.medewerker(session, home, ANTWOORDDIENST)
    facts = {"actor": who, "now": now, "intake_channel": "telefoon"}
    with pytest.raises(Forbidden) as refused:
        factories.melding(session, **facts)
    assert refused.value.code == "alleen_spoed"
    for words in ("Dit kan wachten", "072 000 00 00", "8.30 tot 16.30", "www.duinstede.nl"):
        assert words in refused.value.detail
    ordinary = factories.opdracht_of(session, factories.melding(session, now=now))
    with pytest.raises(InvalidInput):
        factories.melding(session, **facts, danger=True, join_opdracht_id=ordinary.id)
    made = factories.melding(session, **facts, danger=True)
    assert made.danger and made.entered_by == who.account_id
    both = factories.medewerker(session, home, ANTWOORDDIENST, KCC, username="beide")
    assert factories.melding(session, **{**facts, "actor": both}).danger is False


def test_the_page_asks_danger_first_and_shows_open_spoed_only(desk: Desk) -> None:
    desk.melding(contact={"name": "Jo Verborgen", "email": "jo@example.nl", "phone": "06 11111111"})
    melding, spoed = desk.melding(danger=True, contact={"name": "Jo Verborgen", "phone": "06 11111111"})
    page = desk.get("dienst", "/antwoorddienst")
    assert page.index("Is het nu gevaarlijk") < page.index("Wie heeft nu dienst")
    assert "Bel gemeente Werkdorp" in page and "er staat niemand in het rooster" in page
    assert "Nog niemand heeft het aangenomen" in page and "1 van 1" in page and "gevaar=ja" in page
    with desk.world.session() as session, session.begin():
        boss, basis = desk.people["cor"], Basis(version=spoed.version)
        work.take_up(session, spoed.id, basis=basis, actor=boss, now=business_now(session))
    page = desk.get("dienst", f"/antwoorddienst?zoek={melding.number}")
    assert "uur aangenomen" in page
    assert "Niets gevonden" in desk.get("dienst", "/antwoorddienst?zoek=Nergensweg")
    assert "Verborgen" not in page and "06 11" not in page

    browser = desk.browsers["dienst"]
    assert browser.get("/").headers.get("Location", "/antwoorddienst").endswith("/antwoorddienst")
    for path in ("/kcc", f"/kcc/melding/{melding.number}", "/team", f"/team/opdracht/{spoed.id}", "/taken", "/beheer"):
        assert browser.get(path).status_code == 403, path
    for who in ("team", "kcc", "beheer"):
        assert desk.browsers[who].get("/antwoorddienst").status_code == 403


def test_the_form_of_the_desk_takes_spoed_and_says_what_to_say_of_the_rest(desk: Desk) -> None:
    desk.melding(contact={"name": "Jo Verborgen", "phone": "06 22222222"})
    caller = {**entry(desk), "telefoon": "06 22222222", "gevaar": "nee"}
    assert "Verborgen" not in desk.post("dienst", "/kcc/nieuw/beller", telefoon="06 22222222").text
    told = desk.post("dienst", "/kcc/nieuw/stand", **{**caller, "sleutel": "dienst-0"}).text
    assert "Dit kan wachten" in told and "Bel gemeente Werkdorp" in told
    refused = desk.post("dienst", "/kcc/nieuw", actie="opslaan", **caller)
    assert refused.status_code == 403 and "Dit kan wachten" in refused.text
    page = desk.post("dienst", "/kcc/nieuw", actie="controleren", **{**caller, "gevaar": "ja"}).text
    assert "Verborgen" not in page
    stored = desk.post("dienst", "/kcc/nieuw", actie="opslaan", **{**caller, "gevaar": "ja", "sleutel": "dienst-1"})
    assert stored.status_code == 303 and "/antwoorddienst?gemaakt=" in stored.headers["Location"]
    assert "alarm gaat af" in desk.get("dienst", stored.headers["Location"])
