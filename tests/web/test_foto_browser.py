"""The photos of the form in a real browser: made smaller, brought while their melder goes on, and never lost."""

import random
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from meldingen.adapters import images
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from tests.photos import BERGEN, UPRIGHT, corners, photo

from .browsing import PHONE, TABLET, assert_accessible, served, visitors
from .conftest import World
from .line import Line
from .test_foto import storage_away

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

KEEP = "/melden/foto/bewaren"
ONLINE = "dispatchEvent(new Event('online'))"
KEPT = """async (wanted) => {
  const script = document.querySelector("script[src*=foto]").src;
  const { keyOf, onChange, photos } = await import(script.replace("foto.js", "concept.js"));
  const key = keyOf(document.querySelector("form[data-melden]"));
  await new Promise((done) => {
    const look = async () => {
      const [photo] = await photos.list(key);
      if (Boolean(photo.reference) === wanted) done();
    };
    onChange(look);
    look();
  });
}"""
"""Waits until the server has the photo, or finds that it has not."""
SLOW = {"offline": False, "latency": 100, "downloadThroughput": 400_000, "uploadThroughput": 40_000}
"""Bytes per second, and milliseconds: a phone at the edge of its coverage."""


@pytest.fixture(scope="module")
def line(world: World) -> Line:
    return Line(world.app.wsgi_app)


@pytest.fixture(scope="module")
def address(line: Line) -> Iterator[str]:
    with served(line) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture
