"""NotifyNL: SMS and e-mail over the real protocol, each status and each error it documents; and the twins of SMS."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meldingen.adapters import notifynl as adapter
from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.mail import Mail, SmtpSender
from meldingen.adapters.notifynl import NotifyMail, NotifySms
from meldingen.adapters.postvak import Postvak, PostvakSms
from meldingen.adapters.receipt import CanTell
from meldingen.adapters.sms import MemorySms, Sms, SmsSender
from tests.standins.notify import API_KEY, EMAIL_TEMPLATE, REFUSALS, TEMPLATE, NotifyServer, notify_server

SMS = Sms("+31612345678", "U heeft vanmorgen om 08.47 een melding gedaan.", "2670000017-abc")
MAIL = Mail(
    "jan@example.nl",
    "Melding 26 7000 0017\r\n is klaar",
    "Beste Jan,\n\nHet bord is vervangen.",
    "<p>Het bord is vervangen.</p>",
    "2670000017-abe",
    datetime(2026, 4, 14, 6, 47, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def running() -> Iterator[NotifyServer]:
    with notify_server() as server:
        yield server


@pytest.fixture
def server(running: NotifyServer) -> NotifyServer:
    """The provider, empty and well-behaved."""
    running.forget()
    return running


def notify(server: NotifyServer, *, key: str = API_KEY, template: str = TEMPLATE) -> NotifySms:
    return NotifySms(api_key=key, url=server.url, template=template)


def notify_mail(server: NotifyServer, *, template: str = EMAIL_TEMPLATE) -> NotifyMail:
    return NotifyMail(api_key=API_KEY, url=server.url, template=template)


@pytest.fixture(params=["notify", "postvak", "geheugen"])
def sender(request: pytest.FixtureRequest, tmp_path: Path, server: NotifyServer) -> SmsSender:
    senders: dict[str, SmsSender] = {
        "notify": notify(server),
        "postvak": PostvakSms(Postvak(tmp_path)),
        "geheugen": MemorySms(),
    }
    return senders[request.param]


class TestEverySender:
    def test_what_was_sent_is_found_by_our_reference(self, sender: SmsSender) -> None:
        assert sender.find(SMS.reference) is None
        identity = sender.send(SMS)
        found = sender.find(SMS.reference)
        assert found is not None and found.provider_id == identity
        assert found.status in ("verzonden", "bezorgd")
        assert sender.find("2670000017-abd") is None


class TestSms:
    def test_the_protocol(self, server: NotifyServer) -> None:
        identity = notify(server).send(SMS)
        assert server.kept[0]["id"] == identity
        assert server.kept[0]["phone_number"] == "+31612345678"
        assert server.texts(SMS.reference) == [SMS.text]

    @pytest.mark.parametrize(
        ("word", "ours", "refused"),
        [
            ("created", "verzonden", False),
            ("sending", "verzonden", False),
            ("pending", "verzonden", False),
            ("sent", "verzonden", False),
            ("delivered", "bezorgd", False),
            ("permanent-failure", "niet_bezorgd", True),
            ("temporary-failure", "niet_bezorgd", False),
            ("technical-failure", "niet_bezorgd", False),
            ("iets-nieuws", "verzonden", False),
        ],
    )
    def test_each_status_in_our_words(self, server: NotifyServer, word: str, ours: str, refused: bool) -> None:
        server.status = word
        notify(server).send(SMS)
        found = notify(server).find(SMS.reference)
        assert found is not None
        assert (found.status, found.reason, found.address_refused) == (ours, word, refused)

    @pytest.mark.parametrize(
        ("refusal", "failure", "wait_s"),
        [
            ("no number", AddressRefused, None),
            ("team only", PermanentFailure, None),
            ("trial mode", PermanentFailure, None),
            ("template id", TemporaryFailure, None),
            ("no template", TemporaryFailure, None),
            ("personalisation", TemporaryFailure, None),
            ("clock", TemporaryFailure, None),
            ("key", TemporaryFailure, None),
            ("unknown", TemporaryFailure, None),
            ("rate", TemporaryFailure, 60),
            ("day", TemporaryFailure, 3600),
            ("server", UncertainFailure, None),
            ("away", UncertainFailure, None),
        ],
    )
    def test_each_documented_error(
        self, server: NotifyServer, refusal: str, failure: type[Exception], wait_s: float | None
    ) -> None:
        server.fail_with = REFUSALS[refusal]
        with pytest.raises(failure) as told:
            notify(server).send(SMS)
        assert type(told.value) is failure
        assert getattr(told.value, "retry_after_s", None) == wait_s
        assert "0612345678" not in str(told.value) and "+316" not in str(told.value)

    def test_an_error_after_the_message_was_kept_is_cleared_up_by_asking(self, server: NotifyServer) -> None:
        server.fail_with, server.fail_after = REFUSALS["server"], True
        with pytest.raises(UncertainFailure):
            notify(server).send(SMS)
        found = notify(server).find(SMS.reference)
        assert found is not None and found.provider_id == server.kept[0]["id"]

    def test_silence_leaves_us_in_doubt(self, server: NotifyServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(adapter, "TIMEOUT_S", 0.2)
        server.wait_s = 0.6
        with pytest.raises(UncertainFailure):
            notify(server).send(SMS)
        assert notify(server).find(SMS.reference) is not None

    def test_a_page_instead_of_json_is_temporary(self, server: NotifyServer) -> None:
        server.garbage = True
        with pytest.raises(TemporaryFailure):
            notify(server).send(SMS)
        with pytest.raises(TemporaryFailure):
            notify(server).find(SMS.reference)

    def test_nobody_home_is_temporary(self) -> None:
        away = NotifySms(api_key=API_KEY, url="http://127.0.0.1:9", template=TEMPLATE)
        with pytest.raises(TemporaryFailure):
            away.send(SMS)
        with pytest.raises(TemporaryFailure):
            away.find(SMS.reference)

    def test_a_wrong_key_or_template_is_mended_by_people(self, server: NotifyServer) -> None:
        wrong = API_KEY[:-1] + "1"
        for sender in (notify(server, key=wrong), notify(server, template="8d844edf-8d35-48ac-975b-e847b4f122b0")):
            with pytest.raises(TemporaryFailure):
                sender.send(SMS)
        assert server.kept == []

    def test_one_request_per_call(self, server: NotifyServer) -> None:
        notify(server).send(SMS)
        notify(server).find(SMS.reference)
        assert server.requests == ["POST /v2/notifications/sms", "GET /v2/notifications"]


class TestMail:
    def test_our_subject_and_text_in_one_template(self, server: NotifyServer) -> None:
        identity = notify_mail(server).send(MAIL)
        (kept,) = server.kept
        assert (kept["id"], kept["email_address"], kept["reference"]) == (identity, MAIL.to, MAIL.reference)
        assert (kept["subject"], kept["body"]) == ("Melding 26 7000 0017 is klaar", MAIL.text)

    @pytest.mark.parametrize(("ours", "told"), [("https://m.nl/s/x", "https://m.nl/s/x"), ("http://m.nl/s", None)])
    def test_less_mail_with_one_click(self, server: NotifyServer, ours: str, told: str | None) -> None:
        notify_mail(server).send(replace(MAIL, unsubscribe_url=ours))
        assert server.kept[0]["one_click_unsubscribe"] == told

    def test_it_can_tell_and_smtp_cannot(self, server: NotifyServer) -> None:
        assert isinstance(notify_mail(server), CanTell) and isinstance(notify(server), CanTell)
        assert not isinstance(SmtpSender("smtp://127.0.0.1:1", "meldingen@example.nl"), CanTell)
        assert notify_mail(server).find(MAIL.reference) is None
        notify_mail(server).send(MAIL)
        server.settle(MAIL.reference, "permanent-failure")
        found = notify_mail(server).find(MAIL.reference)
        assert found is not None
        assert (found.status, found.reason, found.address_refused) == ("niet_bezorgd", "permanent-failure", True)
        assert notify(server).find(MAIL.reference) is None  # an SMS it is not

    @pytest.mark.parametrize(
        ("refusal", "failure"),
        [
            ("no address", AddressRefused),
            ("team only", PermanentFailure),
            ("personalisation", TemporaryFailure),
            ("day", TemporaryFailure),
            ("server", UncertainFailure),
        ],
    )
    def test_refusals(self, server: NotifyServer, refusal: str, failure: type[Exception]) -> None:
        server.fail_with = REFUSALS[refusal]
        with pytest.raises(failure) as told:
            notify_mail(server).send(MAIL)
        assert type(told.value) is failure and "jan" not in str(told.value)


def test_memory_can_fail_before_or_after_keeping() -> None:
    sender = MemorySms()
    sender.fail_with = UncertainFailure("stil")
    with pytest.raises(UncertainFailure):
        sender.send(SMS)
    assert sender.find(SMS.reference) is None
    sender.swallow = True
    with pytest.raises(UncertainFailure):
        sender.send(SMS)
    assert sender.find(SMS.reference) is not None
