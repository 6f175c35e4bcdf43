"""The container files and the settings agree: each variable of compose exists, and none that must be is missing."""

from pathlib import Path

import yaml

from meldingen.settings import VARIABLES, Settings

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())


def filled(value: str) -> str:
    """`${NAME:-default}` as compose fills it in when nobody sets NAME."""
    while "${" in value:
        before, rest = value.split("${", 1)
        inside, after = rest.split("}", 1)
        value = before + inside.split(":-", 1)[-1] + after
    return value


def test_the_environment_of_compose_is_a_valid_configuration() -> None:
    environment = {name: filled(str(value)) for name, value in COMPOSE["x-meldingen"]["environment"].items()}
    assert set(environment) <= {v.name for v in VARIABLES}
    settings = Settings.from_env(environment)
    assert settings.s3_endpoint and settings.smtp_url and settings.redis_url.startswith("redis://")


def test_every_setting_can_be_given_to_the_containers() -> None:
    """Empty is the default, so each passes through; FOTO_MAP is for who has no S3, KLOK only for trying out."""
    passed = set(COMPOSE["x-meldingen"]["environment"])
    assert {v.name for v in VARIABLES} - passed == {"FOTO_MAP", "KLOK"}


def test_every_long_running_service_tells_how_it_is() -> None:
    once = {"klaarzetten", "emmer"}
    silent = [name for name, part in COMPOSE["services"].items() if name not in once and "healthcheck" not in part]
    assert silent == ["api"], "the api's check stands in the image"


def test_only_this_machine_reaches_what_is_for_trying_out() -> None:
    ports = [p for part in COMPOSE["services"].values() for p in part.get("ports", [])]
    assert ports and all(p.startswith("127.0.0.1:") for p in ports)


def test_the_image_ends_without_root() -> None:
    stages = (ROOT / "docker/Dockerfile").read_text().split("\nFROM ")
    assert "\nUSER 10001:10001" in stages[-1] and "HEALTHCHECK" in stages[-1]
