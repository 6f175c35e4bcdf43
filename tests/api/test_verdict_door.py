"""After the work: "it is not solved", a request to withdraw that the team decides, and promises to phone."""

from typing import Any

from werkzeug.test import TestResponse

from tests.api.conftest import BASE, World

TEAM = "duinstede:team"


def post(world: World, path: str, headers: dict[str, str], **body: Any) -> TestResponse:
    return world.client().post(BASE + path, json=body, headers=headers)


def close(world: World, opdracht_id: int) -> None:
    head = {**world.headers(TEAM), "If-Match": '"1"'}
    assert post(world, f"/opdrachten/{opdracht_id}/afhandelingen", head, uitkomst="opgelost").status_code == 201


def test_the_melder_says_it_is_not_solved(world: World) -> None:
    made, opdracht_id = world.routed()
    path, token = f"/meldingen/{made['nummer']}/heropeningen", {"Volg-Token": made["volgToken"]}
    early = post(world, path, token, tekst="Nog niet.")
    assert early.status_code == 409 and early.json["code"] == "niet_gesloten" and "nog open" in early.json["detail"]
    close(world, opdracht_id)
    keyed = {**token, "Idempotency-Key": "oordeel-1"}
    first = post(world, path, keyed, tekst="De tegel ligt weer los.")
    assert first.status_code == 201 and first.json["status"] == "heropend"
    assert post(world, path, keyed, tekst="De tegel ligt weer los.").json == first.json
    other = post(world, path, keyed, tekst="Iets anders.")
    assert other.status_code == 409 and other.json["code"] == "sleutel_hergebruikt"
    assert post(world, path, token).status_code == 409
    seen = world.client().get(f"{BASE}/meldingen/{made['nummer']}", headers=token).json
    assert seen["status"] == "heropend" and len(seen["opdrachten"]) == 2
    assert post(world, path, {"Volg-Token": "x" * 26}).status_code == 404


def test_the_oordeel_with_a_mark(world: World) -> None:
    made, opdracht_id = world.routed()
    at, token = f"/meldingen/{made['nummer']}", {"Volg-Token": made["volgToken"]}
    assert "oordeel" not in world.client().get(BASE + at, headers=token).json
    close(world, opdracht_id)
    asked = world.client().get(BASE + at, headers=token).json["oordeel"]
    assert (asked["vraag"], asked["kanNog"], asked["antwoord"], asked["cijfer"]) == ("opgelost", True, None, None)
    keyed = {**token, "Idempotency-Key": "cijfer-1"}
    first = post(world, f"{at}/oordelen", keyed, antwoord=True, cijfer=8)
    assert first.status_code == 201 and (first.json["cijfer"], first.json["genoegGehoord"]) == (8, None)
    assert post(world, f"{at}/oordelen", keyed, antwoord=True, cijfer=8).json == first.json
    assert post(world, f"{at}/oordelen", keyed, antwoord=True, cijfer=7).status_code == 409
    more = post(world, f"{at}/oordelen", token, antwoord=True, genoegGehoord=False)
    assert (more.json["cijfer"], more.json["genoegGehoord"]) == (8, False)
    assert post(world, f"{at}/oordelen", token, antwoord=True, cijfer=11).status_code == 400
    no = post(world, f"{at}/oordelen", token, antwoord=False, tekst="Hij ligt weer los.", cijfer=2)
    assert (no.status_code, no.json["status"], no.json["cijfer"]) == (201, "heropend", 2)
    again = post(world, f"{at}/oordelen", token, antwoord=False, cijfer=3)
    assert (again.status_code, again.json["cijfer"], again.json["status"]) == (201, 3, "heropend")
    assert post(world, f"{at}/oordelen", token, antwoord=True, cijfer=9).status_code == 409
    seen = world.client().get(BASE + at, headers=token).json
    assert (seen["oordeel"]["kanNog"], seen["oordeel"]["cijfer"]) == (False, 3)
    months = world.client().get(f"{BASE}/oordelen", headers=world.headers("duinstede:coordinator")).json["oordelen"]
    assert [(one["antwoorden"], one["cijfer"]) for one in months] == [(None, None)], "one melder is no figure"
    assert months[0]["verborgen"] == ["antwoorden", "cijfer", "genoegGehoordProcent"]
    assert world.client().get(f"{BASE}/oordelen", headers=world.headers(TEAM)).status_code == 403
    for wrong in ("gemeente=elders", "van=2026-04-01&tot=2026-03-01"):
        answer = world.client().get(f"{BASE}/oordelen?{wrong}", headers=world.headers("duinstede:coordinator"))
        assert answer.status_code == 400


