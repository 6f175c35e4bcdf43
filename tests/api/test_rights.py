"""Who may do what: role × gemeente × operation, deny by default (SEC-10), and photos that are nobody else's (IDOR)."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from meldingen import db
from meldingen.domain.actor import Actor
from meldingen.flow.kcc import make_callback
from meldingen.flow.photos import process_photo
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from meldingen.store.task import Task, put
from tests.api.conftest import BASE, ROLES, World, form

WORKERS = {"team", "coordinator"}
DESK = WORKERS | {"kcc"}
STAFF = DESK | {"piket"}
TEAM_ON_IT = {"team", "kcc", "coordinator"}
"""piket has opdrachten of its own; this one is the serviceteam's."""

MAY: dict[tuple[str, str], set[str]] = {
    ("get", "/meldingen/{nummer}"): {"melder"} | TEAM_ON_IT,
    ("get", "/meldingen/{nummer}/contactgegevens"): {"kcc", "coordinator"},
    ("post", "/meldingen/{nummer}/aanvullingen"): {"melder", "kcc", "coordinator"},
    ("post", "/meldingen/{nummer}/fotos"): {"melder"} | TEAM_ON_IT,
    ("get", "/meldingen/{nummer}/apparaat"): {"melder"},
    ("put", "/meldingen/{nummer}/apparaat"): {"melder"},
    ("delete", "/meldingen/{nummer}/apparaat"): {"melder"},
    ("post", "/meldingen/{nummer}/intrekkingen"): {"melder", "kcc", "coordinator"},
    ("put", "/fotos/{fotoId}/openbaarheid"): TEAM_ON_IT,
    ("post", "/meldingen/{nummer}/heropeningen"): {"melder", "kcc", "coordinator"},
    ("post", "/meldingen/{nummer}/oordelen"): {"melder", "kcc", "coordinator"},
    ("post", "/meldingen/{nummer}/intrekkingsbesluiten"): TEAM_ON_IT,
    ("post", "/meldingen/{nummer}/terugbelnotities"): TEAM_ON_IT,
    ("get", "/opdrachten"): STAFF | {"elders"},
    ("get", "/opdrachten/{opdrachtId}"): TEAM_ON_IT,
    ("post", "/opdrachten/{opdrachtId}/inbehandelingnames"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/planningen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/uitstellingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/verwachtingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/inzagen"): set(),
    ("post", "/opdrachten/{opdrachtId}/partijvragen"): set(),
    ("post", "/opdrachten/{opdrachtId}/veiligstellingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/afwijzingen"): {"coordinator"},
    ("post", "/opdrachten/{opdrachtId}/gevaarbesluiten"): DESK,
    ("post", "/opdrachten/{opdrachtId}/vragen"): DESK,
    ("post", "/opdrachten/{opdrachtId}/overdrachten"): DESK,
    ("post", "/opdrachten/{opdrachtId}/teruggaven"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/splitsingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/samenvoegingen"): DESK,
    ("delete", "/opdrachten/{opdrachtId}/samenvoegingen/{nummer}"): DESK,
    ("post", "/opdrachten/{opdrachtId}/afhandelingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/terugdraaiingen"): WORKERS,
    ("post", "/opdrachten/{opdrachtId}/tabletbesluiten"): STAFF,
    ("post", "/opdrachten/{opdrachtId}/notities"): DESK,
    ("post", "/opdrachten/{opdrachtId}/fotos"): DESK,
    ("get", "/terugbelnotities"): {"kcc", "coordinator", "elders"},
    ("post", "/terugbelnotities/{terugbelnotitieId}/afhandelingen"): {"kcc", "coordinator"},
    ("get", "/taken"): {"kcc", "coordinator", "elders"},
    ("post", "/taken/{taakId}/afhandelingen"): {"kcc", "coordinator"},
    ("get", "/oordelen"): {"beheer", "coordinator", "elders"},
    ("get", "/teams"): STAFF | {"beheer", "elders"},
    ("get", "/routeringsregels"): {"beheer", "coordinator", "elders"},
    ("post", "/routeringsregels"): {"beheer"},
    ("put", "/routeringsregels/{regelId}"): {"beheer"},
    ("delete", "/routeringsregels/{regelId}"): {"beheer"},
}
"""Per operation who gets in, of Duinstede's people; `elders`: the same role elsewhere sees its own list."""
OPEN = {
    "/adressen",
    "/categorieen",
    "/categorievoorstellen",
    "/crss",
    "/gemeenten",
    "/gevaarvragen",
    "/locaties",
    "/meldingen",
    "/meldingen-nabij",
    "/objecten",
    "/sessies",
    "/fotos/{fotoId}",
}
OWN_SESSION = {"/sessies/huidige"}
ENTERED = {200, 201, 204, 400, 409, 412, 428}
REFUSED = {401, 403, 404}
VISITORS = [
    "nobody", "forged", "other_melder", "melder", "machine",
    *(f"{of}:{role}" for of, role in itertools.product(("duinstede", "elders"), ROLES)),
]  # fmt: skip


def operations(world: World) -> dict[tuple[str, str], Any]:
    """Every operation of the description."""
    spec = world.client().get(f"{BASE}/openapi.json").json
    return {
        (method, path): operation
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_table_knows_every_operation(world: World) -> None:
    paths = {key for key in operations(world) if key[1] not in OPEN | OWN_SESSION}
    assert paths == set(MAY)


@pytest.mark.parametrize("visitor", VISITORS)
def test_deny_by_default(world: World, visitor: str, jpeg: bytes) -> None:
    made, opdracht_id = world.routed(contact={"naam": "Ans", "telefoon": "0612345678"})
    other, _ = world.routed()
    photo = seen_photo(world, made, jpeg)
    rule = world.client().post(
        f"{BASE}/routeringsregels",
        json={"gemeente": "duinstede", "team": "groen", "categorie": "straat"},
        headers=world.headers("duinstede:beheer"),
    )
    fill = {
        "{terugbelnotitieId}": str(callback_of(world, made["nummer"])),
        "{taakId}": str(task_of(world, made["nummer"])),
        "{nummer}": made["nummer"],
        "{opdrachtId}": str(opdracht_id),
        "{fotoId}": photo,
        "{regelId}": str(rule.json["id"]),
    }
    headers = {
        "nobody": {},
        "forged": {"Authorization": "Bearer ms_verzonnen"},
        "melder": {"Volg-Token": made["volgToken"]},
        "other_melder": {"Volg-Token": other["volgToken"]},
        "machine": world.headers("duinstede:machine"),
    }.get(visitor) or (world.headers(visitor) if ":" in visitor else {})
    of, _, role = visitor.partition(":")
    wrong = []
    for (method, path), operation in operations(world).items():
        if (method, path) not in MAY:
            continue
        address = path
        for name, value in fill.items():
            address = address.replace(name, value)
        body: dict[str, Any] = {}
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            body = {"json": examples(content["application/json"]["example"], world)}
        elif content:
            body = {"data": {"foto": form({}, jpeg)["foto"]}}
        asked = [one for one in operation.get("parameters", []) if one.get("in") == "query" and one.get("required")]
        query = {one["name"]: one["schema"]["enum"][0] for one in asked if "enum" in one["schema"]}
        answer = world.client().open(f"{BASE}{address}", method=method, headers=headers, query_string=query, **body)
        allowed = MAY[method, path]
        welcome = role in allowed if of == "duinstede" else visitor in allowed
        welcome = welcome or (of == "elders" and "elders" in allowed and role in allowed)
        inside = welcome and answer.status_code == 404 and answer.json["code"] == "niet_gekoppeld"
        if answer.status_code not in (ENTERED if welcome else REFUSED) and not inside:
            wrong.append((method, address, answer.status_code, answer.json.get("code")))
        if visitor in ("nobody", "forged") and "{nummer}" not in path and answer.status_code != 401:
            wrong.append((method, address, answer.status_code, "hoort 401 te zijn"))
    assert wrong == []


def seen_photo(world: World, made: dict[str, Any], jpeg: bytes) -> str:
    """A processed photo of the melder; its public id."""
    sent = world.client().post(
        f"{BASE}/meldingen/{made['nummer']}/fotos",
        data={"foto": form({}, jpeg)["foto"]},
        headers={"Volg-Token": made["volgToken"]},
    )
    public_id: str = sent.json["fotos"][0]["id"]
    finish(world, public_id)
    return public_id


def callback_of(world: World, number: str) -> int:
    """A terugbelnotitie made by hand for this melding."""
    with db.transaction(world.engine) as session:
        melding = session.query(Melding).filter_by(number=number).one()
        desk = Actor(kind="medewerker", roles={melding.gemeente_id: frozenset(["kcc"])}, name="kcc")
        return make_callback(session, melding, "Vertel dat het klaar is.", actor=desk, now=world.now()).id


def task_of(world: World, number: str) -> int:
    """An open work item of the KCC about this melding."""
    with db.transaction(world.engine) as session:
        melding = session.query(Melding).filter_by(number=number).one()
        facts = {"gemeente_id": melding.gemeente_id, "role": "kcc", "words": "Lees het antwoord."}
        put(session, "antwoord_na_sluiten", **facts, now=world.now(), due_at=world.now(), melding_id=melding.id)
        return session.query(Task).filter_by(melding_id=melding.id).one().id


def examples(body: Any, world: World) -> Any:
    """The example of the description, with names that exist in Duinstede and a day to come."""
    text = json.dumps(body).replace("2026-04-16", (world.now() + timedelta(days=3)).date().isoformat())
    for ours, theirs in [
        ("bergen-nh", "duinstede"), ("verkeersbord-kapot", "losse-tegel"), ("straatverlichting-kapot", "gat-in-de-weg"),
        ('"boom"', '"groen"'), ("WK037300", "WK900101"), ("[4.7019, 52.6701]", "[4.70, 52.66]"),
    ]:  # fmt: skip
        text = text.replace(ours, theirs)
    return json.loads(text)


def test_nothing_of_another_gemeente_is_seen(world: World) -> None:
    _, here = world.routed()
    _, there = world.routed(locatie={"type": "Point", "coordinates": [4.9, 52.66]})
    for of, mine, theirs in [("duinstede", here, there), ("elders", there, here)]:
        answer = world.client().get(f"{BASE}/opdrachten?pageSize=100", headers=world.headers(f"{of}:coordinator"))
        assert {row["gemeente"]["slug"] for row in answer.json["opdrachten"]} == {of}
        for id_, status in [(mine, 200), (theirs, 404)]:
            one = world.client().get(f"{BASE}/opdrachten/{id_}", headers=world.headers(f"{of}:kcc"))
            assert one.status_code == status


def test_photos_are_for_whom_they_concern(world: World, jpeg: bytes) -> None:
    """IDOR on photos: the melder's own, the team's after photo for the melder, staff who work with it; else 404."""
    made, opdracht_id = world.routed()
    other, _ = world.routed()
    token = {"Volg-Token": made["volgToken"]}
    mine = world.client().post(
        f"{BASE}/meldingen/{made['nummer']}/fotos", data={"foto": form({}, jpeg)["foto"]}, headers=token
    )
    after = world.client().post(
        f"{BASE}/opdrachten/{opdracht_id}/fotos",
        data={"foto": form({}, jpeg)["foto"]},
        headers=world.headers("duinstede:team"),
    )
    ids = [mine.json["fotos"][0]["id"], after.json["fotos"][0]["id"]]
    strangers: list[dict[str, str]] = [{}, {"Volg-Token": other["volgToken"]}, {"Volg-Token": "x" * 30}]
    strangers += [world.headers(f"elders:{role}") for role in ROLES]
    strangers += [
        world.headers("duinstede:beheer"),
        world.headers("duinstede:piket"),
        world.headers("duinstede:machine"),
    ]
    known = [token, *(world.headers(f"duinstede:{role}") for role in ("team", "kcc", "coordinator"))]
    for public_id in ids:
        for headers in [*strangers, *known]:  # not processed yet: shown to nobody
            assert world.client().get(f"{BASE}/fotos/{public_id}", headers=headers).status_code == 404
        finish(world, public_id)
        for headers in strangers:
            assert world.client().get(f"{BASE}/fotos/{public_id}", headers=headers).status_code == 404
        for headers in known:
            seen = world.client().get(f"{BASE}/fotos/{public_id}?formaat=klein", headers=headers)
            assert seen.status_code == 200 and seen.content_type == "image/jpeg"
            assert seen.headers["Content-Disposition"].startswith("inline")
            assert seen.headers["Cache-Control"].startswith("private")
            assert seen.headers["X-Content-Type-Options"] == "nosniff"
    shown = world.client().put(
        f"{BASE}/fotos/{ids[0]}/openbaarheid", json={"openbaar": True}, headers=world.headers("duinstede:team")
    )
    assert shown.json == {"id": ids[0], "openbaar": True}
    for headers in strangers[:3]:
        assert world.client().get(f"{BASE}/fotos/{ids[0]}", headers=headers).status_code == 200
        assert world.client().get(f"{BASE}/fotos/{ids[1]}", headers=headers).status_code == 404
    melding = world.client().get(f"{BASE}/meldingen/{made['nummer']}", headers=token).json
    assert [(photo["van"], photo["openbaar"]) for photo in melding["fotos"]] == [("melder", True), ("team", False)]
    world.client().put(
        f"{BASE}/fotos/{ids[0]}/openbaarheid", json={"openbaar": False}, headers=world.headers("duinstede:kcc")
    )
    assert world.client().get(f"{BASE}/fotos/{ids[0]}").status_code == 404


def test_what_is_not_public_stays_hidden_whatever_was_ticked(world: World, jpeg: bytes) -> None:
    """KLANTREIS rule 11: also when the category turns private after the tick."""
    kcc = world.headers("duinstede:kcc")
    private, _ = world.routed(categorie="drugs")
    path = f"{BASE}/fotos/{seen_photo(world, private, jpeg)}"
    refused = world.client().put(f"{path}/openbaarheid", json={"openbaar": True}, headers=kcc)
    assert refused.status_code == 409 and refused.json["code"] == "nooit_openbaar"
    made, opdracht_id = world.routed()
    path = f"{BASE}/fotos/{seen_photo(world, made, jpeg)}"
    assert world.client().put(f"{path}/openbaarheid", json={"openbaar": True}, headers=kcc).status_code == 200
    assert world.client().get(path).status_code == 200
    head = {**kcc, "If-Match": '"1"'}
    moved = world.client().post(
        f"{BASE}/opdrachten/{opdracht_id}/overdrachten", json={"categorie": "drugs"}, headers=head
    )
    assert moved.status_code == 201, moved.text
    assert world.client().get(path).status_code == 404


def finish(world: World, public_id: str) -> None:
    """What the worker does with one photo."""
    with db.transaction(world.engine) as session:
        photo = session.query(Photo).filter_by(public_id=public_id).one()
        payload = {"photo_id": photo.id, "gemeente_id": photo.gemeente_id}
    process_photo(world.engine, world.store, payload, now=world.now())


def test_contact_is_for_who_phones_with_a_reason_and_each_look_is_logged(world: World) -> None:
    """KLANTREIS rule 11."""
    made, opdracht_id = world.routed(contact={"naam": "Ans", "telefoon": "0612345678"})
    nobody, _ = world.routed()
    door = f"{BASE}/meldingen/{made['nummer']}/contactgegevens"

    def looks() -> list[tuple[str, str]]:
        with world.engine.connect() as connection:
            query = "SELECT context, words FROM contact_view ORDER BY id"
            return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]

    before = len(looks())
    for role, sees in [("team", False), ("kcc", True), ("coordinator", True)]:
        headers = world.headers(f"duinstede:{role}")
        for path in (f"/meldingen/{made['nummer']}", f"/opdrachten/{opdracht_id}"):
            assert "+31612345678" not in world.client().get(f"{BASE}{path}", headers=headers).text
        told = world.client().get(f"{door}?aanleiding=team", headers=headers)
        assert told.status_code == (200 if sees else 403) and ("+31612345678" in told.text) == sees
        if not sees:
            continue
        for wrong in ("", "?aanleiding=", "?aanleiding=zomaar", "?reden=team"):
            refused = world.client().get(f"{door}{wrong}", headers=headers)
            assert refused.status_code == 400 and refused.content_type == "application/problem+json"
            assert "aanleiding" in refused.text or "reden" in refused.text
        none = f"{BASE}/meldingen/{nobody['nummer']}/contactgegevens?aanleiding=beller"
        assert world.client().get(none, headers=headers).json["code"] == "geen_contact"
    assert looks()[before:] == [("team", "via de API")] * 2
    token = {"Volg-Token": made["volgToken"]}
    assert "contact" not in world.client().get(f"{BASE}/meldingen/{made['nummer']}", headers=token).json
    assert world.client().get(f"{door}?aanleiding=beller", headers=token).status_code == 401


def test_a_follow_token_opens_one_melding(world: World) -> None:
    """SEC-07: forged, cut and swapped tokens find nothing; the answer is as for a melding that is not there."""
    made = world.post_melding().json
    other = world.post_melding().json
    good = made["volgToken"]
    bad = [
        "",
        "x",
        good[:-1],
        good + "A",
        good[::-1],
        other["volgToken"],
        "é" * 26,
        "A" * 5000,
        good.swapcase(),
        "\x7f" * 30,
    ]
    for token in bad:
        answer = world.client().get(
            f"{BASE}/meldingen/{made['nummer']}", headers={"Volg-Token": token.encode().decode("latin-1")}
        )
        assert answer.status_code == 404 and answer.json["code"] == "melding_onbekend", token
    unknown = world.client().get(f"{BASE}/meldingen/2670009999", headers={"Volg-Token": good})
    assert unknown.status_code == 404 and unknown.json["detail"] == answer.json["detail"]


def test_signing_in_and_out(world: World) -> None:
    from tests.factories import PASSWORD

    client = world.client()
    wrong = client.post(f"{BASE}/sessies", json={"gebruikersnaam": "duinstede-kcc", "wachtwoord": "fout"})
    nobody = client.post(f"{BASE}/sessies", json={"gebruikersnaam": "niemand", "wachtwoord": PASSWORD})
    assert wrong.status_code == nobody.status_code == 401 and wrong.json["detail"] == nobody.json["detail"]
    good = client.post(f"{BASE}/sessies", json={"gebruikersnaam": "duinstede-kcc", "wachtwoord": PASSWORD})
    assert good.status_code == 201 and "Set-Cookie" not in good.headers
    bearer = {"Authorization": f"Bearer {good.json['token']}"}
    assert client.get(f"{BASE}/teams", headers=bearer).status_code == 200
    assert client.delete(f"{BASE}/sessies/huidige", headers=bearer).status_code == 204
    assert client.get(f"{BASE}/teams", headers=bearer).status_code == 401


def test_a_cookie_needs_the_page_s_own_proof(world: World) -> None:
    """SEC-06: staff who come by cookie carry X-CSRF-Token on what changes; reading needs none."""
    client = world.client()
    with client.session_transaction() as held:
        held["medewerker"] = world.bearers["duinstede:kcc"]
    _, opdracht_id = world.routed()
    assert client.get(f"{BASE}/opdrachten/{opdracht_id}").status_code == 200
    for headers in ({}, {"X-CSRF-Token": "verzonnen"}):
        answer = client.post(f"{BASE}/opdrachten/{opdracht_id}/notities", json={"tekst": "x"}, headers=headers)
        assert answer.status_code == 403 and answer.json["code"] == "csrf_ontbreekt"
