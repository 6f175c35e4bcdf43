"""/team after closing: the button that undoes it, as long as it can."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.store.gemeente import Gemeente
from tests import factories

from .conftest import World, token_in


@pytest.fixture
def patient(world: World) -> World:
    """A gemeente that gives a minute."""
    with world.session() as session, session.begin():
        session.execute(sa.update(Gemeente).values(policy={"undo_s": 60}))
    return world


def test_a_slip_of_the_finger_is_mended(patient: World, signed_in: Callable[[str], FlaskClient]) -> None:
    with patient.session() as session, session.begin():
        made = factories.melding(session, now=business_now(session), contact={"email": "anna@example.nl"})
        path = f"/team/opdracht/{factories.opdracht_of(session, made).id}"
    browser = signed_in("team")
    token = token_in(browser.get(path).text)
    closing = {"csrf_token": token, "versie": "1", "keuze": "opgelost:0"}
    page = browser.post(f"{path}/afhandelingen", data=closing, follow_redirects=True).text
    assert "Ongedaan maken (nog " in page
    assert "Ongedaan maken" not in signed_in("kcc").get(path).text
    page = browser.post(
        f"{path}/terugdraaiingen", data={"csrf_token": token, "versie": "2"}, follow_redirects=True
    ).text
    assert "ongedaan gemaakt" in page and "Ongedaan maken" not in page and "Afhandelen" in page
