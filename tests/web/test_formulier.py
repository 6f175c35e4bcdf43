"""/melden without JavaScript: a place and a text or a photo make a melding; nothing filled in is ever lost."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import Address, FixedGeocoder
from meldingen.db import machine_now
from meldingen.store.category import Category
from meldingen.store.contact import Contact
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import errors_in, fields_of, press, upload, words

PLACE = {"lon": "4.7", "lat": "52.66"}


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


def fill(client: FlaskClient, button: str = "controleren", **fields: Any) -> TestResponse:
    return press(client, client.get("/melden").text, "/melden", button, **fields)


def send(client: FlaskClient, **fields: Any) -> Melding:
    """The whole way; returns the melding."""
    answer = fill(client, **fields)
    if "Nog een paar vragen" in answer.text:
        answer = press(client, answer.text, "/melden", "controleren")
    assert "Klopt het zo?" in answer.text, errors_in(answer.text)
    return sent(client, press(client, answer.text, "/melden", "versturen"))


def sent(client: FlaskClient, answer: TestResponse) -> Melding:
    assert answer.status_code == 303, words(answer.text)
    world: World = client.application.extensions["test_world"]
    number = answer.location.split("/")[2]
    with world.session() as session:
        return session.scalars(sa.select(Melding).where(Melding.number == number)).one()


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.app.extensions["test_world"] = world


def photos_of(world: World, melding: Melding) -> list[Photo]:
    with world.session() as session:
        return list(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id).order_by(Photo.id)))


def test_a_place_and_a_text_are_enough(world: World, client: FlaskClient) -> None:
    melding = send(client, omschrijving="Er ligt glas. 😀 العربية", **PLACE)
    assert melding.description == "Er ligt glas. 😀 العربية"
    assert (melding.intake_channel, melding.location_source, melding.category_id) == ("e_formulier", "pin", None)
    page = client.get(f"/melden/{melding.number}/ontvangen").text
    assert f"{melding.number[:2]} {melding.number[2:6]} {melding.number[6:]}" in page
    assert "/v/" in page and "code" in page and "Uiterlijk" in page
    assert client.get(f"/volgen/{melding.number}").status_code != 500
    stranger = world.app.test_client().get(f"/melden/{melding.number}/ontvangen")
    assert stranger.status_code == 404, "the number alone opens nothing"


def test_a_buurt_and_an_address_are_a_place_too(client: FlaskClient) -> None:
    melding = send(client, omschrijving="Lamp stuk", buurt="WK900101", adres="Breelaan 12", toelichting="achter de bus")
    assert (melding.location_source, melding.address) == ("adres", "Breelaan 12, Noord")
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
    main = "".join(re.findall(r"<main.*?</main>", fill(client, omschrijving="Boom", **PLACE).text, re.S))
    assert call not in main and "Blijf" not in main
    page = fill(client, omschrijving="Boom", categorie="boom-omgevallen", **PLACE).text
    assert "Klopt het zo?" in page and "Blijf &lt;weg&gt; bij de boom." in page
    assert call in page.split("<main")[1].split("Melding versturen</button>")[0]
    assert "Blijf &lt;weg&gt;" in client.get("/melden/vragen?categorie=boom-omgevallen").text
    step = fill(client, omschrijving="Gat", categorie="gat-in-de-weg", **PLACE).text
    assert "Nog een paar vragen" in step and "Loop erom heen." in step and "Is het diep?" in step
    calm = press(client, step, "/melden", "controleren").text
    deep = press(client, step, "/melden", "controleren", antwoord_diep="ja").text
    assert "Loop erom heen." in calm and call not in calm.split("<main")[1].split("</main>")[0]
    assert call in deep.split("<main")[1].split("Melding versturen</button>")[0]
    again = press(client, deep, "/melden", "wijzigen").text
    assert "Loop erom heen." in again


def test_a_photo_alone_is_enough_and_its_place_too(world: World, client: FlaskClient) -> None:
    melding = send(client, foto=upload(photo(gps=(4.7, 52.65))))
    assert melding.location_source == "foto" and "plaats_uit_foto" in melding.flags
    assert len(photos_of(world, melding)) == 1
    assert "Foto 1: ontvangen" in words(client.get(f"/melden/{melding.number}/ontvangen").text)


def test_what_is_missing_is_named_at_its_field(client: FlaskClient) -> None:
    answer = fill(client)
    assert answer.status_code == 400 and "<title>Fout: Melding doen" in answer.text
    assert list(errors_in(answer.text)) == ["plaats", "omschrijving"]
    for name in errors_in(answer.text):
        assert f'id="veld-{name}"' in answer.text


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
        ({**PLACE, "zelfde_als": "999999"}, None),
        ({**PLACE, "onderwerp": "Goedkope pillen"}, "onderwerp"),
    ],
)
def test_mistakes_are_told_and_everything_is_kept(
    client: FlaskClient, fields: dict[str, str], field: str | None
) -> None:
    filled = {"omschrijving": "Er ligt een tegel los.", "foto": upload(photo()), **fields}
    answer = fill(client, **filled)
    if field is None:
        answer = press(client, answer.text, "/melden", "versturen")
        field = "zelfde_als"
    assert answer.status_code == 400 and list(errors_in(answer.text)) == [field], words(answer.text)[:500]
    again = fields_of(answer.text, action="/melden")
    for name, value in fields.items():
        if name not in ("categorie", "onderwerp", "buurt", "zelfde_als") and "\x00" not in value:
            assert again[name] == [value]
    assert len(again["foto_bewaard"]) == 1, "the photo is kept too"


def test_several_mistakes_come_at_once(client: FlaskClient) -> None:
    answer = fill(client, lon="0", lat="0", omschrijving="x" * 600, email="x", telefoon="1")
    assert list(errors_in(answer.text)) == ["plaats", "omschrijving", "email", "telefoon"]


def test_a_double_tap_is_one_melding(client: FlaskClient) -> None:
    review = fill(client, omschrijving="Dubbel", foto=upload(photo(size=(640, 480))), **PLACE).text
    first, second = (sent(client, press(client, review, "/melden", "versturen")) for _ in range(2))
    assert first.number == second.number
    other = press(client, review.replace("Dubbel", "Iets anders"), "/melden", "versturen")
    assert other.status_code == 409 and "al verstuurd" in words(other.text)


def test_the_questions_of_a_category_come_one_step_later(world: World, client: FlaskClient) -> None:
    step = fill(client, omschrijving="Los", categorie="losse-tegel", **PLACE).text
    assert "Nog een paar vragen" in step and "Hoeveel tegels?" in step
    review = press(
        client,
        step,
        "/melden",
        "controleren",
        antwoord_hoeveel="3",
        antwoord_waar=["Fietspad", "Stoep"],
        antwoord_water="ja",
    ).text
    assert "Klopt het zo?" in review and "Stoep, Fietspad" in words(review)
    melding = sent(client, press(client, review, "/melden", "versturen"))
    assert melding.answers == {"hoeveel": 3, "waar": ["Stoep", "Fietspad"], "water": "ja"}


def test_what_is_nearby_can_be_joined(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        earlier = factories.melding(session, now=machine_now(), at=(4.71, 52.67), category_slug="gat-in-de-weg")
        opdracht = factories.opdracht_of(session, earlier)
    step = fill(client, omschrijving="Gat", lon="4.7102", lat="52.67", categorie="losse-tegel").text
    assert "Is het een van deze?" in step and "Gat in de weg" in step and "meter verderop" in step
    review = press(client, step, "/melden", "controleren", zelfde_als=str(opdracht.id)).text
    assert "Hetzelfde als" in review
    assert sent(client, press(client, review, "/melden", "versturen")).same_as_opdracht_id == opdracht.id
    fragment = client.get("/melden/nabij", query_string={"lon": "4.7102", "lat": "52.67"}).text
    assert "Gat in de weg" in fragment and earlier.description not in fragment


def test_contact_danger_and_wishes_arrive(world: World, client: FlaskClient) -> None:
    melding = send(
        client, omschrijving="Gevaar", gevaar="ja", naam="Jo", email="Jo@Example.NL", telefoon="06-12 34 56 78",
        voorkeur="sms", alleen_gereed="ja", **PLACE,
    )  # fmt: skip
    assert melding.danger
    with world.session() as session:
        contact = session.scalars(sa.select(Contact).where(Contact.melding_id == melding.id)).one()
    assert (contact.name, contact.email, contact.phone) == ("Jo", "Jo@example.nl", "+31612345678")
    assert (contact.preference, contact.only_when_done, contact.mobile) == ("sms", True, True)


def test_bad_photos_never_cost_the_melding_and_one_may_be_taken_off(world: World, client: FlaskClient) -> None:
    files = [upload(photo(size=(n, 300)), f"{n}.jpg") for n in (300, 301, 302)] + [upload(b"geen foto", "brief.pdf")]
    form = fill(client, email="x", omschrijving="Met foto's", foto=files, **PLACE).text
    assert "brief.pdf:" in words(form) and len(fields_of(form, action="/melden")["foto_bewaard"]) == 3
    off = fields_of(form, action="/melden")["foto_bewaard"][1]
    more = [upload(photo(size=(n, 300)), f"{n}.jpg") for n in (302, 303, 304, 305, 306)]
    review = press(client, form, "/melden", "controleren", email="", foto_weg=off, foto=more).text
    kept = fields_of(review, action="/melden")["foto_bewaard"]
    assert len(kept) == 5 and off not in kept, "302 is the same photo, 306 is one too many"
    melding = sent(client, press(client, review, "/melden", "versturen"))
    assert len(photos_of(world, melding)) == 5


def test_a_forged_photo_reference_is_nothing(client: FlaskClient) -> None:
    answer = fill(client, omschrijving="x", foto_bewaard=["../../etc/passwd", "a.b.c", "\x00"], **PLACE)
    assert "foto_bewaard" not in fields_of(answer.text, action="/melden")


def test_without_photo_storage_the_words_still_arrive(world: World, client: FlaskClient) -> None:
    class Away:
        def put(self, key: str, data: bytes) -> None:
            raise TemporaryFailure("weg")

        def get(self, key: str) -> bytes:
            raise TemporaryFailure("weg")

    held = world.app.extensions["meldingen"]
    before_away = fill(client, foto=upload(photo(size=(500, 500))), **PLACE).text
    with_words = fill(client, omschrijving="Woorden", foto=upload(photo(size=(501, 500))), **PLACE).text
    adapters = held.adapters
    held.adapters = replace(adapters, photos=Away())
    try:
        told = fill(client, omschrijving="Alleen tekst", foto=upload(photo()), **PLACE).text
        assert "nu geen foto" in words(told) and "Klopt het zo?" in told
        refused = press(client, before_away, "/melden", "versturen")
        assert refused.status_code == 503 and "Vertel in woorden" in words(refused.text)
        melding = sent(client, press(client, with_words, "/melden", "versturen"))
    finally:
        held.adapters = adapters
    assert photos_of(world, melding) == []
    assert "niet gelukt" in words(client.get(f"/melden/{melding.number}/ontvangen").text)


def test_an_expired_form_keeps_what_was_filled_in(client: FlaskClient) -> None:
    page = client.get("/melden").text
    answer = press(client, page, "/melden", "controleren", csrf_token="oud", omschrijving="Blijft staan", **PLACE)
    assert list(errors_in(answer.text)) == ["formulier"] and "Blijft staan" in answer.text
    assert "Klopt het zo?" in press(client, answer.text, "/melden", "controleren").text


def test_a_bsn_in_the_text_is_warned_for(client: FlaskClient) -> None:
    page = fill(client, omschrijving="Mijn nummer is 111222333", **PLACE).text
    assert "lijkt" in words(page) and "BSN" in words(page) and "Klopt het zo?" in page


def test_a_link_may_choose_the_category(client: FlaskClient) -> None:
    assert '<option value="losse-tegel" selected>' in client.get("/melden?categorie=losse-tegel").text
    assert client.get("/melden?categorie=%00&lon=x").status_code == 200


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
        assert client.get("/melden/nabij", query_string=wrong).text == ""
    assert "Hoeveel tegels?" in client.get("/melden/vragen?categorie=losse-tegel").text
    assert client.get("/melden/vragen?categorie=%00").text == ""


def test_staff_who_report_here_are_melders(signed_in: Callable[[str], FlaskClient]) -> None:
    melding = send(signed_in("beheer"), omschrijving="Op weg naar huis gezien", **PLACE)
    assert melding.entered_by is None and melding.intake_channel == "e_formulier"
