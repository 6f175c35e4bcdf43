"""A melder without JavaScript: goes from step to step, fills in what the page asks, and presses the button."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meldingen.store.melding import Melding
from meldingen.store.photo import Photo

from .conftest import World
from .forms import errors_in, press, words

PLACE = {"lon": "4.7", "lat": "52.66"}
OF_STEP = {
    "waar": ("lon", "lat", "bron", "buurt", "adres", "toelichting"),
    "wat": ("omschrijving", "categorie", "gevaar"),
    "bekend": ("zelfde_als",),
    "foto": ("foto", "foto_weg"),
    "contact": ("naam", "email", "telefoon", "voorkeur", "alleen_gereed", "ook_nacht"),
}


def step_in(page: str) -> str:
    """The step this page is."""
    found = re.search(r'data-stap="(\w+)"', page)
    return found[1] if found else ""


def walk(client: FlaskClient, page: str = "", **fields: Any) -> TestResponse:
    """From a page (the first) up to controleren, or to the page that says what is wrong. Each field goes to the step it
    is of."""
    answer = None
    page = page or client.get("/melden", follow_redirects=True).text
    while (step := step_in(page)) != "controleren":
        given = {name: fields[name] for name in _of(step, fields)}
        answer = press(client, page, f"/melden/{step}", **given)
        if answer.status_code != 303:
            return answer
        wrong = "controle=" in answer.location
        answer = client.get(answer.location)
        if wrong:
            return answer
        page = answer.text
    assert answer is not None
    return answer


def told(client: FlaskClient, answer: TestResponse) -> str:
    """The page that says what is wrong, after a step that was sent with a mistake."""
    assert answer.status_code == 303 and "controle=ja" in answer.location, words(answer.text)
    return client.get(answer.location).text


def _of(step: str, fields: dict[str, Any]) -> Iterator[str]:
    for name in fields:
        if name in OF_STEP[step] or (step == "wat" and name.startswith("antwoord_")) or name == "onderwerp":
            yield name


def send(world: World, client: FlaskClient, **fields: Any) -> Melding:
    """The whole way; returns the melding."""
    review = walk(client, **fields)
    assert "Klopt het zo?" in review.text, errors_in(review.text) or words(review.text)
    return sent(world, press(client, review.text, "/melden/versturen"))


def sent(world: World, answer: TestResponse) -> Melding:
    """The melding that a sending led to."""
    assert answer.status_code == 303, words(answer.text)
    with world.session() as session:
        return session.scalars(sa.select(Melding).where(Melding.number == answer.location.split("/")[2])).one()


def photos_of(world: World, melding: Melding) -> list[Photo]:
    """The photos of a melding, the first one first."""
    with world.session() as session:
        return list(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id).order_by(Photo.id)))
