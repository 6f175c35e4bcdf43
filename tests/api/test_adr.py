"""The API design rules that a linter of the description cannot see: they show only when the API runs."""

from typing import Any

import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator

from meldingen.api.headers import CACHED, OPEN_DATA, VERSION
from tests.api.conftest import BASE, World

GET_ANYWHERE = ["/categorieen", "/gemeenten", "/crss", "/openapi.json", "/onbekend", "/meldingen/2670001234"]


@pytest.mark.parametrize("path", GET_ANYWHERE)
def test_every_answer_carries_version_and_security_headers(world: World, path: str) -> None:
    """ADR-29, ADR-32: on refusals too."""
    answer = world.client().get(BASE + path)
    assert answer.headers["API-Version"] == VERSION
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    expected = "no-cache" if BASE + path in CACHED else "no-store"
    assert answer.headers["Cache-Control"] == expected
    assert answer.content_type.split(";")[0] in ("application/json", "application/problem+json")
    assert answer.headers["Server"] == "meldingen", "ADR-07: not the name of what runs beneath"


@pytest.mark.parametrize("path", ["/categorieen/", "/meldingen/", "//categorieen", "/crss//"])
def test_a_slash_too_many_is_another_address(world: World, path: str) -> None:
    """ADR-04: 404, no redirect."""
    answer = world.client().get(BASE + path)
    assert answer.status_code == 404 and "Location" not in answer.headers
    assert answer.content_type == "application/problem+json"


def test_an_unsupported_method_says_what_is_allowed(world: World) -> None:
    """ADR-11."""
    for path, method, allowed in [
        ("/meldingen", "PUT", {"POST", "OPTIONS"}),
        ("/categorieen", "POST", {"GET", "HEAD", "OPTIONS"}),
        ("/opdrachten/1/planningen", "PATCH", {"POST", "OPTIONS"}),
    ]:
        answer = world.client().open(BASE + path, method=method)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].replace(" ", "").split(",")) == allowed
        assert answer.json["code"] == "methode_niet_mogelijk"


def test_a_refusal_is_a_problem_document(world: World) -> None:
    """ADR-17 and RFC 9457."""
    answer = world.client().get(f"{BASE}/niets")
    assert answer.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code"} <= answer.json.keys()
    assert answer.json["status"] == answer.status_code == 404
    assert answer.json["instance"].endswith(answer.headers["X-Request-Id"])


def test_all_field_errors_come_at_once(world: World) -> None:
    """ADR-18, ADR-19: 400, and three wrong fields give three entries."""
    answer = world.post_melding(
        omschrijving=7,
        categorie="Geen Slug!",
        fotosVolgen=99,
        onbekend="geheim",
        contact={"email": "geen adres", "telefoon": "12", "kleur": "rood"},
    )
    assert answer.status_code == 400
    named = {error["field"] for error in answer.json["errors"]}
    assert named == {
        "omschrijving", "categorie", "fotosVolgen", "onbekend", "contact.email", "contact.telefoon", "contact.kleur",
    }  # fmt: skip
    assert "geheim" not in answer.text and "geen adres" not in answer.text
    for error in answer.json["errors"]:
        assert error["code"] and error["detail"].endswith(".")


def test_content_type_and_accept(world: World) -> None:
    """415 for what we do not read, 406 for what we do not write."""
    client = world.client()
    xml = client.post(f"{BASE}/meldingen", data="<melding/>", content_type="application/xml")
    none = client.post(f"{BASE}/meldingen", data=b"{}")
    assert (xml.status_code, none.status_code) == (415, 415)
    assert client.get(f"{BASE}/crss", headers={"Accept": "text/html"}).status_code == 406
    for accept in ("*/*", "application/json", "application/*", "text/html, application/json;q=0.1"):
        assert client.get(f"{BASE}/crss", headers={"Accept": accept}).status_code == 200


def test_open_data_is_for_every_website_and_the_rest_for_ours(world: World) -> None:
    """ADR-33."""
    client = world.client()
    for path in OPEN_DATA - {f"{BASE}/locaties", f"{BASE}/meldingen-nabij"}:
        answer = client.get(path, headers={"Origin": "https://iedereen.voorbeeld.nl"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for origin, expected in [("https://app.voorbeeld.nl", "https://app.voorbeeld.nl"), ("https://vreemd.nl", None)]:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = client.options(f"{BASE}/meldingen", headers=asked)
        posted = client.post(f"{BASE}/meldingen", json={}, headers={"Origin": origin})
        assert preflight.status_code == 200
        for answer in (preflight, posted):
            assert answer.headers.get("Access-Control-Allow-Origin") == expected
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Origin" in answer.headers["Vary"]
        assert ("Idempotency-Key" in preflight.headers.get("Access-Control-Allow-Headers", "")) == bool(expected)


def test_what_may_be_kept_has_an_etag(world: World) -> None:
    """The documented exception to no-store."""
    client = world.client()
    for path in sorted(CACHED):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and again.data == b"" and again.headers["API-Version"] == VERSION
        assert again.headers["Cache-Control"] == "no-cache" and again.headers["ETag"] == first.headers["ETag"]


def test_what_was_answered_a_moment_ago_asks_the_database_nothing(world: World) -> None:
    """And what changed is seen once that moment is over; another address has an answer of its own."""
    client, path = world.client(), f"{BASE}/categorieen"
    etag = client.get(path).headers["ETag"]
    asked: list[str] = []
    engine = world.app.extensions["meldingen"].engine
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304 and asked == []
    assert client.get(path, headers={"If-None-Match": '"iets anders"'}).status_code == 200 and asked
    world.app.extensions["answered"].clear()
    asked.clear()
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304 and asked
    assert client.get(f"{path}?gemeente=duinstede", headers={"If-None-Match": etag}).status_code in (200, 304)


def test_the_description_is_published(world: World) -> None:
    """ADR-23, ADR-26, ADR-28."""
    answer = world.client().get(f"{BASE}/openapi.json")
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json["info"]["version"] == VERSION
    assert answer.json["servers"][0]["url"].endswith("/v1")


def test_moments_in_any_offset_and_out_in_utc(world: World) -> None:
    """ADR-08, ADR-09: over the change to winter time the moment stays the same moment."""
    made = world.post_melding()
    seen = world.client().get(f"{BASE}/meldingen/{made.json['nummer']}", headers={"Volg-Token": made.json["volgToken"]})
    assert seen.json["ontvangenOp"].endswith("Z") and "+" not in seen.json["ontvangenOp"]
    assert all(line["op"].endswith("Z") for line in seen.json["tijdlijn"])


def resolve(spec: dict[str, Any], schema: Any) -> Any:
    """A schema of the description with its references filled in, and `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [resolve(spec, item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Any = spec
        for step in schema["$ref"].split("/")[1:]:
            found = found[step]
        return resolve(spec, found)
    filled = {name: resolve(spec, value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") and "type" in filled:
        filled["type"] = [filled["type"], "null"]
    return filled


def test_every_example_is_what_it_is_an_example_of(world: World) -> None:
    """Requests and answers in the description fit their own schema."""
    spec = world.client().get(f"{BASE}/openapi.json").json
    wrong = []
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in [resolve(spec, b) for b in bodies]:
                for content in body.get("content", {}).values():
                    if "example" in content:
                        for error in Draft202012Validator(content["schema"]).iter_errors(content["example"]):
                            wrong.append(f"{method} {path}: {error.json_path} {error.message}")
    assert wrong == []
