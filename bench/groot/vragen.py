"""The reads that people and the clock wait for, each as one call of ours, and what each is asked about.

A question belongs here when it is asked all day, or every minute by the clock. Targets are those of the issue "Snel en
onverwoestbaar"; without one the figure is only shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.cijfers import Term
from meldingen.domain.workflow import OPEN
from meldingen.flow import retention, terms
from meldingen.flow.cijfers import make_report
from meldingen.store import callback, clusters, leases, melding, photo, public_map, search, worklines, worklists
from meldingen.store import retention as service
from meldingen.store import terms as running
from meldingen.store.contact import Contact
from meldingen.store.dossier import dossier_of
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import Topic
from meldingen.store.reports_notices import list_heard
from meldingen.store.workfilter import WorkFilter
from workers.policy import POLICIES

PAGE = 50
BOX_M = 564
"""The radius of a circle of one square kilometre."""


@dataclass(frozen=True)
class Town:
    """What is asked about: the busiest gemeente and its busiest team, and something of each kind that is there.

    lon, lat: where open work lies. number, phone, email: of the newest melding with a contact. slip: its number with
    a wrong digit. old_number: of its oldest melding. street: of the newest open work.
    """

    now: datetime
    gemeente_id: int
    everywhere: tuple[int, ...]
    team_id: int
    lon: float
    lat: float
    number: str
    old_number: str
    melding_id: int
    phone: str
    email: str
    name: str
    street: str

    @property
    def scope(self) -> list[int]:
        """The one gemeente of who asks."""
        return [self.gemeente_id]

    @property
    def of_team(self) -> worklists.Sees:
        """A team at work."""
        return worklists.Sees(team_ids=frozenset({self.team_id}))

    @property
    def of_all(self) -> worklists.Sees:
        """A coordinator or the KCC."""
        return worklists.Sees(whole=frozenset({self.gemeente_id}))


@dataclass(frozen=True)
class Question:
    """One read. most_ms: the target of one, at the 95th percentile for search; least_per_s: of so many in a second."""

    name: str
    ask: Callable[[Session, Town], object]
    most_ms: float = 0.0
    least_per_s: float = 0.0
    clock: bool = False


def find_town(session: Session, now: datetime) -> Town:
    """What there is to ask about in this database. now: business time."""
    work = sa.select(Opdracht).where(Opdracht.status.in_(OPEN)).order_by(Opdracht.id.desc())
    busiest = sa.select(Opdracht.gemeente_id, sa.func.count()).where(Opdracht.status.in_(OPEN))
    home = session.execute(busiest.group_by(Opdracht.gemeente_id).order_by(sa.desc(sa.func.count())).limit(1)).one()[0]
    teams = sa.select(Opdracht.team_id, sa.func.count()).where(Opdracht.status.in_(OPEN), Opdracht.gemeente_id == home)
    team = session.execute(teams.group_by(Opdracht.team_id).order_by(sa.desc(sa.func.count())).limit(1)).one()[0]
    spot = session.scalars(work.where(Opdracht.gemeente_id == home, Opdracht.team_id == team).limit(1)).one()
    lon, lat = session.execute(
        sa.select(sa.func.ST_X(Opdracht.location), sa.func.ST_Y(Opdracht.location)).where(Opdracht.id == spot.id)
    ).one()
    known = (
        sa.select(Melding, Contact)
        .join(Contact, Contact.melding_id == Melding.id)
        .where(Contact.gemeente_id == home, Contact.email != "", Contact.phone != "", Contact.name != "")
    )
    newest, caller = session.execute(known.order_by(Contact.melding_id.desc()).limit(1)).one()
    oldest = session.scalars(sa.select(Melding).where(Melding.gemeente_id == home).order_by(Melding.id).limit(1)).one()
    everywhere = tuple(session.scalars(sa.text("SELECT id FROM gemeente WHERE served ORDER BY id")))
    return Town(
        now, home, everywhere, team, lon, lat, newest.number, oldest.number, newest.id, caller.phone, caller.email,
        caller.name, spot.address.rsplit(" ", 2)[0].split(",")[0],
    )  # fmt: skip


def _of_team(session: Session, town: Town, **wanted: object) -> object:
    asked = WorkFilter(team_ids=(town.team_id,), **wanted)  # type: ignore[arg-type]
    return worklines.list_shown(session, asked, town.of_team, scope=town.scope, limit=PAGE)


def _of_door(session: Session, town: Town) -> object:
    """The first page of `GET /api/v1/opdrachten` for somebody of a team, with the row that tells of a next page."""
    return worklines.list_lines(session, WorkFilter(), town.of_team, scope=town.scope, limit=PAGE + 1)


def _of_gemeente(session: Session, town: Town, **wanted: object) -> object:
    asked = WorkFilter(**wanted)  # type: ignore[arg-type]
    return worklines.list_shown(session, asked, town.of_all, scope=town.scope, limit=PAGE)


def _count_team(session: Session, town: Town) -> int:
    return worklines.count_opdrachten(session, WorkFilter(team_ids=(town.team_id,)), town.of_team, scope=town.scope)


def _find(text: Callable[[Town], str]) -> Callable[[Session, Town], object]:
    return lambda session, town: search.find_meldingen(session, text(town), scope=town.scope, limit=PAGE)


def _slip(town: Town) -> str:
    return town.number[:-1] + str((int(town.number[-1]) + 1) % 10)


def _mistyped(word: str) -> str:
    """The third and fourth letter changed places, as fingers do it."""
    return word[:2] + word[3] + word[2] + word[4:]


def _public(session: Session, town: Town) -> object:
    around = public_map.Around(lon=town.lon, lat=town.lat, radius_m=BOX_M)
    since = town.now - timedelta(days=30)
    return public_map.public_work(session, around, closed_since=since, scope=town.scope, limit=300)


def _clusters(session: Session, town: Town) -> object:
    since = town.now - timedelta(days=2)
    return clusters.clusters(session, town.of_all, since=since, metres=100, scope=town.scope)


def _follow(session: Session, town: Town) -> object:
    found = melding.followed_melding(session, town.melding_id)
    assert found is not None
    return dossier_of(session, found)


def _month(town: Town, back: int) -> date:
    months = town.now.year * 12 + town.now.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _report(months: int) -> Callable[[Session, Town], object]:
    return lambda session, town: make_report(session, town.gemeente_id, Term(_month(town, months), _month(town, 1)))


def _heard(session: Session, town: Town) -> object:
    return list_heard(session, _month(town, 1), "later", now=town.now, scope=town.scope, limit=100)


def _sweep(sweep: retention.Sweep) -> Callable[[Session, Town], object]:
    def due(session: Session, town: Town) -> object:
        days = terms.by_category(session, town.gemeente_id)
        rows = sweep.due(days, town.now, town.scope).subquery()
        found = sa.select(rows.c.id).where(rows.c.id > 0).order_by(rows.c.id).limit(retention.BATCH)
        return session.scalars(found).all()

    return due


def _lease(session: Session, town: Town) -> object:
    lines = [(topic, urgent) for topic in Topic for urgent in (True, False)]
    return leases.lease(session, lines, terms={topic: one.terms for topic, one in POLICIES.items()}, now=town.now)


QUESTIONS = (
    Question("lijst van een team", _of_team, least_per_s=400),
    Question("idem, zoals de API hem vraagt", _of_door, least_per_s=400),
    Question("idem, per soort", lambda s, t: _of_team(s, t, category_slug="afval"), least_per_s=400),
    Question("idem, te laat", lambda s, t: _of_team(s, t, late_at=t.now), least_per_s=400),
    Question("idem, op volgorde van ontvangst", lambda s, t: _of_team(s, t, order="ontvangst")),
    Question("idem, op prioriteit", lambda s, t: _of_team(s, t, order="prioriteit")),
    Question("aantal van een team", _count_team, least_per_s=400),
    Question("lijst van een gemeente", _of_gemeente, least_per_s=400),
    Question("idem, afgehandeld", lambda s, t: _of_gemeente(s, t, statuses=("gereed",), order="afgehandeld")),
    Question("aantallen van de coördinator", lambda s, t: worklines.count_lists(s, t.of_all, scope=t.scope, now=t.now)),
    Question("zonder eigenaar", lambda s, t: worklists.unrouted_meldingen(s, before=t.now, scope=t.scope)),
    Question(
        "open binnen 50 m", lambda s, t: worklists.open_nearby(s, t.lon, t.lat, radius_m=50, scope=t.scope), most_ms=5
    ),
    Question("openbaar, 1 km²", _public, least_per_s=500),
    Question("groepen op het scherm", _clusters, most_ms=40),
    Question(
        "openbaar, per buurt",
        lambda s, t: public_map.count_per_buurt(s, closed_since=t.now - timedelta(days=30), scope=t.scope),
    ),
    Question("zoek: nummer", _find(lambda t: t.number), most_ms=50),
    Question("zoek: eind van een nummer", _find(lambda t: t.number[-5:]), most_ms=50),
    Question("zoek: nummer met een fout", _find(_slip), most_ms=50),
    Question("zoek: telefoon", _find(lambda t: t.phone), most_ms=50),
    Question("zoek: deel van een telefoon", _find(lambda t: t.phone[-7:]), most_ms=50),
    Question("zoek: e-mail", _find(lambda t: t.email), most_ms=50),
    Question("zoek: naam", _find(lambda t: t.name), most_ms=50),
    Question("zoek: straat", _find(lambda t: t.street), most_ms=50),
    Question("zoek: straat met een tikfout", _find(lambda t: _mistyped(t.street)), most_ms=50),
    Question("zoek: gewoon woord", _find(lambda _: "speeltuin"), most_ms=50),
    Question("zoek: drie woorden", _find(lambda _: "ratten bij de brug"), most_ms=50),
    Question("zoek: zeldzaam woord", _find(lambda _: "krokodil"), most_ms=50),
    Question("zoek: woord met een tikfout", _find(lambda _: "speletuin"), most_ms=50),
    Question(
        "eerdere meldingen van een beller", lambda s, t: search.meldingen_of_caller(s, phone=t.phone, scope=t.scope),
        most_ms=50,
    ),
    Question("volgpagina", _follow, least_per_s=500),
    Question("terugbelnotities", lambda s, t: callback.open_with_melding(s, scope=t.scope)),
    Question("terugkoppeling, lijst", _heard),
    Question("cijfers, een maand", _report(1)),
    Question("cijfers, een jaar", _report(12)),
    Question("klok: lopende termijnen", lambda s, t: running.running_out(
        s, now=t.now, before=(t.now + timedelta(days=14)).date(), scope=t.scope), clock=True),
    Question("klok: spoed", lambda s, t: running.to_mind_for_spoed(s, scope=t.everywhere), clock=True),
    Question("klok: ontbrekende foto's", lambda s, t: photo.missing_before(
        s, t.now - timedelta(hours=1), scope=t.everywhere), clock=True),
    Question("klok: outbox opruimen", lambda s, t: service.delete_done_entries(
        s, t.now - timedelta(days=7)), clock=True),
    Question("outbox: volgende werk", _lease, clock=True),
    *(Question(f"bewaartermijn: {sweep.term.value}", _sweep(sweep), clock=True) for sweep in retention.SWEEPS),
)  # fmt: skip
