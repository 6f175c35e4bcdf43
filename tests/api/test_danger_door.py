"""What an app hears about danger, and about what we take no melding of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from meldingen import db
from meldingen.store.category import Category
from tests.api.conftest import BASE, World

from .test_opdrachten_door import move

GAS = "Ik ruik een sterke gaslucht."
WIRES = "Er hangen draden uit de paal."


def understood(world: World, **fields: Any) -> tuple[bool, bool, list[str]]:
    """Danger, suspected, and the codes of the warnings."""
    made = world.post_melding(**fields)
    assert made.status_code == 201, made.text
    heard = made.json["begrepen"]
    return heard["gevaar"], heard["gevaarVermoed"], [one["code"] for one in made.json["waarschuwingen"]]


def test_the_answer_tells_what_was_understood_of_the_words(world: World) -> None:
    assert understood(world, omschrijving=GAS) == (True, False, ["gevaar"])
    assert understood(world, omschrijving=WIRES) == (False, True, ["gevaar_vermoed"])
    assert understood(world, omschrijving=WIRES, who="duinstede:machine") == (False, True, ["gevaar_vermoed"])
    assert understood(world, omschrijving="Er is geen gevaar.") == (False, False, [])
    for text in (GAS, WIRES):
        assert understood(world, omschrijving=text, gevaarAntwoord="nee") == (False, False, [])
        assert understood(world, omschrijving=text, gevaarAntwoord="ja") == (True, False, ["gevaar"])
        assert understood(world, omschrijving=text, gevaar=True, gevaarAntwoord="nee") == (True, False, ["gevaar"])
    assert understood(world, omschrijving=GAS, who="duinstede:kcc") == (False, True, ["gevaar_vermoed"])
    assert world.post_melding(gevaarAntwoord="misschien").status_code == 400


def test_the_answering_service_stores_spoed_only(world: World) -> None:
    for said in ({}, {"omschrijving": GAS}, {"gevaarAntwoord": "nee"}):
        refused = world.post_melding(who="duinstede:antwoorddienst", **said)
        assert refused.status_code == 403 and "Dit kan wachten" in refused.json["detail"], refused.text
    assert world.post_melding(who="duinstede:antwoorddienst", gevaar=True).status_code == 201
    assert world.post_melding(who="elders:antwoorddienst", gevaar=True).status_code == 403


def test_an_app_can_ask_whether_to_ask(world: World) -> None:
    def ask(**query: str) -> Any:
        return world.client().post(f"{BASE}/gevaarvragen", json=query)

    assert ask(tekst=WIRES).json == {"vragen": True}
    assert ask(tekst="Losse tegel.", gemeente="duinstede").json == {"vragen": False}
    for wrong in ({}, {"tekst": "x", "gemeente": "nergens"}, {"tekst": "x" * 501}, {"tekst": "\x00"}):
        assert ask(**wrong).status_code == 400


def test_what_is_suspected_is_told_and_decided(world: World) -> None:
    _, opdracht_id = world.routed(omschrijving=WIRES)
    seen = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers("duinstede:kcc")).json
    assert seen["gevaarVermoed"] and "gevaarbesluiten" in seen["mogelijk"]
    desk = "duinstede:kcc"
    assert move(world, opdracht_id, "gevaarbesluiten", desk, version=1).status_code == 400
    sure = move(world, opdracht_id, "gevaarbesluiten", desk, version=1, gevaar=True, tekst="Gebeld.")
    assert sure.status_code == 201 and "gevaarbesluiten" not in sure.json["mogelijk"]
    after = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers("duinstede:kcc")).json
    assert (after["gevaar"], after["gevaarVermoed"], after["urgentie"]) == (True, False, "spoed")
    assert move(world, opdracht_id, "gevaarbesluiten", desk, version=after["versie"], gevaar=False).status_code == 409


@contextmanager
def saying(world: World, **beforehand: Any) -> Iterator[None]:
    """`gras-te-hoog` says this first, within the block."""
    query = sa.update(Category).where(Category.slug == "gras-te-hoog")
    with db.transaction(world.engine) as session:
        session.execute(query.values(beforehand=beforehand))
    try:
        yield
    finally:
        with db.transaction(world.engine) as session:
            session.execute(query.values(beforehand={}))


def test_a_category_that_we_take_no_melding_of_says_who_is_right(world: World) -> None:
    with saying(world, text="Bel de netbeheerder.", phone="0800-9009", link="https://storing.nl", stops=True):
        refused = world.post_melding(categorie="gras-te-hoog")
        assert refused.status_code == 400 and refused.json["code"] == "hier_geen_melding"
        assert refused.json["detail"] == "Bel de netbeheerder."
        first = refused.json["eerstDit"]
        assert (first["telefoon"], first["link"], first["stopt"]) == ("0800-9009", "https://storing.nl", True)
        assert world.post_melding(categorie="gras-te-hoog", who="duinstede:machine").status_code == 400
        assert world.post_melding(categorie="gras-te-hoog", who="duinstede:kcc").status_code == 201
        listed = world.client().get(f"{BASE}/categorieen?gemeente=duinstede").json["categorieen"]
        assert next(c for c in listed if c["slug"] == "gras-te-hoog")["eerstDit"] == first
        assert next(c for c in listed if c["slug"] == "losse-tegel")["eerstDit"] is None
    with saying(world, text="Is het uw eigen gras?"):
        assert world.post_melding(categorie="gras-te-hoog").status_code == 201


def test_an_app_keeps_the_categories_until_they_change(world: World) -> None:
    first = world.client().get(f"{BASE}/categorieen")
    assert first.headers["Cache-Control"] == "no-cache" and first.json["categorieen"][0]["vragenVersie"] == 1
    mark = {"If-None-Match": first.headers["ETag"]}
    again = world.client().get(f"{BASE}/categorieen", headers=mark)
    assert again.status_code == 304 and not again.data
    with saying(world, text="Is het uw eigen gras?"):
        world.app.extensions["answered"].clear()  # two seconds later
        assert world.client().get(f"{BASE}/categorieen", headers=mark).status_code == 200
