"""A melder's meldingen on another device: by code or link, once, and nobody learns whom we know."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.sms import MemorySms
from meldingen.db import machine_now, set_clock_offset
from meldingen.flow import access, upkeep
from meldingen.store.access_code import AccessCode
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry
from tests import factories

from .conftest import World
from .forms import errors_in, press, words

START = "/mijn-meldingen/toegang"
JO = {"email": "Jo@example.nl", "phone": "06 12 34 56 78"}


@pytest.fixture
def jo(world: World) -> list[Melding]:
    """Three meldingen of one person, one of them long ago, and one of somebody else."""
    now = machine_now()
    with world.session() as session, session.begin():
        session.execute(sa.text("TRUNCATE melding, access_code, outbox CASCADE"))
        made = [factories.melding(session, now=now - timedelta(days=n), contact=JO) for n in (400, 2, 1)]
        factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    return made


def ask(world: World, address: str) -> tuple[FlaskClient, str]:
    """A new browser that asked, and the page where the code goes."""
    browser = world.app.test_client()
    answer = press(browser, browser.get(START).text, START, adres=address)
    assert (answer.status_code, answer.location) == (303, f"{START}/code")
    return browser, browser.get(answer.location).text


def deliver(world: World) -> tuple[str, str]:
    """Does what the worker does with the newest request; the code and the path of the link, or two times ""."""
    held = world.app.extensions["meldingen"]
    mail, sms = MemoryMail(), MemorySms()
    with world.session() as session:
        row = session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id.desc()).limit(1)).one()
    access.send_code(world.engine, SimpleNamespace(mail=mail, sms=sms), held.settings, row.payload)  # type: ignore[arg-type]
    text = next((one.text for one in (*mail.sent.values(), *sms.sent.values())), "")
    code, link = re.search(r"\b(\d{4} \d{4})\b", text), re.search(r"(/t/[\w-]+)", text)
    return (code[1], link[1]) if code and link else ("", "")


def followed(browser: FlaskClient) -> list[str]:
    return re.findall(r'href="/volgen/(\d{10})"', browser.get("/volgen").text)


@pytest.mark.parametrize("address", [" jo@EXAMPLE.nl", "+31 6 1234 5678"])
def test_by_code(world: World, jo: list[Melding], address: str) -> None:
    browser, page = ask(world, address)
    code, _ = deliver(world)
    wrong = press(browser, page, f"{START}/code", code="0000 0000")
    assert wrong.status_code == 400 and list(errors_in(wrong.text)) == ["code"]
    assert list(errors_in(press(browser, page, f"{START}/code", code=" ").text)) == ["code"]
    answer = press(browser, page, f"{START}/code", code=code)
    assert answer.status_code == 303
    assert "Uw 2 meldingen staan nu ook op dit apparaat." in words(browser.get(answer.location).text)
    assert followed(browser) == [jo[2].number, jo[1].number], "of the last year, of nobody else"
    assert browser.get(f"/volgen/{jo[2].number}").status_code == 200
    other, page = ask(world, address)
    assert press(other, page, f"{START}/code", code=code).status_code == 400, "the one before ended"
    with world.session() as session:
        assert session.scalars(sa.select(AccessCode.address).where(AccessCode.used_at.is_not(None))).all() == [""]


def test_by_link_and_only_by_the_button(world: World, jo: list[Melding]) -> None:
    ask(world, "jo@example.nl")
    _, link = deliver(world)
    scanner, browser = world.app.test_client(), world.app.test_client()
    assert "Open mijn meldingen" in scanner.get(link, follow_redirects=True).text
    page = browser.get(link, follow_redirects=True).text
    assert link.removeprefix("/t/") not in page and followed(browser) == [], "opening a link does nothing"
    assert press(browser, page, f"{START}/openen").status_code == 303
    assert len(followed(browser)) == 2
    scanned = scanner.get(START).text.replace(f'action="{START}"', f'action="{START}/openen"')
    late = press(scanner, scanned, f"{START}/openen")
    assert late.status_code == 410 and "Deze link werkt niet meer" in late.text
    again = browser.get(link, follow_redirects=True)
    assert again.status_code == 410 and "Vraag een nieuwe code" in again.text
    assert world.app.test_client().get("/t/" + "a" * 30, follow_redirects=True).status_code == 410


def test_who_is_not_known_sees_the_same_and_is_forgotten(world: World, jo: list[Melding]) -> None:
    unknown, known = ask(world, "wie@example.nl")[1], ask(world, "jo@example.nl")[1]
    same = [re.sub(r'value="[^"]+"', "", page.replace(name, "@")) for page, name in
            ((unknown, "wie@example.nl"), (known, "jo@example.nl"))]  # fmt: skip
    assert same[0] == same[1]
    browser, page = ask(world, "wie@example.nl")
    assert deliver(world) == ("", "")
    with world.session() as session:
        assert session.scalars(sa.select(AccessCode.address).order_by(AccessCode.id.desc()).limit(1)).one() == ""
    assert "Deze code klopt niet" in press(browser, page, f"{START}/code", code="12345678").text


def test_five_tries_half_an_hour_and_three_codes(world: World, jo: list[Melding]) -> None:
    browser, page = ask(world, "jo@example.nl")
    code, link = deliver(world)
    for _ in range(5):
        press(browser, page, f"{START}/code", code="1")
    assert press(browser, page, f"{START}/code", code=code).status_code == 400
    assert browser.get(link, follow_redirects=True).status_code == 410
    browser, page = ask(world, "jo@example.nl")
    code, link = deliver(world)
    try:
        with world.session() as session, session.begin():
            set_clock_offset(session, 31 * 60)
        assert press(browser, page, f"{START}/code", code=code).status_code == 400
        assert browser.get(link, follow_redirects=True).status_code == 410
    finally:
        with world.session() as session, session.begin():
            set_clock_offset(session, 0)
    ask(world, "jo@example.nl")
    fourth = press(browser, browser.get(START).text, START, adres="jo@example.nl")
    assert fourth.status_code == 429 and "Wacht een uur" in words(fourth.text)
    upkeep.clear_access_codes(world.engine, now=machine_now() + timedelta(hours=2, minutes=1))
    with world.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AccessCode)) == 0


@pytest.mark.parametrize("address", ["", "jo@", "072 888 00 00", "Jo Jansen", "a\x00@b.nl"])
def test_an_address_that_cannot_be_one_is_told(client: FlaskClient, address: str) -> None:
    answer = press(client, client.get(START).text, START, adres=address)
    assert answer.status_code == 400 and list(errors_in(answer.text)) == ["adres"]
    assert client.get(f"{START}/code").status_code == 303, "nothing was asked yet"
