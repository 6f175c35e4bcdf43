"""What a team and the KCC see of danger that is only suspected, and how they say whether it is."""

import pytest

from .conftest import World
from .desk import Desk, make_desk
from .forms import words

WIRES = "Er hangen draden uit de paal."


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def test_it_stands_on_the_list_and_on_the_page_with_the_words_that_did_it(desk: Desk) -> None:
    made, work = desk.melding(intake_channel="app", description=WIRES)
    _, plain = desk.melding()
    listed = desk.get("team", "/team")
    assert listed.index(f"/team/opdracht/{work.id}") < listed.index(f"/team/opdracht/{plain.id}")
    assert "Gevaar vermoed" in words(listed) and "work-item--suspected" in listed
    assert "Gevaar vermoed 1" in words(desk.get("cor", "/team"))
    page = words(desk.get("team", f"/team/opdracht/{work.id}"))
    assert "In de tekst staat: hangen draden" in page and "maak er spoed van" in page
    assert "Misschien gevaarlijk" in page
    assert "maak er spoed van" not in desk.get("groen", f"/team/opdracht/{work.id}"), "another team only looks"
    at_desk = desk.get("kcc", f"/kcc/melding/{made.number}")
    assert "De tekst klinkt gevaarlijk" in at_desk and f"/team/opdracht/{work.id}" in at_desk
    assert "Gevaar vermoed" in desk.get("kcc", "/kcc?zoek=draden")


@pytest.mark.parametrize(
    ("answer", "told"), [("ja", "Het is gevaarlijk: nu spoed."), ("nee", "Bekeken: niet gevaarlijk.")]
)
def test_a_colleague_says_whether_it_is_dangerous(desk: Desk, answer: str, told: str) -> None:
    _, work = desk.melding(intake_channel="app", description=WIRES)
    assert desk.step("kcc", work, "gevaarbesluiten").status_code == 400
    assert desk.step("groen", work, "gevaarbesluiten", besluit=answer).status_code == 403
    assert desk.step("kcc", work, "gevaarbesluiten", besluit=answer).status_code == 303
    now = desk.now_is(work)
    assert (now.danger, now.danger_suspected) == (answer == "ja", False)
    page = desk.get("kcc", f"/team/opdracht/{work.id}?gedaan=gevaarbesluiten")
    assert told in page and "Bewaard of het gevaarlijk is." in page and "maak er spoed van" not in page
    assert desk.step("kcc", now, "gevaarbesluiten", besluit="ja").status_code == 409
