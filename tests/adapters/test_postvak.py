"""The postvak of local mode: addresses that play their fate, by the business clock, for e-mail, SMS and push."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meldingen.adapters.failures import AddressRefused, PermanentFailure, UncertainFailure
from meldingen.adapters.fates import FATES, PUSH_ORIGIN, USUAL, fate_of, table
from meldingen.adapters.mail import Mail
from meldingen.adapters.postvak import Postvak, PostvakMail, PostvakPush, PostvakSms
from meldingen.adapters.push import Push
from meldingen.adapters.receipt import CanTell
from meldingen.adapters.sms import Sms
from meldingen.domain.phone import parse_phone

README = Path(__file__).resolve().parent.parent.parent / "README.md"
BEGAN = datetime(2026, 4, 14, 6, 47, tzinfo=UTC)


class Clock:
    """Business time that moves when told."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postvak(tmp_path: Path, clock: Clock) -> Postvak:
    return Postvak(tmp_path, clock)


def by_mail(postvak: Postvak, to: str) -> str:
    mail = Mail(to, "Melding 26 7000 0017", "Dag", "<p>Dag</p>", f"r-{to.partition('@')[0]}", BEGAN)
    PostvakMail(postvak, "meldingen@example.nl").send(mail)
    return mail.reference


def by_sms(postvak: Postvak, to: str) -> str:
    PostvakSms(postvak).send(Sms(parse_phone(to, field="telefoon").e164, "Dag", f"r-{to[-4:]}"))
    return f"r-{to[-4:]}"


@pytest.mark.parametrize("how", [by_mail, by_sms])
@pytest.mark.parametrize(
    ("name", "after", "status", "reason", "refused"),
    [
        ("laat", timedelta(hours=2), "bezorgd", "", False),
        ("vol", timedelta(hours=1), "niet_bezorgd", "temporary-failure", False),
        ("weg", timedelta(minutes=10), "niet_bezorgd", "permanent-failure", True),
    ],
)
def test_what_is_known_later(
    postvak: Postvak, clock: Clock, how: object, name: str, after: timedelta, status: str, reason: str, refused: bool
) -> None:
    fate = next(fate for fate in FATES if fate.name == name)
    reference = how(postvak, fate.email if how is by_mail else fate.number)  # type: ignore[operator]
    clock.at = BEGAN + after - timedelta(seconds=1)
    early = postvak.find(reference)
    assert early is not None and early.status == "verzonden"
    clock.at = BEGAN + after
    told = postvak.find(reference)
    assert told is not None and (told.status, told.reason, told.address_refused) == (status, reason, refused)


def test_silence_after_sending_keeps_one_message(postvak: Postvak) -> None:
    with pytest.raises(UncertainFailure):
        by_mail(postvak, "stil@proef.example")
    told = postvak.find("r-stil")
    assert told is not None and told.status == "bezorgd"
    by_mail(postvak, "stil@proef.example")  # who does not ask first sends twice, and sees that
    assert [kept.times for kept in postvak.list()] == [2]


@pytest.mark.parametrize(("name", "failure"), [("stuk", AddressRefused), ("dicht", PermanentFailure)])
def test_refused_at_once(postvak: Postvak, name: str, failure: type[Exception]) -> None:
    fate = next(fate for fate in FATES if fate.name == name)
    for how, to in ((by_mail, fate.email), (by_sms, fate.number)):
        with pytest.raises(failure) as told:
            how(postvak, to)
        assert type(told.value) is failure
    assert postvak.list() == []


def test_every_other_address_is_reached_at_once(postvak: Postvak) -> None:
    for reference in (by_mail(postvak, "jan@example.nl"), by_sms(postvak, "06 12345678")):
        told = postvak.find(reference)
        assert told is not None and told.status == "bezorgd"
    assert fate_of("weg@example.nl") is fate_of("") is USUAL


def test_push_plays_along_and_cannot_tell(postvak: Postvak) -> None:
    sender = PostvakPush(postvak)
    assert not isinstance(sender, CanTell) and isinstance(PostvakMail(postvak, "a@example.nl"), CanTell)
    assert sender.accepts(f"{PUSH_ORIGIN}/weg") and not sender.accepts("https://fcm.googleapis.com/x")
    sender.send(Push(f"{PUSH_ORIGIN}/jan p256dh auth", "Melding", "Klaar", "/v/x", "r-1"))
    assert postvak.list()[0].to == f"{PUSH_ORIGIN}/jan"
    with pytest.raises(AddressRefused):
        sender.send(Push(f"{PUSH_ORIGIN}/stuk p256dh auth", "Melding", "Klaar", "/v/x", "r-2"))


def test_the_table_in_the_readme_is_the_one_of_the_code() -> None:
    assert table() in README.read_text(encoding="utf-8")
