"""A tablet for tests of /team/onderweg: a browser that signed in, with or without a line, and days of any size."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from meldingen.db import business_now
from meldingen.domain.actor import Actor
from meldingen.flow import closure
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from tests import factories

from .conftest import World

APP = "/team/onderweg"
HERE = {"latitude": 52.66, "longitude": 4.7, "accuracy": 8}
SMALL = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((one) => one.type !== 'hidden' && one.checkVisibility())
  .filter((one) => !one.closest('.leaflet-control-attribution, p, .utrecht-skip-link'))
  .map((one) => [one, (one.closest('label') ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.height > 1 && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.outerHTML.slice(0, 120)}: ${box.width} x ${box.height}`)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHELL_KEPT = """caches.keys().then((all) => all.find((one) => one.startsWith("onderweg-schil-")))
  .then((name) => name && caches.open(name)).then((store) => store?.match("/schil-gevuld"))"""


def new_work(world: World, text: str, **facts: Any) -> tuple[Melding, Opdracht]:
    """A melding of somebody who can be reached, and the opdracht that the serviceteam has of it."""
    with world.session() as session, session.begin():
        given = {"contact": {"email": "anna@example.nl"}, **facts}
        made = factories.melding(session, now=business_now(session), description=text, **given)
        return made, factories.opdracht_of(session, made)


def sign_in(page: Page, username: str = "team") -> None:
    """Signs in by the form; a team begins on the road. Waits until its day and its empty page are kept."""
    page.goto("/inloggen")
    page.get_by_label("Gebruikersnaam").fill(username)
    page.get_by_label("Wachtwoord").fill(factories.PASSWORD)
    page.get_by_role("button", name="Inloggen").click()
    page.wait_for_url(f"**{APP}")
    until(page, "globalThis.tablet?.state().syncedAt && !tablet.state().syncing")
    until(page, SHELL_KEPT)


def until(page: Page, true: str) -> None:
    """Waits until this expression holds; our policy forbids Playwright's own way (eval). Fails after a minute."""
    page.evaluate(f"""async () => {{ const end = performance.now() + 60_000; while (!(await ({true}))) {{
      if (performance.now() > end) throw new Error("it never held");
      await new Promise((go) => setTimeout(go, 25)); }} }}""")


def goes_to(page: Page, screen: str) -> None:
    """Opens a screen by its address."""
    page.evaluate("(to) => { location.hash = to }", f"#{screen}")


def back_in_coverage(page: Page, context: BrowserContext) -> None:
    """The line is whole again, and everything that waited was judged."""
    context.set_offline(False)
    until(page, "tablet.waiting().then((left) => left === 0 && tablet.state().online && !tablet.state().syncing)")


def closed_by_colleague(world: World, opdracht_id: int, actor: Actor) -> None:
    """Somebody else closes it meanwhile."""
    with world.session() as session, session.begin():
        work = session.get_one(Opdracht, opdracht_id)
        now = business_now(session)
        said = NewClosure("opgelost", "Het gat is dicht.", "", "")
        closure.close_opdracht(session, work.id, said, basis=Basis(version=work.version), actor=actor, now=now)


def day_of(many: int) -> dict[str, Any]:
    """A day package of so many opdrachten, in the shape of web/dagpakket.py, with words and a history as real ones."""
    now = datetime.now(UTC)
    works = [_work(number, now) for number in range(1, many + 1)]
    kinds = [("straat", "Straat", "", ""), ("losse-tegel", "Losse tegel", "straat", "een losse tegel")]
    return {
        "gemaakt": now.isoformat(),
        "tot": (now + timedelta(hours=24)).isoformat(),
        "account": {"id": 1, "naam": "team"},
        "teams": [{"id": 1, "slug": "serviceteam", "naam": "Serviceteam", "gemeente": "duinstede"}],
        "opdrachten": works,
        "gedaanVandaag": 0,
        "zinnen": {"losse-tegel": ["De tegel ligt weer recht."]},
        "redenen": [],
        "uitstelredenen": [],
        "overdrachtTeams": [],
        "soorten": [{"slug": s, "naam": n, "hoofd": h, "gemeente": "duinstede", "zegt": z} for s, n, h, z in kinds],
        "ongedaanS": 60,
        "kaart": {"tegels": "", "gebieden": []},
    }


def _work(number: int, now: datetime) -> dict[str, Any]:
    due = now + timedelta(days=number % 12 - 3)
    text = f"Er ligt een tegel los bij nummer {number}. Mijn moeder viel er bijna over, graag snel iets aan doen."
    received = (now - timedelta(days=number % 9)).isoformat()
    return {
        "id": number, "versie": 1, "status": "nieuw", "statusWoorden": "nieuw", "soort": "Losse tegel",
        "soortSlug": "losse-tegel", "gemeente": "duinstede", "teamId": 1, "lon": 4.65 + number % 50 * 0.002,
        "lat": 52.62 + number // 50 * 0.001, "adres": f"Dorpsstraat {number}", "toelichting": "", "gebied": "Noord",
        "uiterlijk": due.isoformat(), "gepland": None, "spoed": number % 500 == 0, "gevaarVermoed": False,
        "nieuwAntwoord": False, "opgepaktOp": None, "melders": 1 + number % 3, "tekst": text, "fotos": [],
        "stappen": ["inbehandelingnames", "planningen", "afhandelingen", "notities", "fotos"], "verplaatst": 0,
        "meldingen": [{"nummer": f"{2600000000 + number}", "tekst": text, "ontvangenOp": received, "antwoorden": [],
                       "bereikbaar": True}],
        "geschiedenis": [{"op": received, "woorden": "Toegewezen aan Serviceteam.", "wie": "systeem", "tekst": ""}],
        "termijnStilSinds": None,
    }  # fmt: skip


def shows(page: Page, heading: str) -> None:
    """The screen with this heading stands there."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
