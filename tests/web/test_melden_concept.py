"""Coming back to the form: after hours, by a link, on another host, with another key; and what is asked of nobody."""

import secrets
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import machine_now
from meldingen.flow.concept import KEPT, find_concept, hold_concept, save_concept, sweep_concepts, values_of
from meldingen.store.concept import Concept
from meldingen.store.photo import Photo
from meldingen.store.public_object import PublicObject
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import fields_of, press, upload, words
from .melder import PLACE, step_in, walk


def concepts(world: World) -> int:
    with world.session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Concept)) or 0


def test_two_requests_at_once_keep_both_their_words(world: World) -> None:
    """The second read the form before the first had saved it; once it holds the form, it sees what the first wrote."""
    key, scope, now = secrets.token_hex(16), [world.gemeente_id], machine_now()
    facts: dict[str, Any] = {"gemeente_id": world.gemeente_id, "now": now}
    with world.session() as first, first.begin():
        hold_concept(first, key, scope=scope, **facts)
    with world.session() as second, second.begin():
        before = find_concept(second, key, scope=scope, now=now)
        with world.session() as first, first.begin():
            held = hold_concept(first, key, scope=scope, **facts)
            save_concept(first, held, values={"omschrijving": "Losse tegel"}, answers={}, photos=[], **facts)
        again = hold_concept(second, key, scope=scope, **facts)
        assert again is before and values_of(again)[0] == {"omschrijving": "Losse tegel"}


def test_looking_keeps_nothing(world: World, client: FlaskClient) -> None:
    before = concepts(world)
    for step in ("waar", "wat", "foto", "contact"):
        page = client.get(f"/melden/{step}")
        assert page.status_code == 200 and "Set-Cookie" not in page.headers
    assert client.get("/melden/controleren").location == "/melden/waar?controle=ja"
    assert "begonnen melding" in words(client.get("/melden/contact").text)
    assert concepts(world) == before


def test_who_comes_back_goes_on_or_begins_again(world: World, client: FlaskClient) -> None:
    walk(client, omschrijving="Half af", email="mis", **PLACE)
    page = client.get("/melden?categorie=losse-tegel").text
    assert "U was al bezig" in page and "Half af" in page and 'href="/melden/contact"' in page
    key = fields_of(page, action="/melden/opnieuw?categorie=losse-tegel")["sleutel"][0]
    answer = press(client, page, "/melden/opnieuw?categorie=losse-tegel")
    fresh = client.get(answer.location, follow_redirects=True)
    assert step_in(fresh.text) == "waar" and fields_of(fresh.text, action="/melden/waar")["sleutel"][0] != key
    assert "Half af" not in client.get("/melden/wat").text
    with world.session() as session:
        assert session.scalar(sa.select(Concept).where(Concept.key == key)) is None


def test_the_cookie_is_for_us_alone_and_a_day(client: FlaskClient) -> None:
    answer = press(client, client.get("/melden/waar").text, "/melden/waar", **PLACE)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("concept=") and "Max-Age=86400" in cookie and "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie and "Path=/" in cookie


def test_the_key_in_the_page_wins_over_the_cookie(world: World, client: FlaskClient) -> None:
    """Two tabs: what is typed in the one does not end up in the other."""
    first = press(client, client.get("/melden/waar").text, "/melden/waar", toelichting="Tabblad een", **PLACE)
    tab = client.get(first.location).text
    press(client, client.get("/melden/waar?leeg").text, "/melden/waar", sleutel=secrets.token_hex(16), **PLACE)
    press(client, tab, "/melden/wat", omschrijving="Bij tabblad een")
    with world.session() as session:
        key = fields_of(tab, action="/melden/wat")["sleutel"][0]
        kept = session.scalars(sa.select(Concept).where(Concept.key == key)).one()
    assert kept.filled["values"]["omschrijving"] == "Bij tabblad een"
    assert kept.filled["values"]["toelichting"] == "Tabblad een"


def test_the_empty_pages_are_of_nobody(world: World, client: FlaskClient) -> None:
    walk(client, omschrijving="Van mij", email="mis", **PLACE)
    for step in ("waar", "wat", "foto", "contact", "controleren"):
        page = client.get(f"/melden/{step}?leeg").text
        assert step_in(page) == step and "Van mij" not in page and 'name="sleutel" value=""' in page


