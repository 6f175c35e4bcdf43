"""The doors of a bulk action: ticking, its form, what would come of it, yes, undo, how it went; no script needed."""

import re
from typing import Any

import pytest

from meldingen.db import business_now
from meldingen.flow import bulk
from meldingen.store.gemeente import Gemeente

from .conftest import World
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        home.policy = {**home.policy, "undo_s": 60}
    return made


def confirmed(desk: Desk, page: str) -> Any:
    """Presses "Bevestigen" on the page that foretells."""
    form = page.split('<form method="post" action="/bulk">')[1].split("</form>")[0]
    told: dict[str, Any] = {"opdracht": []}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form):
        if name == "opdracht":
            told[name].append(value)
        elif name != "csrf_token":
            told[name] = value
    return desk.post("cor", "/bulk", **told)


def test_from_ticking_to_what_came_of_it(desk: Desk) -> None:
    works = [desk.melding(contact={"email": f"bo{n}@example.nl"})[1] for n in range(3)]
    assert "data-bulk" not in desk.get("team", "/team"), "only who coordinates"
    page = desk.get("cor", "/team")
    assert all(f'value="{one.id}" form="bulk"' in page for one in works)
    part = desk.get("cor", "/team?deel=ja")
    assert 'data-part="werklijst"' in part and 'data-part="zorgen"' in part and "deel=" not in part
    ids = [one.id for one in works]
    empty = desk.post("cor", "/bulk/nieuw", actie="planningen", terug="/team?lijst=vangnet")
    assert empty.status_code == 303 and empty.location == "/team?lijst=vangnet"
    assert desk.post("cor", "/bulk/nieuw", actie="planningen", terug="https://evil.example").location == "/team"
    assert desk.post("team", "/bulk/nieuw", actie="planningen", opdracht=ids).status_code == 403
    for action, field in (
        ("overdrachten", "team"), ("planningen", "plandatum"), ("uitstellingen", "reden"), ("afhandelingen", "keuze"),
        ("uitstellingen", "datum"),
    ):  # fmt: skip
        assert f'name="{field}"' in desk.post("cor", "/bulk/nieuw", actie=action, opdracht=ids).text, action
        given = {"reden": "personeel"} if field == "datum" else {}
        assert desk.post("cor", "/bulk/voorbeeld", actie=action, opdracht=ids, **given).status_code == 400, action
    assert desk.post("cor", "/bulk/voorbeeld", actie="x", opdracht=ids).status_code == 404
    desk.step("team", works[0], "afhandelingen", keuze="opgelost:", zin="Klaar.")
    told = {"actie": "afhandelingen", "keuze": "opgelost", "zin": "De tak is weg.", "opdracht": ids}
    foretold = desk.post("cor", "/bulk/voorbeeld", **told).text
    assert "2 opdrachten kunnen. Bij 1 kan het niet" in foretold and "2 melders krijgen bericht" in foretold
    assert {desk.now_is(one).status for one in works[1:]} == {"nieuw"}, "nothing happened yet"
    answer = confirmed(desk, foretold)
    assert answer.status_code == 303
    assert confirmed(desk, foretold).location == answer.location, "twice is once"
    waits = desk.get("cor", answer.location)
    latest = desk.get("cor", "/bulk")
    assert "Afhandelen: 2 opdrachten" in latest and f'action="{answer.location}/ongedaan"' in latest
    assert desk.browsers["kcc"].get("/bulk").status_code == 403
    assert 'href="/bulk"' in desk.get("cor", "/coordinator")
    assert "De actie begint over" in waits and "Ongedaan maken" in waits and waits.count("Wacht</span>") == 2
    assert desk.browsers["kcc"].get(answer.location).status_code == 403
    tag = desk.browsers["cor"].get(f"{answer.location}?deel=ja").headers["ETag"]
    assert desk.post("cor", f"{answer.location}/ongedaan").status_code == 303
    assert "/ongedaan" not in (latest := desk.get("cor", "/bulk")) and "Ongedaan gemaakt" in latest
    undone = desk.browsers["cor"].get(f"{answer.location}?deel=ja", headers={"If-None-Match": tag})
    assert "Ongedaan gemaakt. Er is niets gebeurd." in undone.text and "data-stop" in undone.text


def test_joining_all_into_one_and_a_refusal(desk: Desk) -> None:
    works = [desk.melding()[1] for _ in range(3)]
    ids = [one.id for one in works]
    form = desk.post("cor", "/bulk/nieuw", actie="samenvoegingen", opdracht=ids).text
    assert f'value="{ids[0]}" checked' in form, "into the oldest"
    foretold = desk.post("cor", "/bulk/voorbeeld", actie="samenvoegingen", opdracht=ids, into=ids[0]).text
    assert "De andere gaan hierin op." in foretold and "Geen melder krijgt bericht." in foretold
    where = confirmed(desk, foretold).location
    desk.step("team", works[2], "inbehandelingnames")
    with desk.world.session() as session, session.begin():
        later = business_now(session).replace(year=2100)
    bulk.run(desk.world.engine, bulk_id=int(where.rsplit("/", 1)[1]), gemeente_id=desk.gemeente_id, now=later)
    page = desk.get("cor", where)
    assert "Klaar: 1 van 2 gedaan. Bij 1 opdracht kon het niet." in page
    assert "Niet gedaan: Iemand anders heeft deze opdracht net gewijzigd." in page
    assert "Klaar. Bij 1 kon het niet" in desk.get("cor", "/bulk")
    refused = desk.post("cor", f"{where}/ongedaan")
    assert refused.status_code == 409 and "al begonnen" in refused.text
    assert desk.browsers["cor"].get("/bulk/99999999").status_code == 404
