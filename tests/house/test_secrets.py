"""Where secrets may not turn up: a printed setting, a log line, a pickle (SEC-03, SEC-16)."""

import re
from pathlib import Path

import pytest

from meldingen.app import create_app
from meldingen.settings import VARIABLES, Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRON = {
    "LOKALE_MODUS": "1",
    "DATABASE_URL": "postgresql://meldingen:geheim-van-de-database@127.0.0.1:1/niets",
    "REDIS_URL": "redis://:geheim-van-de-wachtrij@127.0.0.1:1/0",
    "SECRET_KEYS": "geheim-van-de-koppen-en-de-tokens-hier",
    "S3_BUCKET": "fotos",
    "S3_ACCESS_KEY": "sleutel",
    "S3_SECRET_KEY": "geheim-van-de-opslag",
    "SMTP_URL": "smtp://u:geheim-van-de-post@127.0.0.1:1",
    "NOTIFYNL_API_KEY": "geheim-van-de-sms",
    "NOTIFYNL_SMS_TEMPLATE": "t",
    "NOTIFYNL_CALLBACK_TOKEN": "geheim-waarmee-ontvangstberichten-komen",
    "PUSH_SLEUTEL": "geheim-van-de-push-in-base64url-van-43-teke",
    "METRICS_TOKEN": "geheim-van-de-cijfers",
    "MAILBOX_URL": "imaps://u:geheim-van-de-postbus@127.0.0.1:1",
    "MAIL_INKOMEND_TOKEN": "geheim-van-de-mail-die-binnenkomt-hier",
}


def test_printing_the_settings_tells_no_secret() -> None:
    assert "geheim" not in repr(Settings.from_env(ENVIRON))


def test_every_mistake_is_named_at_once_and_no_value_repeated() -> None:
    wrong = {
        "DATABASE_URL": "mysql://geheim",
        "SECRET_KEYS": "te-kort-geheim",
        "LOKALE_MODUS": "ja",
        "PROXIES": "veel",
        "SMTP_URL": "http://geheim",
    }
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(wrong)
    said = str(refused.value)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEYS", "LOKALE_MODUS", "PUBLIC_URL", "PROXIES", "SMTP_URL"):
        assert name in said
    assert "geheim" not in said


def test_outside_local_mode_a_gereedmelding_must_be_able_to_leave() -> None:
    real = {**ENVIRON, "LOKALE_MODUS": "0", "PUBLIC_URL": "https://meldingen.example.nl"}
    assert Settings.from_env(real).secure
    with pytest.raises(SettingsError, match="gereedmelding"):
        Settings.from_env({**real, "SMTP_URL": "", "NOTIFYNL_API_KEY": "", "NOTIFYNL_SMS_TEMPLATE": ""})
    with pytest.raises(SettingsError, match="https"):
        Settings.from_env({**real, "PUBLIC_URL": "http://meldingen.example.nl"})


def test_push_needs_a_key_and_calls_hosts_only(tmp_path: Path) -> None:
    real = {**ENVIRON, "LOKALE_MODUS": "0", "PUBLIC_URL": "https://meldingen.example.nl"}
    kept = tmp_path / "push.pem"
    kept.write_text("-----BEGIN PRIVATE KEY-----\ngeheim\n")
    assert Settings.from_env({**real, "PUSH_SLEUTEL": str(kept)}).push_key.startswith("-----BEGIN")
    wrong = {
        "PUSH_SLEUTEL": "geheim-maar-te-kort",
        "PUSH_DIENSTEN": "http://127.0.0.1:4321",
        "NOTIFYNL_CALLBACK_TOKEN": "te-kort-geheim",
    }
    for name, value in wrong.items():
        with pytest.raises(SettingsError, match=name) as refused:
            Settings.from_env({**real, name: value})
        assert "geheim" not in str(refused.value)
    with pytest.raises(SettingsError, match="NOTIFYNL_EMAIL_TEMPLATE"):
        Settings.from_env({**real, "NOTIFYNL_SMS_TEMPLATE": ""})
    assert Settings.from_env({**ENVIRON, "PUSH_DIENSTEN": "http://127.0.0.1:4321"}).push_services


def test_variables_have_a_field_and_a_meaning() -> None:
    assert {v.field for v in VARIABLES} == set(Settings.__dataclass_fields__)
    assert all(v.meaning for v in VARIABLES)


def test_a_follow_link_leaves_no_token_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """The path of a page link carries the token once; what is logged is the route (HUIS, SEC-07)."""
    client = create_app(Settings.from_env(ENVIRON)).test_client()
    client.get("/v/token-die-niemand-mag-lezen-12")  # the database is not there: this logs an error
    written = "".join(capfd.readouterr())
    assert "token-die-niemand" not in written and "geheim" not in written


def test_nothing_is_pickled() -> None:
    """SEC-16: a job is JSON, so that a stranger in Redis cannot run code here."""
    code = [*(ROOT / "meldingen").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]
    pickling = [
        str(f) for f in code if re.search(r"^\s*(import|from) (pickle|marshal|shelve|dill)\b", f.read_text(), re.M)
    ]
    assert pickling == []
    assert re.search(r"JSONSerializer|serializer=.?json", (ROOT / "workers/rq_workers.py").read_text(), re.I)
