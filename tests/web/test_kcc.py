"""The phone desk: finding a melding, entering one for a caller, and what the caller adds."""

from io import BytesIO

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.domain.numbers import read_aloud, show_number
from meldingen.flow import closure, routing
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.area import Area
from meldingen.store.category import Category
from meldingen.store.contact import Contact, ContactView
from meldingen.store.journal import Event, Note
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht, meldingen_of
from meldingen.store.photo import Photo
from tests import photos

from .conftest import World
from .desk import Desk, make_desk

CALLER = {"naam": "Fatima Özdemir", "telefoon": "06-12 34 56 78", "email": "fatima@example.nl"}


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def entry(desk: Desk, **facts: str) -> dict[str, str]:
    given = {
        "gevaar": "nee",
        "gemeente": f"werkdorp{desk.number}",
        "lon": str(desk.lon),
        "lat": str(desk.lat),
        "adres": "Dorpsstraat 12",
        "omschrijving": "Een losse tegel bij de bakker.",
        "categorie": "losse-tegel",
        "kanaal": "balie",
        **CALLER,
    }
    return {**given, **facts}


def newest(desk: Desk) -> Melding:
    with desk.world.session() as session:
        query = sa.select(Melding).where(Melding.gemeente_id == desk.gemeente_id).order_by(Melding.id.desc())
        return session.scalars(query.limit(1)).one()


def save(desk: Desk, **facts: str) -> Melding:
    answer = desk.post("kcc", "/kcc/nieuw", actie="opslaan", **entry(desk, **facts))
    assert answer.status_code == 303, answer.text
    return newest(desk)


def test_only_the_desk_and_the_coordinator_come_in(desk: Desk) -> None:
    for path in ("/kcc", "/kcc/nieuw", "/kcc/nabij", "/kcc/terugbelnotities", "/kcc/melding/2600000017"):
        assert desk.browsers["team"].get(path).status_code == 403
        assert "/inloggen" in desk.world.app.test_client().get(path).location
    assert desk.browsers["cor"].get("/kcc").status_code == 200


def test_a_caller_is_entered_and_hears_number_and_promise(desk: Desk) -> None:
    assert 'name="gevaar"' in desk.get("kcc", "/kcc/nieuw").split("Waar is het?")[0], "danger is asked first"
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **entry(desk))
    assert page.status_code == 200
    assert "Lees voor en sla op" in page.text and "06 12 34 56 78" in page.text and "Balie" in page.text
    made = save(desk, sleutel="gesprek-1")
    again = desk.post("kcc", "/kcc/nieuw", actie="opslaan", **entry(desk, sleutel="gesprek-1"))
    assert again.status_code == 303 and newest(desk).id == made.id, "a second press of the button is no second melding"
    page_text = desk.get("kcc", f"/kcc/melding/{made.number}?nieuw=ja")
    assert show_number(made.number) in page_text and read_aloud(made.number) in page_text
    assert "Uiterlijk <strong>" in page_text
    with desk.world.session() as session:
        known = session.scalars(sa.select(Contact).where(Contact.melding_id == made.id)).one()
        assert (known.name, known.phone, known.email) == ("Fatima Özdemir", "+31612345678", "fatima@example.nl")
        event = session.scalars(sa.select(Event).where(Event.melding_id == made.id)).first()
        assert event is not None and event.on_behalf_of == made.id and event.actor.startswith("medewerker:")
        looks = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == made.id)).all()
        assert looks == ["beller"]
    assert (made.intake_channel, made.entered_by) == ("balie", desk.people["kcc"].account_id)


def test_what_is_wrong_is_told_at_once_and_what_was_typed_stays(desk: Desk) -> None:
    wrong = entry(desk, gevaar="", telefoon="12", email="x", omschrijving="", lon="", lat="")
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **wrong)
    assert page.status_code == 400 and "<title>Fout: " in page.text
    for name in ("gevaar", "telefoon", "email", "omschrijving", "plaats"):
        assert f'href="#veld-{name}"' in page.text
    assert "Fatima Özdemir" in page.text
    far = entry(desk, lon=str(desk.lon + 0.5), gemeente=f"werkdorp{desk.number}")
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **far)
    assert page.status_code == 400 and "Schrijf erbij waarom" in page.text
    page = desk.post(
        "kcc", "/kcc/nieuw", actie="controleren", **{**far, "notitie": "Vlak over de grens, wij doen het."}
    )
    assert page.status_code == 200
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **entry(desk, categorie="\x00", kanaal="x"))
    assert page.status_code == 400
    assert desk.post("kcc", "/kcc/nieuw", actie="wijzigen", **entry(desk)).status_code == 200


