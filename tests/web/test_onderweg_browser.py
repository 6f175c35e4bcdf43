"""The tablet's engine in a real browser when things go wrong: killed while sending, no room, no session, a colleague on
the same tablet, two tablets at once, a clock that is off, a day that is over. What one sees: test_onderweg_scherm.py.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from meldingen.db import business_now
from meldingen.flow import feedback
from meldingen.store.account import Account, StaffSession
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event, Note
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from tests import factories, photos

from .browsing import TABLET, served, visitors
from .conftest import World
from .onderweg import APP, back_in_coverage, goes_to, new_work, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

ENQUEUE = "([id, actie, velden, versie]) => tablet.queue.enqueue({ opdracht: id, actie, velden, versie: versie ?? 1 })"
WITH_PHOTO = """async ([id, bytes]) => {
  const photo = await tablet.photoOf(new Blob([new Uint8Array(bytes)], { type: "image/jpeg" }));
  return tablet.queue.enqueue({ opdracht: id, actie: "afhandelingen", versie: 1, fotos: [photo],
    velden: { uitkomst: "opgelost", zin: "De tegel ligt weer vast." } }).then(() => "kept", (error) => error.name);
}"""
ON_DISK = """() => new Promise((tell) => { const asked = indexedDB.open("meldingen-onderweg"); asked.onsuccess = () => {
  const base = asked.result; const count = {}; const names = [...base.objectStoreNames];
  const told = base.transaction(names); for (const one of names)
    told.objectStore(one).getAll().onsuccess = (event) => { count[one] = event.target.result; };
  const plain = (key, value) => (["data", "iv", "keys"].includes(key) ? "x" : value);
  told.oncomplete = () => { base.close();
    tell(Object.fromEntries(names.map((one) => [one, count[one].map((row) => JSON.stringify(row, plain))])));
  }; }; })"""


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture
def come(chromium: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    with visitors(chromium, address) as arrive:
        yield lambda **more: arrive(viewport=TABLET, **more)


def does(page: Page, of: Opdracht, action: str, velden: dict[str, Any] | None = None) -> None:
    """One step, as a screen would ask for it."""
    page.evaluate(ENQUEUE, [of.id, action, velden or {}, None])


def items(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("tablet.items()")
    return found


def count(world: World, kind: str, of: Opdracht) -> int:
    """How often this happened to it."""
    with world.session() as session:
        return len(session.scalars(sa.select(Event).where(Event.kind == kind, Event.opdracht_id == of.id)).all())


def test_killed_while_sending_it_is_done_once(world: World, come: Callable[..., BrowserContext]) -> None:
    """The answer of a closing is lost with the app; its photo is cut off and comes whole. Two tabs, one sender."""
    _, work = new_work(world, "Losse tegel, de app gaat dood")
    context = come()
    seen: list[str] = []

    def lose(route: Route) -> None:
        seen.append(route.request.headers["idempotency-key"])
        if len(seen) == 1:
            route.fetch()  # it arrives, and nobody hears
            page.close()
        else:
            route.continue_()

    cut = [True]

    def cut_off(route: Route) -> None:
        route.abort() if cut.pop() else route.continue_()
        cut.append(False)

    context.route("**/afhandelingen", lose)
    context.route(f"**/opdrachten/{work.id}/fotos", cut_off)
    page = context.new_page()
    sign_in(page)
    picture = list(photos.photo())
    with page.expect_event("close"):
        page.evaluate("(given) => void (" + WITH_PHOTO + ")(given)", [work.id, picture])
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto(APP)
    until(first, "tablet.sync(true).then(() => tablet.waiting()).then((left) => left === 0)")
    assert len(seen) == 2 and seen[0] == seen[1]
    assert count(world, "afgehandeld", work) == count(world, "foto_ontvangen", work) == 1
    assert not [one for one in items(first) if one["staat"] == "geweigerd"]


def test_no_room_is_told_and_nothing_is_half_kept(
    world: World, address: str, come: Callable[..., BrowserContext]
) -> None:
    """There is room for the day, not for a photo of 40 MB: the step is refused in words, and what was here stays."""
    _, work = new_work(world, "Losse tegel, geen plaats")
    context = come()
    page = context.new_page()
    room = {"origin": address, "quotaSize": 20_000_000}
    context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", room)
    sign_in(page)
    context.set_offline(True)
    does(page, work, "notities", {"tekst": "Dit stond er al."})
    before = page.evaluate(ON_DISK)
    assert page.evaluate(WITH_PHOTO, [work.id, 40_000_000]) == "Full"
    after = page.evaluate(ON_DISK)
    assert (after["stap"], after["foto"]) == (before["stap"], before["foto"]) and len(after["stap"]) == 1
    assert page.evaluate("tablet.day().then((day) => day.opdrachten.length > 0)")


def test_a_session_that_ends_in_the_field_asks_to_sign_in(world: World, come: Callable[..., BrowserContext]) -> None:
    """Expired: the day stays and the step waits. Withdrawn: the day goes at once; the step stays, unreadable, until its
    own account signs in again; a colleague on the same tablet sees nothing of it but that it is there."""
    _, work = new_work(world, "Losse tegel, sessie voorbij")
    page = come().new_page()
    sign_in(page)
    with world.session() as session, session.begin():
        session.execute(sa.update(StaffSession).values(expires_at=business_now(session) - timedelta(seconds=1)))
    does(page, work, "notities", {"tekst": "Het is de tweede tegel."})
    until(page, "tablet.state().signIn && !tablet.state().syncing")
    assert page.evaluate("tablet.state().expired") and page.evaluate("tablet.day().then((day) => day !== null)")
    with world.session() as session, session.begin():
        session.execute(sa.delete(StaffSession))
    page.evaluate("tablet.sync(true)")
    until(page, "!tablet.state().expired && tablet.state().signIn")
    kept = page.evaluate(ON_DISK)
    assert (
        len(kept["stap"]) == 1
        and kept["beeld"] == []
        and not any('"dag"' in row or '"sleutel"' in row for row in kept["vast"])
    )
    assert "tweede tegel" not in str(kept)
    page.goto(f"/inloggen?naar={APP}")
    expect(page.locator("[data-tablet]")).to_contain_text("1 stap van team wacht nog")
    _colleague(world)
    sign_in(page, "collega")
    assert items(page) == []
    page.evaluate("tablet.signOut()")
    sign_in(page)
    until(page, "tablet.waiting().then((left) => left === 0)")
    assert count(world, "notitie", work) == 1


def test_signing_out_leaves_nothing_to_read_also_in_a_dead_spot(
    world: World, come: Callable[..., BrowserContext]
) -> None:
    """Day, key and pictures go at once, the waiting step stays unreadable; our server ends the session when it hears of
    it, and before anything else is shown."""
    _, work = new_work(world, "Losse tegel, einde van de dienst")
    context = come()
    page = context.new_page()
    sign_in(page)
    context.set_offline(True)
    does(page, work, "notities", {"tekst": "Een geheim van de baas."})
    page.evaluate("tablet.signOut()")
    kept = page.evaluate(ON_DISK)
    assert (len(kept["stap"]), kept["beeld"], _days(kept)) == (1, [], []) and "geheim" not in str(kept)
    alive = _sessions(world)
    context.set_offline(False)
    until(page, "tablet.state().signIn && tablet.state().online && !tablet.state().syncing")
    assert _sessions(world) == alive - 1
    sign_in(page)
    until(page, "tablet.waiting().then((left) => left === 0)")
    page.evaluate("tablet.signOut()")
    kept = page.evaluate(ON_DISK)
    assert (kept["stap"], kept["beeld"], _days(kept)) == ([], [], [])
    page.goto("/inloggen")
    expect(page.get_by_label("Gebruikersnaam")).to_be_visible()


def _sessions(world: World) -> int:
    """How many sessions our server honours."""
    with world.session() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(StaffSession)).one()


def _days(kept: dict[str, list[str]]) -> list[str]:
    """What is kept of a day package or a key."""
    return [row for row in kept["vast"] if '"dag"' in row or '"sleutel"' in row]


def _colleague(world: World) -> None:
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, world.gemeente_id)
        factories.medewerker(session, home, "team", team_slug="groen", username="collega")
        session.execute(sa.update(Account).values(password_hash=factories.password_hash()))


def test_two_tablets_and_a_melder_who_withdraws(world: World, come: Callable[..., BrowserContext]) -> None:
    """Both took it up without coverage: both have what they wanted. One closed what was withdrawn meanwhile: refused
    with the reason, his words kept, on the coordinator's list until he decides."""
    _, shared = new_work(world, "Losse tegel, twee tablets")
    melding, gone = new_work(world, "Losse tegel, ingetrokken")
    tablets = [come() for _ in range(2)]
    pages = [tablet.new_page() for tablet in tablets]
    for page, tablet in zip(pages, tablets, strict=True):
        sign_in(page)
        tablet.set_offline(True)
        does(page, shared, "inbehandelingnames")
    does(pages[0], gone, "afhandelingen", {"uitkomst": "opgelost", "zin": "De tegel ligt vast."})
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, world.gemeente_id)
        kcc = factories.medewerker(session, home, "kcc", username="desk")
        mine = session.get_one(Melding, melding.id)
        feedback.withdraw_melding(session, mine, reason="", actor=kcc, now=business_now(session))
    for page, tablet in zip(pages, tablets, strict=True):
        back_in_coverage(page, tablet)
    assert [one["staat"] for one in items(pages[1])] == ["intussen_gewijzigd"]
    (refused,) = [one for one in items(pages[0]) if one["staat"] == "geweigerd"]
    assert "vervallen" in refused["reden"]
    with world.session() as session:
        assert session.scalar(sa.select(Note.text).where(Note.kind == "weigering")) == "De tegel ligt vast."
        assert session.scalar(sa.select(Task.status).where(Task.kind == "tablet_conflict")) == "open"
    pages[0].evaluate("(id) => tablet.queue.decide(id, 'laten')", refused["id"])
    until(pages[0], "tablet.waiting().then((left) => left === 0)")
    with world.session() as session:
        assert session.scalar(sa.select(Task.status).where(Task.kind == "tablet_conflict")) == "klaar"


