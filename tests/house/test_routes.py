"""Every route declares who may enter (HUIS, SEC-10): a view without that declaration is a door left open."""

from flask import Flask

from meldingen.app import create_app
from meldingen.settings import Settings

WITHOUT = {"static"}
"""Flask's own door to files that are in the repository."""


def app() -> Flask:
    """The whole application; it connects to nothing."""
    anywhere = {
        "LOKALE_MODUS": "1",
        "DATABASE_URL": "postgresql://nergens/niets",
        "REDIS_URL": "redis://nergens",
        "SECRET_KEYS": "-" * 32,
        "FOTO_MAP": "nergens",
    }
    return create_app(Settings.from_env(anywhere))


def test_every_route_declares_who_may_enter() -> None:
    made = app()
    loose = {
        rule.endpoint
        for rule in made.url_map.iter_rules()
        if rule.endpoint not in WITHOUT and not hasattr(made.view_functions[rule.endpoint], "may_enter")
    }
    assert loose == set()


def test_only_open_doors_are_for_everybody() -> None:
    """A new route of the API that anyone may use is a decision: write it here."""
    made = app()
    everybody = {
        f"{method} {rule.rule.removeprefix('/api/v1')}"
        for rule in made.url_map.iter_rules()
        if rule.rule.startswith("/api/") and "iedereen" in made.view_functions[rule.endpoint].may_enter[0]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert everybody == {
        "POST /meldingen",
        "POST /categorievoorstellen",
        "POST /sessies",
        "GET /fotos/<foto:foto_id>",
        "GET /categorieen",
        "GET /gemeenten",
        "POST /gevaarvragen",
        "GET /locaties",
        "GET /adressen",
        "GET /objecten",
        "GET /meldingen-nabij",
        "GET /crss",
        "GET /openapi.json",
    }


def test_a_reading_door_changes_nothing_by_its_name() -> None:
    """ADR-12, SEC-06: GET never writes; so no GET is named like an action of the workflow table."""
    from meldingen.domain.workflow import MOVES

    made = app()
    actions = {move.action for move in MOVES}
    reading = [
        rule.rule
        for rule in made.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and rule.rule.startswith("/api/")
    ]
    assert [path for path in reading if path.rsplit("/", 1)[-1] in actions] == []
