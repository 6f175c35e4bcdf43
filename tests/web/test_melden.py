"""/melden without JavaScript: a place and a text or a photo make a melding; nothing filled in is ever lost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import Address, FixedGeocoder
from meldingen.db import machine_now
from meldingen.store.category import Category
from meldingen.store.contact import Contact
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import errors_in, fields_of, press, upload, words
from .melder import PLACE, photos_of, send, sent, step_in, told, walk


@pytest.fixture(scope="module", autouse=True)
def with_questions(world: World) -> None:
    """One category asks something, one is about persons."""
    with world.session() as session, session.begin():
        tile = session.scalars(sa.select(Category).where(Category.slug == "losse-tegel")).one()
        tile.questions = [
            {"id": "hoeveel", "label": "Hoeveel tegels?", "type": "getal"},
            {"id": "waar", "label": "Waar ligt het?", "type": "meerkeuze", "options": ["Stoep", "Fietspad"]},
            {"id": "water", "label": "Staat er water?", "type": "janee"},
        ]


class Tired:
    """A geocoder that is away."""

    def address_at(self, lon: float, lat: float) -> Address | None:
        """Always fails."""
        raise TemporaryFailure("geocoder: ReadTimeout")


def test_a_place_and_a_text_are_enough(world: World, client: FlaskClient) -> None:
    melding = send(world, client, omschrijving="Er ligt glas. 😀 العربية", **PLACE)
    assert melding.description == "Er ligt glas. 😀 العربية"
    assert (melding.intake_channel, melding.location_source, melding.category_id) == ("e_formulier", "pin", None)
    page = client.get(f"/melden/{melding.number}/ontvangen").text
    assert f"{melding.number[:2]} {melding.number[2:6]} {melding.number[6:]}" in page
    assert "/v/" in page and "code" in page and "Uiterlijk" in page
    assert client.get(f"/volgen/{melding.number}").status_code != 500
    stranger = world.app.test_client().get(f"/melden/{melding.number}/ontvangen")
    assert stranger.status_code == 404, "the number alone opens nothing"


def test_a_buurt_and_an_address_are_a_place_too(world: World, client: FlaskClient) -> None:
    place = {"buurt": "WK900101", "adres": "Breelaan 12", "toelichting": "achter de bus"}
    melding = send(world, client, omschrijving="Lamp stuk", **place)
    assert (melding.location_source, melding.address) == ("buurt", "Breelaan 12, Noord")
    assert melding.location_note == "achter de bus" and melding.wijk_code == "WK900101"


def test_advice_and_the_phone_number_come_before_sending(world: World, client: FlaskClient) -> None:
    """CAT-03: a spoed category, and an answer that means danger, show whom to phone before the button."""
    call = 'href="tel:0720000000"'
    with world.session() as session, session.begin():
        tree = session.scalars(sa.select(Category).where(Category.slug == "boom-omgevallen")).one()
        tree.hint = "Blijf <weg> bij de boom. Bel ons direct."
        hole = session.scalars(sa.select(Category).where(Category.slug == "gat-in-de-weg")).one()
        hole.questions = [{"id": "diep", "label": "Is het diep?", "type": "janee", "danger_answer": "ja"}]
        hole.hint = "Loop erom heen."

    def before_button(page: str) -> str:
        return page.split("<main")[1].split("Melding versturen</button>")[0]

    plain = before_button(walk(client, omschrijving="Boom", **PLACE).text)
    assert call not in plain and "Blijf" not in plain
    page = walk(world.app.test_client(), omschrijving="Boom", categorie="boom-omgevallen", **PLACE).text
    assert "Blijf &lt;weg&gt; bij de boom." in page and call in before_button(page)
    assert "Blijf &lt;weg&gt;" in client.get("/melden/vragen?categorie=boom-omgevallen").text
    fields = {"omschrijving": "Gat", "categorie": "gat-in-de-weg", **PLACE}
    calm = walk(world.app.test_client(), **fields).text
    deep = walk(world.app.test_client(), **fields, antwoord_diep="ja").text
    assert "Loop erom heen." in calm and call not in before_button(calm)
    assert call in before_button(deep) and "Is het diep?" in deep


def test_a_photo_instead_of_words_is_enough(world: World, client: FlaskClient) -> None:
    melding = send(world, client, foto=upload(photo()), **PLACE)
    assert melding.description == "" and len(photos_of(world, melding)) == 1
    assert "Foto 1 foto.jpg : ontvangen" in words(client.get(f"/melden/{melding.number}/ontvangen").text)


def test_what_is_missing_is_named_at_its_field(client: FlaskClient) -> None:
    answer = walk(client)
    assert "<title>Fout: Waar is het?" in answer.text
    assert list(errors_in(answer.text)) == ["plaats"] and 'id="veld-plaats"' in answer.text
    answer = walk(client, **PLACE)
    assert step_in(answer.text) == "foto"
    assert list(errors_in(answer.text)) == ["foto"] and 'id="veld-foto"' in answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"lon": "52.66", "lat": "4.7"}, "plaats"),
        ({"lon": "NaN", "lat": "x"}, "plaats"),
        ({"lon": "0", "lat": "0"}, "plaats"),
        ({"lon": "6.5", "lat": "53.2"}, "plaats"),
        ({"buurt": "WK-bestaat-niet"}, "plaats"),
        ({"adres": "Breelaan 12"}, "plaats"),
        ({**PLACE, "omschrijving": "x" * 501}, "omschrijving"),
        ({**PLACE, "omschrijving": "a\x00b"}, "omschrijving"),
        ({**PLACE, "toelichting": "a" * 501}, "toelichting"),
        ({**PLACE, "categorie": "bestaat-niet"}, "categorie"),
        ({**PLACE, "categorie": "a\x00b"}, "categorie"),
        ({**PLACE, "categorie": "losse-tegel", "antwoord_hoeveel": "veel"}, "antwoord_hoeveel"),
        ({**PLACE, "email": "geen adres"}, "email"),
        ({**PLACE, "telefoon": "12"}, "telefoon"),
        ({**PLACE, "naam": "n" * 101}, "naam"),
        ({**PLACE, "telefoon": "0728880000", "voorkeur": "sms"}, "voorkeur"),
        ({**PLACE, "onderwerp": "Goedkope pillen"}, "onderwerp"),
    ],
)
def test_mistakes_are_told_and_everything_is_kept(client: FlaskClient, fields: dict[str, str], field: str) -> None:
    """Also after a reload, and on the next visit: what is wrong waits to be mended."""
    answer = walk(client, **{"omschrijving": "Er ligt een tegel los.", "foto": upload(photo()), **fields})
    step = step_in(answer.text)
    assert list(errors_in(answer.text)) == [field], words(answer.text)[:500]
    pages = [answer.text] if field == "onderwerp" else [answer.text, client.get(f"/melden/{step}").text]
    for page in pages:
        again = fields_of(page, action=f"/melden/{step}")
        for name, value in fields.items():
            if name not in ("categorie", "onderwerp", "buurt") and name in again and "\x00" not in value:
                assert again[name] == [value]


def test_several_mistakes_come_at_once(client: FlaskClient) -> None:
    answer = walk(client, omschrijving="Glas", email="x", telefoon="1", **PLACE)
    assert list(errors_in(answer.text)) == ["email", "telefoon"]


def test_a_double_tap_is_one_melding(world: World, client: FlaskClient) -> None:
    words_step = ""
    review = walk(client, omschrijving="Dubbel", foto=upload(photo(size=(640, 480))), **PLACE).text
    words_step = client.get("/melden/wat").text
    first, second = (sent(world, press(client, review, "/melden/versturen")) for _ in range(2))
    assert first.number == second.number
    other = press(client, words_step, "/melden/wat", omschrijving="Iets anders")
    assert other.status_code == 409 and "al verstuurd" in words(other.text) and "Iets anders" in words(other.text)
    assert f'href="/volgen/{first.number}"' in other.text


def test_the_questions_of_a_category_come_when_it_is_chosen(world: World, client: FlaskClient) -> None:
    given = {"antwoord_hoeveel": "3", "antwoord_waar": ["Fietspad", "Stoep"], "antwoord_water": "ja"}
    place = press(client, client.get("/melden/waar").text, "/melden/waar", **PLACE)
    step = press(client, client.get(place.location).text, "/melden/wat", omschrijving="Los", categorie="losse-tegel")
    assert step.location.endswith("/melden/wat#soort"), "first seen, then on"
    asked = client.get("/melden/wat").text
    assert "Hoeveel tegels?" in asked
    review = walk(client, asked, **given).text
    assert "Stoep, Fietspad" in words(review)
    melding = sent(world, press(client, review, "/melden/versturen"))
    assert melding.answers == {"hoeveel": 3, "waar": ["Stoep", "Fietspad"], "water": "ja"}


def test_what_is_nearby_can_be_joined(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        earlier = factories.melding(session, now=machine_now(), at=(4.71, 52.67), category_slug="gat-in-de-weg")
        opdracht = factories.opdracht_of(session, earlier)
    fields = {"omschrijving": "Gat", "lon": "4.7102", "lat": "52.67", "categorie": "losse-tegel"}
    review = walk(client, **fields, zelfde_als=str(opdracht.id)).text
    assert "Hetzelfde als" in review and "Gat in de weg" in review and "meter verderop" in review
    step = client.get("/melden/bekend").text
    assert earlier.description not in step and "Nee, dit is iets anders" in step
    other = press(client, step, "/melden/bekend").location
    assert other.endswith("/melden/foto") and "Hetzelfde als" not in client.get("/melden/controleren").text
    again = press(client, client.get("/melden/bekend").text, "/melden/bekend", zelfde_als=str(opdracht.id))
    assert again.status_code == 303
    assert (
        sent(world, press(client, client.get("/melden/controleren").text, "/melden/versturen")).same_as_opdracht_id
        == opdracht.id
    )


def test_contact_danger_and_wishes_arrive(world: World, client: FlaskClient) -> None:
    melding = send(
        world, client, omschrijving="Gevaar", gevaar="ja", naam="Jo", email="Jo@Example.NL", telefoon="06-12 34 56 78",
        voorkeur="sms", alleen_gereed="ja", **PLACE,
    )  # fmt: skip
    assert melding.danger
    with world.session() as session:
        contact = session.scalars(sa.select(Contact).where(Contact.melding_id == melding.id)).one()
    assert (contact.name, contact.email, contact.phone) == ("Jo", "Jo@example.nl", "+31612345678")
    assert (contact.preference, contact.only_when_done, contact.mobile) == ("sms", True, True)


def test_bad_photos_never_cost_the_melding_and_one_may_be_taken_off(world: World, client: FlaskClient) -> None:
    files = [upload(photo(size=(n, 300)), f"{n}.jpg") for n in (300, 301, 302)] + [upload(b"geen foto", "brief.pdf")]
    form = walk(client, omschrijving="Met foto's", foto=files, **PLACE).text
    kept = fields_of(form, action="/melden/foto")["foto_bewaard"]
    assert "brief.pdf:" in words(form) and len(kept) == 3
    off = kept[1]
    more = [upload(photo(size=(n, 300)), f"{n}.jpg") for n in (302, 303, 304, 305, 306)]
    full = told(client, press(client, form, "/melden/foto", foto_weg=off, foto=more))
    kept = fields_of(full, action="/melden/foto")["foto_bewaard"]
    assert len(kept) == 5 and off not in kept, "302 is the same photo, 306 is one too many"
    review = walk(client, full).text
    melding = sent(world, press(client, review, "/melden/versturen"))
    assert len(photos_of(world, melding)) == 5


def test_a_forged_photo_reference_is_nothing(client: FlaskClient) -> None:
    form = client.get("/melden/foto").text
    press(client, form, "/melden/foto", foto_bewaard=["../../etc/passwd", "a.b.c", "\x00"])
    assert "foto_bewaard" not in fields_of(client.get("/melden/foto").text, action="/melden/foto")


def test_without_photo_storage_the_words_still_arrive(world: World, client: FlaskClient) -> None:
    class Away:
        def put(self, key: str, data: bytes) -> None:
            raise TemporaryFailure("weg")

        def get(self, key: str) -> bytes:
            raise TemporaryFailure("weg")

    held = world.app.extensions["meldingen"]
    other = world.app.test_client()
    before_away = walk(client, foto=upload(photo(size=(500, 500))), **PLACE).text
    with_words = walk(other, omschrijving="Woorden", foto=upload(photo(size=(501, 500))), **PLACE).text
    adapters = held.adapters
    held.adapters = replace(adapters, photos=Away())
    try:
        third = world.app.test_client()
        told = walk(third, omschrijving="Alleen tekst", foto=upload(photo()), **PLACE).text
        assert "nu geen foto" in words(told) and "Klopt het zo?" in walk(third, told).text
        refused = press(client, before_away, "/melden/versturen")
        assert refused.status_code == 503 and "Vertel in woorden" in words(refused.text)
        melding = sent(world, press(other, with_words, "/melden/versturen"))
    finally:
        held.adapters = adapters
    assert photos_of(world, melding) == []
    assert "niet gelukt" in words(other.get(f"/melden/{melding.number}/ontvangen").text)


def test_nothing_expires_and_the_page_that_stayed_open_still_works(world: World, client: FlaskClient) -> None:
    """A browser that lost its cookies, or a server that started anew: the key in the page is enough."""
    review = walk(client, omschrijving="Blijft staan", **PLACE).text
    later = world.app.test_client()
    assert sent(world, press(later, review, "/melden/versturen")).description == "Blijft staan"


def test_a_bsn_in_the_text_is_warned_for(client: FlaskClient) -> None:
    page = walk(client, omschrijving="Mijn nummer is 111222333", **PLACE).text
    assert "lijkt" in words(page) and "BSN" in words(page) and "Klopt het zo?" in page


def test_a_link_may_choose_the_category(client: FlaskClient) -> None:
    answer = client.get("/melden?categorie=losse-tegel", follow_redirects=True)
    step = press(client, answer.text, "/melden/waar", **PLACE)
    assert '<option value="losse-tegel" selected>' in client.get(step.location).text
    for odd in ("bestaat-niet", "%00"):
        told = client.get(f"/melden/waar?categorie={odd}&lon=x")
        assert told.status_code == 200 and "kennen wij niet" in words(told.text)


def test_pieces_for_the_map(world: World, client: FlaskClient) -> None:
    shapes = client.get("/gebieden.geojson")
    assert shapes.mimetype == "application/geo+json" and shapes.json["features"][0]["properties"]["soort"] == "gemeente"
    assert client.get("/gebieden.geojson", headers={"If-None-Match": shapes.headers["ETag"]}).status_code == 304
    where = client.get("/melden/plek", query_string=PLACE).json
    assert where["woorden"] == "Noord, gemeente Duinstede" and not where["fout"]
    held = world.app.extensions["meldingen"]
    before = held.adapters
    try:
        held.adapters = replace(before, geocoder=FixedGeocoder({(4.7, 52.66): "Breelaan 12"}))
        found = client.get("/melden/plek", query_string=PLACE).json
        held.adapters = replace(before, geocoder=Tired())
        away = client.get("/melden/plek", query_string=PLACE).json
    finally:
        held.adapters = before
    assert (found["woorden"], found["adres"]) == ("bij Breelaan 12 (Noord, gemeente Duinstede)", "Breelaan 12")
    assert (away["woorden"], away["adres"], away["fout"]) == (where["woorden"], "", ""), "an address is a kindness"
    for wrong in ({"lon": "x", "lat": "1"}, {"lon": "nan", "lat": "inf"}, {}, {"lon": "6.5", "lat": "53.2"}):
        answer = client.get("/melden/plek", query_string=wrong)
        assert answer.status_code == 200 and answer.json["fout"]
    assert "Hoeveel tegels?" in client.get("/melden/vragen?categorie=losse-tegel").text
    assert client.get("/melden/vragen?categorie=%00").text == ""


def test_staff_who_report_here_are_melders(world: World, signed_in: Callable[[str], FlaskClient]) -> None:
    melding = send(world, signed_in("beheer"), omschrijving="Op weg naar huis gezien", **PLACE)
    assert melding.entered_by is None and melding.intake_channel == "e_formulier"
