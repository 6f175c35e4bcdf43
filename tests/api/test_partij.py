"""The key of an external party's own system: its opdrachten, masked, and the few steps it may take (SEC-10)."""

from typing import Any

import pytest
import sqlalchemy as sa

from meldingen import auth, db
from meldingen.domain.actor import BEHEER, Actor
from meldingen.domain.deadlines import local_day
from meldingen.flow.household import add_key
from meldingen.store.gemeente import Gemeente
from meldingen.store.opdracht import Opdracht
from meldingen.store.team import Team
from tests.api.conftest import BASE, World

SECRETS = ("Ans de Bruin", "ans@example.nl", "0612345678", "612345678")
CONTACT = {"naam": "Ans de Bruin", "email": "ans@example.nl", "telefoon": "06 12345678"}
TEXT = "De tegel ligt los. Ans de Bruin kan bellen: 06 12345678, ans@example.nl."


@pytest.fixture
def keys(world: World) -> dict[str, dict[str, str]]:
    """The headers of a key of the waterschap, of one for trees only, and of another party."""
    made = {}
    with db.transaction(world.engine) as session:
        home = session.scalars(sa.select(Gemeente).where(Gemeente.slug == "duinstede")).one()
        if session.scalar(sa.select(Team.id).where(Team.slug == "aannemer", Team.gemeente_id == home.id)) is None:
            session.add(Team(gemeente_id=home.id, slug="aannemer", name="Aannemer", kind="partij", active=True))
            session.flush()
        actor = Actor(kind="systeem", roles={home.id: frozenset([BEHEER])})
        for number, (name, party, kinds) in enumerate(
            [("alles", "waterschap", []), ("bomen", "waterschap", ["groen"]), ("ander", "aannemer", [])]
        ):
            secret = f"{auth.KEY_PREFIX}{name}-{world.count()['journal']}-{number}"
            facts: dict[str, Any] = {"party_slug": party, "category_slugs": kinds, "actor": actor, "now": world.now()}
            add_key(session, home, f"{name}-{secret}", auth.hash_secret(secret), **facts)
            made[name] = {"Authorization": f"Bearer {secret}"}
    return made


def handed_over(world: World) -> dict[str, Any]:
    """A melding whose opdracht is with the waterschap; the opdracht as its key lists it."""
    _, opdracht_id = world.routed(omschrijving=TEXT, contact=CONTACT)
    head = world.headers("duinstede:coordinator")
    known = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=head)
    answer = world.client().post(
        f"{BASE}/opdrachten/{opdracht_id}/overdrachten",
        json={"team": "waterschap"},
        headers={**head, "If-Match": known.headers["ETag"]},
    )
    assert answer.status_code == 201, answer.text
    return {"id": opdracht_id, "versie": answer.json["versie"]}


def test_a_key_works_on_the_opdrachten_of_its_party_alone(world: World, keys: dict[str, dict[str, str]]) -> None:
    work = handed_over(world)
    _, ours = world.routed(omschrijving="Dit is niet van het waterschap.")
    path = f"{BASE}/opdrachten/{work['id']}"
    listed = world.client().get(f"{BASE}/opdrachten", headers=keys["alles"])
    assert listed.status_code == 200 and ours not in {one["id"] for one in listed.json["opdrachten"]}
    mine = next(one for one in listed.json["opdrachten"] if one["id"] == work["id"])
    assert mine["mogelijk"] == ["verwachtingen", "afhandelingen", "notities", "fotos"]
    whole = world.client().get(path, headers=keys["alles"])
    assert "De tegel ligt los." in whole.json["meldingen"][0]["omschrijving"]
    told = (listed.text + whole.text).replace("Ans de Bruin kan bellen", "")  # a name in a text cannot be recognised
    assert not any(secret in told for secret in SECRETS) and "contact" not in whole.json["meldingen"][0]

    for other in (keys["bomen"], keys["ander"]):
        assert world.client().get(path, headers=other).status_code == 404
        assert work["id"] not in {
            one["id"] for one in world.client().get(f"{BASE}/opdrachten", headers=other).json["opdrachten"]
        }
        for step, body in (("inzagen", None), ("partijvragen", {"tekst": "Hoe?"}), ("notities", {"tekst": "x"})):
            assert world.client().post(f"{path}/{step}", json=body, headers=other).status_code in (403, 404)
    for step, body in (("inbehandelingnames", {}), ("overdrachten", {"team": "groen"}), ("teruggaven", {})):
        assert world.client().post(f"{path}/{step}", json=body, headers=keys["alles"]).status_code == 403
    assert world.post_melding(headers=keys["alles"]).status_code == 403


def test_a_key_sees_asks_says_when_and_closes(world: World, keys: dict[str, dict[str, str]]) -> None:
    work = handed_over(world)
    path, head = f"{BASE}/opdrachten/{work['id']}", keys["alles"]

    def post(step: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        answer = world.client().post(f"{path}/{step}", json=body, headers={**head, **headers})
        assert answer.status_code == 201, answer.text
        return answer.json

    first = post("inzagen")["gezienOp"]
    assert post("inzagen")["gezienOp"] == first
    asked = [post("partijvragen", {"tekst": "Mag de weg dicht?"}, **{"Idempotency-Key": "v1"}) for _ in range(2)]
    assert asked[0] == asked[1]
    day = local_day(world.now()).isoformat()
    moved = post("verwachtingen", {"datum": day}, **{"If-Match": f'"{work["versie"]}"'})
    notes = world.client().get(path, headers=head).json["notities"]
    assert [one["tekst"] for one in notes if one["soort"] == "partij_vraag"] == ["Mag de weg dicht?"]
    post(
        "afhandelingen", {"uitkomst": "opgelost", "zin": "De tegel ligt recht."}, **{"If-Match": f'"{moved["versie"]}"'}
    )
    with db.transaction(world.engine) as session:
        closed = session.get_one(Opdracht, work["id"])
        assert (closed.status, closed.outcome, closed.party_since_at) == ("gereed", "opgelost", None)