def step(chromium: Browser, line: Line, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the photo step of a melder of its own, with these words told before; fails when a script fails."""
    line.cut, line.lose, line.halve = False, {}, {}
    with visitors(chromium, address) as come:

        def open_step(text: str, size: dict[str, int] = PHONE, **options: bool) -> Page:
            page = come(viewport=size, service_workers="block", **options).new_page()
            page.goto(f"/melden/waar?lon=4.7&lat=52.66&omschrijving={text}")
            for heading in ("Wat ziet u?", "Heeft u een foto?"):
                page.locator("form[data-klaar]").wait_for()
                page.get_by_role("button", name="Verder").click()
                page.get_by_role("heading", name=heading).wait_for()
            page.locator("[data-fotos][data-klaar]").wait_for()
            line.asked.clear()
            return page

        yield open_step
        line.cut = False


def choose(page: Page, tmp_path: Path, **files: bytes) -> None:
    """Chooses these photos; `stoep=…` is stoep.jpg."""
    paths = []
    for name, data in files.items():
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(data)
        paths.append(path)
    page.get_by_label("Foto's").or_(page.get_by_label("Nog een foto")).set_input_files(paths)


def staat(page: Page, name: str, state: str) -> None:
    """Waits until the photo of this name stands so: wacht, bezig, klaar, net, server or mis."""
    expect(page.locator(f".photo-list__item[data-staat={state}]", has_text=name)).to_be_visible()


def go_on(page: Page, heading: str) -> None:
    """To the next step, which never waits for a photo."""
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name=heading).wait_for()
    page.locator("form[data-klaar]").wait_for()


def send_off(world: World, page: Page, text: str) -> tuple[Melding, list[Photo]]:
    """From the contact step to the end; the melding with its photos."""
    go_on(page, "Klopt het zo?")
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    with world.session() as session:
        (melding,) = session.scalars(sa.select(Melding).where(Melding.description == text)).all()
        return melding, list(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id).order_by(Photo.id)))


def noise(size: tuple[int, int]) -> Image.Image:
    """A picture that does not compress, as the street has it."""
    return Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))


def test_a_large_photo_travels_small_upright_and_with_its_place_only(
    world: World, step: Callable[..., Page], tmp_path: Path
) -> None:
    page = step("Groot")
    large = photo(size=(3000, 4000), orientation=6, gps=BERGEN)
    choose(page, tmp_path, stoep=large, vers=photo(size=(640, 480), orientation=3))
    expect(page.get_by_text("Foto vers.jpg is toegevoegd.")).to_be_visible()
    staat(page, "stoep.jpg", "klaar")
    staat(page, "vers.jpg", "klaar")
    go_on(page, "Hoe bereiken wij u?")
    _, (stoep, vers) = send_off(world, page, "Groot")
    store = world.app.extensions["meldingen"].adapters.photos
    data = store.get(stoep.upload_key)
    with Image.open(BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1536, 2048))
        assert picture.getexif().keys() == {0x8825}, "not its maker, nor a turn: it is upright"
    assert corners(data) == UPRIGHT
    assert images.inspect(data).gps == pytest.approx(BERGEN, abs=1e-4)
    assert store.get(vers.upload_key) == photo(size=(640, 480), orientation=3), "a light one is left as it is"


def test_a_cut_off_upload_is_sent_again_by_itself_and_is_one_photo(
    world: World, step: Callable[..., Page], tmp_path: Path, line: Line
) -> None:
    page = step("Afgebroken")
    line.halve[KEEP] = line.lose[KEEP] = 1
    choose(page, tmp_path, stoep=photo(picture=noise((300, 300))))
    staat(page, "stoep.jpg", "net")
    expect(page.get_by_role("status").filter(has_text="Foto stoep.jpg is nog niet verstuurd. Geen")).to_be_visible()
    assert_accessible(page, "foto zonder verbinding")
    if line.lose[KEEP]:
        page.wait_for_event("requestfailed")
    staat(page, "stoep.jpg", "net")
    page.evaluate(ONLINE)
    staat(page, "stoep.jpg", "klaar")
    assert line.asked == [f"POST {KEEP}"] * 3
    go_on(page, "Hoe bereiken wij u?")
    assert len(send_off(world, page, "Afgebroken")[1]) == 1


@pytest.mark.parametrize("size", [PHONE, TABLET], ids=["telefoon", "tablet"])
def test_what_fails_is_named_and_each_photo_can_be_taken_off(
    world: World, step: Callable[..., Page], tmp_path: Path, line: Line, size: dict[str, int]
) -> None:
    text = f"Een voor een {size['width']}"
    page = step(text, size)
    choose(page, tmp_path, stoep=photo(), lamp=photo(size=(500, 400)), brief=b"%PDF-1.7 brief")
    staat(page, "brief.jpg", "mis")
    expect(page.get_by_role("status").filter(has_text="Foto brief.jpg is niet gelukt. Dit is een pdf")).to_be_visible()
    staat(page, "lamp.jpg", "klaar")
    assert_accessible(page, "foto's")
    page.get_by_role("button", name="Probeer opnieuw foto 3: brief.jpg").press("Enter")
    staat(page, "brief.jpg", "mis")
    page.get_by_role("button", name="Verwijder foto 1: stoep.jpg").press("Enter")
    expect(page.get_by_role("button", name="Verwijder foto 1: lamp.jpg")).to_be_focused()
    page.get_by_role("button", name="Verwijder foto 2: brief.jpg").press("Enter")
    expect(page.get_by_text("Foto brief.jpg is verwijderd.")).to_be_visible()
    choose(page, tmp_path, lamp=photo(size=(500, 400)))
    expect(page.get_by_text("Foto lamp.jpg had u al gekozen.")).to_be_visible()
    choose(page, tmp_path, **{f"f{n}": photo(size=(300 + n, 200)) for n in range(5)})
    expect(page.get_by_text("Foto f4.jpg past er niet bij.")).to_be_visible()
    staat(page, "f3.jpg", "klaar")
    expect(page.get_by_text("U heeft 5 foto's gekozen.")).to_be_visible()
    assert_accessible(page, "vijf foto's")
    line.cut = True
    page.get_by_role("button", name="Verwijder foto 5: f3.jpg").press("Enter")
    expect(page.get_by_text("f3.jpg is verwijderd")).to_be_visible()
    line.cut = False
    page.reload()
    expect(page.locator(".photo-list__item")).to_have_count(4)
    page.locator("form[data-klaar]").wait_for()
    go_on(page, "Hoe bereiken wij u?")
    assert len(send_off(world, page, text)[1]) == 4


def test_on_a_slow_line_one_sees_how_far_it_is_and_may_go_on(
    world: World, step: Callable[..., Page], tmp_path: Path
) -> None:
    page = step("Traag")
    network = page.context.new_cdp_session(page)
    network.send("Network.emulateNetworkConditions", SLOW)
    choose(page, tmp_path, stoep=photo(picture=noise((400, 400))))
    expect(page.locator(".photo-list__state")).to_have_text(re.compile("^[1-9][0-9]? % verstuurd$"))
    expect(page.get_by_role("progressbar", name="stoep.jpg")).to_be_visible()
    go_on(page, "Hoe bereiken wij u?")
    network.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1, "latency": 0})
    assert len(send_off(world, page, "Traag")[1]) == 1


def test_without_storage_the_photo_waits_in_the_device_and_goes_while_its_melder_goes_on(
    world: World, step: Callable[..., Page], tmp_path: Path, line: Line
) -> None:
    page = step("Opslag weg")
    with storage_away(world):
        choose(page, tmp_path, stoep=photo())
        staat(page, "stoep.jpg", "server")
        expect(page.locator(".photo-list__state")).to_have_text(re.compile("De foto staat op uw apparaat"))
        go_on(page, "Hoe bereiken wij u?")
        page.evaluate(KEPT, False)
    page.evaluate(ONLINE)  # a try that is under way may still fail: then it is tried again by itself
    page.evaluate(KEPT, True)
    line.asked.clear()
    assert len(send_off(world, page, "Opslag weg")[1]) == 1
    assert f"POST {KEEP}" not in line.asked, "it was there already"


def test_a_photo_is_added_later_on_the_page_of_the_melding(
    world: World, step: Callable[..., Page], tmp_path: Path, line: Line
) -> None:
    page = step("Later")
    go_on(page, "Hoe bereiken wij u?")
    melding, _ = send_off(world, page, "Later")
    page.goto(f"/volgen/{melding.number}")
    page.locator("[data-fotos][data-klaar]").wait_for()
    choose(page, tmp_path, stoep=photo(), lamp=photo(size=(500, 400)))
    expect(page.get_by_role("button", name="Verwijder foto 2: lamp.jpg")).to_be_visible()
    assert_accessible(page, "volgpagina met gekozen foto's")
    line.cut = True
    page.get_by_role("button", name="Toevoegen").click()
    staat(page, "stoep.jpg", "net")
    line.cut = False
    page.get_by_role("button", name="Toevoegen").click()
    expect(page.get_by_text("2 foto's zijn toegevoegd.")).to_be_visible()
    with world.session() as session:
        assert len(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).all()) == 2
