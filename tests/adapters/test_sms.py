"""SMS: the same promises over the real Notify protocol, in the postvak and in memory; and each error it documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meldingen.adapters import notifynl as adapter
from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.notifynl import NotifySms
from meldingen.adapters.postvak import Postvak, PostvakSms
from meldingen.adapters.sms import MemorySms, Sms, SmsSender
from tests.standins.notify import API_KEY, TEMPLATE, NotifyServer, notify_server

SMS = Sms("+31612345678", "U heeft vanmorgen om 08.47 een melding gedaan.", "2670000017-abc")


@pytest.fixture(scope="module")
def running() -> Iterator[NotifyServer]:
    with notify_server() as server:
        yield server


@pytest.fixture
def server(running: NotifyServer) -> NotifyServer:
    """The provider, empty and well-behaved."""
    running.kept.clear()
    running.requests.clear()
    running.fail_with, running.fail_after, running.garbage = None, False, False
    running.status, running.wait_s = "created", 0.0
    return running


def notify(server: NotifyServer, *, key: str = API_KEY, template: str = TEMPLATE) -> NotifySms:
    return NotifySms(api_key=key, url=server.url, template=template)


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


class TestNotify:
    def test_the_protocol(self, server: NotifyServer) -> None:
        identity = notify(server).send(SMS)
        assert server.kept[0]["id"] == identity
        assert server.kept[0]["phone_number"] == "+31612345678"
        assert server.texts(SMS.reference) == [SMS.text]

    @pytest.mark.parametrize(
        ("word", "ours"),
        [
            ("created", "verzonden"),
            ("sending", "verzonden"),
            ("pending", "verzonden"),
            ("sent", "verzonden"),
            ("delivered", "bezorgd"),
            ("permanent-failure", "niet_bezorgd"),
            ("temporary-failure", "niet_bezorgd"),
            ("technical-failure", "niet_bezorgd"),
            ("iets-nieuws", "verzonden"),
        ],
    )
    def test_each_status_in_our_words(self, server: NotifyServer, word: str, ours: str) -> None:
        server.status = word
        notify(server).send(SMS)
        found = notify(server).find(SMS.reference)
        assert found is not None and (found.status, found.reason) == (ours, word)

    @pytest.mark.parametrize(
        ("status", "error", "message", "failure"),
        [
            (400, "ValidationError", "phone_number Not enough digits", AddressRefused),
            (400, "BadRequestError", "Can't send to this recipient using a team-only API key", PermanentFailure),
            (400, "ValidationError", "template_id is not a valid UUID", TemporaryFailure),
            (400, "BadRequestError", "Missing personalisation: tekst", TemporaryFailure),
            (403, "AuthError", "Invalid token: API key not found", TemporaryFailure),
            (404, "NoResultFound", "No result found", TemporaryFailure),
            (429, "RateLimitError", "Exceeded rate limit for key type LIVE", TemporaryFailure),
            (429, "TooManyRequestsError", "Exceeded send limits (LIMIT) for today", TemporaryFailure),
            (500, "Exception", "Internal server error", UncertainFailure),
            (503, "Exception", "Service unavailable", UncertainFailure),
        ],
    )
    def test_each_documented_error(
        self, server: NotifyServer, status: int, error: str, message: str, failure: type[Exception]
    ) -> None:
        server.fail_with = (status, error, message)
        with pytest.raises(failure) as told:
            notify(server).send(SMS)
        assert type(told.value) is failure
        assert "0612345678" not in str(told.value) and "+316" not in str(told.value)

    def test_an_error_after_the_message_was_kept_is_cleared_up_by_asking(self, server: NotifyServer) -> None:
        server.fail_with, server.fail_after = (500, "Exception", "Internal server error"), True
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