def test_the_desk_reopens_on_behalf_of_the_melder(world: World) -> None:
    made, opdracht_id = world.routed()
    close(world, opdracht_id)
    path = f"/meldingen/{made['nummer']}/heropeningen"
    assert post(world, path, world.headers(TEAM)).status_code == 403
    assert post(world, path, world.headers("duinstede:kcc")).status_code == 201


def test_the_team_decides_about_withdrawing(world: World) -> None:
    for granted, result, status in [(True, "ingetrokken", "ingetrokken"), (False, "afgewezen", "in_behandeling")]:
        made, opdracht_id = world.routed()
        path, token = f"/meldingen/{made['nummer']}", {"Volg-Token": made["volgToken"]}
        decide = {"opdracht": opdracht_id, "akkoord": granted}
        none = post(world, f"{path}/intrekkingsbesluiten", world.headers(TEAM), **decide)
        assert none.status_code == 409 and none.json["code"] == "geen_verzoek"
        head = {**world.headers(TEAM), "If-Match": '"1"'}
        assert post(world, f"/opdrachten/{opdracht_id}/inbehandelingnames", head).status_code == 201
        asked = post(world, f"{path}/intrekkingen", token, reden="Het hoeft niet meer.")
        assert asked.json["resultaat"] == "gevraagd"
        done = post(world, f"{path}/intrekkingsbesluiten", world.headers(TEAM), **decide)
        assert done.status_code == 201 and done.json["resultaat"] == result
        again = post(world, f"{path}/intrekkingsbesluiten", world.headers(TEAM), **decide)
        assert again.status_code == (404 if granted else 409), "who left is no longer the team's to see"
        assert world.client().get(BASE + path, headers=token).json["status"] == status


def test_a_promise_to_phone_is_made_once(world: World) -> None:
    silent, _ = world.routed()
    path = f"/meldingen/{silent['nummer']}/terugbelnotities"
    none = post(world, path, world.headers(TEAM), tekst="Bel.")
    assert none.status_code == 409 and none.json["code"] == "geen_telefoonnummer"
    made, _ = world.routed(contact={"naam": "Ans", "telefoon": "0612345678"})
    path = f"/meldingen/{made['nummer']}/terugbelnotities"
    empty = post(world, path, world.headers("duinstede:kcc"), tekst=" ")
    assert empty.status_code == 400 and empty.json["errors"][0]["field"] == "tekst"
    keyed = {**world.headers("duinstede:kcc"), "Idempotency-Key": "beloofd-1"}
    first = post(world, path, keyed, tekst="Vertel hoe het staat.")
    assert first.status_code == 201 and first.headers["ETag"] == '"1"'
    assert (first.json["telefoon"], first.json["reden"]) == ("+31612345678", "met_de_hand")
    assert post(world, path, keyed, tekst="Vertel hoe het staat.").json == first.json
    by_team = post(world, path, world.headers(TEAM), tekst="Vraag naar het huisnummer.")
    assert by_team.status_code == 201 and by_team.json["telefoon"] == "" and by_team.json["naam"] == ""
    listed = world.client().get(f"{BASE}/terugbelnotities", headers=world.headers("duinstede:kcc")).json
    mine = [row["id"] for row in listed["terugbelnotities"] if row["nummer"] == made["nummer"]]
    assert mine == [first.json["id"], by_team.json["id"]]
