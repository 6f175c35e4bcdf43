"""/storm/groepen: thirty meldingen about one fallen tree are one group: joined in one action, told in one text."""

from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.flow import bulk, storm
from meldingen.flow.texts import kinds
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Note
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, melding_ids_of
from tests import factories

from .conftest import World
from .desk import Desk, make_desk
from .test_bulk import confirmed


@pytest.fixture
def desk(world: World) -> Desk:
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        home.policy = {**home.policy, "undo_s": 0}
    return made


def fallen_tree(desk: Desk) -> list[int]:
    """Thirty people report it, each a little aside; and two other things that are no group. Returns the opdrachten."""
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        made = [
            factories.melding(
                session, now=now, category_slug="losse-tegel", at=(desk.lon + 0.00005 * n, desk.lat),
                contact={"email": f"bo{n}@example.nl"} if n % 3 else None,
            )
            for n in range(30)
        ]  # fmt: skip
        for n in range(2):
            factories.melding(session, now=now, category_slug="gras-te-hoog", at=(desk.lon + 0.00005 * n, desk.lat))
        return [factories.opdracht_of(session, one).id for one in made]


def test_thirty_meldingen_about_one_tree(desk: Desk) -> None:
    assert "Er zijn nu geen groepen." in desk.get("cor", "/storm/groepen")
    ids = fallen_tree(desk)
    page = desk.get("cor", "/storm/groepen")
    assert "1 groep<" in page and "<strong>30 meldingen</strong>, 30 opdrachten" in page
    assert desk.browsers["kcc"].get("/storm/groepen").status_code == 403
    group = ",".join(map(str, ids))
    counted = desk.post("cor", "/storm/groepen", groep=group, tekst="Wij ruimen de boom morgen op.")
    assert "30 open meldingen" in counted.text and 'value="ja"' in counted.text and "checked" in counted.text
    empty = desk.post("cor", "/storm/groepen", groep=group, zeker="ja")
    assert empty.status_code == 400 and "Schrijf op wat u de melders wilt vertellen." in empty.text
    assert desk.post("cor", "/storm/groepen", tekst="Hallo.", zeker="ja").status_code == 400
    told = {"groep": group, "tekst": "Wij ruimen de boom morgen op.", "zeker": "ja", "sleutel": "een-druk"}
    for _ in range(2):
        assert desk.post("cor", "/storm/groepen", **told).status_code == 303
    assert "Het bericht gaat naar wie te bereiken is, van 30 meldingen." in desk.get("cor", "/storm/groepen")
    with desk.world.session() as session:
        mine = Notice.gemeente_id == desk.gemeente_id
        sent = session.scalars(sa.select(Notice).where(mine, Notice.kind == storm.NoticeKind.STORM)).all()
        assert len(sent) == len({one.melding_id for one in sent}) == 20, "each who can be reached, once"
        assert session.scalars(sa.select(Note.text).where(Note.opdracht_id.in_(ids))).all() == [told["tekst"]]
    assert "storm" in kinds()

    foretold = desk.post("cor", "/bulk/voorbeeld", actie="samenvoegingen", opdracht=ids, into=ids[0])
    where = confirmed(desk, foretold.text).location
    with desk.world.session() as session:
        now: Any = business_now(session)
    number = int(where.rsplit("/", 1)[1])
    assert bulk.run(desk.world.engine, bulk_id=number, gemeente_id=desk.gemeente_id, now=now) is None
    assert "Klaar: 29 van 29 gedaan." in desk.get("cor", where)
    with desk.world.session() as session:
        assert len(melding_ids_of(session, [ids[0]], scope=[desk.gemeente_id])) == 30
        assert {session.get_one(Opdracht, n).status for n in ids[1:]} == {"vervallen"}
    page = desk.get("cor", "/storm/groepen")
    assert "<strong>30 meldingen</strong>, 1 opdracht." in page and "Voeg samen<" not in page
