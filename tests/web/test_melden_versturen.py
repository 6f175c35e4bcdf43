"""/melden/versturen: once, however often and however it is sent; and a refusal that a person or a script can act on."""

import secrets
import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.limits import Rates
from meldingen.store.category import Category
from meldingen.store.concept import Concept
from meldingen.store.melding import Melding
from meldingen.web.drafts import Drafts
from tests.photos import photo

from .conftest import World
from .forms import errors_in, fields_of, press, upload, words
from .melder import PLACE, send, sent, step_in, walk

JSON = {"Accept": "application/json"}


def whole(**fields: Any) -> dict[str, Any]:
    """A form that a device kept whole, under a key of its own."""
    return {"sleutel": secrets.token_hex(16), "omschrijving": "Er ligt glas.", **PLACE, **fields}


def count(world: World) -> int:
    with world.session() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Melding)) or 0


def test_a_device_sends_all_at_once_and_gets_the_numbers(world: World, client: FlaskClient) -> None:
    form = whole(foto=[upload(photo(size=(n, 300)), f"{n}.jpg") for n in (310, 311)])
    answer = client.post("/melden/versturen", data=form, headers=JSON)
    assert answer.status_code == 201 and answer.json is not None, answer.text
    told = answer.json
    assert set(told) == {"nummer", "code", "volgen", "ontvangen", "fotos"} and len(told["code"]) == 8
    assert [(one["naam"], one["uitkomst"]) for one in told["fotos"]] == [(f"{n}.jpg", "ontvangen") for n in (310, 311)]
    assert all(len(one["sha256"]) == 64 and one["uitleg"] == "" for one in told["fotos"])
    assert client.get(told["ontvangen"]).status_code == 200, "this browser may see it"
    assert "/v/" in told["volgen"]


def test_the_same_key_is_one_melding_over_both_ways(world: World, client: FlaskClient) -> None:
    review = walk(client, omschrijving="Beide wegen", **PLACE).text
    key = fields_of(review, action="/melden/versturen")["sleutel"][0]
    first = sent(world, press(client, review, "/melden/versturen"))
    before = count(world)
    device = world.app.test_client()
    again = device.post("/melden/versturen", data=whole(sleutel=key, omschrijving="Beide wegen"), headers=JSON)
    assert again.status_code == 200 and again.json is not None and again.json["nummer"] == first.number
    assert count(world) == before
    other = device.post("/melden/versturen", data=whole(sleutel=key, omschrijving="Iets anders"), headers=JSON)
    assert other.status_code == 409 and other.mimetype == "application/problem+json"
    assert count(world) == before


