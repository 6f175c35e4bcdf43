"""Abuse and threats: hidden on every staff page and in the API, opened by a logged look, and the work goes on."""

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.flow import feedback
from meldingen.store.contact import ContactView
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task

from .conftest import World
from .desk import Desk, make_desk

RUDE = "Losse tegel, stelletje sukkels xyzzy."
MORE = "Doe eens iets, sukkels plugh."
GROF, THREAT = "verborgen omdat hij grof is", "De coördinator weet ervan"


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def rude(desk: Desk) -> tuple[Melding, Opdracht]:
    made, work = desk.melding(description=RUDE, contact={"phone": "06 12345678"})
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        about = session.get_one(Melding, made.id)
        feedback.add_supplement(session, about, MORE, actor=desk.people["kcc"], now=now)
    return made, work


def everywhere(desk: Desk, made: Melding, work: Opdracht) -> dict[str, str]:
    """What each page and answer that shows the words of a melder says now."""
    pages = {
        "team": ["/team", f"/team/opdracht/{work.id}", "/team/onderweg/dag"],
        "kcc": [f"/kcc/melding/{made.number}", "/kcc?zoek=tegel", "/kcc/zoeken?zoek=tegel", "/team?team=alle"],
        "cor": [f"/kcc/melding/{made.number}", f"/team/opdracht/{work.id}"],
    }
    api = [f"/api/v1/meldingen/{made.number}", f"/api/v1/opdrachten/{work.id}", "/api/v1/opdrachten"]
    told = {f"{who} {path}": desk.get(who, path) for who, paths in pages.items() for path in paths}
    return told | {f"api {path}": desk.get("kcc", path) for path in api}


def test_hidden_everywhere_and_the_work_goes_on(desk: Desk) -> None:
    made, work = rude(desk)
    assert "Deze tekst lijkt grof" in desk.get("kcc", f"/kcc/melding/{made.number}"), "a suggestion, nothing more"
    assert "xyzzy" in desk.get("team", f"/team/opdracht/{work.id}")
    before = desk.now_is(work).status
    assert desk.post("team", f"/team/opdracht/{work.id}/grof", melding=made.id, grof="x").status_code == 400
    assert desk.post("team", f"/team/opdracht/{work.id}/grof", melding=10**9, grof="grof").status_code == 404
    assert desk.post("team", f"/team/opdracht/{work.id}/grof", melding=made.id, grof="grof").status_code == 303
    for place, words in everywhere(desk, made, work).items():
        assert "xyzzy" not in words and "plugh" not in words, place
    assert GROF in desk.get("team", f"/team/opdracht/{work.id}") and desk.now_is(work).status == before
    assert GROF in desk.get("team", "/team")
    opened = desk.get("team", f"/team/opdracht/{work.id}?toon={made.id}")
    assert "xyzzy" in opened and "plugh" in opened
    assert "xyzzy" in desk.get("kcc", f"/kcc/melding/{made.number}?toon={made.id}")
    with desk.world.session() as session:
        query = sa.select(ContactView).where(ContactView.melding_id == made.id, ContactView.context == "grove_tekst")
        looks = session.scalars(query.order_by(ContactView.id)).all()
        mine = [desk.people["team"].account_id, desk.people["kcc"].account_id]
        assert [look.account_id for look in looks] == mine
        marked = session.scalars(sa.select(Event).where(Event.kind == "grof_gemarkeerd")).all()
        assert marked[-1].facts == {"abuse": "grof", "before": ""}
    assert desk.post("kcc", f"/kcc/melding/{made.number}/weer_tonen").status_code == 303
    assert "xyzzy" in desk.get("team", f"/team/opdracht/{work.id}")


def test_a_threat_is_for_the_coordinator_and_not_for_the_team(desk: Desk) -> None:
    made, work = rude(desk)
    base = f"/kcc/melding/{made.number}"
    assert desk.post("kcc", f"{base}/grof").status_code == 400
    assert desk.post("kcc", f"{base}/grof", grof="bedreiging").status_code == 303
    for place, words in everywhere(desk, made, work).items():
        assert "xyzzy" not in words and "plugh" not in words, place
    for who, page in (("team", f"/team/opdracht/{work.id}"), ("kcc", base)):
        shown = desk.get(who, f"{page}?toon={made.id}")
        assert THREAT in shown and "xyzzy" not in shown, "nobody else may open it"
    assert desk.post("kcc", f"{base}/weer_tonen").status_code == 403
    assert desk.post("kcc", f"{base}/grof", grof="grof").status_code == 403
    assert "Bedreiging" in desk.get("cor", "/taken") and "Bedreiging" not in desk.get("kcc", "/taken")
    assert "xyzzy" in desk.get("cor", f"{base}?toon={made.id}")
    with desk.world.session() as session:
        item = session.scalars(sa.select(Task).where(Task.melding_id == made.id)).one()
        assert (item.kind, item.role, "sukkels" in item.words) == ("bedreiging", "coordinator", False)
    assert desk.post("cor", f"{base}/weer_tonen").status_code == 303
    with desk.world.session() as session:
        assert session.get_one(Task, item.id).status == "vervallen"
        assert session.get_one(Melding, made.id).abuse == ""