def test_a_link_on_a_lamp_post_fills_in_the_place(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        spot = sa.func.ST_SetSRID(sa.func.ST_MakePoint(4.7012, 52.6612), 4326)
        post = {"kind": "lichtmast", "code": "BRG-0412", "category_slug": "losse-tegel"}
        session.add(PublicObject(gemeente_id=world.gemeente_id, location=spot, **post))
    page = client.get("/melden?object=lichtmast:brg-0412", follow_redirects=True).text
    fields = fields_of(page, action="/melden/waar")
    assert (fields["lon"], fields["object"]) == (["4.7012"], ["lichtmast:BRG-0412"])
    review = walk(client, page, omschrijving="Hij is uit").text
    assert "lichtmast BRG-0412" in words(review) and "Losse tegel" in words(review)
    strange = world.app.test_client().get("/melden?object=paal:9999", follow_redirects=True)
    assert "kennen wij niet" in words(strange.text) and step_in(strange.text) == "waar"
    assert fields_of(strange.text, action="/melden/waar")["toelichting"] == ["paal:9999"]


def test_after_a_day_it_is_gone_with_its_cookie_of_no_use(world: World, client: FlaskClient) -> None:
    walk(client, omschrijving="Gisteren", foto=upload(photo(size=(411, 300))), email="mis", **PLACE)
    key = client.get_cookie("concept").value  # type: ignore[union-attr]
    sweep_concepts(world.engine, now=machine_now())
    with world.session() as session:
        assert session.scalar(sa.select(Concept).where(Concept.key == key)) is not None
    sweep_concepts(world.engine, now=machine_now() + KEPT)
    assert concepts(world) == 0
    assert "Gisteren" not in client.get("/melden/wat").text
    assert step_in(client.get("/melden", follow_redirects=True).text) == "waar"


def test_changing_one_part_leads_back_to_the_end(world: World, client: FlaskClient) -> None:
    walk(client, omschrijving="Eerst", **PLACE)
    step = client.get("/melden/wat?terug=controleren").text
    answer = press(client, step, "/melden/wat", omschrijving="Daarna")
    assert answer.location == "/melden/controleren" and "Daarna" in client.get(answer.location).text
    other = press(client, client.get("/melden/wat?terug=https://boef.nl").text, "/melden/wat")
    assert other.location == "/melden/foto"


def test_another_place_asks_again_what_is_known_there(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        for at in ((4.62, 52.64), (4.64, 52.64)):
            factories.melding(session, now=machine_now(), at=at, category_slug="losse-tegel")
        work = factories.opdracht_of(session, factories.melding(session, now=machine_now(), at=(4.62, 52.64)))
        session.add(
            Photo(
                gemeente_id=world.gemeente_id, public_id="openbaar", opdracht_id=work.id, kind="team", sha256=b"x",
                size_bytes=1, status="klaar", public=True, small_key="k", received_at=machine_now(),
            )
        )  # fmt: skip
    place = {"lon": "4.62", "lat": "52.64"}
    walk(client, omschrijving="Tegel", categorie="losse-tegel", zelfde_als=str(work.id), **place)
    near = client.get("/melden/bekend").text
    assert "/api/v1/fotos/openbaar?formaat=klein" in near and "vandaag gemeld" in near and "U koos deze" in near
    moved = press(client, client.get("/melden/waar?terug=controleren").text, "/melden/waar", lon="4.64")
    assert moved.location == "/melden/bekend?terug=controleren"
    gone = press(client, client.get(moved.location).text, "/melden/bekend")
    assert gone.location == "/melden/controleren" and "Hetzelfde als" not in client.get(gone.location).text


def test_what_is_about_persons_is_never_shown_nearby(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        home = factories.gemeente(session, name="Stilstad", code="GM9009", west=5.40)
        home.host = "stil.example"
        main = factories.category(session, home, "overlast", team_kind="kcc", public=False)
        factories.category(session, home, "burenruzie", parent=main, public=False)
        hidden = factories.melding(session, now=machine_now(), at=(5.5, 52.66), category_slug="burenruzie")
        factories.opdracht_of(session, hidden)
    page = client.get("/melden/waar?gemeente=stilstad").text
    review = walk(client, page, omschrijving="Ruzie", categorie="burenruzie", lon="5.5", lat="52.66")
    assert step_in(review.text) == "controleren"
    assert client.get("/melden/bekend").location == "/melden/foto"
