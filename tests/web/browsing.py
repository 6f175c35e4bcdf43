"""A real browser on a real server: Chromium by Playwright, and axe's verdict on a page (A11Y)."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect
from werkzeug.serving import WSGIRequestHandler, make_server

expect.set_options(timeout=20_000)  # two cores may be busy; what never comes still fails
ROOT = Path(__file__).parents[2]
PHONE = {"width": 360, "height": 740}
TABLET = {"width": 820, "height": 1180}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


RUN_AXE = """async (asked) => (await axe.run(asked)).violations
  .map((one) => [one.id, JSON.stringify(one.nodes.map((node) => node.target))])"""
SNIFF = """() => new Promise((tell) => HTMLCS.process("WCAG2AA", document, () => tell(HTMLCS.getMessages()
  .filter((one) => one.type === HTMLCS.ERROR).map((one) => [one.code, one.element.outerHTML?.slice(0, 120) ?? ""]))))"""
NOT_OURS = ()
"""Findings of HTML_CodeSniffer that are no mistakes, each with the reason."""


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: the test tells what matters."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def launch(playwright: Playwright) -> Browser:
    """Chromium as `make test` found it (CHROMIUM), else where Debian puts it."""
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=program, args=[*QUIET, *sandbox])


@contextmanager
def visitors(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Gives visitors, each with a browser of his own. Afterwards it fails when a script failed, our policy stopped
    something, or anything was asked of another host."""
    ours, contexts, wrong = (address, "blob:", "data:"), list[BrowserContext](), list[str]()

    def come(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"viewport": PHONE, "base_url": address, "locale": "nl-NL", **options})
        contexts.append(context)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        context.on("request", lambda sent: None if sent.url.startswith(ours) else wrong.append(sent.url))
        return context

    yield come
    for context in contexts:  # what a page says while it is being closed is no finding
        for page in context.pages:
            with suppress(Error):
                page.evaluate("0")
    found = list(wrong)
    for context in contexts:
        context.close()
    assert not found, found


def assert_accessible(page: Page, state: str) -> None:
    """No finding of axe on WCAG 2.2 AA and good practice or of HTML_CodeSniffer on AA, one main heading, and nothing to
    scroll sideways."""
    page.wait_for_load_state()
    told = axe_findings(page) + sniffer_findings(page)
    assert not told, f"{state}: " + "; ".join(told)
    assert page.locator("h1").count() == 1, state
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{state}: {width} px too wide"


def axe_findings(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong: rule and elements. rules: only these."""
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": WCAG}
    asked = {"runOnly": only, "resultTypes": ["violations"]}  # all it passed: twice the time
    _once(page, "axe", AXE_SCRIPT)
    found: list[list[str]] = page.evaluate(RUN_AXE, asked)
    return [f"{rule}: {targets}" for rule, targets in found]


def sniffer_findings(page: Page) -> list[str]:
    """The errors of HTML_CodeSniffer, without its warnings, which are questions for people."""
    _once(page, "HTMLCS", _sniffer())
    found: list[list[str]] = page.evaluate(SNIFF)
    return [f"{code}: {element}" for code, element in found if not code.endswith(NOT_OURS)]


def _once(page: Page, name: str, script: str) -> None:
    """Brings a tool along, unless this document has it: half a megabyte of script each time."""
    if not page.evaluate("(name) => name in window", name):
        page.evaluate(script)


@cache
def _sniffer() -> str:
    """The script, as `make test` installed it (HTMLCS); else where it did so before."""
    place = os.environ.get("HTMLCS", ROOT / ".lokaal/npm-test/node_modules/html_codesniffer/build/HTMLCS.js")
    return Path(place).read_text(encoding="utf-8")