def test_a_clock_two_hours_off_and_a_day_that_is_over(world: World, come: Callable[..., BrowserContext]) -> None:
    """Work done without coverage counts at the moment it was done; after a day and at signing out nothing is left."""
    _, work = new_work(world, "Losse tegel, klok loopt voor")
    context = come()
    off = "const real = Date.now.bind(Date); Date.now = () => real() + (globalThis.ahead ?? 7_200_000);"
    context.add_init_script(off)
    page = context.new_page()
    sign_in(page)
    context.set_offline(True)
    with world.session() as session:
        before = business_now(session)
    does(page, work, "inbehandelingnames")
    with world.session() as session:
        after = business_now(session)
    back_in_coverage(page, context)
    with world.session() as session:
        taken = session.get_one(Opdracht, work.id).taken_up_at
        assert taken is not None and before - timedelta(seconds=2) <= taken <= after + timedelta(seconds=2)
    context.set_offline(True)
    does(page, work, "notities", {"tekst": "Morgen verder."})
    page.evaluate("globalThis.ahead = 26 * 3600 * 1000")
    assert page.evaluate("tablet.day()") is None
    kept = page.evaluate(ON_DISK)
    assert kept["stap"] and _days(kept) == []


def test_the_map_around_the_work_opens_in_a_dead_spot(world: World, come: Callable[..., BrowserContext]) -> None:
    """The streets around each opdracht came with the day; what is kept is not asked for again."""
    _, work = new_work(world, "Losse tegel, kaart mee")
    context = come()
    asked: list[str] = []

    def with_tiles(route: Route) -> None:
        answer = route.fetch()
        if answer.status != 200:
            return route.fulfill(response=answer)
        day = answer.json()
        day["kaart"]["tegels"] = "/tegels/{z}/{x}/{y}.jpg"
        return route.fulfill(response=answer, json=day)

    def tile(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=photos.photo(), content_type="image/jpeg")

    context.route("**/team/onderweg/dag", with_tiles)
    context.route("**/tegels/**", tile)
    page = context.new_page()
    sign_in(page)
    assert len(asked) == len(set(asked)) >= 18 and {one.split("/")[-3] for one in asked} == {"16", "17"}
    context.set_offline(True)
    asked.clear()
    goes_to(page, f"/opdracht/{work.id}")
    expect(page.locator("img.leaflet-tile").first).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator("img.leaflet-tile-loaded").first).to_be_visible()
    assert not [one for one in asked if "/16/" in one or "/17/" in one]