def test_the_caller_is_joined_to_what_is_near(desk: Desk) -> None:
    _, tile = desk.melding(description="Tegel los bij de bakker")
    near = desk.get("kcc", f"/kcc/nabij?lon={desk.lon}&lat={desk.lat}")
    assert f'value="{tile.id}"' in near and "Tegel los bij de bakker" in near and "0 meter verderop" in near
    assert desk.get("kcc", "/kcc/nabij?lon=x&lat=0") == "" and desk.get("kcc", "/kcc/nabij") == ""
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **entry(desk))
    assert "Gaat het om hetzelfde?" in page.text
    with desk.world.session() as session, session.begin():
        session.get_one(Opdracht, tile.id).address = "Dorpsstraat 12, Bergen"
        code = session.scalars(sa.select(Area.code).where(Area.gemeente_id == desk.gemeente_id)).one()
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **entry(desk, lon="", lat="", buurt=code))
    assert "zelfde adres" in page.text, "without a pin the address is what we have"
    made = save(desk, aansluiten=str(tile.id))
    with desk.world.session() as session, session.begin():
        routing.route_melding(session, made.id, gemeente_id=desk.gemeente_id, now=business_now(session))
        assert made.id in [m.id for m in meldingen_of(session, tile.id, scope=[desk.gemeente_id])]
    other = save(desk)
    with desk.world.session() as session, session.begin():
        routing.route_melding(session, other.id, gemeente_id=desk.gemeente_id, now=business_now(session))
    path = f"/kcc/melding/{other.number}/aansluitingen"
    assert desk.post("kcc", path).status_code == 400
    assert desk.post("kcc", path, opdracht="99999999").status_code == 404
    assert desk.post("kcc", path, opdracht=tile.id).status_code == 303
    assert "aangesloten" in desk.get("kcc", f"/kcc/melding/{other.number}?gedaan=aansluitingen")


def test_the_desk_reads_out_the_advice(desk: Desk) -> None:
    with desk.world.session() as session, session.begin():
        mine = sa.select(Category).where(Category.gemeente_id == desk.gemeente_id, Category.slug == "boom-omgevallen")
        session.scalars(mine).one().hint = "Blijf weg bij de boom."
    path = f"/kcc/vragen?categorie=boom-omgevallen&gemeente=werkdorp{desk.number}"
    said = desk.get("kcc", path)
    assert "Zeg tegen de beller: <strong>Blijf weg bij de boom.</strong>" in said and "Dit is spoed" in said
    assert desk.browsers["team"].get(path).status_code == 403
    assert desk.get("kcc", "/kcc/vragen?categorie=%00") == "" == desk.get("kcc", "/kcc/vragen?categorie=x&gemeente=x")
    page = desk.post("kcc", "/kcc/nieuw", actie="controleren", **entry(desk, categorie="boom-omgevallen"))
    assert "Zeg tegen de beller" in page.text.split("Opslaan</button>")[0]
    wrong = desk.post(
        "kcc", "/kcc/nieuw", actie="controleren", **entry(desk, categorie="boom-omgevallen", telefoon="1")
    )
    assert wrong.status_code == 400 and "Blijf weg bij de boom." in wrong.text


@pytest.mark.parametrize("text", ["06 12345678", "fatima@example.nl", "Ozdemir", "Dorpsstaat", "tegel bakker"])
def test_search_finds_the_melding_without_showing_who(desk: Desk, text: str) -> None:
    made = save(desk)
    page = desk.browsers["kcc"].get("/kcc", query_string={"zoek": text}).text
    assert f"/kcc/melding/{made.number}" in page and "gevonden op" in page
    assert "Fatima" not in page.replace(text, "") and "example.nl" not in page.replace(text, "")


def test_a_number_opens_its_melding_and_nonsense_finds_nothing(desk: Desk) -> None:
    made = save(desk)
    answer = desk.browsers["kcc"].get("/kcc", query_string={"zoek": show_number(made.number)})
    assert answer.location.endswith(f"/kcc/melding/{made.number}")
    assert "Niets gevonden" in desk.browsers["kcc"].get("/kcc", query_string={"zoek": "\x00' OR 1=1"}).text
    other = make_desk(desk.world)
    assert other.browsers["kcc"].get(f"/kcc/melding/{made.number}").status_code == 404
    assert "Niets gevonden" in other.browsers["kcc"].get("/kcc", query_string={"zoek": made.number}).text
    assert desk.browsers["kcc"].get("/kcc/melding/1234567890").status_code == 404
    assert desk.browsers["kcc"].get("/kcc/melding/x").status_code == 404


def looks(desk: Desk, made: Melding) -> list[tuple[str, str]]:
    with desk.world.session() as session:
        seen = session.scalars(sa.select(ContactView).where(ContactView.melding_id == made.id).order_by(ContactView.id))
        return [(view.context, view.words) for view in seen]


