"""Which adapters the settings ask for; nothing is connected yet."""

from pathlib import Path

import pytest

from meldingen.adapters import build
from meldingen.adapters.mail import SmtpSender
from meldingen.adapters.notifynl import NotifyMail, NotifySms
from meldingen.adapters.postvak import PostvakMail, PostvakSms
from meldingen.settings import Settings
from tests.standins.notify import API_KEY, EMAIL_TEMPLATE, TEMPLATE

SMTP = {"SMTP_URL": "smtp://127.0.0.1:25"}
NOTIFY = {"NOTIFYNL_API_KEY": API_KEY, "NOTIFYNL_SMS_TEMPLATE": TEMPLATE}
NOTIFY_MAIL = {"NOTIFYNL_API_KEY": API_KEY, "NOTIFYNL_EMAIL_TEMPLATE": EMAIL_TEMPLATE}
NONE = type(None)


@pytest.mark.parametrize(
    ("local", "asked", "mail", "sms", "postvak"),
    [
        (True, {}, PostvakMail, PostvakSms, True),
        (True, SMTP, SmtpSender, PostvakSms, True),
        (True, SMTP | NOTIFY, SmtpSender, NotifySms, True),
        (False, SMTP | NOTIFY, SmtpSender, NotifySms, False),
        (False, SMTP, SmtpSender, NONE, False),
        (False, NOTIFY, NONE, NotifySms, False),
        (False, NOTIFY_MAIL, NotifyMail, NONE, False),
        (False, SMTP | NOTIFY_MAIL, SmtpSender, NONE, False),
        (True, NOTIFY | NOTIFY_MAIL, NotifyMail, NotifySms, True),
    ],
)
def test_channels(tmp_path: Path, local: bool, asked: dict[str, str], mail: type, sms: type, postvak: bool) -> None:
    settings = Settings.from_env(
        {
            "DATABASE_URL": "postgresql://nergens/meldingen",
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": "alleen-voor-tests-en-nergens-anders-gebruikt",
            "PUBLIC_URL": "https://meldingen.duinstede.nl",
            "FOTO_MAP": str(tmp_path),
            "POSTVAK_MAP": str(tmp_path / "postvak"),
            "LOKALE_MODUS": "1" if local else "0",
            **asked,
        }
    )
    built = build(settings)
    assert (type(built.mail), type(built.sms), built.postvak is not None) == (mail, sms, postvak)
