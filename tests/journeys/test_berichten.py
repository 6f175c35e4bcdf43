"""The berichten as stories: real relay and workers, and providers that fail, for a night or for good.

Nobody looks in the database. What counts is what the mail server and Notify received, and what people see. One town
for all of them: each story has its own day.
"""

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import redis
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen import db
from meldingen.settings import Settings
from tests import factories, photos
from tests.web.conftest import token_in
from tests.web.forms import press, words

from . import processes
from .providers import Providers, plain
from .town import API, Town


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with Providers() as running:
        yield running


@pytest.fixture(scope="module")
def town(
    providers: Providers,
    clone: Callable[[], sa.URL],
    redis_number: tuple[str, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """Duinstede with a mail server and Notify, and workers that wait as long as in earnest."""
    folder, (address, number) = tmp_path_factory.mktemp("berichten"), redis_number
    parts = urlsplit(address)
    queue = parts._replace(query=f"db={number}") if parts.scheme == "unix" else parts._replace(path=f"/{number}")
    url = clone().render_as_string(hide_password=False)
    settings = Settings.from_env(
        {
            "DATABASE_URL": url,
            "REDIS_URL": queue.geturl(),
            "SECRET_KEYS": "geheim-voor-de-verhalen-van-deze-tests",
            "LOKALE_MODUS": "1",
            "FOTO_MAP": str(folder),
            **providers.settings,
        }
    )
    engine = db.make_engine(url, pool_size=4)
    town = Town(engine, settings, folder, policies=processes.PATIENT)
    yield town
    town.close()
    engine.dispose()
    with redis.Redis.from_url(settings.redis_url) as server:
        server.flushdb()


def test_the_mail_server_is_down_for_a_night_and_no_bericht_is_lost(town: Town, providers: Providers) -> None:
    """Closed at 22.50, told at 07.10, once, after the receipt and in the words of the morning."""
    town.clock("2026-04-14 08:47")
    bo = town.visitor()
    bo.reports(contact={"email": "bo@example.nl"})
    town.settle()
    with providers.without_mail():
        town.clock("2026-04-14 22:50")
        service = town.staff("serviceteam")
        service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
        town.settle()
        for hour in ("14 23:05", "15 00:10", "15 01:15", "15 02:20", "15 03:25", "15 04:30", "15 05:35", "15 06:05"):
            town.clock(f"2026-04-{hour}")
            town.settle()
        assert len(providers.mails("bo@example.nl")) == 1, "only the receipt, of before that night"

    town.clock("2026-04-15 07:10")
    town.settle()
    receipt, closing = providers.mails("bo@example.nl")
    assert str(bo.answer["toonNummer"]) in str(receipt["Subject"])
    assert "U heeft gisteren een melding gedaan" in plain(closing) and "De tegel ligt recht." in plain(closing)
    told = bo.looks()["berichten"][0]
    assert told["soort"] == "gereed" and [way["status"] for way in told["wegen"]] == ["verzonden"]


def test_a_bounce_becomes_an_sms_and_that_becomes_a_call(town: Town, providers: Providers) -> None:
    """The mailbox is gone and so is the phone: a person calls, and everybody can see why."""
    town.clock("2026-04-16 09:00")
    bo, service = town.visitor(), town.staff("serviceteam")
    bo.reports(contact={"email": "weg@example.nl", "telefoon": "06 12345678"})
    town.settle()
    providers.mail.fates["weg@example.nl"] = "terug 5.1.1"
    service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    (bounce,) = providers.mail.returned
    assert providers.mail_comes_in(town, bounce, providers.mail.senders[-1]) == "bounce"
    town.settle()
    (text,) = providers.texts("+31612345678")
    assert "vanmorgen om 09.0" in text and "De tegel ligt recht." in text
    assert town.staff("kcc").callbacks() == []

    providers.notify_calls_back(town, "+31612345678", "permanent-failure")
    town.settle()
    (call,) = town.staff("kcc").callbacks()
    assert "De tegel ligt recht." in call["tekst"] and call["uiterlijkOp"].startswith("2026-04-20")
    seen = [(way["kanaal"], way["status"]) for way in bo.looks()["berichten"][0]["wegen"]]
    assert seen == [("email", "niet_bezorgd"), ("sms", "niet_bezorgd"), ("telefoon", "gepland")]
    told = words(bo.opens_page())
    assert (
        "Per e-mail naar w…@example.nl: niet aangekomen." in told and "Per sms naar 06 … 78: niet aangekomen." in told
    )
    desk = words(browser_of(town, "kcc").get(f"/kcc/melding/{bo.answer['nummer']}").text)
    assert "E-mail: niet aangekomen" in desk and "Sms: niet aangekomen" in desk and "5.1.1" in desk


def test_at_night_an_sms_waits_for_the_morning(town: Town, providers: Providers) -> None:
    """The receipt goes at once; a new date and the end of that night are one message, and it tells the last."""
    town.clock("2026-04-16 23:10")
    bo, service = town.visitor(), town.staff("serviceteam")
    bo.reports(contact={"telefoon": "06 87654321"})
    town.settle()
    (receipt,) = providers.texts("+31687654321")
    assert bo.answer["toonNummer"] in receipt
    (work,) = service.opdrachten()
    service.does("planningen", work, plandatum="2026-05-11")
    town.settle()
    town.clock("2026-04-17 02:00")
    service.does("afhandelingen", service.opdrachten()[0], uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    town.clock("2026-04-17 06:59")
    town.settle()
    assert providers.texts("+31687654321") == [receipt]

    town.clock("2026-04-17 07:00")
    town.settle()
    _, morning = providers.texts("+31687654321")
    assert "gisteren" in morning and "De tegel ligt recht." in morning
    story = [(told["soort"], [way["status"] for way in told["wegen"]]) for told in bo.looks()["berichten"]]
    assert story == [("gereed", ["verzonden"]), ("vertraagd", ["verzonden"]), ("ontvangst", ["verzonden"])]


def test_an_answer_by_mail_moves_the_work_and_a_no_opens_it_again(town: Town, providers: Providers) -> None:
    """Asked by mail, answered by mail with a photo; then "nee" by the link in the gereedmelding."""
    town.clock("2026-04-20 09:00")
    bo, service = town.visitor(), town.staff("serviceteam")
    bo.reports(contact={"email": "jo@example.nl"})
    town.settle()
    service.does("vragen", service.opdrachten()[0], vraag="Bij welk huisnummer ligt de tegel?")
    town.settle()
    assert bo.looks()["status"] == "wacht_op_melder"
    question = providers.mails("jo@example.nl")[-1]
    assert "Bij welk huisnummer ligt de tegel?" in plain(question)
    reply = EmailMessage()
    reply["From"], reply["To"], reply["In-Reply-To"] = "jo@example.nl", question["Reply-To"], question["Message-ID"]
    reply["Subject"] = f"Re: {question['Subject']}"
    reply.set_content("Voor nummer 12, zie de foto.\n\n> Bij welk huisnummer ligt de tegel?\n")
    reply.add_attachment(photos.photo("jpeg", (1200, 900)), maintype="image", subtype="jpeg", filename="IMG_2.jpg")
    assert providers.mail_comes_in(town, reply.as_bytes(), str(question["Reply-To"])) == "antwoord"
    town.settle()
    assert bo.looks()["status"] == "ontvangen" and [photo["van"] for photo in bo.looks()["fotos"]] == ["melder"]
    (work,) = service.opdrachten()
    seen = service.client.get(f"{API}/opdrachten/{work['id']}", headers=service.head)
    assert "Voor nummer 12, zie de foto." in [note["tekst"] for note in seen.json["notities"]], "without the quote"

    service.does("afhandelingen", work, uitkomst="opgelost", zin="De tegel ligt recht.")
    town.settle()
    closing = plain(providers.mails("jo@example.nl")[-1])
    no = re.search(r"Nee, het is niet opgelost\D*?(https?://\S+)", closing)
    assert no is not None, closing
    browser = town.app.test_client()
    page = browser.get(no[1].removeprefix(town.settings.public_url), follow_redirects=True)
    assert page.status_code == 200 and bo.looks()["status"] == "afgehandeld", "a link changes nothing"
    path = f"/volgen/{bo.answer['nummer']}/niet-opgelost"
    answer = press(browser, browser.get(path).text, path, tekst="Hij ligt weer los.")
    assert answer.status_code == 303, answer.text
    town.settle()
    again = providers.mails("jo@example.nl")[-1]
    assert "opnieuw" in plain(again) and bo.looks()["berichten"][0]["soort"] == "heropend"
    assert bo.looks()["status"] != "afgehandeld"


def browser_of(town: Town, name: str) -> FlaskClient:
    """The browser of somebody who signed in."""
    browser = town.app.test_client()
    page = browser.get("/inloggen").text
    form = {"csrf_token": token_in(page), "gebruikersnaam": name, "wachtwoord": factories.PASSWORD}
    assert browser.post("/inloggen", data=form).status_code == 303
    return browser
