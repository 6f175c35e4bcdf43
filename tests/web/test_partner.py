"""An external party on the pages: masked words, its own work only, also when its team is put out of use."""

import sqlalchemy as sa

from meldingen.store.category import Category
from meldingen.store.opdracht import Opdracht
from meldingen.store.team import Team

from .conftest import World
from .desk import make_desk


def test_answers_to_questions_are_masked_too(world: World) -> None:
    desk = make_desk(world)
    with world.session() as session, session.begin():
        of = (Category.gemeente_id == desk.gemeente_id, Category.slug == "gat-in-de-weg")
        asked = [{"id": "waar", "label": "Waar ligt het?", "type": "tekst"}]
        session.execute(sa.update(Category).where(*of).values(questions=asked))
    _, work = desk.melding(category_slug="gat-in-de-weg", answers={"waar": "Voor de deur, bel 06 87654321"})
    with world.session() as session, session.begin():
        session.execute(
            sa.update(Opdracht).where(Opdracht.id == work.id).values(team_id=int(desk.team_id("waterschap")))
        )
    page = desk.get("partij", f"/team/opdracht/{work.id}")
    assert "Voor de deur" in page and "87654321" not in page
    assert "87654321" in desk.get("team", f"/team/opdracht/{work.id}")


def test_a_party_out_of_use_sees_no_more_than_before(world: World) -> None:
    desk = make_desk(world)
    _, others = desk.melding()
    assert desk.browsers["partij"].get(f"/team/opdracht/{others.id}").status_code == 404
    with world.session() as session, session.begin():
        session.execute(sa.update(Team).where(Team.id == int(desk.team_id("waterschap"))).values(active=False))
    assert desk.browsers["partij"].get(f"/team/opdracht/{others.id}").status_code == 404
    assert f"/team/opdracht/{others.id}" not in desk.get("partij", "/team?team=alle")