def test_contact_data_are_there_for_a_reason_that_is_logged(desk: Desk) -> None:
    made = save(desk)
    base = f"/kcc/melding/{made.number}"
    page = desk.get("cor", base)
    assert "06 12 34 56 78" not in page and "fatima" not in page.lower() and "Beller aan de lijn" in page
    assert looks(desk, made) == [], "a page without contact data is no look"
    for via in ("beller", "terugbelnotitie", "team", "privacy"):
        page = desk.get("cor", f"{base}?via={via}")
        assert "06 12 34 56 78" in page and "is vastgelegd" in page
        assert f"{base}/aanvullingen?via={via}" in page, "what is done next stays in the same conversation"
    assert "06 12 34" not in desk.get("cor", f"{base}?via=nieuwsgierig")
    page = desk.post("cor", f"{base}/contact", waarom=" ")
    assert page.status_code == 400 and "Schrijf op waarom" in page.text and "06 12 34" not in page.text
    page = desk.post("cor", f"{base}/contact", waarom="Brief kwam terug")
    assert page.status_code == 200 and "06 12 34 56 78" in page.text
    reasons = [(via, "") for via in ("beller", "terugbelnotitie", "team", "privacy")]
    assert looks(desk, made) == [*reasons, ("anders", "Brief kwam terug")]
    assert desk.post("team", f"{base}/contact", waarom="x").status_code == 403
    with desk.world.session() as session:
        who = session.scalars(sa.select(ContactView.account_id).where(ContactView.melding_id == made.id)).all()
        assert set(who) == {desk.people["cor"].account_id}
    done = desk.post("kcc", f"{base}/aanvullingen?via=beller", tekst="Nog iets.")
    assert done.location.endswith("via=beller")


def test_what_the_caller_gave_to_be_found_opens_his_data(desk: Desk) -> None:
    made = save(desk)
    by_phone, by_street = desk.get("kcc", "/kcc?zoek=06-12345678"), desk.get("kcc", "/kcc?zoek=dorpsstraat")
    assert f"/kcc/melding/{made.number}?via=beller" in by_phone
    assert f'/kcc/melding/{made.number}"' in by_street and "06 12 34" not in by_phone + by_street
    assert f"{made.number}?via=beller" in desk.post("kcc", "/kcc/nieuw/beller", telefoon="0612345678").text


def test_how_it_stands_can_be_read_aloud(desk: Desk) -> None:
    made = save(desk)
    page = desk.get("kcc", f"/kcc/melding/{made.number}")
    assert "losse tegel, Dorpsstraat 12." in page and "Wij zoeken er nu een team bij." in page
    assert "is het opgelost, of hoort u hoe het verder gaat." in page


def test_what_is_found_while_typing(desk: Desk) -> None:
    made = save(desk)
    found = desk.get("kcc", "/kcc/zoeken?zoek=dorpsstraat")
    assert "<html" not in found and "1 melding gevonden" in found and made.number in found
    assert "Fatima" not in found and desk.get("kcc", "/kcc/zoeken").strip() == ""
    wrong = made.number[:-1] + str((int(made.number[-1]) + 1) % 10)
    assert "Dit nummer bestaat niet. Bedoelt u:" in desk.get("kcc", f"/kcc/zoeken?zoek={wrong}")
    assert "Dit lijkt erop:" in desk.get("kcc", "/kcc/zoeken?zoek=Drpsstraet")
    assert desk.browsers["team"].get("/kcc/zoeken?zoek=x").status_code == 403


def test_what_is_really_a_klacht_is_marked_and_taken_back(desk: Desk) -> None:
    made = save(desk)
    base = f"/kcc/melding/{made.number}"
    assert desk.post("kcc", f"{base}/loketten").status_code == 400
    assert desk.post("kcc", f"{base}/loketten", loket="klacht").status_code == 303
    page = desk.get("kcc", f"{base}?gedaan=loketten")
    assert "Dit is toch een gewone melding" in page and "Naar een ander loket: klacht." in page
    assert "U stuurde ons een klacht." in page
    assert made.number in desk.get("kcc", "/kcc/loketten?soort=klacht")
    assert made.number not in desk.get("kcc", "/kcc/loketten?soort=schade")
    assert desk.post("kcc", f"{base}/loketten_terug").status_code == 303
    assert made.number not in desk.get("kcc", "/kcc/loketten")
    assert desk.browsers["team"].get("/kcc/loketten").status_code == 403
    assert looks(desk, made) == [("loket", "")], "his data went to the desk"


