"""What holds on every page: headers (SEC-11), phone number, error pages, and kept and compressed static files."""

import gzip
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from meldingen.db import make_engine
from meldingen.web.headers import content_policy

from .conftest import World

PAGES = ["/", "/privacy", "/toegankelijkheid", "/inloggen", "/bestaat-niet"]


@pytest.mark.parametrize("path", PAGES)
def test_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "default-src 'self'" in policy
    assert all(f"{name} 'none'" in policy for name in ("object-src", "base-uri", "frame-ancestors"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers, "not on plain http"


def test_https_is_remembered_for_a_year(world: World) -> None:
    held = world.app.extensions["meldingen"]
    local = held.settings
    held.settings = replace(local, public_url="https://meldingen.example.nl")
    try:
        headers = world.app.test_client().get("/").headers
    finally:
        held.settings = local
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_only_the_configured_map_may_be_fetched_elsewhere() -> None:
    assert "https://tegels.example.nl" in content_policy("https://tegels.example.nl/{z}/{x}/{y}.png?v=1")
    assert "http" not in content_policy("http://tegels.example.nl/{z}/{x}/{y}.png")
    assert "http" not in content_policy("")


@pytest.mark.parametrize("path", PAGES)
def test_one_heading_language_title_and_phone(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert page.count("<h1") == 1
    assert '<html lang="nl"' in page
    assert re.search(r"<title>.+\| Gemeente Duinstede</title>", page)
    assert 'href="tel:0720000000"' in page and "maandag tot en met vrijdag" in page
    assert "style=" not in page and not re.search(r"<script>|\son\w+=", page), "the policy forbids inline"


def test_unknown_pages_and_methods(client: FlaskClient) -> None:
    missing = client.get("/bestaat-niet")
    assert missing.status_code == 404 and "Deze pagina bestaat niet" in missing.text
    wrong = client.post("/privacy")
    assert wrong.status_code == 405 and "GET" in wrong.headers["Allow"]


def test_without_a_database_the_page_still_says_whom_to_call(world: World, client: FlaskClient) -> None:
    held = world.app.extensions["meldingen"]
    client.get("/")
    engine, held.engine = held.engine, make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    try:
        answer = client.get("/privacy")
    finally:
        held.engine.dispose()
        held.engine = engine
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "60"
    assert "Er ging iets mis bij ons" in answer.text and 'href="tel:0720000000"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_an_accident_is_told_without_details(world: World) -> None:
    with world.app.test_request_context("/"):
        answer = world.app.make_response(world.app.handle_user_exception(KeyError("geheim van binnen")))
    assert answer.status_code == 500
    page = answer.get_data(as_text=True)
    assert "Er ging iets mis bij ons" in page and "geheim" not in page


def test_static_files_are_kept_and_compressed(client: FlaskClient) -> None:
    page = client.get("/").text
    path = re.search(r'href="(/static/css/indeling\.css\?v=[0-9a-f]{10})"', page)[1]
    plain = client.get(path, buffered=True)
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br"}, buffered=True)
    assert "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert "immutable" not in client.get("/static/css/indeling.css?v=0", buffered=True).headers.get("Cache-Control", "")
    assert client.get("/static/../__init__.py").status_code == 404
