"""The pages of a team: its list, one opdracht whole, every step by form, versions, rights, what a party may read."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from meldingen.db import business_now
from meldingen.domain.actor import TEAM
from meldingen.flow import work
from meldingen.flow.photos import process_photo
from meldingen.flow.status import Basis
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Closure
from meldingen.store.photo import Photo
from meldingen.store.worklists import Sees
from meldingen.web.viewer import Viewer
from tests import factories, photos

from .conftest import World
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def test_a_stranger_must_sign_in_and_beheer_has_no_work_here(
    world: World, signed_in: Callable[[str], FlaskClient]
) -> None:
    assert "/inloggen" in world.app.test_client().get("/team").location
    assert signed_in("beheer").get("/team").status_code == 403


def test_a_team_sees_its_own_work_first_and_may_look_at_the_rest(desk: Desk) -> None:
    _, tile = desk.melding(contact={"name": "Fatima Geheim", "email": "fatima@example.nl", "phone": "0611111111"})
    _, grass = desk.melding(category_slug="gras-te-hoog")
    page = desk.get("team", "/team")
    assert f"/team/opdracht/{tile.id}" in page and f"/team/opdracht/{grass.id}" not in page
    assert f"/team/opdracht/{grass.id}" in desk.get("team", "/team?team=alle")
    assert f"/team/opdracht/{tile.id}" not in desk.get("team", "/team?zoek=kuil")
    assert "Er zijn hier geen opdrachten" in desk.get("team", "/team?laat=ja")
    assert desk.get("team", "/team?status=x&volgorde=x&bladzijde=99999999999&lijst=x&categorie=%00&zoek=%00&team=9")
    detail = desk.get("team", f"/team/opdracht/{tile.id}")
    for hidden in ("Fatima", "fatima@example.nl", "0611111111", "+31611111111"):
        assert hidden not in detail + page
    assert 'dir="auto">Er ligt een tegel los. Bel 06 12345678.' in detail
    other = desk.get("team", f"/team/opdracht/{grass.id}")
    assert "Veranderen kan alleen het team zelf" in other and "Afhandelen" not in other


def test_an_external_party_sees_its_own_work_only_and_masked(desk: Desk) -> None:
    _, mine = desk.melding()
    _, other = desk.melding()
    desk.step("team", mine, "overdrachten", team=desk.team_id("waterschap"), reden="Ons water 06 87654321")
    page = desk.get("partij", f"/team/opdracht/{mine.id}") + desk.get("partij", "/team?team=alle")
    assert "06 12345678" not in page and "06 87654321" not in page and "▒▒▒" in page
    assert desk.browsers["partij"].get(f"/team/opdracht/{other.id}").status_code == 404
    assert f"/team/opdracht/{other.id}" not in page
    shown = re.sub(r'value="[^"]*"', "", page)  # form tokens are random, and may hold any two characters
    assert not re.search(rf"\bt{desk.number}\b", shown), "no names of colleagues"


def test_nobody_sees_the_work_of_another_gemeente(desk: Desk, signed_in: Callable[[str], FlaskClient]) -> None:
    _, tile = desk.melding()
    stranger = signed_in("coordinator")
    assert stranger.get(f"/team/opdracht/{tile.id}").status_code == 404
    assert f"/team/opdracht/{tile.id}" not in stranger.get("/team?team=alle").text
    assert desk.browsers["cor"].get("/team/opdracht/99999999999999999999").status_code == 404
    assert desk.browsers["cor"].get("/team/opdracht/9223372036854775807").status_code == 404


def test_from_taking_up_to_closing_by_form(desk: Desk) -> None:
    _, tile = desk.melding(contact={"email": "bo@example.nl"})
    assert desk.step("team", tile, "inbehandelingnames").location.endswith("gedaan=inbehandelingnames")
    assert desk.now_is(tile).status == "opgepakt"
    form = desk.get("team", f"/team/opdracht/{tile.id}/planningen")
    day = form.split('name="dag" value="')[1].split('"')[0]
    assert desk.step("team", desk.now_is(tile), "planningen", dag=day).status_code == 303
    assert desk.now_is(tile).planned_on.isoformat() == day  # type: ignore[union-attr]
    form = desk.get("team", f"/team/opdracht/{tile.id}/afhandelingen")
    assert "De tegel ligt weer recht." in form and "een melding gedaan van een losse tegel." in form
    photo = (BytesIO(photos.photo()), "na.jpg")
    answer = desk.step("team", desk.now_is(tile), "afhandelingen", keuze="opgelost:0", foto=photo)
    assert answer.status_code == 303, answer.text
    with desk.world.session() as session:
        closing = session.scalars(sa.select(Closure).where(Closure.opdracht_id == tile.id)).one()
        assert (closing.outcome, closing.sentence) == ("opgelost", "De tegel ligt weer recht.")
        assert session.scalars(sa.select(Photo.kind).where(Photo.opdracht_id == tile.id)).all() == ["team"]
    page = desk.get("team", f"/team/opdracht/{tile.id}?gedaan=afhandelingen")
    assert "De opdracht is afgehandeld." in page and "Afgehandeld: opgelost." in page and "wordt nog nagekeken" in page


def test_who_may_see_a_photo_is_ticked_by_the_team_and_the_desk(desk: Desk) -> None:
    """KLANTREIS rule 9; and announced photos that did not come are told after an hour."""
    made, tile = desk.melding(photos_expected=2, ago=timedelta(hours=2))
    path = f"/team/opdracht/{tile.id}"
    assert "nog 2 foto" in desk.get("team", path) and "mag openbaar" not in desk.get("team", path)
    assert "nog 2 foto" in desk.get("kcc", f"/kcc/melding/{made.number}")
    desk.post("kcc", f"/kcc/melding/{made.number}/fotos", foto=(BytesIO(photos.photo()), "a.jpg"))
    with desk.world.session() as session:
        photo = session.scalars(sa.select(Photo).where(Photo.melding_id == made.id)).one()
    held = desk.world.app.extensions["meldingen"]
    process_photo(
        held.engine,
        held.adapters.photos,
        {"photo_id": photo.id, "gemeente_id": desk.gemeente_id},
        now=photo.received_at,
    )
    picture = f"/api/v1/fotos/{photo.public_id}"
    stranger = desk.world.app.test_client()
    page = desk.get("team", path)
    assert "Foto 1 mag openbaar" in page and "nog een foto sturen" in page
    assert "mag openbaar" not in desk.get("groen", path), "another team looks, and decides nothing"
    tick = {"getoond": photo.public_id, "openbaar": photo.public_id}
    assert desk.post("groen", f"{path}/openbaarheid", **tick).status_code == 403
    assert stranger.get(picture).status_code == 404
    assert desk.post("team", f"{path}/openbaarheid", **tick).status_code == 303
    assert stranger.get(picture).status_code == 200
    page = desk.get("team", f"{path}?gedaan=openbaarheid")
    assert "Bewaard wie de foto" in page and f'value="{photo.public_id}" checked' in page
    assert "Iedereen mag een foto zien." in page
    assert desk.post("kcc", f"/kcc/melding/{made.number}/openbaarheid", getoond=photo.public_id).status_code == 303
    assert stranger.get(picture).status_code == 404
    assert desk.post("kcc", f"/kcc/melding/{made.number}/openbaarheid", getoond="niets\x00").status_code == 404
    assert desk.post("team", f"{path}/openbaarheid").status_code == 303


def test_not_solved_asks_a_reason_and_the_coordinator_may_transfer(desk: Desk) -> None:
    _, tile = desk.melding()
    page = desk.step("team", tile, "afhandelingen", keuze="")
    assert page.status_code == 400 and "Kies hoe het is afgelopen" in page.text and "<title>Fout: " in page.text
    page = desk.step("team", tile, "afhandelingen", keuze="niet_opgelost:anders")
    assert page.status_code == 400 and "Schrijf zelf op waarom" in page.text
    page = desk.step("team", tile, "afhandelingen", keuze="overgedragen:", partij="Waterschap, 088 000 00 00")
    assert page.status_code == 403 and desk.now_is(tile).status == "nieuw"
    assert desk.step("team", tile, "afhandelingen", keuze="niet_opgelost:eigen-terrein").status_code == 303
    _, other = desk.melding()
    assert desk.step("cor", other, "afhandelingen", keuze="overgedragen:").status_code == 400
    done = desk.step("cor", other, "afhandelingen", keuze="overgedragen:", partij="Waterschap, 088 000 00 00")
    assert done.status_code == 303 and desk.now_is(other).outcome == "overgedragen"


def test_who_was_overtaken_reads_what_happened_and_can_do_it_again(desk: Desk) -> None:
    _, tile = desk.melding()
    assert desk.step("cor", tile, "inbehandelingnames").status_code == 303
    page = desk.step("team", tile, "planningen", plandatum="2099-01-01")
    assert page.status_code == 400, "a day too far is told before the version"
    page = desk.step("team", tile, "teruggaven", reden="Niet van ons.")
    assert page.status_code == 412
    assert "Intussen gewijzigd" in page.text and "Opgepakt." in page.text and "Niet van ons." in page.text
    assert f'name="versie" value="{desk.now_is(tile).version}"' in page.text
    assert desk.step("cor", desk.now_is(tile), "afhandelingen", keuze="opgelost:").status_code == 303
    page = desk.step("team", tile, "teruggaven", reden="Niet van ons.")
    assert page.status_code in (409, 412) and "Afgehandeld: opgelost." in page.text


def test_the_same_tap_twice_is_one_step(desk: Desk) -> None:
    _, tile = desk.melding()
    form = {"keuze": "opgelost:0", "sleutel": "tik-1"}
    assert desk.step("team", tile, "afhandelingen", **form).status_code == 303
    assert desk.step("team", tile, "afhandelingen", **form).status_code == 303
    assert desk.now_is(tile).version == tile.version + 1


def test_a_question_a_note_and_handing_over(desk: Desk) -> None:
    _, tile = desk.melding(contact={"email": "bo@example.nl"})
    assert desk.step("team", tile, "vragen", vraag=" ").status_code == 400
    assert desk.step("team", tile, "vragen", vraag="Bij welk huisnummer?").status_code == 303
    page = desk.get("team", f"/team/opdracht/{tile.id}")
    assert "Bij welk huisnummer?" in page and "Termijn staat stil" in page
    assert desk.step("team", tile, "notities", tekst="").status_code == 400
    assert desk.step("team", tile, "notities", tekst="<b>Sleutel</b> bij de bakker").status_code == 303
    assert "&lt;b&gt;Sleutel" in desk.get("team", f"/team/opdracht/{tile.id}")
    assert desk.step("team", desk.now_is(tile), "overdrachten").status_code == 400
    assert desk.step("team", desk.now_is(tile), "overdrachten", categorie="gras-te-hoog").status_code == 303
    assert str(desk.now_is(tile).team_id) == desk.team_id("groen")
    assert desk.step("team", desk.now_is(tile), "teruggaven", reden="x").status_code == 403
    assert desk.step("groen", desk.now_is(tile), "teruggaven", reden="").status_code == 400
    assert desk.step("groen", desk.now_is(tile), "teruggaven", reden="Geen gras.").status_code == 303


def test_joining_undoing_and_splitting(desk: Desk) -> None:
    first, one = desk.melding()
    second, other = desk.melding()
    form = desk.get("team", f"/team/opdracht/{other.id}/samenvoegingen")
    assert f'value="{one.id}"' in form and "0 meter verderop" in form
    assert desk.step("team", other, "samenvoegingen").status_code == 400
    assert desk.step("team", other, "samenvoegingen", opdracht=one.id).status_code == 303
    page = desk.get("team", f"/team/opdracht/{one.id}")
    assert "2 meldingen" in page and "Hoort hier niet bij" in page
    assert desk.step("team", one, "losmaken", melding=second.id).status_code == 303
    assert desk.step("team", one, "losmaken", melding=first.id).status_code == 409
    assert desk.step("team", one, "losmaken", melding="x").status_code == 404
    now_one = desk.now_is(one)
    assert desk.step("team", now_one, "splitsingen").status_code == 400
    assert desk.step("team", now_one, "splitsingen", categorie="gras-te-hoog", lon="0", lat="0").status_code == 400
    split = {"categorie": "gras-te-hoog", "lon": str(desk.lon + 0.01), "lat": str(desk.lat), "reden": "Ook gras."}
    assert desk.step("team", now_one, "splitsingen", **split).status_code == 303
    assert "Er is een tweede opdracht van gemaakt" in desk.get("team", f"/team/opdracht/{one.id}")


def test_the_team_decides_on_withdrawing(desk: Desk) -> None:
    for decision, status in (("ja", "ingetrokken"), ("nee", "in_behandeling")):
        melding, tile = desk.melding()
        desk.step("team", tile, "inbehandelingnames")
        with desk.world.session() as session, session.begin():
            session.get_one(Melding, melding.id).flags = ["intrekking_gevraagd"]
        assert "Melder wil intrekken" in desk.get("team", f"/team/opdracht/{tile.id}")
        answer = desk.step("team", tile, "intrekkingen", melding=melding.id, besluit=decision)
        assert answer.status_code == 303, answer.text
        with desk.world.session() as session:
            found = session.get_one(Melding, melding.id)
            assert (found.status, found.flags) == (status, [])
        assert desk.step("team", tile, "intrekkingen", melding=melding.id, besluit=decision).status_code in (404, 409)


def test_photos_of_a_team_and_a_file_that_is_none(desk: Desk) -> None:
    _, tile = desk.melding()
    assert desk.step("team", tile, "fotos").status_code == 400
    page = desk.step("team", tile, "fotos", foto=(BytesIO(b"geen foto"), "x.jpg"))
    assert page.status_code == 400 and "x.jpg" in page.text
    assert desk.step("team", tile, "fotos", foto=(BytesIO(photos.photo()), "na.jpg")).status_code == 303
    assert desk.step("groen", tile, "fotos", foto=(BytesIO(photos.photo()), "na.jpg")).status_code == 403
    page = desk.step("team", tile, "afhandelingen", keuze="opgelost:0", foto=(BytesIO(b"geen foto"), "y.jpg"))
    assert page.status_code == 200 and "y.jpg" in page.text and "is afgehandeld" in page.text
    assert desk.now_is(tile).status == "gereed", "a bad photo never undoes the closing"


def test_staff_see_what_was_processed_and_strangers_do_not(desk: Desk) -> None:
    _, tile = desk.melding()
    assert desk.step("team", tile, "fotos", foto=(BytesIO(photos.photo()), "na.jpg")).status_code == 303
    held = desk.world.app.extensions["meldingen"]
    with desk.world.session() as session:
        found = session.scalars(sa.select(Photo).where(Photo.opdracht_id == tile.id)).one()
        payload = {"photo_id": found.id, "gemeente_id": desk.gemeente_id}
        process_photo(held.engine, held.adapters.photos, payload, now=business_now(session))
    page = desk.get("team", f"/team/opdracht/{tile.id}")
    address = f"/api/v1/fotos/{found.public_id}?formaat=klein"
    assert address in page and address in desk.get("team", "/team")
    for who in ("team", "kcc", "cor"):
        answer = desk.browsers[who].get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert make_desk(desk.world).browsers["cor"].get(address).status_code == 404
    assert desk.world.app.test_client().get(address).status_code == 404


def test_the_coordinators_lists(desk: Desk) -> None:
    _, late = desk.melding(ago=timedelta(days=30))
    _, tile = desk.melding()
    page = desk.get("cor", "/team?lijst=te_laat")
    assert f"/team/opdracht/{late.id}" in page and f"/team/opdracht/{tile.id}" not in page
    assert "Te laat:" in page
    assert "Deze lijst is leeg" in desk.get("cor", "/team?lijst=grensgeval")
    assert "Lijsten om leeg te maken" not in desk.get("team", "/team")
    desk.melding(ago=timedelta(minutes=10), route=True)
    lost = desk.lost_melding(timedelta(minutes=10))
    assert f"/kcc/melding/{lost.number}" in desk.get("cor", "/team")


def test_steps_need_the_token_and_must_exist(desk: Desk) -> None:
    _, tile = desk.melding()
    path = f"/team/opdracht/{tile.id}/inbehandelingnames"
    assert desk.browsers["team"].post(path, data={"versie": 1}).status_code == 400
    assert desk.step("team", tile, "toveren").status_code == 404
    assert desk.browsers["team"].get(f"/team/opdracht/{tile.id}/toveren").status_code == 404
    assert desk.browsers["team"].get(path).status_code == 302
    assert desk.browsers["team"].get(f"/team/{tile.id}").location.endswith(f"/team/opdracht/{tile.id}")
    assert desk.post("team", path).status_code == 428
    assert desk.step("team", tile, "planningen", versie="\x00", plandatum="nooit").status_code == 400


def test_a_page_of_work_costs_the_same_however_much_there_is(desk: Desk) -> None:
    def cost(path: str) -> int:
        sent = []
        engine = desk.world.app.extensions["meldingen"].engine
        listen = lambda *args: sent.append(args[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", listen)
        desk.get("cor", path)
        sa.event.remove(engine, "before_cursor_execute", listen)
        return len(sent)

    _, tile = desk.melding()
    desk.get("cor", "/account")  # the first page of a session also writes that it was used
    paths = ("/team", f"/team/opdracht/{tile.id}", "/coordinator")
    few = [cost(path) for path in paths]
    for _ in range(4):
        _, other = desk.melding()
        desk.step("cor", other, "samenvoegingen", opdracht=tile.id)
        desk.melding()
    assert [cost(path) for path in paths] == few


def test_the_buttons_are_those_of_the_table(session: Session, now: Any) -> None:
    home = factories.gemeente(session)
    member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    tile = factories.opdracht_of(session, factories.melding(session, now=now))
    viewer = Viewer(member, Sees(), frozenset(), [])
    assert viewer.moves(tile)[0].action == "inbehandelingnames"
    work.take_up(session, tile.id, basis=Basis(version=1), actor=member, now=now)
    assert "inbehandelingnames" not in [m.action for m in viewer.moves(tile)]
    assert isinstance(home, Gemeente) and Note.__tablename__ == "note"


def _team_id(desk: Desk, slug: str) -> str:
    with desk.world.session() as session:
        home = session.get_one(Gemeente, desk.gemeente_id)
        return str(factories.team(session, home, slug).id)