def test_two_taps_at_the_same_moment_are_one_melding(world: World, client: FlaskClient) -> None:
    review = walk(client, omschrijving="Twee tikken", **PLACE).text
    key = fields_of(review, action="/melden/versturen")["sleutel"][0]
    before, start, places = count(world), threading.Barrier(3), list[str]()

    def tap() -> None:
        start.wait()
        answer = world.app.test_client().post("/melden/versturen", data={"sleutel": key})
        places.append(answer.location)

    taps = [threading.Thread(target=tap) for _ in range(3)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert len(set(places)) == 1 and len(places) == 3 and "/ontvangen" in places[0]
    assert count(world) == before + 1
    with world.session() as session:
        assert session.scalar(sa.select(Concept).where(Concept.key == key)) is None


@pytest.mark.parametrize(
    ("fields", "step", "field"),
    [
        ({"lon": "", "lat": ""}, "waar", "plaats"),
        ({"omschrijving": "x" * 501}, "wat", "omschrijving"),
        ({"categorie": "bestaat-niet"}, "wat", "categorie"),
        ({"omschrijving": ""}, "foto", "foto"),
        ({"email": "geen adres"}, "contact", "email"),
        ({"onderwerp": "Pillen"}, "controleren", "onderwerp"),
    ],
)
def test_a_script_reads_which_step_a_person_must_mend(
    client: FlaskClient, fields: dict[str, str], step: str, field: str
) -> None:
    answer = client.post("/melden/versturen", data=whole(**fields), headers=JSON)
    assert answer.status_code == 400 and answer.mimetype == "application/problem+json" and answer.json is not None
    assert (answer.json["stap"], list(answer.json["velden"])) == (step, [field])
    assert answer.json["detail"] == answer.json["velden"][field]


def test_a_form_from_another_website_is_not_sent_but_kept_in_sight(world: World, client: FlaskClient) -> None:
    before = count(world)
    away = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/melden/versturen", data=whole(omschrijving="Van elders"), headers=away)
    assert answer.status_code == 403 and step_in(answer.text) == "controleren" and "Van elders" in answer.text
    assert list(errors_in(answer.text)) == ["formulier"] and count(world) == before
    step = client.post("/melden/contact", data={"naam": "Jo", "sleutel": secrets.token_hex(16)}, headers=away)
    assert step.status_code == 403 and 'value="Jo"' in step.text and "Set-Cookie" not in step.headers


def test_too_many_is_told_in_the_form_and_nothing_is_lost(world: World, client: FlaskClient) -> None:
    review = walk(client, omschrijving="Nog een keer", **PLACE).text
    held = world.app.extensions["rates"]
    few = world.app.extensions["rates"] = Rates(*["1 per minute"] * 4)
    few.steps = few.public
    few.hit(few.public, "publiek", "127.0.0.1")
    try:
        first = client.get("/melden/contact").text
        assert press(client, first, "/melden/contact", naam="Jo").status_code == 303
        slow = press(client, first, "/melden/contact", naam="Jo de Vries")
        script = client.post("/melden/versturen", data=whole(), headers=JSON)
        page = press(client, review, "/melden/versturen")
    finally:
        world.app.extensions["rates"] = held
    assert slow.status_code == 429 and 'value="Jo de Vries"' in slow.text and "Wacht" in words(slow.text)
    assert 0 < int(slow.headers["Retry-After"]) <= 60
    assert script.status_code == 429 and 0 < int(script.headers["Retry-After"]) <= 60
    assert page.status_code == 429 and "Nog een keer" in page.text and step_in(page.text) == "controleren"
    assert sent(world, press(client, page.text, "/melden/versturen")).description == "Nog een keer"


def test_a_kind_that_we_do_not_take_stops_with_a_way_on(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        grass = session.scalars(sa.select(Category).where(Category.slug == "gras-te-hoog")).one()
        grass.beforehand = {
            "text": "Maak een <afspraak>.", "link": "https://example.nl/afspraak", "link_words": "Afspraak maken",
            "phone": "0800 1234", "stops": True,
        }  # fmt: skip
    page = walk(client, omschrijving="Bank", categorie="gras-te-hoog", **PLACE)
    assert step_in(page.text) == "wat" and list(errors_in(page.text)) == ["categorie"]
    assert "Maak een &lt;afspraak&gt;." in page.text and 'href="tel:08001234"' in page.text
    assert "Afspraak maken" in client.get("/melden/vragen?categorie=gras-te-hoog").text
    answer = client.post("/melden/versturen", data=whole(categorie="gras-te-hoog"), headers=JSON)
    assert answer.status_code == 400 and answer.json is not None and answer.json["stap"] == "wat"
    assert "Klopt het zo?" in walk(client, page.text, categorie="").text, "another kind goes on"


def test_answers_keep_the_version_they_were_asked_in(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        hole = session.scalars(sa.select(Category).where(Category.slug == "gat-in-de-weg")).one()
        hole.questions = [{"id": "diep", "label": "Is het diep?", "type": "janee"}]
        hole.questions_version = 3
    asked = whole(categorie="gat-in-de-weg", vragen_van="gat-in-de-weg", vragen_versie="3", antwoord_diep="ja")
    late = dict(asked, sleutel=secrets.token_hex(16))
    melding = send(world, client, omschrijving="Gat", categorie="gat-in-de-weg", antwoord_diep="nee", **PLACE)
    assert (melding.questions_version, melding.answers) == (3, {"diep": "nee"})
    with world.session() as session, session.begin():
        hole = session.get_one(Category, melding.category_id)
        hole.questions = [*hole.questions, {"id": "breed", "label": "Is het breed?", "type": "janee"}]
        hole.questions_version = 4
    number = client.post("/melden/versturen", data=asked, headers=JSON).json["nummer"]  # type: ignore[index]
    with world.session() as session:
        made = session.scalars(sa.select(Melding).where(Melding.number == number)).one()
        assert made.questions_version == 3, "what still fits is not asked again"
    with world.session() as session, session.begin():
        hole = session.get_one(Category, melding.category_id)
        hole.questions = [{**hole.questions[1], "required": True}]
        hole.questions_version = 5
    told = client.post("/melden/versturen", data=late, headers=JSON).json
    assert told is not None and told["stap"] == "wat" and set(told["velden"]) == {"antwoord_breed", "formulier"}


def test_without_a_database_answer_the_form_stays(world: World, client: FlaskClient) -> None:
    """The photo store is away and a photo is all there is: told, kept, and sent with the next press."""

    class Away:
        def put(self, key: str, data: bytes) -> None:
            raise AssertionError("nothing is put")

        def get(self, key: str) -> bytes:
            from meldingen.adapters.failures import TemporaryFailure

            raise TemporaryFailure("weg")

    review = walk(client, foto=upload(photo(size=(520, 300))), **PLACE).text
    held = world.app.extensions["meldingen"]
    adapters = held.adapters
    held.adapters = replace(adapters, photos=Away())
    try:
        refused = press(client, review, "/melden/versturen")
    finally:
        held.adapters = adapters
    assert refused.status_code == 503 and refused.headers["Retry-After"] and step_in(refused.text) == "controleren"
    assert sent(world, press(client, refused.text, "/melden/versturen")).description == ""


def test_a_photo_that_the_store_lost_is_the_one_to_send_again(world: World, client: FlaskClient) -> None:
    key = secrets.token_hex(16)
    pictures = [photo(size=(n, 300)) for n in (330, 331, 332)]
    kept: list[Any] = [
        client.post("/melden/foto/bewaren", data={"sleutel": key, "foto": upload(one, f"{n}.jpg")}).json
        for n, one in enumerate(pictures)
    ]
    held = world.app.extensions["meldingen"]
    (lost,) = Drafts(held.adapters.photos, held.settings.secret_keys).read([kept[0]["referentie"]])
    held.adapters.photos.delete(lost.key)
    told: Any = client.post("/melden/versturen", data=whole(sleutel=key), headers=JSON).json
    assert [(one["naam"], one["uitkomst"], one["sha256"] == lost.sha256.hex()) for one in told["fotos"]] == [
        ("0.jpg", "opnieuw_sturen", True),
        ("1.jpg", "ontvangen", False),
        ("2.jpg", "ontvangen", False),
    ], "a device throws away what arrived, so the answer must name the right photo"