def test_contact_data_are_corrected(desk: Desk) -> None:
    made = save(desk)
    base = f"/kcc/melding/{made.number}"
    page = desk.get("kcc", f"{base}?via=beller")
    assert 'value="fatima@example.nl"' in page and 'value="06 12 34 56 78"' in page
    wrong = desk.post("kcc", f"{base}/gegevens", telefoon="12", email="nieuw@example.nl")
    assert wrong.status_code == 400 and 'value="12"' in wrong.text and 'id="veld-telefoon-fout"' in wrong.text
    assert desk.post("kcc", f"{base}/gegevens").status_code == 400
    right = {"naam": "Fatima Özdemir", "telefoon": "06 87654321", "email": "nieuw@example.nl", "voorkeur": "sms"}
    assert desk.post("kcc", f"{base}/gegevens", **right).status_code == 303
    page = desk.get("kcc", f"{base}?gedaan=gegevens&via=beller")
    assert "gegevens van de melder zijn bewaard" in page and "nieuw@example.nl" in page and "per sms" in page
    assert "Gegevens van de melder aangepast." in page
    with desk.world.session() as session:
        known = session.scalars(sa.select(Contact).where(Contact.melding_id == made.id)).one()
        assert (known.phone, known.preference) == ("+31687654321", "sms")
        event = session.scalars(sa.select(Event).where(Event.kind == "contact_gewijzigd")).one()
        assert event.on_behalf_of == made.id and event.facts == {"fields": ["email", "phone", "preference"]}
        looks = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == made.id)).all()
        assert "correctie" in looks
    assert desk.post("team", f"{base}/gegevens", **right).status_code == 403


def test_what_the_caller_adds_and_withdraws(desk: Desk) -> None:
    made = save(desk)
    base = f"/kcc/melding/{made.number}"
    page = desk.post("kcc", f"{base}/aanvullingen", tekst=" ")
    assert page.status_code == 400 and "Schrijf op wat u wilt toevoegen" in page.text
    assert desk.post("kcc", f"{base}/aanvullingen", tekst="Bij de <b>deur</b>.").status_code == 303
    page = desk.get("kcc", base)
    assert "Bij de &lt;b&gt;deur" in page and f"k{desk.number}" in page
    with desk.world.session() as session:
        said = session.scalars(sa.select(Event).where(Event.melding_id == made.id, Event.kind == "aanvulling")).one()
        assert said.on_behalf_of == made.id
    assert desk.post("kcc", f"{base}/fotos").status_code == 400
    assert desk.post("kcc", f"{base}/fotos", foto=(BytesIO(photos.photo()), "a.jpg")).status_code == 303
    with desk.world.session() as session:
        assert session.scalar(sa.select(Photo.kind).where(Photo.melding_id == made.id)) == "melder"
    assert desk.post("kcc", f"{base}/heropeningen").status_code == 409
    assert desk.post("kcc", f"{base}/intrekkingen", reden="Al weg.").status_code == 303
    assert newest(desk).status == "ingetrokken"
    assert desk.post("kcc", f"{base}/toveren").status_code == 404


def test_a_caller_who_says_it_is_not_solved(desk: Desk) -> None:
    made, tile = desk.melding(contact={"phone": "0612345678"})
    with desk.world.session() as session, session.begin():
        moment = business_now(session)
        actor = desk.people["team"]
        closure.close_opdracht(
            session, tile.id, NewClosure("opgelost"), basis=Basis(version=1), actor=actor, now=moment
        )
    base = f"/kcc/melding/{made.number}"
    assert "Het is niet opgelost" in desk.get("kcc", base)
    assert desk.post("kcc", f"{base}/heropeningen", heropen_tekst="Hij ligt weer los.").status_code == 303
    with desk.world.session() as session:
        assert session.get_one(Melding, made.id).status == "heropend"
        assert session.scalars(sa.select(Opdracht).where(Opdracht.reopened_from_id == tile.id)).one()
        assert "Hij ligt weer los." in session.scalars(sa.select(Note.text).where(Note.melding_id == made.id)).all()


def test_the_page_of_a_melding_costs_the_same_however_much_happened(desk: Desk) -> None:
    def cost(path: str) -> int:
        sent = []
        engine = desk.world.app.extensions["meldingen"].engine
        listen = lambda *args: sent.append(args[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", listen)
        desk.get("kcc", path)
        sa.event.remove(engine, "before_cursor_execute", listen)
        return len(sent)

    made = save(desk)
    path = f"/kcc/melding/{made.number}"
    few = cost(path), cost("/kcc?zoek=tegel"), cost("/kcc/terugbelnotities")
    for n in range(4):
        desk.post("kcc", f"{path}/aanvullingen", tekst=f"Nog iets: {n}")
        desk.post("kcc", f"{path}/terugbelnotities", bel_tekst=f"Bel {n}")
        save(desk)
    assert (cost(path), cost("/kcc?zoek=tegel"), cost("/kcc/terugbelnotities")) == few
