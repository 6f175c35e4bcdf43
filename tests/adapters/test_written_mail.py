"""The message as bytes: read back by the standard library it says what was written, whatever that was."""

import email
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any

import pytest

from meldingen.adapters.failures import PermanentFailure
from meldingen.adapters.mail import Mail
from meldingen.adapters.mime import Written, write_message

FROM = "Meldingen <meldingen@gemeente.example>"
MAIL = Mail(
    to="jan@example.nl",
    subject="Ontvangen: een losse tegel (2670 001 234)",
    text="U heeft vanmorgen om 08.47 een melding gedaan.\n\nWij gaan ermee aan de slag.\n",
    html="<!doctype html>\n<p>Wij gaan ermee aan de slag.</p>",
    reference="2670000017-abc",
    at=datetime(2026, 4, 14, 8, 47, tzinfo=UTC),
    sender_name="Gemeente Bergen (NH)",
    reply_to="antwoord+17-abc@example.nl",
    unsubscribe_url="https://meldingen.voorbeeld.nl/minder-mail/" + "abc" * 60,
)


def read(written: Written) -> Any:
    return email.message_from_bytes(written.body, policy=SMTPUTF8 if written.beyond_ascii else SMTP)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"text": "Добрый день. " * 40, "html": "<p>" + "你好" * 500 + "</p>"},
        {"text": "مرحبا 🌳 Zoë\n.\n..\nFrom mij\nspatie \ntab\t\n" + "woord " * 400},
        {"text": "", "html": ""},
        {"text": "=_deel --=_deel--\n--=_deel--\n"},
        {"subject": "Opgelost: een vernield verkeersbord – Zoë " * 4},
        {"subject": ""},
        {"sender_name": "Gemeente Súdwest-Fryslân"},
        {"to": "zoë@example.nl"},
        {"to": "o'neil!x@example.nl"},
        {"to": f"{'a' * 60}@{'b' * 60}.nl", "reply_to": f"antwoord+{'z' * 50}@{'d' * 50}.example.nl"},
        {"reply_to": "", "unsubscribe_url": ""},
    ],
)
def test_what_is_read_is_what_was_written(other: dict[str, Any]) -> None:
    mail = replace(MAIL, **other)
    written = write_message(mail, FROM)
    message: EmailMessage = read(written)
    assert message.defects == [] and all(part.defects == [] for part in message.walk())
    assert message["From"].addresses[0].display_name == mail.sender_name
    assert message["To"] == written.to == mail.to and (message["Reply-To"] or "") == mail.reply_to
    assert message["Subject"] == written.subject == " ".join(mail.subject.split())
    assert (message["List-Unsubscribe"] or "").strip("<>") == mail.unsubscribe_url
    assert (message["Message-ID"], message["Content-Language"]) == (written.identity, "nl")
    texts = [part.get_content().splitlines() for part in message.iter_parts()]
    assert texts == [mail.text.splitlines(), mail.html.splitlines()]
    lines = written.body.split(b"\r\n")
    assert max(map(len, lines)) <= 998 and not any(b"\n" in line or b"\r" in line for line in lines)
    assert written.beyond_ascii is not written.body.isascii()


def test_a_resend_is_the_same_bytes() -> None:
    assert write_message(MAIL, FROM) == write_message(MAIL, FROM)


@pytest.mark.parametrize("field", ["reference", "sender_name", "unsubscribe_url"])
def test_no_field_brings_a_header(field: str) -> None:
    with pytest.raises(PermanentFailure):
        write_message(replace(MAIL, **{field: "x\r\nBcc: piet@example.nl"}), FROM)
