"""A street of Duinstede for residents with a real browser: the app behind a line that can fail, PostGIS, storage, and
the promises of the outbox kept by the real handlers, here and now. Not for machines that fall over: town.py.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters import Adapters, build
from meldingen.adapters.geocoder import FixedGeocoder
from meldingen.adapters.postvak import Kept
from meldingen.app import App, create_app
from meldingen.domain.actor import COORDINATOR, SYSTEM
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.objects import import_objects
from meldingen.flow.status import Basis
from meldingen.settings import Settings
from meldingen.store import leases
from meldingen.store.gemeente import gemeente_by_id
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import Photo
from tests import factories
from tests.web.line import Line
from workers.context import Context
from workers.jobs import HANDLERS, Workplace, work_lot
from workers.policy import POLICIES

TERMS = {topic: policy.terms for topic, policy in POLICIES.items()}
LINES = [(topic, urgent) for topic in Topic for urgent in (True, False)]
LAMP_POST = "lichtmast:P-100"
BREELAAN = "Breelaan 12, 1861GE Duinstede"
OBJECTS = b"soort,code,naam,categorie,lon,lat\nlichtmast,P-100,,losse-tegel,4.7101,52.665\n"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass
class Street:
    """Duinstede with a lamp post, an address that can be found, and a line to it."""

    settings: Settings
    engine: sa.Engine
    adapters: Adapters
    app: App
    line: Line
    gemeente_id: int

    def session(self) -> Session:
        """A session that commits when used with `with street.session() as s, s.begin():`."""
        return Session(self.engine, expire_on_commit=False)

    def works(self) -> None:
        """Everything due is done, by the handlers of the workers; what fails there fails the story."""
        context = Context(self.settings, self.engine, self.adapters)
        place = Workplace(context, HANDLERS, POLICIES, lambda: False)
        while lot := self._lease():
            work_lot(place, lot.topic, lot.lease, lot.ids)
        with self.session() as session:
            wrong = session.scalars(sa.select(OutboxEntry.reason).where(OutboxEntry.reason != "")).all()
        assert not wrong

    def _lease(self) -> leases.Lot | None:
        with db.transaction(self.engine) as session:
            return leases.lease(session, LINES, terms=TERMS, now=db.business_now(session))

    def neighbour_reports(self, lon: float, lat: float) -> Melding:
        """Somebody reported a loose tile there a moment ago."""
        with self.session() as session, session.begin():
            return factories.melding(session, now=db.business_now(session), at=(lon, lat))

    def team_closes(self, melding: Melding, sentence: str) -> None:
        """Solved, with a sentence for the melder; each time by somebody else. What was promised then is done."""
        with self.session() as session, session.begin():
            work = factories.opdracht_of(session, melding)
            home = gemeente_by_id(session, self.gemeente_id)
            who = factories.medewerker(session, home, COORDINATOR, username=f"coordinator-{work.id}")
            closure = NewClosure(outcome="opgelost", reason="", sentence=sentence, partner="")
            now = db.business_now(session)
            close_opdracht(session, work.id, closure, basis=Basis(version=work.version), actor=who, now=now)
        self.works()

    def meldingen(self, text: str) -> list[Melding]:
        """The meldingen with these words."""
        with self.session() as session:
            return list(session.scalars(sa.select(Melding).where(Melding.description == text)))

    def photos(self, melding: Melding) -> list[Photo]:
        """Its photos, the first one first."""
        with self.session() as session:
            rows = sa.select(Photo).where(Photo.melding_id == melding.id).order_by(Photo.id)
            return list(session.scalars(rows))

    def photos_of_work(self, opdracht_id: int) -> list[Photo]:
        """The photos of those who did the work."""
        with self.session() as session:
            rows = sa.select(Photo).where(Photo.opdracht_id == opdracht_id).order_by(Photo.id)
            return list(session.scalars(rows))

    def letters(self, address: str) -> list[Kept]:
        """What was sent to an address, oldest first."""
        postvak = self.adapters.postvak
        assert postvak is not None
        return [kept for kept in reversed(postvak.list()) if kept.to == address]


def build_street(url: sa.URL, folder: Path) -> Street:
    """The street on an empty database of its own."""
    settings = Settings.from_env(
        {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": "geheim-voor-de-verhalen-van-inwoners-0123456789",
            "LOKALE_MODUS": "1",
            "PUBLIC_URL": "http://duinstede.example",
            "FOTO_MAP": str(folder / "fotos"),
            "POSTVAK_MAP": str(folder / "postvak"),
            "LIMIET_PUBLIEK": "10000 per minute",
            "LIMIET_MELDER": "10000 per minute",
            "LOG_NIVEAU": "ERROR",
        }
    )
    geocoder = FixedGeocoder({(4.7, 52.66): BREELAAN})
    adapters = replace(build(settings), wake=lambda: None, geocoder=geocoder)
    app = create_app(settings, adapters)
    app.jinja_env.bytecode_cache = factories.Compiled()
    engine = db.make_engine(settings.database_url, pool_size=4)
    with Session(engine) as session, session.begin():
        home = factories.gemeente(session)
        import_objects(session, home, OBJECTS, actor=SYSTEM, now=db.business_now(session))
        home_id = home.id
    return Street(settings, engine, adapters, app, Line(app.wsgi_app), home_id)


@dataclass
class Resident:
    """Somebody with a browser of his own, who reads the page and does what it says. scripts: whether it runs them."""

    page: Page
    scripts: bool = True

    def opens(self, address: str, heading: str) -> None:
        """Types or scans an address."""
        self.page.goto(address)
        self.is_at(heading)

    def is_at(self, heading: str) -> None:
        """The page with this heading is there and ready to be used, and nothing of it falls off the screen."""
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        if self.scripts and self.page.locator("form[data-melden]").count():
            self.page.locator("form[data-klaar]").wait_for()
        assert not self.page.evaluate(TOO_WIDE), heading

    def sees(self, words: str) -> None:
        """The page says this, now or in a moment."""
        expect(self.page.get_by_text(words).first).to_be_visible()

    def fills(self, label: str, words: str) -> None:
        """Types in a field."""
        self.page.get_by_label(label).fill(words)

    def adds_photo(self, file: Path) -> None:
        """Chooses a photo."""
        self.page.locator("input[type=file][name=foto]").set_input_files(file)

    def presses(self, button: str) -> None:
        """A button by its words."""
        self.page.get_by_role("button", name=button).click()

    def goes_on(self, heading: str) -> None:
        """To the next step, which asks this."""
        self.presses("Verder")
        self.is_at(heading)

    def sends(self) -> None:
        """The last button, and then the number."""
        self.presses("Melding versturen")
        self.is_at("Meldingnummer")
