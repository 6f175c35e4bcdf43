"""/coordinator: each list of the day with its count and its link, and the part that live.js asks for again."""

from datetime import timedelta

import pytest

from meldingen.db import business_now
from meldingen.domain.deadlines import local_day
from meldingen.flow import party, work
from meldingen.flow.status import Basis
from meldingen.store import task
from meldingen.store.opdracht import Opdracht

from .conftest import World
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def count_of(page: str, what: str) -> str:
    """The number behind one list."""
    return page.split(f'id="{what}"')[1].split('day__count">')[1].split("<")[0]


def test_the_day_begins_empty_and_each_list_is_one_click_away(desk: Desk) -> None:
    page = desk.get("cor", "/coordinator")
    assert "Alles is leeg. Goed gedaan." in page
    assert desk.browsers["cor"].get("/").status_code == 200
    assert desk.browsers["kcc"].get("/coordinator").status_code == 403
    assert 'class="site-header__name" href="/coordinator"' in page, "here a coordinator begins"
    desk.melding(category_slug="boom-omgevallen")
    _, late = desk.melding(ago=timedelta(days=40))
    desk.lost_melding(timedelta(hours=1))
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        for kind, role in ((task.ANSWER_AFTER_END, "kcc"), (task.THIRD_MOVE, "coordinator"), ("iets_nieuws", "kcc")):
            task.put(
                session, kind, gemeente_id=desk.gemeente_id, role=role, words="Kijk.", now=now, due_at=now,
                opdracht_id=late.id,
            )  # fmt: skip
    page = desk.get("cor", "/coordinator")
    assert "Alles is leeg" not in page
    for what in ("zonder_eigenaar", "lijst-gevaar", "lijst-te_laat", "taak-antwoord_na_sluiten"):
        assert count_of(page, what) == "1", what
    assert count_of(page, "taak-derde_verplaatsing") == "1" and count_of(page, "lijst-vangnet") == "leeg"
    assert "Iets nieuws" in page, "a kind that nobody named is never lost"
    for path in [link.split('"')[0] for link in page.split('day__list--some" id="')[1:]]:
        assert path
    for path in (link.split('"')[0] for link in page.split('href="')[1:] if link.startswith(("/team?", "/taken?"))):
        desk.get("cor", path)
    assert "Antwoord na het sluiten" in desk.get("cor", "/taken?soort=antwoord_na_sluiten"), "of the desk too"
    assert f"/team/opdracht/{late.id}" in desk.get("cor", "/team?lijst=te_laat")


def test_a_missed_date_of_a_party_is_counted_once_and_goes_with_the_party(desk: Desk) -> None:
    _, late = desk.melding()
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        to = work.HandOver(team_id=int(desk.team_id("waterschap")))
        work.hand_over(session, late.id, to, basis=Basis(version=late.version), actor=desk.people["team"], now=now)
        held = session.get_one(Opdracht, late.id)
        held.party_expected_on = local_day(now) - timedelta(days=1)
    party.mind_dates(desk.world.engine, now=now)
    page = desk.get("cor", "/coordinator")
    assert count_of(page, "lijst-partij_te_laat") == "1" and "taak-partij_te_laat" not in page
    assert "Op de lijsten staat nog 1." in page and page.count('day__count">1<') == 1
    assert "Vraag hoe het staat" in desk.get("cor", "/taken?soort=partij_te_laat")
    with desk.world.session() as session, session.begin():
        held, back = session.get_one(Opdracht, late.id), work.HandOver(team_id=int(desk.team_id("serviceteam")))
        work.hand_over(session, late.id, back, basis=Basis(version=held.version), actor=desk.people["cor"], now=now)
    assert "Alle lijsten zijn leeg." in desk.get("cor", "/coordinator")
    assert "Vraag hoe het staat" not in desk.get("cor", "/taken?soort=partij_te_laat")


def test_the_part_that_changes_is_asked_for_by_its_tag(desk: Desk) -> None:
    first = desk.browsers["cor"].get("/coordinator?deel=ja")
    assert "<html" not in first.text and 'data-part="dag"' in first.text
    again = desk.browsers["cor"].get("/coordinator?deel=ja", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""
    assert 'data-part="taken"' in desk.get("cor", "/taken?deel=ja")
    assert 'data-live="/taken?deel=ja"' in desk.get("cor", "/taken")
    desk.melding(category_slug="boom-omgevallen")
    changed = desk.browsers["cor"].get("/coordinator?deel=ja", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200 and count_of(changed.text, "lijst-gevaar") == "1"
