"""The description tried on the API by Schemathesis: no 5xx, no status or shape that is not described.

Twice: as a stranger and as a coordinator. The same examples every time, so that CI does not throw dice; a long run
with other examples is `pytest -m lang`.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from meldingen.domain.deadlines import local_day
from tests.api.conftest import BASE, World
from tests.factories import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LONG = settings(BOUNDED, max_examples=300, derandomize=False)


OPERATIONS = [
    (method, path)
    for path, item in json.loads((ROOT / "api_spec/openapi.json").read_text(encoding="utf-8"))["paths"].items()
    for method in item
    if method != "parameters"
]


@pytest.fixture(scope="session")
def described(world: World) -> Any:
    """The description as the API publishes it."""
    return schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", world.app)


Change = Callable[[Any], None]


def explore(described: Any, method: str, path: str, bounds: settings, headers: dict[str, str], change: Change) -> None:
    """Calls one operation with what the description allows, and judges each answer by it."""
    operation = described[path][method.upper()]

    @bounds
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        change(case)
        case.call_and_validate(checks=CHECKS, headers=headers)

    each()


def as_it_comes(case: Any) -> None:
    """What was drawn, nothing changed."""


def with_what_exists(world: World) -> Change:
    """Turns names and numbers that were drawn into ones of Duinstede, so that a call comes past the first refusal."""
    made, opdracht_id = world.routed(contact={"telefoon": "0612345678"})
    exists = {"nummer": made["nummer"], "opdrachtId": opdracht_id}
    known = {
        "locatie": {"type": "Point", "coordinates": [4.7, 52.66]},
        "categorie": "losse-tegel",
        "team": "groen",
        "gemeente": "duinstede",
        "plandatum": (local_day(world.now()) + timedelta(days=1)).isoformat(),
    }

    def change(case: Any) -> None:
        for name in exists.keys() & (case.path_parameters or {}).keys():
            case.path_parameters[name] = exists[name]
        if isinstance(case.body, dict):
            case.body |= {name: known[name] for name in known.keys() & case.body.keys()}

    return change


def coordinator(world: World, path: str) -> dict[str, str]:
    """A coordinator; where signing out is tried, with a session of its own."""
    if path != "/sessies/huidige":
        return world.headers("duinstede:coordinator")
    body = {"gebruikersnaam": "duinstede-coordinator", "wachtwoord": PASSWORD}
    return {"Authorization": "Bearer " + world.client().post(f"{BASE}/sessies", json=body).json["token"]}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_is_as_described_for_a_stranger(described: Any, method: str, path: str) -> None:
    explore(described, method, path, BOUNDED, {}, as_it_comes)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_is_as_described_for_a_coordinator(described: Any, world: World, method: str, path: str) -> None:
    explore(described, method, path, BOUNDED, coordinator(world, path), with_what_exists(world))


@pytest.mark.lang
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_is_as_described_for_long(described: Any, world: World, method: str, path: str) -> None:
    explore(described, method, path, LONG, coordinator(world, path), with_what_exists(world))
