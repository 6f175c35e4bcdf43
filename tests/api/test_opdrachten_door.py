"""The team's doors: the worklist, one opdracht, and every move with its version or its id from the field."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from meldingen import db
from meldingen.domain.deadlines import local_day
from meldingen.store.melding import Melding
from tests.api.conftest import BASE, World, form

TEAM = "duinstede:team"


def tomorrow(world: World) -> str:
    """The day after today, as people here count days."""
    return (local_day(world.now()) + timedelta(days=1)).isoformat()


def move(
    world: World, opdracht_id: int, name: str, who: str = TEAM, version: int | None = None, **body: Any
) -> TestResponse:
    """One move, online when a version is given."""
    head = world.headers(who)
    if version is not None:
        head["If-Match"] = f'"{version}"'
    if key := body.pop("key", None):
        head["Idempotency-Key"] = key
    return world.client().post(f"{BASE}/opdrachten/{opdracht_id}/{name}", json=body, headers=head)


def test_from_worklist_to_gereed(world: World) -> None:
    made, opdracht_id = world.routed(omschrijving="Losse tegel bij de kerk")
    pages = (f"{BASE}/opdrachten?pageSize=100&page={number}" for number in range(1, 9))
    listed = (row for page in pages for row in world.client().get(page, headers=world.headers(TEAM)).json["opdrachten"])
    row = next(row for row in listed if row["id"] == opdracht_id)
    assert row["status"] == "nieuw" and row["team"]["slug"] == "serviceteam" and "afhandelingen" in row["mogelijk"]
    whole = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers(TEAM))
    assert whole.headers["ETag"] == '"1"'
    assert whole.json["meldingen"][0]["omschrijving"] == "Losse tegel bij de kerk"
    assert whole.json["reden"]
    taken = move(world, opdracht_id, "inbehandelingnames", version=1)
    assert taken.status_code == 201 and taken.json["status"] == "opgepakt" and taken.headers["ETag"] == '"2"'
    planned = move(world, opdracht_id, "planningen", version=2, plandatum=tomorrow(world))
    assert planned.json["status"] == "ingepland"
    closed = move(world, opdracht_id, "afhandelingen", version=3, uitkomst="opgelost", zin="De tegel ligt weer recht.")
    assert (
        closed.status_code == 201
        and closed.json["status"] == "gereed"
        and closed.json["mogelijk"] == ["notities", "fotos"]
    )
    seen = world.client().get(f"{BASE}/meldingen/{made['nummer']}", headers={"Volg-Token": made["volgToken"]}).json
    assert seen["status"] == "afgehandeld" and seen["statusTekst"] == "Opgelost: De tegel ligt weer recht."
    told = [line["tekst"] for line in seen["tijdlijn"]]
    assert told[0] == "Wij hebben uw melding ontvangen." and told[-1] == "Opgelost: De tegel ligt weer recht."


def test_announced_photos_that_did_not_come_are_told_to_the_team(world: World) -> None:
    """HUIS Photo: missing after an hour."""
    made, opdracht_id = world.routed(fotosVolgen=2)
    path, head = f"{BASE}/opdrachten/{opdracht_id}", world.headers(TEAM)
    assert world.client().get(path, headers=head).json["meldingen"][0]["fotosOntbreken"] == 0
    with db.transaction(world.engine) as session:
        row = session.scalars(sa.select(Melding).where(Melding.number == made["nummer"])).one()
        row.received_at -= timedelta(hours=1)
    assert world.client().get(path, headers=head).json["meldingen"][0]["fotosOntbreken"] == 2
    seen = world.client().get(f"{BASE}/meldingen/{made['nummer']}", headers={"Volg-Token": made["volgToken"]})
    assert seen.json["fotosOntbreken"] == 2


def test_two_people_at_once(world: World) -> None:
    """KLANTREIS rule 4: 428 without a version, 412 with an old one, 409 with what is possible."""
    _, opdracht_id = world.routed()
    assert move(world, opdracht_id, "inbehandelingnames").status_code == 428
    assert move(world, opdracht_id, "inbehandelingnames", version=1).status_code == 201
    stale = move(world, opdracht_id, "planningen", version=1, plandatum=tomorrow(world))
    assert stale.status_code == 412 and stale.json["code"] == "versie_verouderd"
    refused = move(world, opdracht_id, "inbehandelingnames", version=2)
    assert refused.status_code == 409 and "planningen" in refused.json["mogelijk"]


def test_a_step_from_the_field(world: World) -> None:
    """Offline: its id, basisversie and apparaattijd; done though somebody was first, and done once."""
    _, opdracht_id = world.routed()
    assert move(world, opdracht_id, "inbehandelingnames", version=1, who="duinstede:coordinator").status_code == 201
    body = {
        "uitkomst": "opgelost", "zin": "Recht gelegd.", "key": "tablet-7", "basisversie": 1,
        "apparaattijd": world.now().isoformat(),
    }  # fmt: skip
    first = move(world, opdracht_id, "afhandelingen", **body)
    assert first.status_code == 201 and first.json["intussenGewijzigd"] and not first.json["alGedaan"]
    again = move(world, opdracht_id, "afhandelingen", **body)
    assert again.status_code == 201 and again.json["alGedaan"] and again.json["versie"] == first.json["versie"]
    other = move(world, opdracht_id, "afhandelingen", **(body | {"zin": "Iets anders."}))
    assert other.status_code == 409


def test_what_a_refused_step_said_is_kept(world: World) -> None:
    _, opdracht_id = world.routed()
    assert move(world, opdracht_id, "afhandelingen", version=1, uitkomst="opgelost").status_code == 201
    late = {"key": "tablet-8", "basisversie": 1, "apparaattijd": world.now().isoformat(), "vraag": "Welk huisnummer?"}
    refused = move(world, opdracht_id, "vragen", **late)
    assert refused.status_code == 409 and refused.json["mogelijk"] == ["notities", "fotos"]
    notes = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers(TEAM)).json["notities"]
    assert [(note["soort"], note["tekst"]) for note in notes] == [("weigering", "Welk huisnummer?")]


@pytest.mark.parametrize("missing", ["key", "basisversie", "apparaattijd"])
def test_a_step_from_the_field_is_whole(world: World, missing: str) -> None:
    _, opdracht_id = world.routed()
    body = {"key": "tablet-9", "basisversie": 1, "apparaattijd": world.now().isoformat()}
    del body[missing]
    answer = move(world, opdracht_id, "inbehandelingnames", **body)
    assert answer.status_code == 400 and answer.json["code"] == "onvolledig"


def test_closing_with_a_photo(world: World, jpeg: bytes) -> None:
    _, opdracht_id = world.routed()
    answer = world.client().post(
        f"{BASE}/opdrachten/{opdracht_id}/afhandelingen",
        data=form({"uitkomst": "niet_opgelost", "reden": "boom-gezond"}, jpeg, name="afhandeling"),
        headers={**world.headers(TEAM), "If-Match": '"1"'},
    )
    assert answer.status_code == 201 and answer.json["status"] == "gereed"
    assert [photo["uitkomst"] for photo in answer.json["fotos"]] == ["ontvangen"]
    assert world.count()["photo"] > 0


def test_a_bad_photo_never_holds_up_a_closing_and_is_named(world: World) -> None:
    _, opdracht_id = world.routed()
    answer = world.client().post(
        f"{BASE}/opdrachten/{opdracht_id}/afhandelingen",
        data=form({"uitkomst": "opgelost"}, b"<svg/>", name="afhandeling"),
        headers={**world.headers(TEAM), "If-Match": '"1"'},
    )
    assert answer.status_code == 201 and answer.json["status"] == "gereed"
    (photo,) = answer.json["fotos"]
    assert photo["uitkomst"] == "geweigerd" and photo["detail"]


def test_hand_over_split_join_and_undo(world: World) -> None:
    made, first = world.routed()
    other, second = world.routed()
    gone = move(world, first, "overdrachten", version=1, team="groen", reden="Dit is groen")
    assert gone.status_code == 201
    assert world.client().get(f"{BASE}/opdrachten/{first}", headers=world.headers(TEAM)).status_code == 404
    back = move(world, first, "overdrachten", who="duinstede:kcc", version=2, categorie="gat-in-de-weg")
    assert back.status_code == 201
    split = move(
        world, first, "splitsingen", version=3, categorie="gras-te-hoog", team="groen",
        locatie={"type": "Point", "coordinates": [4.701, 52.661]},
    )  # fmt: skip
    assert split.status_code == 201 and split.json["nieuweOpdracht"] != first
    joined = move(world, second, "samenvoegingen", version=1, opdracht=first)
    assert joined.status_code == 201 and joined.json["status"] == "vervallen"
    undone = world.client().delete(
        f"{BASE}/opdrachten/{first}/samenvoegingen/{other['nummer']}", headers=world.headers(TEAM)
    )
    assert undone.status_code == 200 and undone.json["nieuweOpdracht"] not in (first, second)
    for team in ("bestaat-niet", "kcc-elders"):
        answer = move(world, first, "overdrachten", who="duinstede:kcc", version=6, team=team)
        assert answer.status_code == 400 and answer.json["errors"][0]["field"] == "team"
    assert made["nummer"] != other["nummer"]


def test_pages_and_filters(world: World) -> None:
    ids = [world.routed(locatie={"type": "Point", "coordinates": [4.75, 52.645]})[1] for _ in range(3)]
    box = "bbox=4.749,52.644,4.751,52.646"
    headers = world.headers("duinstede:coordinator")
    first = world.client().get(f"{BASE}/opdrachten?{box}&pageSize=2&volgorde=ontvangst", headers=headers)
    assert [row["id"] for row in first.json["opdrachten"]] == ids[:2]
    links = first.headers["Link"]
    assert 'rel="next"' in links and 'rel="prev"' not in links and "pageSize=2" in links
    second = world.client().get(f"{BASE}/opdrachten?{box}&pageSize=2&page=2&volgorde=ontvangst", headers=headers)
    assert [row["id"] for row in second.json["opdrachten"]] == ids[2:]
    assert 'rel="prev"' in second.headers["Link"] and 'rel="next"' not in second.headers["Link"]
    etrs89 = "http://www.opengis.net/def/crs/EPSG/0/4258"
    same = world.client().get(
        f"{BASE}/opdrachten?bbox=52.644,4.749,52.646,4.751&bbox-crs={etrs89}&crs={etrs89}&pageSize=100", headers=headers
    )
    assert {row["id"] for row in same.json["opdrachten"]} >= set(ids)
    assert same.json["opdrachten"][0]["locatie"]["coordinates"] == [52.645, 4.75]
    elsewhere = world.client().get(f"{BASE}/opdrachten?bbox=4.61,52.61,4.62,52.62", headers=headers)
    assert elsewhere.json == {"opdrachten": []}
    for query, expected in [
        ("team=serviceteam", True),
        ("team=groen", False),
        ("gevaar=true", False),
        ("gebied=WK900101", True),
    ]:
        found = world.client().get(f"{BASE}/opdrachten?{box}&{query}", headers=headers).json["opdrachten"]
        assert bool(found) == expected, query


def test_what_is_near_tells_nothing_of_persons(world: World) -> None:
    """Public categories only, without words, photos or persons."""
    place = [4.78, 52.695]
    secret, _ = world.routed(
        locatie={"type": "Point", "coordinates": place}, categorie="drugs", omschrijving="Buurman dealt"
    )
    shown, opdracht_id = world.routed(
        locatie={"type": "Point", "coordinates": place}, omschrijving="Bel Ans op 0612345678", contact={"naam": "Ans"}
    )
    answer = world.client().get(f"{BASE}/meldingen-nabij?lon=4.7801&lat=52.6951&straal=100")
    assert [row["id"] for row in answer.json["meldingen"]] == [str(opdracht_id)]
    for private in ("Ans", "0612345678", "dealt", secret["nummer"], shown["nummer"]):
        assert private not in answer.text
    also = world.post_melding(locatie={"type": "Point", "coordinates": place}, zelfdeAls=str(opdracht_id))
    assert also.status_code == 201


def test_rules_work_at_once(world: World) -> None:
    headers = world.headers("duinstede:beheer")
    made = world.client().post(
        f"{BASE}/routeringsregels",
        json={"gemeente": "duinstede", "team": "groen", "categorie": "losse-tegel"},
        headers=headers,
    )
    assert made.status_code == 201, made.text
    address = made.headers["Location"]
    try:
        _, opdracht_id = world.routed()
        seen = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers("duinstede:kcc")).json
        assert seen["team"]["slug"] == "groen"
        wrong = world.client().put(
            address, json={"gemeente": "duinstede", "team": "x", "categorie": "y", "gebied": "z"}, headers=headers
        )
        assert {error["field"] for error in wrong.json["errors"]} == {"team", "categorie", "gebied"}
        moved = world.client().put(address, json={"gemeente": "elders", "team": "groen"}, headers=headers)
        assert moved.status_code == 403
    finally:
        assert world.client().delete(address, headers=headers).status_code == 204
    assert world.client().delete(address, headers=headers).status_code == 404
    listed = world.client().get(f"{BASE}/routeringsregels", headers=headers).json["routeringsregels"]
    assert address.rsplit("/", 1)[1] not in {str(rule["id"]) for rule in listed}
