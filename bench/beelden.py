"""The pictures of README: one melding goes its whole way in a real browser, and each page on it is photographed.

Run with `python -m bench.beelden http://127.0.0.1:8000` against a running demo; only against a demo, since it signs in
with the demo accounts and makes meldingen. CHROMIUM says where the browser is. Pictures are 360 or 1024 px wide, with
few colours, and at most 60 kB each; whatever would be larger is refused. Not a test: it shows, it judges nothing.
"""

import os
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "beelden"
PHONE = {"width": 360, "height": 830}
SCREEN = {"width": 1024, "height": 768}
MOST_BYTES = 60_000
VILLAGE = (0.63, 0.47)
"""Where the middle of Bergen lies in the window of the map, as parts of its width and height."""
WORDS = "Het verkeersbord op de hoek ligt omver op de stoep."
SENTENCE = "Het bord is inmiddels vervangen."


def main(address: str) -> None:
    """Takes every picture of the page, in the order in which a melding lives."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=sandbox)
        visit = visitor(browser, address)
        melder = visit(PHONE)
        report(melder)
        close(visit(SCREEN), melder)
        desk(visit(SCREEN))
        manage(visit(SCREEN))
        read_messages(visit(SCREEN))
        browser.close()


def visitor(browser: Browser, address: str) -> Callable[[dict[str, int]], Page]:
    """Makes a page for somebody with a cookie jar of his own."""

    def visit(size: dict[str, int]) -> Page:
        context = browser.new_context(
            viewport=size, base_url=address, locale="nl-NL", timezone_id="Europe/Amsterdam", reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    return visit


def report(page: Page) -> None:
    """The melder on a phone: pin, words, photo, category, address, check, send."""
    page.goto("/melden")
    page.locator(".kaartvlak").first.wait_for(state="attached")
    region = page.get_by_role("region", name="Kaart")
    box = region.bounding_box()
    assert box is not None, "the map is there"
    region.click(position={"x": box["width"] * VILLAGE[0], "y": box["height"] * VILLAGE[1]})
    page.get_by_text("Gekozen plek:").wait_for()
    page.evaluate("scrollTo(0, 0)")
    keep(page, "melden")
    page.get_by_label("Waar precies?").fill("Hoek Breelaan en Kerkstraat")
    through(page, "Wat ziet u?")
    page.get_by_label("Vertel wat er is").fill(WORDS)
    page.get_by_label("Waar gaat het over?").select_option("verkeersbord-kapot")
    through(page, "Heeft u een foto?")
    page.get_by_label("Foto's").set_input_files({"name": "bord.jpg", "mimeType": "image/jpeg", "buffer": sign()})
    through(page, "Hoe bereiken wij u?")
    page.get_by_label("E-mailadres").fill("j.devries@example.nl")
    through(page, "Klopt het zo?")
    keep(page, "controleren")
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    keep(page, "ontvangen")
    page.get_by_role("link", name="Volg uw melding").click()
    page.get_by_role("heading", name="Zo staat het ervoor").wait_for()


def through(page: Page, heading: str) -> None:
    """Presses on until the heading is there; a step may come back to ask the questions of the category."""
    for _ in range(3):
        with page.expect_navigation():  # the script of the page keeps it all first, and then goes on
            page.get_by_role("button", name="Verder").click()
        if page.get_by_role("heading", name=heading).count():
            return
    raise SystemExit(f"Ik kom niet bij '{heading}' op {page.url}.")


def close(page: Page, melder: Page) -> None:
    """The coordinator sees every list, opens the opdracht and closes it with a ready sentence."""
    sign_in(page, "coordinator")
    page.goto("/team")
    keep(page, "team")
    page.goto("/team?volgorde=ontvangst&zoek=verkeersbord")
    page.locator(".work-item__link", has_text=WORDS[:30]).first.click()
    page.locator("img").first.wait_for()
    keep(page, "opdracht")
    page.goto(page.url.split("?")[0] + "/afhandelingen")
    page.get_by_label(SENTENCE).check()
    page.evaluate("scrollTo(0, 0)")
    keep(page, "afhandelen")
    page.get_by_role("button", name="Afhandelen").click()
    page.get_by_text("De opdracht is afgehandeld").wait_for()
    melder.reload()
    keep(melder, "volgen")


def desk(page: Page) -> None:
    """The KCC: searching, and entering a melding for a caller."""
    sign_in(page, "kcc")
    page.goto("/kcc?zoek=verkeersbord")
    keep(page, "kcc-zoeken")
    page.goto("/kcc/nieuw")
    page.get_by_label("Nee", exact=True).check()
    page.get_by_label("Wat de beller vertelt").fill("De lamp voor de deur knippert sinds gisteren.")
    page.get_by_label("Telefoonnummer").fill("072 111 22 33")
    page.evaluate("scrollTo(0, 0)")
    keep(page, "kcc-nieuw")


def manage(page: Page) -> None:
    """Beheer: teams, rules and accounts."""
    sign_in(page, "beheer")
    page.goto("/beheer")
    keep(page, "beheer")


def read_messages(page: Page) -> None:
    """The postvak, where the gereedmelding lies on top."""
    for _ in range(30):
        page.goto("/postvak")
        if page.locator("article").first.get_by_text(SENTENCE).count():  # after the time to undo the closing
            break
        page.wait_for_timeout(1_000)
    keep(page, "postvak")


def sign_in(page: Page, who: str) -> None:
    """Signs in with a demo account."""
    page.goto("/inloggen")
    page.get_by_label("Gebruikersnaam").fill(who)
    page.get_by_label("Wachtwoord").fill(f"demo-{who}")
    page.get_by_role("button", name="Inloggen").click()
    page.wait_for_load_state()


def sign() -> bytes:
    """A photo of sorts: a round traffic sign lying on the tiles of a pavement."""
    picture = Image.new("RGB", (1200, 900), (172, 166, 158))
    draw = ImageDraw.Draw(picture)
    for at in range(0, 1201, 150):
        draw.line((at, 0, at, 900), fill=(140, 134, 126), width=5)
        draw.line((0, at, 1200, at), fill=(140, 134, 126), width=5)
    draw.polygon([(120, 800), (150, 830), (640, 470), (610, 440)], fill=(96, 98, 102))
    draw.ellipse((520, 180, 940, 560), fill=(200, 24, 30))
    draw.rectangle((600, 335, 860, 405), fill=(246, 246, 246))
    kept = BytesIO()
    picture.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def keep(page: Page, name: str) -> None:
    """Keeps what is in the window as a palette PNG, with as many colours as fit in MOST_BYTES."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    for colours in (128, 64, 32, 16):
        kept = BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT).save(kept, "PNG", optimize=True)
        if kept.tell() <= MOST_BYTES:
            break
    else:
        raise SystemExit(f"{name}.png wordt te groot: {kept.tell()} bytes.")
    (FOLDER / f"{name}.png").write_bytes(kept.getvalue())
    print(f"{name}.png  {picture.width}×{picture.height}  {kept.tell() // 1000} kB  {colours} kleuren")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
