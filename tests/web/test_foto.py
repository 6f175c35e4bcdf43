"""The doors to which the script of the form brings its photos: one by one, known by their print, nothing lost."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meldingen.adapters.failures import TemporaryFailure
from tests.photos import photo

from .conftest import World, token_in
from .forms import fields_of, press, upload, words
from .melder import PLACE, photos_of, send, sent, walk

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def key() -> str:
    """The form of this test."""
    return secrets.token_hex(16)


def bring(client: FlaskClient, data: bytes, *, key: str, name: str = "stoep.jpg", **more: Any) -> TestResponse:
    fields = {"sleutel": key, "foto": upload(data, name)}
    return client.post("/melden/foto/bewaren", data=fields, **{"headers": HERE, **more})


def take_off(client: FlaskClient, *named: str, key: str) -> TestResponse:
    return client.post("/melden/foto/weg", data={"sleutel": key, "foto_weg": list(named)}, headers=HERE)


@contextmanager
def storage_away(world: World) -> Iterator[None]:
    """The photo store gives no answer."""

    class Away:
        def put(self, key: str, data: bytes) -> None:
            raise TemporaryFailure("weg")

        def get(self, key: str) -> bytes:
            raise TemporaryFailure("weg")

    held = world.app.extensions["meldingen"]
    before, held.adapters = held.adapters, replace(held.adapters, photos=Away())
    try:
        yield
    finally:
        held.adapters = before


def test_a_photo_is_kept_when_it_is_chosen_and_again_is_the_same(world: World, client: FlaskClient, key: str) -> None:
    data = photo(size=(420, 300))
    first = bring(client, data, key=key)
    assert first.status_code == 200 and first.json is not None
    assert first.json["naam"] == "stoep.jpg" and first.json["sha256"] == hashlib.sha256(data).hexdigest()
    assert bring(client, data, key=key, name="kopie.jpg").json == first.json
    assert bring(client, photo(size=(421, 300)), key=key, name="lamp.jpg").status_code == 200
    page = client.get("/melden/foto").text
    assert "Verwijder foto 1: stoep.jpg" in words(page) and "Verwijder foto 2: lamp.jpg" in words(page)
    assert take_off(client, first.json["sha256"], key=key).status_code == 200
    assert take_off(client, first.json["sha256"], "onzin", key=key).status_code == 200, "it is off already"
    waar = client.get("/melden/waar").text
    melding = send(world, client, page=waar, omschrijving="Met een foto", **PLACE)
    assert len(photos_of(world, melding)) == 1


def test_what_is_no_photo_or_one_too_many_is_told(client: FlaskClient, key: str) -> None:
    refused = bring(client, b"%PDF-1.7 brief", key=key, name="brief.jpg")
    assert refused.status_code == 422 and refused.json is not None
    assert refused.json["code"] == "geen_foto" and "pdf" in refused.json["detail"].lower()
    assert bring(client, b"", key=key).json["code"] == "leeg"  # type: ignore[index]
    for width in range(400, 405):
        assert bring(client, photo(size=(width, 300)), key=key).status_code == 200
    full = bring(client, photo(size=(405, 300)), key=key)
    assert full.status_code == 422 and "hoogstens 5" in full.json["detail"]  # type: ignore[index]
    assert bring(client, photo(size=(402, 300)), key=key).status_code == 200, "that one was there"


def test_storage_that_is_away_is_not_the_fault_of_the_photo(world: World, client: FlaskClient, key: str) -> None:
    data = photo(size=(430, 300))
    with storage_away(world):
        away = bring(client, data, key=key)
    assert away.status_code == 503 and away.headers["Retry-After"] == "30"
    assert "ligt aan ons" in away.json["detail"]  # type: ignore[index]
    assert bring(client, data, key=key).status_code == 200


def test_only_our_own_pages_bring_photos_and_only_to_a_form_under_way(world: World, client: FlaskClient) -> None:
    data = photo(size=(440, 300))
    foreign = bring(client, data, key=secrets.token_hex(16), headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403 and foreign.mimetype == "application/problem+json"
    assert bring(client, data, key="geen sleutel").status_code == 409
    review = walk(client, omschrijving="Al verstuurd", **PLACE).text
    key = fields_of(review, action="/melden/versturen")["sleutel"][0]
    melding = sent(world, press(client, review, "/melden/versturen"))
    late = bring(client, data, key=key)
    assert late.status_code == 409 and late.json is not None and late.json["code"] == "al_verstuurd"
    assert take_off(client, "x", key=key).status_code == 409
    assert photos_of(world, melding) == []
    assert client.get("/melden").location.endswith("/melden/waar"), "no form was begun by it"


def test_a_photo_for_an_earlier_form_does_not_lead_away_from_this_one(client: FlaskClient, key: str) -> None:
    """The outbox brings what waits while its melder is at the next melding."""
    walk(client, omschrijving="De volgende", **PLACE)
    assert "Set-Cookie" not in bring(client, photo(size=(450, 300)), key=key).headers
    assert "De volgende" in client.get("/melden/controleren").text


def test_without_scripts_a_button_per_photo_takes_it_off(client: FlaskClient) -> None:
    """A11Y-07: each is named, and nothing else of the form is lost."""
    files = [upload(photo(size=(n, 300)), f"{n}.jpg") for n in (460, 461)]
    form = walk(client, foto=files, **PLACE).text
    assert "Hoe bereiken wij u?" in words(form) or "Klopt het zo?" in words(form)
    page = client.get("/melden/foto").text
    first = fields_of(page, action="/melden/foto")["foto_bewaard"][0]
    gone = press(client, page, "/melden/foto", foto_weg=first)
    assert gone.status_code == 303 and gone.location.endswith("/melden/foto")
    page = client.get("/melden/foto").text
    assert "460.jpg" not in page and "Verwijder foto 1: 461.jpg" in words(page)


def test_off_the_form_in_the_last_request_too(world: World, client: FlaskClient, key: str) -> None:
    """A photo that was taken off without coverage does not come along after all."""
    data = photo(size=(470, 300))
    bring(client, data, key=key)
    review = walk(client, client.get("/melden/waar").text, omschrijving="Zonder foto", **PLACE).text
    answer = press(client, review, "/melden/versturen", foto_weg=hashlib.sha256(data).hexdigest())
    assert photos_of(world, sent(world, answer)) == []


def test_one_more_photo_on_the_page_of_a_melding(world: World, client: FlaskClient) -> None:
    """Brought one by one; the words that come after them say how many there were."""
    melding = send(world, client, omschrijving="Er komt nog een foto", **PLACE)
    follow = f"/volgen/{melding.number}"
    token = token_in(client.get(follow).text)

    def bring_more(data: bytes) -> TestResponse:
        return client.post(f"{follow}/foto", data={"csrf_token": token, "foto": upload(data)})

    data = photo(size=(480, 300))
    with storage_away(world):
        away = bring_more(data)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "30")
    assert bring_more(data).json == {"uitkomst": "ontvangen"}
    assert bring_more(data).json == {"uitkomst": "al_ontvangen"}
    assert bring_more(b"tekst").status_code == 422 and bring_more(b"").status_code == 422
    client.post(f"{follow}/aanvullen", data={"csrf_token": token, "fotos_gebracht": "1"})
    assert "1 foto is toegevoegd." in words(client.get(follow).text)
    assert len(photos_of(world, melding)) == 1
    assert client.post(f"{follow}/foto", data={"foto": upload(data)}).status_code == 400, "without our token"


def test_photos_that_come_after_the_words_are_announced(world: World, client: FlaskClient) -> None:
    review = walk(client, omschrijving="Gevaar, foto's volgen", **PLACE).text
    melding = sent(world, press(client, review, "/melden/versturen", fotos_volgen="2"))
    assert melding.photos_expected == 2
