"""Doors for machines outside the API itself: security.txt and the figures of Prometheus."""

from datetime import datetime, timedelta

import pytest

from tests.api.conftest import BASE, World, make_app


def test_security_txt_holds_for_less_than_a_year(world: World) -> None:
    """SEC-12."""
    answer = world.client().get("/.well-known/security.txt")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines.keys() == {"Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"}
    expires = datetime.fromisoformat(lines["Expires"])
    assert world.now() < expires < world.now() + timedelta(days=365)
    policy = world.client().get(lines["Policy"].removeprefix("http://127.0.0.1:8000"))
    assert policy.status_code == 200 and "security.txt" in policy.text


def test_the_figures(world: World) -> None:
    world.routed()
    world.client().get(f"{BASE}/crss")
    text = world.client().get("/metrics").text
    assert 'meldingen_outbox_waiting{topic="toewijzen"}' in text
    assert 'meldingen_outbox_age_seconds{topic="bericht"}' in text
    assert 'meldingen_outbox_parked{topic="foto"} 0.0' in text
    assert 'meldingen_request_seconds_count{method="GET",route="/api/v1/crss",status="2xx"}' in text
    assert "# HELP meldingen_deliveries" in text


@pytest.mark.parametrize(
    ("remote", "headers"),
    [("203.0.113.9", {}), ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}), ("127.0.0.1", {"Forwarded": "for=x"})],
)
def test_the_figures_are_for_this_machine_only(world: World, remote: str, headers: dict[str, str]) -> None:
    answer = world.client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert answer.status_code == 404


def test_the_figures_with_a_token(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = world.engine.url.render_as_string(hide_password=False)
    app, _ = make_app(url, tmp_path_factory.mktemp("fotos"), metrics_token="geheim-van-prometheus")
    far = {"REMOTE_ADDR": "203.0.113.9"}
    for headers, status in [
        ({"Authorization": "Bearer geheim-van-prometheus"}, 200),
        ({}, 404),
        ({"Authorization": "Bearer x"}, 404),
    ]:
        assert app.test_client().get("/metrics", headers=headers, environ_base=far).status_code == status
    assert app.test_client().get("/metrics").status_code == 404
    app.extensions["meldingen"].engine.dispose()
