"""A real browser on a real server: Chromium by Playwright, and axe's verdict on a page (A11Y)."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect
from werkzeug.serving import WSGIRequestHandler, make_server

expect.set_options(timeout=20_000)  # two cores may be busy; what never comes still fails
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


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: the test tells what matters."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
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


def assert_accessible(page: Page, state: str) -> None:
    """No finding of axe on WCAG 2.2 AA and good practice, one main heading, and nothing to scroll sideways."""
    page.wait_for_load_state()
    asked = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}  # all it passed: twice the time
    found = Axe().run(page, options=asked).response["violations"]
    told = [f"{v['id']}: {[node['target'] for node in v['nodes']]}" for v in found]
    assert not told, f"{state}: " + "; ".join(told)
    assert page.locator("h1").count() == 1, state
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{state}: {width} px too wide"
