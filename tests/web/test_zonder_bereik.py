"""The form without coverage, in a real browser on a line that can be cut: nothing is lost, nothing is doubled."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from meldingen.domain.numbers import show_number
from meldingen.store.contact import Contact
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from meldingen.web import webapp
from meldingen.web.static_files import release
from tests.photos import photo

from .browsing import PHONE, assert_accessible, served, visitors
from .conftest import World
from .line import Line

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

CONTROLLED = """() => new Promise((done) => {
  const workers = navigator.serviceWorker;
  if (workers.controller) done();
  else workers.addEventListener("controllerchange", done);
})"""


@pytest.fixture(scope="module")
def line(world: World) -> Line:
    return Line(world.app.wsgi_app)


@pytest.fixture
def device(chromium: Browser, line: Line) -> Iterator[BrowserContext]:
    """A phone that has opened the form once, so that it is kept; the line is whole."""
    line.cut, line.lose = False, {}
    line.lost.clear()
    with served(line) as address, visitors(chromium, address) as come:  # type: ignore[arg-type]
        context = come()
        page = context.new_page()
        page.goto("/mijn-meldingen")
        page.evaluate(CONTROLLED)
        page.close()
        line.asked.clear()
        yield context
        line.cut = False


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "stoep.jpg"
    path.write_bytes(photo())
    return path


def ready(page: Page) -> None:
    """The script of the step holds the form."""
    page.locator("form[data-klaar]").wait_for()


def fill_in(page: Page, text: str, picture: Path | None = None, email: str = "") -> None:
    """From the first step to the last, with or without coverage."""
    ready(page)
    page.get_by_text("Of kies een buurt").click()
    page.get_by_label("In welke buurt is het?").select_option(index=1)
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("Vertel wat").wait_for()
    ready(page)
    page.get_by_label("Vertel wat").fill(text)
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Heeft u een foto?").wait_for()
    ready(page)
    if picture is not None:
        page.locator("input[type=file]").set_input_files(picture)
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("E-mailadres").wait_for()
    ready(page)
    page.get_by_label("E-mailadres").fill(email)
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    ready(page)


def has_coverage_again(page: Page) -> None:
    """Tells "Mijn meldingen" so, once its script listens."""
    page.locator("[data-nieuws][data-klaar]").wait_for(state="attached")
    page.evaluate("dispatchEvent(new Event('online'))")


def sent(world: World, text: str) -> list[Melding]:
    """The meldingen with these words."""
    with world.session() as session:
        return list(session.scalars(sa.select(Melding).where(Melding.description == text)))


def test_a_whole_melding_waits_for_coverage(world: World, device: BrowserContext, line: Line, picture: Path) -> None:
    page = device.new_page()
    page.goto("/melden")
    line.cut = True
    fill_in(page, "Zonder bereik", picture)
    expect(page.locator("[data-samenvatting]")).to_contain_text("Zonder bereik")
    expect(page.locator("[data-samenvatting]")).to_contain_text("stoep.jpg")
    assert_accessible(page, "controleren zonder bereik")
    page.get_by_role("button", name="Melding versturen").click()
    expect(page.get_by_text("Wacht op verbinding.")).to_be_visible()
    assert_accessible(page, "mijn meldingen zonder bereik")
    page.close()
    later = device.new_page()
    later.goto("/mijn-meldingen")
    expect(later.get_by_text("Wacht op verbinding.")).to_be_visible()
    assert sent(world, "Zonder bereik") == []
    line.cut = False
    has_coverage_again(later)
    expect(later.get_by_text("Nog niet verstuurd")).to_be_hidden()
    (melding,) = sent(world, "Zonder bereik")
    expect(later.locator(".mine__item")).to_contain_text(melding.number[2:6])
    with world.session() as session:
        assert len(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).all()) == 1
    device.clear_cookies()  # as a browser that was closed: the device still knows it, and asks how it stands
    later.reload()
    expect(later.get_by_text("Ontvangen")).to_be_visible()
    later.get_by_role("link", name=show_number(melding.number)).click()
    expect(later.get_by_text("Zonder bereik")).to_be_visible()


def leave_room(page: Page, byte_count: int) -> None:
    """The device has this much room left for our pages; what is more, the browser itself refuses."""
    used = page.evaluate("navigator.storage.estimate().then(({ usage }) => usage)")
    quota = {"origin": page.evaluate("location.origin"), "quotaSize": max(1, used + byte_count)}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)


def test_a_full_device_says_so_and_what_it_cannot_keep_goes_with_coverage(
    world: World, device: BrowserContext, line: Line, tmp_path: Path
) -> None:
    large = tmp_path / "groot.jpg"
    large.write_bytes(photo(picture=Image.frombytes("RGB", (400, 400), random.Random(7).randbytes(480_000))))
    page = device.new_page()
    page.goto("/mijn-meldingen")
    leave_room(page, 50_000)  # before the first word is kept: the browser remembers for a while how much room it had
    page.goto("/melden?lon=4.7&lat=52.66&omschrijving=Vol")
    for heading in ("Wat ziet u?", "Heeft u een foto?"):
        ready(page)
        page.get_by_role("button", name="Verder").click()
        page.get_by_role("heading", name=heading).wait_for()
    page.locator("[data-fotos][data-klaar]").wait_for()
    line.cut = True
    page.locator("input[type=file]").set_input_files(large)
    expect(page.get_by_role("status").filter(has_text="Foto groot.jpg is niet bewaard")).to_be_visible()
    page.get_by_role("button", name="Verder").click()
    expect(page.get_by_role("heading", name="Niet bewaard en niet verstuurd")).to_be_visible()
    assert_accessible(page, "foto op een vol apparaat, zonder bereik")
    assert page.locator("input[type=file]").evaluate("(field) => field.files.length") == 1, "it is still in the page"
    line.cut = False
    leave_room(page, -1_000_000_000)  # now not even a word fits
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("E-mailadres").wait_for()
    ready(page)
    page.get_by_label("E-mailadres").fill("jan@example.nl")
    expect(page.get_by_text("Uw apparaat heeft geen ruimte om dit te bewaren.")).to_be_visible()
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    ready(page)
    line.cut = True
    page.get_by_role("button", name="Melding versturen").click()
    expect(page.get_by_role("heading", name="Niet bewaard en niet verstuurd")).to_be_visible()
    line.cut = False
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    (melding,) = sent(world, "Vol")
    with world.session() as session:
        assert len(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).all()) == 1
        contact = session.scalars(sa.select(Contact).where(Contact.melding_id == melding.id)).one()
        assert contact.email == "jan@example.nl"


KEPT_TEXT = """async () => {
  const told = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      if (!request.url.includes("/static/")) told.push(await (await caches.match(request)).text());
  return told.join();
}"""


def test_a_lost_answer_and_two_tabs_make_one_melding(world: World, device: BrowserContext, line: Line) -> None:
    page = device.new_page()
    page.goto("/melden")
    fill_in(page, "Antwoord kwijt")
    other = device.new_page()
    other.goto("/melden/controleren")
    ready(other)
    line.lose["/melden/versturen"] = 2
    page.get_by_role("button", name="Melding versturen").click()
    other.get_by_role("button", name="Melding versturen").click()
    for one in (page, other):
        one.wait_for_url(re.compile("ontvangen|mijn-meldingen"))
        one.goto("/mijn-meldingen")
        has_coverage_again(one)  # else it waits ten seconds by itself; nobody presses anything
    for one in (page, other):
        expect(one.get_by_role("link", name=re.compile(r"^Melding \d"))).to_be_visible()
        expect(one.get_by_text("Nog niet verstuurd")).to_be_hidden()
    (melding,) = sent(world, "Antwoord kwijt")
    assert line.asked.count("POST /melden/versturen") >= 3, "two answers were lost"
    expect(page.get_by_role("link", name=f"Melding {show_number(melding.number)}")).to_be_visible()
    kept = page.evaluate(KEPT_TEXT)
    assert "Klopt het zo?" in kept and "Antwoord kwijt" not in kept and show_number(melding.number) not in kept


def test_a_change_that_came_too_late_is_told(world: World, device: BrowserContext, line: Line) -> None:
    page = device.new_page()
    page.goto("/melden")
    line.cut = True
    fill_in(page, "Te laat gewijzigd")
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_text("Wacht op verbinding.").wait_for()
    line.cut, line.lose = False, {"/melden/versturen": 99}
    page.get_by_role("button", name="Nu versturen").click()
    assert line.lost.wait(20), "it came to the server, and its answer did not come back"
    line.cut, line.lose = True, {}
    page.get_by_role("button", name="Wijzigen").click()
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    page.goto("/melden/wat")
    ready(page)
    page.get_by_label("Vertel wat").fill("Toch anders")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Heeft u een foto?").wait_for()
    page.goto("/melden/controleren")
    ready(page)
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_text("Wacht op verbinding.").wait_for()
    line.cut = False
    page.get_by_role("button", name="Nu versturen").click()
    expect(page.get_by_text("Deze melding was al verstuurd voordat u haar wijzigde.")).to_be_visible()
    page.get_by_role("link", name="Naar de melding").click()
    expect(page.get_by_text("Te laat gewijzigd")).to_be_visible()
    assert len(sent(world, "Te laat gewijzigd")) == 1 and sent(world, "Toch anders") == []


def test_what_the_server_refuses_is_told_and_mended(world: World, device: BrowserContext, line: Line) -> None:
    page = device.new_page()
    page.goto("/melden")
    line.cut = True
    fill_in(page, "Met fout", email="geen adres")
    page.get_by_role("button", name="Melding versturen").click()
    expect(page.get_by_text("Wacht op verbinding.")).to_be_visible()
    line.cut = False
    page.get_by_role("button", name="Nu versturen").click()
    expect(page.get_by_text("Wij konden uw melding niet aannemen:")).to_be_visible()
    assert_accessible(page, "mijn meldingen met een fout")
    page.get_by_role("button", name="Verwijderen").click()
    page.get_by_role("button", name="Nee, bewaren").click()
    page.get_by_role("button", name="Verbeteren").click()
    ready(page)
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_label("E-mailadres").fill("jan@example.nl")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    ready(page)
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    assert len(sent(world, "Met fout")) == 1


def test_typed_and_shared_things_come_back(world: World, device: BrowserContext, line: Line, picture: Path) -> None:
    page = device.new_page()
    page.goto("/melden")
    ready(page)
    page.get_by_label("Waar precies?").fill("Achter de kerk")
    page.evaluate(KEPT)
    page.goto("/")
    page.close()
    page = device.new_page()
    page.goto("/melden")
    ready(page)
    expect(page.get_by_label("Waar precies?")).to_have_value("Achter de kerk")
    line.cut = True
    page.evaluate(SHARE, picture.read_bytes().hex())
    page.get_by_role("heading", name="Heeft u een foto?").wait_for()
    ready(page)
    page.goto("/mijn-meldingen")
    expect(page.get_by_text("1 foto")).to_be_visible()
    page.goto("/volgen")
    expect(page.get_by_role("heading", name="U heeft nu geen verbinding")).to_be_visible()
    line.cut = False
    page.goto("/mijn-meldingen")
    page.get_by_role("button", name="Verwijderen").click()
    page.get_by_role("button", name="Ja, verwijderen").click()
    expect(page.get_by_text("De melding is van uw apparaat gehaald.")).to_be_visible()


def test_what_was_typed_in_the_last_moment_comes_back(world: World, device: BrowserContext) -> None:
    page = device.new_page()
    page.goto("/melden")
    ready(page)
    page.evaluate(HELD_UP)
    page.get_by_label("Waar precies?").fill("Achter de kerk")
    page.evaluate("async () => { while (!window.asked) await new Promise((go) => setTimeout(go, 25)); }")
    page.goto("/")
    page.close()
    page = device.new_page()
    page.goto("/melden")
    ready(page)
    expect(page.get_by_label("Waar precies?")).to_have_value("Achter de kerk")


HELD_UP = """async () => {
  const database = await new Promise((go) => {
    indexedDB.open("meldingen").onsuccess = ({ target }) => go(target.result);
  });
  const store = database.transaction("concept", "readwrite").objectStore("concept");
  const busy = () => { store.count().onsuccess = busy; };
  busy();
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...asked) {
    window.asked ||= asked[1] === "readwrite";
    return begin.apply(this, asked);
  };
}"""
"""The database of this device lets nobody write as long as this page is there, and tells when somebody wants to."""


KEPT = """async () => {
  const script = document.querySelector("script[src*=stappen]").src;
  const { keyOf, load } = await import(script.replace("stappen", "concept"));
  const key = keyOf(document.querySelector("form[data-melden]"));
  const kept = async () => String((await load(key))?.values.toelichting ?? "");
  while ((await kept()) !== "Achter de kerk") await new Promise((go) => setTimeout(go, 25));
}"""


AHEAD = """async () => {
  const script = document.querySelector("script[src*=stappen]").src;
  const { keyOf, save } = await import(script.replace("stappen", "concept"));
  await save(keyOf(document.querySelector("form[data-melden]")), { toelichting: ["Achter de kerk"] });
}"""


def test_what_is_typed_while_the_device_catches_up_stays(device: BrowserContext) -> None:
    page = device.new_page()
    page.goto("/melden?lon=4.7&lat=52.66")
    ready(page)
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("Vertel wat").wait_for()
    ready(page)
    page.evaluate(AHEAD)  # as an address that was found after the button of the step before was pressed
    catching_up: list[Route] = []
    page.route("**/melden/wat", lambda route: route.continue_() if route.request.method == "GET" else hold(route))

    def hold(route: Route) -> None:
        catching_up.append(route)
        page.get_by_label("Vertel wat").evaluate("(field) => { field.value = 'Vlug getypt'; }")
        page.get_by_label("Vertel wat").dispatch_event("input")
        route.continue_()

    page.reload()
    ready(page)
    assert catching_up, "the device had more than the server"
    expect(page.get_by_label("Vertel wat")).to_have_value("Vlug getypt")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Heeft u een foto?").wait_for()
    page.goto("/melden/controleren")
    for words in ("Vlug getypt", "Achter de kerk"):
        expect(page.get_by_role("definition").filter(has_text=words)).to_be_visible()


SHARE = """(hex) => {
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "multipart/form-data";
  form.action = "/melden/delen";
  const input = document.createElement("input");
  [input.type, input.name] = ["file", "foto"];
  const carrier = new DataTransfer();
  const bytes = Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
  carrier.items.add(new File([bytes], "gedeeld.jpg", { type: "image/jpeg" }));
  input.files = carrier.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}"""


def test_a_new_release_takes_everything_of_the_old_one_away(
    world: World, device: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = device.new_page()
    page.goto("/mijn-meldingen")
    assert page.evaluate("caches.keys()") == [f"schil-{release()}-duinstede-nl"]
    monkeypatch.setattr(webapp, "release", lambda: "nieuwer")
    monkeypatch.setitem(world.app.jinja_env.globals, "release", lambda: "nieuwer")
    page.evaluate(CHANGED)
    assert page.evaluate("caches.keys()") == ["schil-nieuwer-duinstede-nl"]


CHANGED = """() => new Promise((done) => {
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    const worker = navigator.serviceWorker.controller;
    if (worker.state === "activated") done();
    else worker.addEventListener("statechange", () => worker.state === "activated" && done());
  });
  navigator.serviceWorker.ready.then((worker) => worker.update());
})"""


def test_a_browser_that_keeps_nothing_sends_as_always(world: World, chromium: Browser, line: Line) -> None:
    line.cut, line.lose = False, {}
    with served(line) as address:  # type: ignore[arg-type]
        context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL")
        context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
        page = context.new_page()
        page.goto("/melden")
        expect(page.get_by_text("Uw browser bewaart niets op dit apparaat.")).to_be_visible()
        page.get_by_text("Of kies een buurt").click()
        page.get_by_label("In welke buurt is het?").select_option(index=1)
        for label in ("Vertel wat", "", ""):
            page.get_by_role("button", name="Verder").click()
            if label:
                page.get_by_label(label).fill("Privé")
        page.get_by_role("button", name="Verder").click()
        page.get_by_role("button", name="Melding versturen").click()
        page.get_by_role("heading", name="Meldingnummer").wait_for()
        context.close()
    assert len(sent(world, "Privé")) == 1
