"""What became of each bericht: every step for KCC and team, plain words for the melder, and no address in full."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from meldingen.adapters import Adapters
from meldingen.adapters.failures import AddressRefused
from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.sms import MemorySms
from meldingen.adapters.storage import MemoryStore
from meldingen.domain import tokens
from meldingen.flow.notices import deliver_notice
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry, Topic

from .browsing import PHONE, TABLET, assert_accessible, served
from .conftest import World
from .desk import Desk, make_desk
from .forms import words

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
REACHED = {"name": "Jan", "email": "jan.de.vries@example.nl", "phone": "06 12345678"}


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def told(desk: Desk, contact: dict[str, str] = REACHED) -> tuple[Melding, Opdracht]:
    """A melding whose receipt bounced by mail and then went by SMS, as far as there is a number."""
    melding, work = desk.melding(contact=contact)
    mail, sms = MemoryMail(), MemorySms()
    mail.fail_with = AddressRefused("mailserver weigert ontvanger: 550")
    adapters = Adapters(MemoryStore(), mail, sms, None, lambda: None, lambda: True)
    settings = desk.world.app.extensions["meldingen"].settings
    for _ in range(3):
        with desk.world.session() as session, session.begin():
            mine = sa.and_(
                OutboxEntry.order_key == f"melding:{melding.id}",
                OutboxEntry.topic == Topic.NOTICE,
                OutboxEntry.done_at.is_(None),
            )
            row = session.scalars(sa.select(OutboxEntry).where(mine).order_by(OutboxEntry.id)).first()
            if row is not None:
                row.done_at = row.created_at
        if row is not None:
            deliver_notice(desk.world.engine, adapters, settings, row.payload)
    return melding, work


def follow(desk: Desk, melding: Melding) -> str:
    keys = desk.world.app.extensions["meldingen"].settings.secret_keys
    return f"/v/{tokens.make_token(keys, melding.id, melding.token_generation)}"


def test_the_desk_sees_every_step_and_the_words(desk: Desk) -> None:
    melding, _ = told(desk)
    page = words(desk.get("kcc", f"/kcc/melding/{melding.number}"))
    assert "E-mail: niet aangekomen" in page and "Sms: verstuurd" in page
    assert "Niet aangekomen: mailserver weigert ontvanger: 550" in page
    assert "(kenmerk: geheugen-" in page and "Lees het bericht" in page


def test_a_team_sees_the_steps_and_no_address_and_no_link_of_the_melder(desk: Desk) -> None:
    melding, work = told(desk)
    page = desk.get("team", f"/team/opdracht/{work.id}")
    assert "Sms: verstuurd" in words(page) and "Niet aangekomen: mailserver weigert ontvanger: 550" in words(page)
    assert "example.nl" not in page and "12345678" not in page.replace("Bel 06 12345678", "")
    assert follow(desk, melding) not in page and "Lees het bericht" not in page


def test_the_melder_reads_what_went_where_and_what_we_did_then(desk: Desk) -> None:
    melding, _ = told(desk)
    browser = desk.world.app.test_client()
    page = browser.get(follow(desk, melding), follow_redirects=True).text
    said = words(page)
    assert "Per e-mail naar j…@example.nl: niet aangekomen." in said
    assert "Per sms naar 06 … 78: verstuurd." in said
    assert "jan.de.vries" not in page and "12345678" not in page.replace("Bel 06 12345678", "")


def test_who_hears_nothing_reads_why(desk: Desk) -> None:
    melding, _ = told(desk, {"email": "jan.de.vries@example.nl"})
    browser = desk.world.app.test_client()
    page = words(browser.get(follow(desk, melding), follow_redirects=True).text)
    assert "Wij konden u niet bereiken. Bel ons als uw e-mailadres of telefoonnummer is veranderd." in page


def test_the_api_tells_the_same(desk: Desk) -> None:
    melding, _ = told(desk)
    keys = desk.world.app.extensions["meldingen"].settings.secret_keys
    token = tokens.make_token(keys, melding.id, melding.token_generation)
    answer = desk.world.app.test_client().get(f"/api/v1/meldingen/{melding.number}", headers={"Volg-Token": token})
    assert answer.status_code == 200, answer.text
    (one,) = answer.get_json()["berichten"]
    assert (one["soort"], one["naam"], one["einde"]) == ("ontvangst", "Ontvangen", "")
    assert [(way["kanaal"], way["status"], way["naar"]) for way in one["wegen"]] == [
        ("email", "niet_bezorgd", "j…@example.nl"),
        ("sms", "verzonden", "06 … 78"),
    ]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_trail_is_for_everybody(desk: Desk, chromium: Browser, address: str) -> None:
    melding, work = told(desk)
    context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL")
    for who, path in [
        ("kcc", f"/kcc/melding/{melding.number}"),
        ("team", f"/team/opdracht/{work.id}"),
        ("", follow(desk, melding)),
    ]:
        context.clear_cookies()
        if who:
            cookie = desk.browsers[who].get_cookie("sessie")
            assert cookie is not None
            context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert_accessible(page, f"{who or 'melder'}: {path}")
        page.set_viewport_size(cast(Any, TABLET))
        assert page.evaluate(WIDER) <= 0, f"{who or 'melder'}: {path} on a tablet"
        page.close()
    context.close()
