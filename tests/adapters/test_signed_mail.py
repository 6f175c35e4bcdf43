"""What a mail carries beside its words: a signature others can check (DKIM), its return address, one click for less."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from meldingen.adapters import build
from meldingen.adapters.mail import Dkim, Mail, SmtpSender
from meldingen.settings import Settings, SettingsError
from tests.flow.berichten import SETTINGS
from tests.standins.smtp import MailServer, mail_server

FROM = "Meldingen <meldingen@gemeente.example.nl>"
LESS = "https://meldingen.gemeente.example.nl/minder-mail/een-heel-lang-token-van-dertig-tekens"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def dns(key: rsa.RSAPrivateKey) -> Callable[..., bytes]:
    """The one TXT record there is."""
    spki = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(spki.splitlines()[1:-1])

    def look(name: bytes, timeout: int = 5) -> bytes:
        return record if name == b"mld._domainkey.gemeente.example.nl." else b""

    return look


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def mail(now: datetime) -> Mail:
    return Mail(
        to="jan@example.nl",
        subject="Wij plannen het in – Duinstede",
        text="Het wordt dinsdag. Groeten aan Zoë ✓\n.\n" + "woord " * 300,
        html="<p>Het wordt dinsdag.</p>",
        reference="2670000017-abc",
        at=now,
        sender_name="Gemeente Duinstede",
        reply_to="antwoord+17.abc@gemeente.example.nl",
        envelope_from="retour+2670000017-abc.def@gemeente.example.nl",
        unsubscribe_url=LESS,
    )


@pytest.mark.parametrize("to", ["jan@example.nl", "zoë@example.nl", "jan@köln.example"])
def test_a_signature_holds_after_the_journey(
    server: MailServer, mail: Mail, pem: bytes, dns: Callable[..., bytes], to: str
) -> None:
    SmtpSender(server.url, FROM, signing=Dkim("mld", "gemeente.example.nl", pem)).send(replace(mail, to=to))
    raw = server.raw[-1]
    assert dkim.verify(raw, dnsfunc=dns)
    signed = raw.partition(b"bh=")[0].lower()
    assert b"list-unsubscribe-post" in signed and b"reply-to" in signed, "RFC 8058 asks that these are signed"
    assert not dkim.verify(raw.replace(b"dinsdag", b"maandag"), dnsfunc=dns)
    assert not dkim.verify(b"From: vals@example.com\r\n" + raw, dnsfunc=dns), "no second sender above ours"
    assert not dkim.verify(raw.replace(LESS.encode()[:40], b"https://elders.example.com/"), dnsfunc=dns)


def test_a_message_of_one_part_is_signed_too(pem: bytes, dns: Callable[..., bytes]) -> None:
    body = b"From: a@gemeente.example.nl\r\nSubject: x\r\n\r\nhallo\r\n"
    assert dkim.verify(Dkim("mld", "gemeente.example.nl", pem).sign(body), dnsfunc=dns)


def test_the_settings_bring_a_signature(tmp_path: Path, pem: bytes) -> None:
    file = tmp_path / "dkim.pem"
    file.write_bytes(pem)
    made = build(_settings(DKIM_SELECTOR="mld", DKIM_SLEUTEL=str(file))).mail
    assert isinstance(made, SmtpSender) and made.signing == Dkim("mld", "gemeente.example.nl", pem)


@pytest.mark.parametrize(
    "found", [b"", b"geen sleutel", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_wrong_key_shows_at_the_start(tmp_path: Path, found: bytes) -> None:
    file = tmp_path / "dkim.pem"
    file.write_bytes(found)
    with pytest.raises(SettingsError, match="DKIM_SLEUTEL"):
        _settings(DKIM_SELECTOR="mld", DKIM_SLEUTEL=str(file))


def test_half_a_choice_shows_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DKIM_SLEUTEL"):
        _settings(DKIM_SELECTOR="mld", DKIM_SLEUTEL=str(tmp_path / "niets"))
    with pytest.raises(SettingsError, match="horen bij elkaar"):
        _settings(DKIM_SELECTOR="mld")


@pytest.mark.parametrize("name", ["MAIL_BOUNCE", "MAIL_ANTWOORD"])
@pytest.mark.parametrize(
    "value", ["retour", "een+twee@example.nl", "a b@example.nl", "een-veel-te-lange-naam-is-dit@x.nl"]
)
def test_a_return_address_that_cannot_work_shows_at_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        _settings(**{name: value})


def test_a_bounce_has_an_address_of_its_own_and_less_mail_is_one_click(server: MailServer, mail: Mail) -> None:
    SmtpSender(server.url, FROM).send(mail)
    message = server.accepted[-1][0]
    assert server.senders[-1] == "retour+2670000017-abc.def@gemeente.example.nl"
    assert message["List-Unsubscribe"] == f"<{LESS}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    SmtpSender(server.url, FROM).send(replace(mail, envelope_from="", unsubscribe_url=""))
    message = server.accepted[-1][0]
    assert server.senders[-1] == "meldingen@gemeente.example.nl"
    assert message["List-Unsubscribe"] is None and message["List-Unsubscribe-Post"] is None


def _settings(**more: str) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": "postgresql://nergens/meldingen",
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": SETTINGS.secret_keys[0],
            "FOTO_MAP": "fotos",
            "SMTP_URL": "smtp://127.0.0.1:1",
            "PUBLIC_URL": "https://meldingen.duinstede.nl",
            "MAIL_FROM": FROM,
            **more,
        }
    )
