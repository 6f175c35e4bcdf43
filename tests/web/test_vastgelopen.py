"""/beheer/vastgelopen: what was given up, in words; again, or no more; nobody is let down in silence."""

from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.domain.actor import SYSTEM
from meldingen.flow import notices
from meldingen.store import journal
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.outbox import OutboxEntry, Topic, put
from meldingen.store.task import Task

from .conftest import World
from .desk import Desk, make_desk

PATH = "/beheer/vastgelopen"


@pytest.fixture
def desk(world: World) -> Desk:
    with world.session() as session, session.begin():
        session.execute(sa.delete(OutboxEntry))
    return make_desk(world)


def parked(desk: Desk, kind: str = "gereed", **facts: Any) -> tuple[Melding, int]:
    """A melding whose bericht of this kind was given up; and the row of it."""
    melding, _ = desk.melding(**{"contact": {"email": "jan@example.nl"}, **facts})
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        event = journal.record(session, "proef", gemeente_id=desk.gemeente_id, actor=SYSTEM, now=now)
        notices.announce(session, kind, event, [session.get_one(Melding, melding.id)], now=now)
        last = sa.select(OutboxEntry).where(OutboxEntry.topic == "bericht").order_by(OutboxEntry.id.desc())
        row = session.scalars(last.limit(1)).one()
        row.parked_at, row.attempts, row.reason = now, 24, "de mailserver weigert ons"
        return melding, row.id


def park_other(desk: Desk, topic: Topic, payload: dict[str, Any], gemeente_id: int | None) -> int:
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        put(session, topic, payload, gemeente_id=gemeente_id, now=now)
        row = session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc()).limit(1)).one()
        row.parked_at, row.attempts, row.reason = now, 1, "Fout in het programma: KeyError"
        return row.id


def row_of(desk: Desk, entry_id: int) -> OutboxEntry:
    with desk.world.session() as session:
        return session.get_one(OutboxEntry, entry_id)


def test_what_it_is_about_stands_there_in_words(desk: Desk) -> None:
    melding, entry = parked(desk)
    route = park_other(desk, Topic.ROUTE, {"melding_id": melding.id, "gemeente_id": desk.gemeente_id}, desk.gemeente_id)
    page = desk.get("cor", PATH)
    number = f"{melding.number[:2]} {melding.number[2:6]} {melding.number[6:]}"
    assert f"Bericht &#39;Klaar&#39; aan de melder, melding {number}" in page
    assert "De mailserver weigert ons." in page and "na 24 pogingen" in page
    assert f"Een team kiezen, melding {number}" in page and "Er zit een fout in het programma" in page
    assert f"{PATH}/{entry}/vervallen" in page and f"{PATH}/{route}/vervallen" not in page
    assert 'class="site-menu__count">2<' in desk.get("cor", "/team")
    assert "jan@example.nl" not in page


def test_again_is_safe_and_twice_is_nothing(desk: Desk) -> None:
    _, first = parked(desk)
    _, second = parked(desk)
    _, third = parked(desk)
    answer = desk.post("cor", f"{PATH}/opnieuw", regel=[str(first), str(second), "x", "99999999999999999999"])
    assert answer.status_code == 303 and answer.location.endswith("gedaan=opnieuw-2")
    assert [row_of(desk, one).parked_at is None for one in (first, second, third)] == [True, True, False]
    assert row_of(desk, first).attempts == 0
    assert desk.post("cor", f"{PATH}/opnieuw", regel=str(first)).location.endswith("opnieuw-0")
    assert "Er is niets veranderd" in desk.get("cor", f"{PATH}?gedaan=opnieuw-0")
    assert desk.post("cor", f"{PATH}/opnieuw").location.endswith("opnieuw-0")


def test_a_gereedmelding_that_lapses_is_work_of_the_kcc(desk: Desk) -> None:
    melding, entry = parked(desk)
    refused = desk.post("cor", f"{PATH}/{entry}/vervallen", reden="  ")
    assert refused.status_code == 400 and "Schrijf op waarom" in refused.text
    assert desk.post("cor", f"{PATH}/{entry}/vervallen", reden="Adres bestaat niet").status_code == 303
    assert desk.post("cor", f"{PATH}/{entry}/vervallen", reden="Adres bestaat niet").status_code == 404
    assert row_of(desk, entry).done_at is not None
    with desk.world.session() as session:
        task = session.scalars(sa.select(Task).where(Task.melding_id == melding.id)).one()
        assert (task.role, task.kind, task.status) == ("kcc", "bericht_vervallen", "open")
        assert "Adres bestaat niet" in task.words
        notice = session.scalars(
            sa.select(Notice).where(Notice.melding_id == melding.id, Notice.kind == "gereed")
        ).one()
        assert notice.ended == "vervallen"
        past = journal.history_of(session, melding_ids=[melding.id], scope=[desk.gemeente_id])
        assert [event.actor for event in past if event.kind == "bericht_vervallen"] == [desk.people["cor"].label]
    assert "Er is niets vastgelopen" in desk.get("cor", PATH)


def test_another_bericht_that_lapses_is_no_work(desk: Desk) -> None:
    melding, entry = parked(desk, kind="ingepland")
    assert desk.post("cor", f"{PATH}/{entry}/vervallen", reden="Al gebeld").status_code == 303
    with desk.world.session() as session:
        assert session.scalar(sa.select(Task.id).where(Task.melding_id == melding.id)) is None


def test_what_must_be_done_cannot_lapse(desk: Desk) -> None:
    melding, _ = desk.melding()
    ids = {"melding_id": melding.id, "gemeente_id": desk.gemeente_id}
    for topic, payload in ((Topic.ROUTE, ids), (Topic.UPKEEP, {"task": "erase_contact", **ids})):
        entry = park_other(desk, topic, payload, desk.gemeente_id)
        answer = desk.post("cor", f"{PATH}/{entry}/vervallen", reden="Hoeft niet")
        assert answer.status_code == 409 and "Dit werk kan niet vervallen" in answer.text
        assert row_of(desk, entry).done_at is None


def test_whose_it_is(desk: Desk) -> None:
    _, entry = parked(desk)
    loose = park_other(desk, Topic.UPKEEP, {"task": "clear_outbox"}, None)
    other = make_desk(desk.world)
    for who in ("team", "kcc", "partij"):
        assert desk.browsers[who].get(PATH).status_code == 403
        assert desk.post(who, f"{PATH}/opnieuw", regel=str(entry)).status_code == 403
    assert "Er is niets vastgelopen" in other.get("cor", PATH)
    assert other.post("cor", f"{PATH}/opnieuw", regel=str(entry)).location.endswith("opnieuw-0")
    assert other.post("cor", f"{PATH}/{entry}/vervallen", reden="x").status_code == 404
    assert "clear_outbox" not in desk.get("cor", PATH) and "clear_outbox" in desk.get("beheer", PATH)
    assert desk.post("cor", f"{PATH}/opnieuw", regel=str(loose)).location.endswith("opnieuw-0")
    assert desk.post("beheer", f"{PATH}/opnieuw", regel=str(loose)).location.endswith("opnieuw-1")
    assert row_of(desk, entry).parked_at is not None
