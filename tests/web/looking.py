"""One load of a page, many looks: two tools, the dark, 320 pixels, large text, wide spacing, and facts of its HTML.

What must hold is said in test_a11y_*.py.
"""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from .browsing import PHONE, TABLET, axe_findings, sniffer_findings

FACTS = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== "hidden";
  const short = (one) => one.outerHTML.slice(0, 160);
  const fields = all("input, select, textarea")
    .filter((one) => seen(one) && one.type !== "hidden" && !one.closest(".honey"));
  const named = (one) => (one.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
  const focusable = all("a[href], button, input, select, textarea, summary, [tabindex='0']");
  return {
    lang: document.documentElement.lang,
    title: document.title,
    main_headings: all("h1").length,
    first: focusable[0]?.getAttribute("href"),
    language_links: all("[hreflang], button[name=taal]").filter((one) => !one.lang).map(short),
    unnamed: fields.filter((one) => !one.labels?.length && !one.ariaLabel).map(short),
    described: fields.flatMap((one) => named(one).filter((id) => !document.getElementById(id))),
    wrong: fields.filter((one) => one.ariaInvalid === "true").map((one) => one.name),
    untold: fields.filter((one) => one.ariaInvalid === "true" && !named(one).length).map(short),
    summary: all(".error-summary a").map((one) => [one.getAttribute("href"), one.textContent.trim()]),
    lost_links: all(".error-summary a").filter((one) => !document.querySelector(one.getAttribute("href"))).map(short),
    in_focus: document.activeElement?.classList.contains("error-summary") ?? false,
    loose_choices: fields
      .filter((one) => one.type === "radio" && !one.closest("fieldset")?.querySelector("legend")).map(short),
    completed: Object.fromEntries(fields.filter((one) => one.autocomplete).map((one) => [one.name, one.autocomplete])),
    silent: all(".utrecht-alert[role], [data-place-words], [data-photo-status], [data-search-words]")
      .filter((one) => !["status", "alert"].includes(one.getAttribute("role"))).map(short),
    help: all(".site-footer .site-help a[href^='tel:']").length,
    footer: all(".site-footer a").map((one) => one.getAttribute("href")),
    tables: all("table").filter((one) => !one.caption || one.querySelector("th:not([scope])")).map(short),
    pictures: all("img").filter((one) => one.getAttribute("alt") === null).map(short),
    inline: all("[style]:not([style='']), script:not([src]):not([type='application/json'])")
      .filter((one) => !one.closest(".leaflet-container")).map(short),
    small: focusable.filter((one) => seen(one) && !one.closest("p, li, td, th, .honey")
      && !one.matches(".utrecht-skip-link, [tabindex='-1'], [type=hidden]"))
      .filter((one) => {
        const boxes = [one, ...(one.labels ?? [])].map((each) => each.getBoundingClientRect());
        return boxes.every((box) => box.width < 24 || box.height < 24);
      }).map(short),
  };
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important }"
    + "* { word-spacing: 0.16em !important } p { margin-block-end: 2em !important }");
  document.adoptedStyleSheets = [sheet];
}"""


@dataclass(frozen=True)
class Look:
    """One state of one page.

    findings: of axe and HTML_CodeSniffer; dark: of contrast in the dark. narrow, large, spaced: pixels too wide at
    320 or 820, with text of 200 %, with the spacing of WCAG 1.4.12.
    """

    state: str
    facts: dict[str, Any]
    findings: list[str]
    dark: list[str]
    narrow: int
    large: int
    spaced: int


def look(page: Page, state: str) -> Look:
    """Looks at a page from all sides, and leaves it as it was."""
    page.wait_for_load_state()
    facts = page.evaluate(FACTS)
    findings = axe_findings(page) + sniffer_findings(page)
    page.emulate_media(color_scheme="dark")
    dark = axe_findings(page, ["color-contrast"])
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": PHONE["height"]})
    narrow = page.evaluate(TOO_WIDE)
    page.set_viewport_size({"width": TABLET["width"], "height": TABLET["height"]})
    narrow = max(narrow, page.evaluate(TOO_WIDE))
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    large = page.evaluate(TOO_WIDE)
    page.evaluate("document.documentElement.removeAttribute('style')")
    page.evaluate(SPACING)
    spaced = page.evaluate(TOO_WIDE)
    page.evaluate("document.adoptedStyleSheets = []")
    return Look(state, facts, findings, dark, narrow, large, spaced)
