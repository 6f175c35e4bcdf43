"""The tablet's queue by itself, under node: what each answer does, order, ids, room and a person's decisions.

In a real browser: test_onderweg_browser.py; against the real server, at random: journeys/test_door_elkaar.py.
"""

import json
import subprocess
from typing import Any

import pytest

from tests.journeys.door_elkaar import NODE, QUEUE, STANDINS

FATES = {
    "201": ["gedaan"],
    "201 overtaken": ["intussen_gewijzigd"],
    "200 page of a portal": ["mislukt"],
    "409": ["geweigerd"],
    "409 busy": ["mislukt"],
    "403": ["geweigerd"],
    "412": ["geweigerd"],
    "404": ["geweigerd"],
    "413 page": ["geweigerd"],
    "422": ["geweigerd"],
    "401": ["wacht", "inloggen"],
    "429": ["mislukt"],
    "503": ["mislukt"],
    "net": ["mislukt"],
}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    command = [str(NODE), "--no-warnings", str(STANDINS / "rij_tafel.mjs"), str(QUEUE)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return found


def test_the_answer_decides_the_state(told: dict[str, Any]) -> None:
    assert told["fates"] == FATES


def test_one_opdracht_does_not_hold_up_another(told: dict[str, Any]) -> None:
    assert told["own"] == ["mislukt", "wacht", "gedaan"] and told["own then"] == ["gedaan"] * 3
    assert told["all"] == ["mislukt", "wacht", "wacht"] and told["all then"] == ["gedaan"] * 3
    assert told["all later"] == [90_000, 1], "nothing goes before the server said so"


def test_every_try_is_the_same_request(told: dict[str, Any]) -> None:
    """Also after the app was killed; a refused step does not hold up the next one."""
    assert told["same"] == 1
    assert told["frozen"] == {
        "uitkomst": "opgelost", "basisversie": 3, "apparaattijd": "1970-01-01T00:16:40.500Z",
    }  # fmt: skip
    assert told["after"] == ["geweigerd", "gedaan"]


def test_own_steps_are_no_surprise(told: dict[str, Any]) -> None:
    assert told["based"] == [1, 2]


def test_photos_follow_and_no_room_keeps_nothing(told: dict[str, Any]) -> None:
    assert told["photo"] == [["afhandelingen", "fotos"], 0]
    assert told["full"] == [True, 0, 0]


def test_a_person_decides(told: dict[str, Any]) -> None:
    """It looked done at once; refused, it is as it was; again is another step, on what he saw; the list hears so."""
    assert told["shown"] == "gereed" and told["refused"] == ["nieuw", 1]
    assert told["again"] == [True, [1, 8, "opnieuw"]]


def test_what_is_done_can_be_read_for_a_while(told: dict[str, Any]) -> None:
    """Without it a closing could not be undone once the list was fetched anew."""
    assert told["done"] == [["gereed", 1], ["nieuw", 1], ["nieuw", 1], ["nieuw", 0]]
    assert told["forgotten"] == ["wacht"]


def test_waiting_is_longer_each_time_and_never_together(told: dict[str, Any]) -> None:
    assert told["backOff"] == [[2500, 7500], [7500, 22500], [300000, 900000]]
