"""The description of the API is the API: written by a command, valid, and held to the design rules."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from meldingen.cli import api_description

ROOT = Path(__file__).resolve().parent.parent.parent
WRITTEN = ROOT / "api_spec/openapi.json"
RULES = ROOT / "api_spec/adr.spectral.yaml"


def test_the_written_description_is_what_the_code_says() -> None:
    """Mend it with `meldingen openapi`."""
    assert WRITTEN.read_text(encoding="utf-8") == api_description()


def test_the_description_is_valid() -> None:
    validate(json.loads(WRITTEN.read_text(encoding="utf-8")))


def test_every_operation_says_how_it_refuses() -> None:
    spec = json.loads(WRITTEN.read_text(encoding="utf-8"))
    for path, item in spec["paths"].items():
        for method in set(item) - {"parameters"}:
            operation = item[method]
            statuses = set(operation["responses"])
            assert {"400", "406", "500", "503"} <= statuses, (method, path)
            if operation.get("security"):
                assert {"401", "403"} <= statuses, (method, path)
            if method != "get":
                assert {"413", "429"} <= statuses, (method, path)
            if "requestBody" in operation:
                assert "415" in statuses, (method, path)
            if "{" in path:
                assert "404" in statuses, (method, path)


def broken() -> dict[str, Any]:
    """A description that breaks every rule of ours at once."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1", "contact": {"name": "x", "email": "info@x.nl"}},
        "servers": [{"url": "https://x.nl/api"}],
        "paths": {
            "/Stuk_e/": {
                "head": {"responses": {"200": {"description": "x"}}},
                "get": {
                    "parameters": [{"in": "query", "name": "page_size", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}},
                    "responses": {"200": {"description": "x", "content": {"application/json": {"schema": {}}}}},
                },
            },
            "/v1/dingen": {
                "post": {
                    "parameters": [{"in": "query", "name": "email", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ding"}}}},
                    "responses": {
                        "422": {"description": "x", "content": {"application/json": {"schema": {"properties": {}}}}},
                        "500": {
                            "description": "x",
                            "content": {"application/problem+json": {"schema": {"properties": {"title": {}}}}},
                        },
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "Ding": {
                    "type": "object",
                    "properties": {
                        "geplandeDatum": {"type": "string", "format": "date-time"},
                        "gemaaktOp": {"type": "string", "format": "timestamp"},
                    },
                }
            }
        },
    }


def test_each_rule_of_ours_finds_what_it_is_for(tmp_path: Path) -> None:
    """A rule with a path that matches nothing would pass for ever."""
    spectral = os.environ.get("SPECTRAL")
    if not spectral:
        pytest.fail("SPECTRAL ontbreekt: start de tests met make test", pytrace=False)
    file = tmp_path / "stuk.json"
    file.write_text(json.dumps(broken()))
    done = subprocess.run(
        [spectral, "lint", str(file), "--ruleset", str(RULES), "--format", "json", "--quiet"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = {result["code"] for result in json.loads(done.stdout)}
    ours = {name for name in yaml.safe_load(RULES.read_text())["rules"] if name.startswith(("adr-", "eigen-"))}
    assert ours - found == {"adr-20-openapi-3"}  # a file that is not OpenAPI 3 is not linted as one
