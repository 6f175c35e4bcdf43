"""The form without JavaScript, as stories: people follow links, press buttons, go back, reload and make mistakes."""

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from meldingen.db import machine_now
from meldingen.store.contact import Contact
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import errors_in, press, upload, words
from .melder import step_in


class Person:
    """Somebody at an old browser: one page at a time, and only what is on it."""

    def __init__(self, world: World) -> None:
        self.client: FlaskClient = world.app.test_client()
        self.page = ""
        self.address = ""

    def opens(self, address: str) -> None:
        """Types or follows an address that is on the page."""
        self._see(self.client.get(address), address)

    def follows(self, link: str) -> None:
        """Follows a link that must be on the page."""
        assert f'href="{link}"' in self.page, f"{link} is not on {self.address}"
        self.opens(link)

    def presses(self, **fields: Any) -> None:
        """Fills in these fields of the form on the page and presses its button."""
        step = step_in(self.page)
        action = "/melden/versturen" if step == "controleren" else f"/melden/{step}"
        self._see(press(self.client, self.page, action, **fields), action)

    def reads(self, sentence: str) -> bool:
        """Whether the page says this."""
        return sentence in words(self.page)

    def _see(self, answer: TestResponse, address: str) -> None:
        while answer.status_code in (302, 303):
            address = answer.location
            answer = self.client.get(address)
        self.page, self.address = answer.text, address


def test_riet_reports_a_tile_that_her_neighbour_reported_too(world: World) -> None:
    """From the website of the gemeente, with a photo, a typing error in her number, and second thoughts."""
    with world.session() as session, session.begin():
        near = factories.melding(session, now=machine_now(), at=(4.7031, 52.6651), category_slug="gat-in-de-weg")
        known = factories.opdracht_of(session, near)

    riet = Person(world)
    riet.opens("/melden?categorie=losse-tegel")
    assert riet.reads("Stap 1 van 5") and riet.reads("Waar is het?")

    riet.presses(adres="Breelaan 12")
    assert list(errors_in(riet.page)) == ["plaats"] and 'value="Breelaan 12"' in riet.page, "the buurt is missing"
    riet.presses(lon="4.7031", lat="52.665", toelichting="Bij de bushalte")
    assert riet.address == "/melden/wat" and '<option value="losse-tegel" selected>' in riet.page

    riet.presses(omschrijving="Er liggen twee tegels los.")
    assert riet.address == "/melden/bekend" and riet.reads("Gat in de weg") and not riet.reads("Er ligt een tegel los")
    riet.presses(zelfde_als=str(known.id))

    riet.presses(foto=[upload(photo(size=(800, 600)), "stoep.jpg"), upload(b"%PDF", "brief.pdf")])
    assert riet.reads("brief.pdf") and riet.reads("stoep.jpg"), "the good one stays, the bad one is named"
    riet.presses()

    riet.presses(telefoon="06 - 1234567", naam="Riet", voorkeur="sms")
    assert "telefoon" in errors_in(riet.page) and 'value="06 - 1234567"' in riet.page
    riet.opens("/melden/contact")
    assert 'value="06 - 1234567"' in riet.page, "a reload keeps what is wrong too"
    riet.presses(telefoon="(06) 1234-5678")

    assert riet.reads("Klopt het zo?") and riet.reads("06 12 34 56 78") and riet.reads("Hetzelfde als")
    riet.follows("/melden/bekend?terug=controleren")
    riet.presses()
    assert riet.address == "/melden/controleren" and not riet.reads("Hetzelfde als"), "it was something else after all"
    riet.follows("/melden/wat?terug=controleren")
    riet.presses(omschrijving="Er liggen drie tegels los.")
    before_sending = riet.page
    riet.presses()

    assert riet.reads("Uw melding is ontvangen") and riet.reads("stoep.jpg") and riet.reads("Link om te bewaren")
    number = riet.address.split("/")[2]
    with world.session() as session:
        made = session.scalars(sa.select(Melding).where(Melding.number == number)).one()
        contact = session.scalars(sa.select(Contact).where(Contact.melding_id == made.id)).one()
        photos = session.scalars(sa.select(Photo).where(Photo.melding_id == made.id)).all()
    assert (made.description, made.location_note) == ("Er liggen drie tegels los.", "Bij de bushalte")
    assert (made.same_as_opdracht_id, contact.phone, len(photos)) == (None, "+31612345678", 1)
    assert made.wijk_code == "WK900101"

    riet.page = before_sending
    riet.presses()
    assert riet.address.split("/")[2] == number, "back, and once more on the button: still one melding"
    riet.opens("/melden")
    assert step_in(riet.page) == "waar" and not riet.reads("drie tegels"), "the next one begins empty"


def test_kees_is_called_away_and_comes_back(world: World) -> None:
    """Half a form, a browser that was closed, and the same page of this morning that is still open in a tab."""
    kees = Person(world)
    kees.opens("/melden")
    kees.presses(buurt="WK900101", adres="Dorpsstraat 1")
    tab = kees.page
    kees.presses(omschrijving="De prullenbak is vol.")

    kees.opens("/melden")
    assert kees.reads("U was al bezig met een melding") and kees.reads("De prullenbak is vol.")
    kees.follows("/melden/controleren")
    assert kees.reads("Dorpsstraat 1, Noord")

    kees.page = tab
    kees.presses(omschrijving="De prullenbak is vol en stinkt.")
    kees.opens("/melden/controleren")
    assert kees.reads("vol en stinkt"), "the last word counts"
    kees.presses()
    assert kees.reads("Uw melding is ontvangen")


def test_noor_refuses_cookies_and_reads_why_it_stops(world: World) -> None:
    """Without our cookie a form cannot go on; it says so and where to begin, instead of losing things in silence."""
    noor = Person(world)
    noor.client = world.app.test_client(use_cookies=False)
    noor.opens("/melden/waar")
    noor.presses(buurt="WK900101")
    assert noor.reads("uw browser bewaart onze cookie niet") and 'href="/melden/waar"' in noor.page
