"""The screen for a call: what it asks while somebody talks, what it keeps, and that nothing is stored twice."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.domain.actor import KCC
from meldingen.domain.intake import Location
from meldingen.domain.numbers import read_aloud, show_number
from meldingen.store.account import AccountRole
from meldingen.store.concept import Concept
from meldingen.store.contact import ContactView
from meldingen.store.melding import Melding
from tests import factories

from .belkamer import CALLER, STREET, known_caller, make_room
from .conftest import World
from .desk import Desk, browser_of

ASKS_JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    return make_room(world, teach=False)


def talk(desk: Desk, **facts: str) -> dict[str, str]:
    given = {
        "gevaar": "nee", "lon": str(desk.lon), "lat": str(desk.lat), "bron": "adres", "adres": STREET,
        "omschrijving": "Een losse tegel bij de bakker.", "categorie": "losse-tegel", "telefoon": "06 87654321",
        "sleutel": secrets.token_hex(16),
    }  # fmt: skip
    return {**given, **facts}


def tell(desk: Desk, path: str, who: str = "kcc", /, **form: Any) -> Any:
    """What the script of the screen gets for an answer."""
    desk.post(who, "/kcc/nieuw/weggooien")  # so that the token is there
    data = {"csrf_token": desk.tokens[who], **form}
    return desk.browsers[who].post(path, data=data, headers=ASKS_JSON)


def kept_by(desk: Desk, who: str = "kcc") -> list[Concept]:
    with desk.world.session() as session:
        mine = Concept.account_id == desk.people[who].account_id
        return list(session.scalars(sa.select(Concept).where(mine).order_by(Concept.id)))


def count(desk: Desk) -> int:
    with desk.world.session() as session:
        mine = sa.select(sa.func.count(Melding.id)).where(Melding.gemeente_id == desk.gemeente_id)
        return session.scalar(mine) or 0


def test_what_was_typed_is_kept_for_who_typed_it_until_it_is_stored_once(desk: Desk) -> None:
    form = talk(desk, categorie="", lon="", lat="", bron="", adres="Dorpsstr", versie="3", notitie="Belt terug.")
    said = tell(desk, "/kcc/nieuw/stand", **form)
    assert said.status_code == 200 and "Vraag nog: waar het is." in said.text
    (kept,) = kept_by(desk)
    page = desk.get("kcc", "/kcc/nieuw")
    assert "U was bezig met een melding van" in page and f"verder={kept.id}" in page
    assert "verder=" not in desk.get("cor", "/kcc/nieuw")
    assert 'value="Dorpsstr"' not in desk.get("cor", f"/kcc/nieuw?verder={kept.id}"), "a draft is its writer's alone"
    page = desk.get("kcc", f"/kcc/nieuw?verder={kept.id}")
    assert 'value="Dorpsstr"' in page and "Belt terug." in page and form["sleutel"] in page
    assert "verder=" not in page, "it is this one"
    foreign = tell(desk, "/kcc/nieuw/stand", "cor", **form)
    assert (foreign.status_code, foreign.json["code"]) == (409, "formulier_van_ander")
    assert tell(desk, "/kcc/nieuw/weggooien", "cor", concept=kept.id).status_code == 204 and kept_by(desk)

    before, whole = count(desk), talk(desk, sleutel=form["sleutel"])
    stored = tell(desk, "/kcc/nieuw", actie="opslaan", **whole)
    assert stored.status_code == 201 and not kept_by(desk)
    number = stored.json["nummer"]
    for words in (show_number(number), read_aloud(number), "Uiterlijk", "een sms op 06 87 65 43 21", "Volgende beller"):
        assert words in stored.json["html"]
    assert tell(desk, "/kcc/nieuw", actie="opslaan", **whole).json["nummer"] == number
    other = tell(desk, "/kcc/nieuw", actie="opslaan", **{**whole, "omschrijving": "Iets anders."})
    assert (other.status_code, other.json["code"], other.json["nummer"]) == (409, "al_opgeslagen", number)
    late = tell(desk, "/kcc/nieuw/stand", **whole)
    assert (late.status_code, late.json["nummer"]) == (409, number)
    assert count(desk) == before + 1


def test_a_draft_that_was_stored_meanwhile_leads_to_its_melding(desk: Desk) -> None:
    form = talk(desk)
    stored = tell(desk, "/kcc/nieuw", actie="opslaan", **form)
    with desk.world.session() as session, session.begin():
        left = Concept(gemeente_id=desk.gemeente_id, key=form["sleutel"], filled={"values": {}, "answers": {}})
        left.account_id, left.changed_at = desk.people["kcc"].account_id, business_now(session)
        session.add(left)
    (kept,) = kept_by(desk)
    answer = desk.browsers["kcc"].get(f"/kcc/nieuw?verder={kept.id}")
    assert answer.location.startswith(f"/kcc/melding/{stored.json['nummer']}") and not kept_by(desk)


def test_the_screen_says_how_far_it_is_and_what_the_caller_will_get(desk: Desk) -> None:
    def stand(**facts: str) -> str:
        key = {"sleutel": "een-gesprek", **facts}
        answer = tell(desk, "/kcc/nieuw/stand", **talk(desk, **key))
        assert answer.status_code == 200
        return str(answer.text)

    assert "Vraag nog: of er gevaar is, wat er is." in stand(gevaar="", omschrijving="")
    done = stand()
    assert "Lees voor:" in done and f"Losse tegel, {STREET}. Een losse tegel bij de bakker." in done
    assert "Uiterlijk <strong>" in done and "nu een sms op 06 87 65 43 21, en nog een als het klaar is" in done
    assert "Wat wij nu sturen" in done and "26 0000 0000" in done, "the very words"
    assert "een e-mail op bo@example.nl" in stand(email="bo@example.nl")
    assert "Als het klaar is: een telefoontje op 072 589 1234." in stand(telefoon="072 5891234")
    assert "Als het klaar is: een brief" in stand(
        telefoon="", postadres="Bo\nWeg 1\n1861 KT Werkdorp", voorkeur="brief"
    )
    assert "De beller krijgt geen bericht." in stand(telefoon="")
    assert "U kiest e-mail. Geef dan ook uw e-mailadres." in stand(voorkeur="email")
    assert "gaat het alarm meteen" in stand(gevaar="ja")
    assert "De tekst klinkt gevaarlijk." in stand(omschrijving="Er hangen draden uit de paal.")
    assert "misschien een BSN" in stand(omschrijving="Mijn bsn is 111222333.")
    assert "buiten de gemeente" in stand(lon=str(desk.lon + 0.5), notitie="").lower()
    tell(desk, "/kcc/nieuw/weggooien", sleutel="een-gesprek")
    assert not kept_by(desk)


def test_a_known_caller_is_shown_at_once_and_every_look_is_logged(desk: Desk) -> None:
    made, _ = known_caller(desk)
    with desk.world.session() as session:
        factories_before = session.scalar(sa.select(sa.func.count(ContactView.id))) or 0
    page = tell(desk, "/kcc/nieuw/beller", telefoon="0612345678").text
    assert CALLER["name"] in page and CALLER["email"] in page and "Klopt dit nog?" in page and "per sms" in page
    assert show_number(made.number) in page and "Serviceteam" in page and "vastgelegd" in page
    assert CALLER["name"] in tell(desk, "/kcc/nieuw/beller", email="FATIMA@example.nl").text
    for unknown in ({"telefoon": "0698765432"}, {"telefoon": "06123"}, {"email": "\x00@x.nl"}, {}):
        assert tell(desk, "/kcc/nieuw/beller", **unknown).text == ""
    with desk.world.session() as session:
        looks = session.scalars(sa.select(ContactView).where(ContactView.melding_id == made.id)).all()
        assert {(v.account_id, v.context) for v in looks} == {(desk.people["kcc"].account_id, "beller")}
        assert session.scalar(sa.select(sa.func.count(ContactView.id))) == factories_before + 2
    assert desk.post("team", "/kcc/nieuw/beller", telefoon="0612345678").status_code == 403


def test_places_kinds_and_what_is_near(desk: Desk) -> None:
    found = tell(desk, "/kcc/nieuw/plekken", zoek="dorpsstr 12").json
    assert [one["tekst"] for one in found["gevonden"]] == [STREET] and found["weg"] is False
    assert tell(desk, "/kcc/nieuw/plekken", zoek="").json["gevonden"] == []
    corner = tell(desk, "/kcc/nieuw/plekken", zoek="op de hoek van de Dorpsstraat en de Molenweg").json["gevonden"]
    assert [(one["tekst"], one["bron"]) for one in corner] == [("Hoek Dorpsstraat 12 en Molenweg 3", "hoek")]
    desk.melding(location=Location(round(desk.lon, 6), desk.lat, "pin", "Bij de AH, naast de kassa", STREET))
    for said, names in (("bij de ah", [f"Bij de AH, naast de kassa, {STREET}"]), ("de", []), ("ergens", [])):
        assert [one["tekst"] for one in tell(desk, "/kcc/nieuw/plekken", zoek=said).json["gevonden"]] == names
    told = tell(desk, "/kcc/nieuw/plek", lon=round(desk.lon, 6), lat=round(desk.lat, 6)).json
    assert told["adres"] == STREET and told["gemeente"] == f"werkdorp{desk.number}" and not told["fout"]
    assert "notitie" in tell(desk, "/kcc/nieuw/plek", lon=desk.lon + 0.5, lat=desk.lat).json["fout"]
    assert tell(desk, "/kcc/nieuw/plek", lon="x", lat="0").json["fout"]
    page = desk.browsers["kcc"].get(f"/kcc/nieuw/soorten?gemeente=werkdorp{desk.number}").json["soorten"]
    (tile,) = [one for one in page if one["slug"] == "losse-tegel"]
    assert (tile["hoofd"], "stoeptegel" in tile["woorden"]) == ("Straat", True)
    assert "straat" not in [one["slug"] for one in page], "only what can be chosen"
    assert desk.browsers["kcc"].get("/kcc/nieuw/soorten?gemeente=duinstede").json["soorten"] == []
    desk.melding(description="Vlakbij", at=(desk.lon + 0.01, desk.lat))
    desk.melding(description="Kuil", category_slug="gat-in-de-weg", at=(desk.lon + 0.0105, desk.lat))
    near = desk.get("kcc", f"/kcc/nabij?lon={desk.lon + 0.01}&lat={desk.lat}&categorie=gat-in-de-weg")
    assert near.index("Kuil") < near.index("Vlakbij"), "the same kind first"


def test_a_thing_with_a_number_and_the_channel_are_kept(desk: Desk) -> None:
    form = talk(desk, kanaal="social_media", object="lichtmast:weg-ermee")
    stored = tell(desk, "/kcc/nieuw", actie="opslaan", **form)
    assert stored.status_code == 201, "a thing that is not there any more costs no melding"
    assert '<option value="social_media" selected>' in desk.get("kcc", "/kcc/nieuw"), "picked once"
    paper = desk.get("kcc", f"/kcc/nieuw/{stored.json['nummer']}/brief")
    assert f"Uw melding {show_number(stored.json['nummer'])}" in paper and "Met vriendelijke groet" in paper
    for path in ("/kcc/nieuw/2600000017/brief", "/kcc/nieuw/x/brief"):
        assert desk.browsers["kcc"].get(path).status_code == 404
    wrong = tell(desk, "/kcc/nieuw", actie="opslaan", **talk(desk, gevaar="", telefoon="12"))
    assert wrong.status_code == 400 and set(wrong.json["velden"]) == {"gevaar", "telefoon"}


def test_danger_stores_with_alarm_and_says_so(desk: Desk) -> None:
    form = talk(desk, gevaar="ja", categorie="", omschrijving="Put open op het fietspad.")
    stored = tell(desk, "/kcc/nieuw", actie="opslaan", **form)
    assert "Het alarm is verstuurd" in stored.json["html"]
    with desk.world.session() as session:
        assert session.scalars(sa.select(Melding.danger).where(Melding.number == stored.json["nummer"])).one()


def test_who_is_signed_in_can_be_asked_for_a_new_token(desk: Desk) -> None:
    told = desk.browsers["kcc"].get("/kcc/nieuw/wie").json
    assert told["account"] == desk.people["kcc"].account_id
    desk.tokens["kcc"] = told["token"]
    assert tell(desk, "/kcc/nieuw/stand", **talk(desk, sleutel="k")).status_code == 200
    tell(desk, "/kcc/nieuw/weggooien", sleutel="k")
    stranger = desk.world.app.test_client().post("/kcc/nieuw/stand")
    assert stranger.status_code in (302, 400), "the script hears that the session is over"


def test_the_place_decides_the_gemeente_of_who_serves_several(desk: Desk) -> None:
    with desk.world.session() as session, session.begin():
        east = factories.gemeente(session, name="Oostdorp", code="GM7900", west=7.0)
        both = factories.medewerker(session, east, KCC, username="beide")
        session.add(AccountRole(gemeente_id=desk.gemeente_id, account_id=both.account_id, role=KCC, team_id=None))
    pair = Desk(desk.world, desk.gemeente_id, desk.number, {"kcc": both}, {"kcc": browser_of(desk.world, both)}, 0, 0)
    page = pair.get("kcc", "/kcc/nieuw?gemeente=oostdorp")
    assert 'name="gemeente"' in page and "De plek kiest vanzelf de gemeente." in page
    assert "De plek kiest" not in desk.get("kcc", "/kcc/nieuw"), "nobody is asked what is known"
    told = tell(pair, "/kcc/nieuw/plek", lon=desk.lon, lat=desk.lat).json
    assert told["gemeente"] == f"werkdorp{desk.number}"
    stored = tell(pair, "/kcc/nieuw", actie="opslaan", **talk(desk, gemeente="oostdorp"))
    assert stored.status_code == 201
    with desk.world.session() as session:
        made = session.scalars(sa.select(Melding).where(Melding.number == stored.json["nummer"])).one()
    assert made.gemeente_id == desk.gemeente_id


def test_what_the_screen_asks_costs_the_same_however_much_there_is(desk: Desk) -> None:
    def cost(act: Callable[[], object]) -> int:
        sent: list[str] = []
        engine = desk.world.app.extensions["meldingen"].engine
        listen = lambda *args: sent.append(args[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", listen)
        act()
        sa.event.remove(engine, "before_cursor_execute", listen)
        return len(sent)

    def costs() -> list[int]:
        near = f"/kcc/nabij?lon={desk.lon}&lat={desk.lat}"
        asked: list[Callable[[], object]] = [
            lambda: desk.get("kcc", near),
            lambda: tell(desk, "/kcc/nieuw/beller", telefoon="0612345678"),
            lambda: tell(desk, "/kcc/nieuw/stand", **talk(desk, sleutel="kost")),
            lambda: desk.get("kcc", "/kcc/nieuw"),
        ]
        return [cost(act) for act in asked]

    known_caller(desk)
    costs()
    few = costs()
    for _ in range(3):
        known_caller(desk)
        tell(desk, "/kcc/nieuw/stand", **talk(desk))
    assert costs() == few and max(few) < 40
