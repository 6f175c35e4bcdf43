"""Words of danger in the form: it asks once, only "ja" is spoed; and what is to be read before reporting a kind."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.store.category import Category
from meldingen.store.gemeente import Gemeente

from .conftest import World
from .forms import press, words
from .melder import PLACE, sent, walk

WIRES = "Er hangen draden uit de paal."


def asked_page(client: FlaskClient, **fields: str) -> str:
    """The step `wat` as it comes back when these words are sent."""
    client.post("/melden/waar", data=PLACE)
    answer = client.post("/melden/wat", data={"omschrijving": WIRES, **fields})
    assert answer.status_code == 303
    return answer.location


def without_templates(page: str) -> str:
    """What a browser without scripts shows."""
    return re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)


def test_words_of_danger_make_the_form_ask_once(world: World, client: FlaskClient) -> None:
    assert asked_page(client) == "/melden/wat#gevaar"
    page = client.get("/melden/wat").text
    shown = without_templates(page)
    assert "Is het nu gevaarlijk?" in shown and 'name="gevaar_gevraagd"' in shown
    assert asked_page(client, gevaar_gevraagd="ja") == "/melden/foto", "no answer is an answer too"
    calm = without_templates(client.get("/melden/wat").text)
    assert "Is het nu gevaarlijk?" in calm, "going back shows it again"
    assert asked_page(world.app.test_client(), gevaar="ja") == "/melden/foto", "who said so is not asked"
    assert asked_page(world.app.test_client(), omschrijving="Losse tegel") == "/melden/foto"


@pytest.mark.parametrize(
    ("said", "danger", "flags", "shown"),
    [("", False, ["gevaar_vermoed"], ""), ("nee", False, [], "Nee"), ("ja", True, [], "Ja")],
)
def test_only_the_answer_yes_is_spoed(
    world: World, client: FlaskClient, said: str, danger: bool, flags: list[str], shown: str
) -> None:
    review = walk(client, omschrijving="Sterke gaslucht hier", gevaar=said, **PLACE)
    told = words(review.text)
    assert (f"Gevaarlijk {shown}" in told) == bool(shown) and ("112" in told) == danger
    melding = sent(world, press(client, review.text, "/melden/versturen"))
    assert (melding.danger, melding.flags) == (danger, flags)
    receipt = words(client.get(f"/melden/{melding.number}/ontvangen").text)
    assert ("Bel ons ook: 072 000 00 00" in receipt) == danger


def test_while_typing_the_page_asks_the_same(client: FlaskClient) -> None:
    for text, ask in ((WIRES, True), ("Losse tegel", False), ("", False), ("geen gevaar", False), ("x" * 9999, False)):
        assert client.post("/melden/gevaar", data={"tekst": text}).json == {"vragen": ask}
    assert client.post("/melden/gevaar", data={"tekst": "\x00gaslucht"}).json == {"vragen": True}


def test_first_this_is_read_on_the_form_and_aloud_at_the_desk(
    world: World, client: FlaskClient, signed_in: Callable[[str], FlaskClient]
) -> None:
    first = {"text": "Bel de <b>netbeheerder</b>.", "phone": "0800-9009", "link": "website", "stops": True}
    with world.session() as session, session.begin():
        session.execute(sa.update(Gemeente).values(website="https://duinstede.nl"))
        session.execute(sa.update(Category).where(Category.slug == "gras-te-hoog").values(beforehand=first))
    try:
        for page in (
            client.get("/melden/vragen?categorie=gras-te-hoog").text,
            signed_in("kcc").get("/kcc/vragen?categorie=gras-te-hoog&gemeente=duinstede").text,
        ):
            assert "Bel de &lt;b&gt;netbeheerder&lt;/b&gt;." in page and 'href="tel:08009009"' in page
            assert "nemen wij geen melding aan" in page and 'href="https://duinstede.nl"' in page
        refused = walk(client, omschrijving="Gras", categorie="gras-te-hoog", **PLACE)
        assert "Hiervoor nemen wij geen melding aan" in refused.text
    finally:
        with world.session() as session, session.begin():
            session.execute(sa.update(Category).values(beforehand={}))
