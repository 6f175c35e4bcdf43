"""What intake stores, and what it refuses: KLANTREIS rules 1, 3, 6 and 7."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, KCC, Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput
from meldingen.domain.intake import Location
from meldingen.domain.notices import NoticeKind
from meldingen.flow import intake, notices
from meldingen.store import journal, outbox
from meldingen.store.contact import contact_of
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event, history_of
from meldingen.store.melding import Idempotency, Melding
from meldingen.store.notice import Notice, notices_of
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories


def topics(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutboxEntry.topic).order_by(OutboxEntry.id)))


def test_a_melding_is_stored_with_everything_it_promises(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    new = factories.new_melding(contact={"name": "Bo", "phone": "06 12345678"})
    made = intake.register_melding(session, new, actor=ANONYMOUS, now=now).melding
    scope = [home.id]
    assert (made.status, made.number[:2], made.wijk_code) == ("ontvangen", "26", "WK900101")
    assert made.promised_on == made.first_promised_on == date(2026, 4, 21)
    contact = contact_of(session, made.id, scope=scope)
    assert contact is not None and contact.phone == "+31612345678" and contact.mobile
    events = history_of(session, melding_ids=[made.id], scope=scope)
    assert [(e.kind, e.actor) for e in events] == [("ontvangen", "anoniem")]
    assert [n.kind for n in notices_of(session, [made.id], scope=scope)] == ["ontvangst"]
    assert topics(session) == ["bericht", "toewijzen"]


def test_without_contact_no_bericht_is_owed(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    intake.register_melding(session, factories.new_melding(), actor=ANONYMOUS, now=now)
    assert topics(session) == ["toewijzen"]


def test_the_same_request_twice_is_one_melding(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    new = factories.new_melding(idempotency_key="a1", body_hash=b"x")
    first = intake.register_melding(session, new, actor=ANONYMOUS, now=now)
    again = intake.register_melding(session, new, actor=ANONYMOUS, now=now)
    assert not first.replayed and again.replayed and again.melding is first.melding
    with pytest.raises(Conflict):
        intake.register_melding(session, replace(new, body_hash=b"y"), actor=ANONYMOUS, now=now)
    assert session.scalar(sa.select(sa.func.count()).select_from(Melding)) == 1


@pytest.fixture
def neighbours(session: Session) -> tuple[Gemeente, Gemeente]:
    """Duinstede, and east of it Polderland, whose border we know but whom we do not serve."""
    home = factories.gemeente(session)
    other = Gemeente(
        code="GM9002", slug="polderland", name="Polderland", served=False, policy={},
        border=factories.square(4.80, 52.60, 4.90, 52.70),
    )  # fmt: skip
    session.add(other)
    session.flush()
    return home, other


@pytest.mark.parametrize(
    ("at", "status", "referred", "flags"),
    [
        ((4.70, 52.66), "ontvangen", "", []),
        ((4.85, 52.66), "doorverwezen", "Polderland", []),
        ((4.80, 52.66), "ontvangen", "", ["grensgeval"]),
        ((4.5990, 52.66), "ontvangen", "", ["grensgeval", "buiten_grens"]),
    ],
)
def test_the_place_decides(
    session: Session,
    now: datetime,
    neighbours: object,
    at: tuple[float, float],
    status: str,
    referred: str,
    flags: list[str],
) -> None:
    made = factories.melding(session, now=now, at=at, route=False)
    assert (made.status, made.referred_to, made.flags) == (status, referred, flags)
    assert ("toewijzen" in topics(session)) is (not referred)


def test_too_far_out_is_refused_but_not_for_the_kcc_with_a_note(
    session: Session, now: datetime, neighbours: tuple[Gemeente, Gemeente]
) -> None:
    home, _ = neighbours
    far = factories.new_melding(at=(4.50, 52.66))
    with pytest.raises(InvalidInput) as refused:
        intake.register_melding(session, far, actor=ANONYMOUS, now=now)
    assert refused.value.fields[0].field == "locatie" and "Duinstede" in refused.value.detail
    agent = factories.medewerker(session, home, KCC)
    with pytest.raises(InvalidInput, match="notitie"):
        intake.register_melding(session, replace(far, intake_channel="telefoon"), actor=agent, now=now)
    saved = intake.register_melding(
        session, replace(far, intake_channel="telefoon", kcc_note="Fietspad van ons."), actor=agent, now=now
    ).melding
    assert saved.flags == ["buiten_grens"] and saved.entered_by == agent.account_id


def test_a_named_gemeente_wins_only_where_it_lies(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    east = factories.gemeente(session, name="Oosterwijk", code="GM9003", west=4.80)
    on_both = factories.melding(session, now=now, at=(4.80, 52.66), gemeente_slug="oosterwijk", route=False)
    assert on_both.gemeente_id == east.id and on_both.flags == ["grensgeval"]
    in_east = factories.melding(session, now=now, at=(4.90, 52.66), gemeente_slug="duinstede", route=False)
    assert in_east.gemeente_id == east.id
    with pytest.raises(InvalidInput):
        factories.melding(session, now=now, gemeente_slug="nergens")


def test_a_partner_posts_as_itself_and_only_where_its_key_is_for(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    partner = Actor(kind="machine", key_id=7, name="BuitenBeter", roles={home.id: frozenset()})
    made = factories.melding(session, now=now, actor=partner, route=False)
    assert (made.intake_channel, made.partner_name) == ("partner", "BuitenBeter")
    elsewhere = replace(partner, roles={home.id + 1: frozenset()})
    with pytest.raises(Forbidden):
        factories.melding(session, now=now, actor=elsewhere)


def test_a_stranger_cannot_pose_as_the_phone_desk(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    with pytest.raises(Forbidden):
        factories.melding(session, now=now, intake_channel="telefoon")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"description": ""}, "omschrijving"),
        ({"category_slug": "bestaat-niet"}, "categorie"),
        ({"location": None}, "locatie"),
        ({"same_as": "999"}, "zelfdeAls"),
        ({"same_as": "1 OR 1=1"}, "zelfdeAls"),
        ({"photos_expected": 9}, "fotosVolgen"),
    ],
)
def test_what_is_missing_or_unknown_is_named(
    session: Session, now: datetime, facts: dict[str, object], field: str
) -> None:
    factories.gemeente(session)
    with pytest.raises(InvalidInput) as refused:
        factories.melding(session, now=now, **facts)
    assert field in [f.field for f in refused.value.fields]


def test_a_place_from_a_photo_is_flagged(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    made = factories.melding(session, now=now, location=Location(4.7, 52.66, source="foto"), route=False)
    assert made.flags == ["plaats_uit_foto"]


def test_bsn_in_the_text_is_flagged(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    made = factories.melding(session, now=now, description="Mijn BSN is 111222333, er ligt een tegel los", route=False)
    assert "bsn" in made.flags


def test_what_is_written_at_once_is_what_others_write_one_by_one(session: Session, now: datetime) -> None:
    """store/registering.py against journal.record, announce and outbox.put, column by column."""
    factories.gemeente(session)
    new = factories.new_melding(contact={"email": "bo@example.nl"}, idempotency_key="a1", body_hash=b"x")
    made = intake.register_melding(session, new, actor=ANONYMOUS, now=now).melding
    told = session.scalars(sa.select(Event)).one()
    again = journal.record(
        session, told.kind, gemeente_id=made.gemeente_id, actor=ANONYMOUS, now=now, melding_id=made.id, facts=told.facts
    )
    notices.announce(session, NoticeKind.ONTVANGST, again, [made], now=now)
    ids = {"melding_id": made.id, "gemeente_id": made.gemeente_id}
    outbox.put(
        session, Topic.ROUTE, ids, gemeente_id=made.gemeente_id, now=now, order_key=f"toewijzen:{made.id}"
    )  # fmt: skip
    assert _same(session, Event.__table__, "id") and _same(session, Notice.__table__, "id", "event_id")
    bericht, route, bericht_after, route_after = session.execute(sa.select(OutboxEntry.__table__)).mappings().all()
    assert bericht["payload"].keys() == bericht_after["payload"].keys()
    assert _differing(bericht, bericht_after) == {"id", "payload"} and _differing(route, route_after) == {"id"}
    kept = session.scalars(sa.select(Idempotency)).one()
    assert (kept.resource_id, session.info["outbox"]) == (made.id, True)
    session.expire(made)
    assert (made.desk, made.abuse, made.token_generation, made.closed_at) == ("", "", 1, None)


def _same(session: Session, table: sa.FromClause, *but: str) -> bool:
    one, other = session.execute(sa.select(table)).mappings().all()
    return _differing(one, other) == set(but)


def _differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in one if one[name] != other[name]}
