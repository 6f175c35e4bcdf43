"""What teams and coordinators see in their lists: filters, order, counts, and always the same number of queries."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain import deadlines
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.domain.workflow import OPDRACHT_STATUSES
from meldingen.flow import closure, delay, feedback, joining, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store import photo as photos
from meldingen.store.category import Category
from meldingen.store.gemeente import Gemeente
from meldingen.store.opdracht import Link, Opdracht
from meldingen.store.workfilter import LISTS, WorkFilter
from meldingen.store.worklines import count_lists, count_opdrachten, list_lines, list_shown
from meldingen.store.worklists import (
    Sees,
    list_opdrachten,
    open_nearby,
    unrouted_meldingen,
    work_near,
    work_near_place,
    work_row,
)
from tests import factories
from tests.api.test_statements import counted
from tests.factories import HOME, melding, opdracht_of


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def chief(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, COORDINATOR)


def on(opdracht: Opdracht) -> Basis:
    return Basis(version=opdracht.version)


def ids(session: Session, home: Gemeente, sees: Sees | None = None, **facts: object) -> list[int]:
    """What a list of our pages holds, which is what the count and the list of the API hold too."""
    sees = sees or Sees(whole=frozenset([home.id]))
    hashable = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    wanted = WorkFilter(**hashable)  # type: ignore[arg-type]
    rows = list_opdrachten(session, wanted, sees, scope=[home.id], limit=100)
    lines = list_lines(session, wanted, sees, scope=[home.id], limit=100)
    assert [(one.id, one.category_slug, one.team_name, one.melders, one.lon, one.due_at) for one in lines] == [
        (row.opdracht.id, row.category.slug, row.team.name, row.melders, row.lon, row.opdracht.due_at) for row in rows
    ]
    shown = list_shown(session, wanted, sees, scope=[home.id], limit=100)
    assert [(one.id, one.words, one.photo, one.team_name, one.gemeente_name, one.due_at) for one in shown] == [
        (row.opdracht.id, row.words, row.photo, row.team.name, row.gemeente.name, row.opdracht.due_at) for row in rows
    ]
    assert len(rows) == count_opdrachten(session, wanted, sees, scope=[home.id])
    return [row.opdracht.id for row in rows]


def test_a_team_sees_its_own_and_a_whole_gemeente_only_when_told(
    session: Session, now: datetime, home: Gemeente
) -> None:
    tile = opdracht_of(session, melding(session, now=now))
    grass = opdracht_of(session, melding(session, now=now, category_slug="gras-te-hoog"))
    service = factories.team(session, home, "serviceteam")
    assert ids(session, home) == [tile.id, grass.id]
    assert ids(session, home, Sees(team_ids=frozenset([service.id]))) == [tile.id]
    assert ids(session, home, Sees()) == []
    assert ids(session, home, team_ids=[service.id]) == [tile.id]
    assert ids(session, home, team_slug="groen") == [grass.id]
    only_mine = Sees(team_ids=frozenset([service.id]))
    assert work_row(session, grass.id, only_mine, scope=[home.id]) is None
    assert only_mine.may_see(tile) and not only_mine.may_see(grass)
    assert list_opdrachten(session, WorkFilter(), Sees(whole=frozenset([home.id])), scope=[], limit=9) == []


def test_filters_and_orders(session: Session, now: datetime, home: Gemeente, chief: Actor) -> None:
    tile = opdracht_of(session, melding(session, now=now))
    hole = opdracht_of(
        session,
        melding(
            session,
            now=now - timedelta(days=7),
            category_slug="gat-in-de-weg",
            description="Een kuil.",
            at=(4.75, 52.69),
        ),
    )
    grass = opdracht_of(
        session, melding(session, now=now, category_slug="gras-te-hoog", description="Bij de 100%-dijk, É Ömer")
    )
    assert ids(session, home) == [hole.id, tile.id, grass.id], "soonest due first"
    assert ids(session, home, order="prioriteit") == [hole.id, tile.id, grass.id]
    assert ids(session, home, order="ontvangst") == [hole.id, tile.id, grass.id]
    assert ids(session, home, category_slug="straat") == [hole.id, tile.id], "a main category with its subs"
    assert ids(session, home, category_slug="losse-tegel") == [tile.id]
    assert ids(session, home, late_at=now) == [hole.id]
    assert ids(session, home, text="tegel los") == [tile.id]
    assert ids(session, home, text="100%") == [grass.id], "a percent sign is no wildcard"
    assert ids(session, home, text="É ömer DIJK") == [grass.id]
    assert ids(session, home, text="%") == [grass.id]
    assert ids(session, home, box=(4.74, 52.68, 4.76, 52.70)) == [hole.id]
    assert ids(session, home, danger=True) == []
    assert ids(session, home, area_code="WK900101", statuses=["nieuw"]) == [hole.id, tile.id, grass.id]
    assert ids(session, home, gemeente_slug="elders") == []
    closure.close_opdracht(session, tile.id, NewClosure("opgelost"), basis=on(tile), actor=chief, now=now)
    assert ids(session, home) == [hole.id, grass.id]
    assert ids(session, home, statuses=["gereed"]) == [tile.id]
    later = now + timedelta(hours=1)
    closure.close_opdracht(session, grass.id, NewClosure("opgelost"), basis=on(grass), actor=chief, now=later)
    assert ids(session, home, statuses=["gereed"], order="afgehandeld") == [grass.id, tile.id], "the last one first"


def test_a_row_counts_melders_and_showable_photos(
    session: Session, now: datetime, home: Gemeente, chief: Actor
) -> None:
    first, second = melding(session, now=now), melding(session, now=now + timedelta(minutes=1))
    one, other = opdracht_of(session, first), opdracht_of(session, second)
    joining.join_opdracht(session, other.id, one.id, basis=on(other), actor=chief, now=now)
    for index, (status, owner) in enumerate(
        [
            ("klaar", {"melding_id": second.id}),
            ("ontvangen", {"melding_id": first.id}),
            ("klaar", {"opdracht_id": one.id}),
        ]
    ):
        session.add(
            photos.Photo(
                gemeente_id=home.id, public_id=f"foto{index}", kind="melder", sha256=bytes([index]), size_bytes=1,
                status=status, received_at=now, **owner,
            )
        )  # fmt: skip
    session.flush()
    row = work_row(session, one.id, Sees(whole=frozenset([home.id])), scope=[home.id])
    assert row is not None
    assert (row.melders, row.photos, row.photo, row.words) == (2, 2, "foto0", "Er ligt een tegel los.")
    assert (round(row.lon, 5), round(row.lat, 5)) == HOME
    assert (row.category.slug, row.team.slug, row.gemeente.name) == ("losse-tegel", "serviceteam", "Duinstede")


def test_the_number_of_queries_does_not_grow_with_the_list(session: Session, now: datetime, home: Gemeente) -> None:
    scope = home.id
    sees = Sees(whole=frozenset([scope]))

    def cost() -> int:
        session.flush()
        session.expire_all()
        with counted() as sent:
            for row in list_opdrachten(session, WorkFilter(late_at=None), sees, scope=[scope], limit=50):
                assert row.team.name and row.category.name and row.opdracht.status and row.gemeente.name
            list_shown(session, WorkFilter(), sees, scope=[scope], limit=50)
            count_opdrachten(session, WorkFilter(), sees, scope=[scope])
            count_lists(session, sees, scope=[scope], now=now)
        return len(sent)

    melding(session, now=now)
    few = cost()
    for _ in range(5):
        melding(session, now=now)
    assert cost() == few == 4


def test_the_lists_of_the_coordinator(session: Session, now: datetime, home: Gemeente, chief: Actor) -> None:
    member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    late = opdracht_of(session, melding(session, now=now - timedelta(days=20)))
    given = opdracht_of(session, melding(session, now=now))
    work.give_back(session, given.id, "Niet van ons.", basis=on(given), actor=member, now=now)
    again_melding = melding(session, now=now, contact={"email": "a@example.nl"})
    first = opdracht_of(session, again_melding)
    closure.close_opdracht(session, first.id, NewClosure("opgelost"), basis=on(first), actor=member, now=now)
    again = feedback.reopen_melding(session, again_melding, words="Nee.", actor=member, now=now)
    spoed = opdracht_of(session, melding(session, now=now, category_slug="boom-omgevallen", at=(4.72, 52.66)))
    border_melding = melding(session, now=now)
    border_melding.flags = ["grensgeval"]
    border = opdracht_of(session, border_melding)
    asked_melding = melding(session, now=now)
    asked = opdracht_of(session, asked_melding)
    work.take_up(session, asked.id, basis=on(asked), actor=member, now=now)
    assert feedback.withdraw_melding(session, asked_melding, reason="", actor=member, now=now) == "gevraagd"
    mute_melding = melding(session, now=now)
    mute_melding.flags = ["niet_bereikbaar"]
    mute = opdracht_of(session, mute_melding)
    closure.close_opdracht(session, mute.id, NewClosure("opgelost"), basis=on(mute), actor=member, now=now)

    in_danger, kept, planned = (opdracht_of(session, melding(session, now=now)) for _ in range(3))
    for one in (in_danger, kept, planned):
        one.warned_due_at = one.due_at
    delay.keep_date(session, kept.id, basis=on(kept), actor=member, now=now)
    work.plan(session, planned.id, deadlines.local_day(now), basis=on(planned), actor=member, now=now)

    on_lists = {name: ids(session, home, on_list=name, late_at=now) for name in LISTS}
    assert on_lists == {
        "vangnet": [given.id, again.id],
        "te_laat": [late.id],
        "termijn_in_gevaar": [in_danger.id],
        "partij_te_laat": [],
        "heropend": [again.id],
        "grensgeval": [border.id],
        "niet_bereikbaar": [mute.id],
        "intrekking_gevraagd": [asked.id],
        "gevaar": [spoed.id],
        "gevaar_vermoed": [],
    }
    counts = count_lists(session, Sees(whole=frozenset([home.id])), scope=[home.id], now=now)
    assert counts == {name: len(found) for name, found in on_lists.items()}


def test_a_melding_that_no_worker_routed_yet_is_seen(session: Session, now: datetime, home: Gemeente) -> None:
    lost = melding(session, now=now - timedelta(minutes=10), route=False)
    melding(session, now=now - timedelta(minutes=10))
    melding(session, now=now, route=False)
    before = now - timedelta(minutes=5)
    assert [m.id for m in unrouted_meldingen(session, before=before, scope=[home.id])] == [lost.id]
    let_go = melding(session, now=now - timedelta(minutes=9))
    session.execute(sa.update(Link).where(Link.melding_id == let_go.id).values(until_at=now))
    assert [m.id for m in unrouted_meldingen(session, before=before, scope=[home.id])] == [lost.id, let_go.id]


def test_what_is_near(session: Session, now: datetime, home: Gemeente, chief: Actor) -> None:
    here = opdracht_of(session, melding(session, now=now))
    near = opdracht_of(session, melding(session, now=now, at=(4.7005, 52.66), category_slug="gras-te-hoog"))
    far = opdracht_of(session, melding(session, now=now, at=(4.75, 52.66)))
    done = opdracht_of(session, melding(session, now=now))
    closure.close_opdracht(session, done.id, NewClosure("opgelost"), basis=on(done), actor=chief, now=now)
    sees = Sees(whole=frozenset([home.id]))
    found = work_near(session, here, sees, radius_m=100, scope=[home.id])
    assert [(row.opdracht.id, round(metres)) for row, metres in found] == [(near.id, 34)]
    at_place = work_near_place(session, *HOME, sees, radius_m=100, scope=[home.id])
    assert [row.opdracht.id for row, _ in at_place] == [here.id, near.id] and far
    near_melding_category = factories.category(session, home, "overlast", public=False)
    session.execute(sa.update(Opdracht).where(Opdracht.id == near.id).values(category_id=near_melding_category.id))
    public = open_nearby(session, *HOME, radius_m=100, scope=[home.id])
    assert [(row.opdracht.id, row.melders) for row in public] == [(here.id, 1)]
    assert open_nearby(session, *HOME, radius_m=100, category_slug="gras-te-hoog", scope=[home.id]) == []


def test_an_opdracht_of_a_private_wish_is_not_shown_nearby(session: Session, now: datetime, home: Gemeente) -> None:
    factories.category(session, home, "drugs", public=False)
    told = melding(session, now=now, category_slug="drugs")
    opdracht = opdracht_of(session, told)
    tile = session.scalars(sa.select(Category).where(Category.slug == "losse-tegel")).one()
    opdracht.category_id = tile.id
    session.flush()
    assert open_nearby(session, *HOME, radius_m=100, scope=[home.id]) == []
    assert set(OPDRACHT_STATUSES) >= {opdracht.status}


def test_spoed_stands_on_top_whatever_its_date(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    early = factories.opdracht_of(session, factories.melding(session, now=now - timedelta(days=20)))
    spoed = factories.opdracht_of(session, factories.melding(session, now=now, danger=True))
    sees = Sees(whole=frozenset({home.id}))
    rows = list_opdrachten(session, WorkFilter(), sees, scope=[home.id], limit=10)
    assert [row.opdracht.id for row in rows] == [spoed.id, early.id]
