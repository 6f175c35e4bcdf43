"""Where things are, read once from the environment: addresses, secrets and switches. Policy lives in the database.

The table in README "Instellingen" is what `table` makes of VARIABLES; a test compares them.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dkim.asn1 import ASN1FormatError
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from .domain.clock import check_clock
from .domain.return_address import LONGEST_NAME

DEMO_GEOCODER = "demo"
"""Instead of an address: the streets of the demo gemeente, which come along in the package."""


class SettingsError(Exception):
    """The environment is not usable; the message names every mistake at once."""


@dataclass(frozen=True)
class Settings:
    """All settings of one process; see VARIABLES for what each means. Printing it shows no secret."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    local_mode: bool
    clock: str
    public_url: str
    photo_dir: Path | None
    s3_bucket: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)
    backup_dir: Path | None
    backup_recipients: tuple[str, ...]
    smtp_url: str = field(repr=False)
    mail_from: str
    mail_bounce: str
    mail_answer: str
    mailbox_url: str = field(repr=False)
    mail_incoming_token: str = field(repr=False)
    dkim_selector: str
    dkim_key: bytes = field(repr=False)
    notifynl_api_key: str = field(repr=False)
    notifynl_url: str
    notifynl_sms_template: str
    notifynl_email_template: str
    notifynl_callback_token: str = field(repr=False)
    push_key: str = field(repr=False)
    push_contact: str
    push_services: tuple[str, ...]
    postvak_dir: Path | None
    cors_origins: tuple[str, ...]
    rate_public: str
    rate_melder: str
    rate_login: str
    rate_staff: str
    limit_email: int
    limit_sms: int
    limit_push: int
    trusted_proxies: int
    geocoder_url: str
    webhook_hosts: tuple[str, ...]
    map_tiles_url: str
    metrics_token: str = field(repr=False)
    log_level: str
    db_pool_size: int

    @property
    def limits(self) -> Mapping[str, int]:
        """How many messages a minute may go to the provider of each channel; 0: as many as there are."""
        return {"email": self.limit_email, "sms": self.limit_sms, "push": self.limit_push}

    @property
    def secure(self) -> bool:
        """Whether people reach us by https; decides Secure cookies and HSTS."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Reads `environ` (default: the process's). Raises SettingsError naming every missing or wrong variable."""
        env = os.environ if environ is None else environ
        mistakes: list[str] = []
        values: dict[str, object] = {}
        local = env.get("LOKALE_MODUS", "") == "1"
        for variable in VARIABLES:
            raw = env.get(variable.name, "").strip()
            if not raw:
                if variable.required and not (local and variable.local is not None):
                    mistakes.append(f"{variable.name} ontbreekt ({variable.meaning})")
                    continue
                raw = variable.local if local and variable.local is not None else variable.default
            try:
                values[variable.field] = variable.read(raw)
            except ValueError as error:
                mistakes.append(f"{variable.name} klopt niet: {error}")
        if not mistakes:
            mistakes = _across(values)
        if mistakes:
            raise SettingsError("De instellingen kloppen niet:\n" + "\n".join(f"- {m}" for m in mistakes))
        return cls(**values)  # type: ignore[arg-type]


def _across(values: Mapping[str, object]) -> list[str]:
    """Mistakes that only show when settings are seen together."""
    mistakes = []
    if not values["photo_dir"] and not values["s3_bucket"]:
        mistakes.append("FOTO_MAP of S3_BUCKET ontbreekt (waar foto's bewaard worden)")
    if values["clock"] and not values["local_mode"]:
        mistakes.append("KLOK kan alleen in lokale modus (LOKALE_MODUS=1)")
    if values["s3_bucket"] and not (values["s3_access_key"] and values["s3_secret_key"]):
        mistakes.append("S3_ACCESS_KEY en S3_SECRET_KEY horen bij S3_BUCKET")
    if not values["local_mode"] and not str(values["public_url"]).startswith("https://"):
        mistakes.append("PUBLIC_URL moet met https:// beginnen (buiten lokale modus)")
    if not values["local_mode"] and not values["smtp_url"] and not values["notifynl_api_key"]:
        mistakes.append("SMTP_URL of NOTIFYNL_API_KEY ontbreekt: zonder kan geen gereedmelding uit")
    if values["geocoder_url"] == DEMO_GEOCODER and not values["local_mode"]:
        mistakes.append("GEOCODER_URL=demo kan alleen in lokale modus (LOKALE_MODUS=1)")
    if bool(values["dkim_selector"]) != bool(values["dkim_key"]):
        mistakes.append("DKIM_SELECTOR en DKIM_SLEUTEL horen bij elkaar")
    if values["notifynl_api_key"] and not (values["notifynl_sms_template"] or values["notifynl_email_template"]):
        mistakes.append("NOTIFYNL_SMS_TEMPLATE of NOTIFYNL_EMAIL_TEMPLATE hoort bij NOTIFYNL_API_KEY")
    if not values["local_mode"] and any("/" in service for service in values["push_services"]):  # type: ignore[attr-defined]
        mistakes.append("PUSH_DIENSTEN noemt hosts, zonder https:// ervoor")
    return mistakes


def _text(raw: str) -> str:
    return raw


def _flag(raw: str) -> bool:
    if raw not in ("", "0", "1"):
        raise ValueError("schrijf 0 of 1")
    return raw == "1"


def _number(raw: str) -> int:
    if not raw.isdigit():
        raise ValueError("schrijf een heel getal")
    return int(raw)


def _path(raw: str) -> Path | None:
    return Path(raw) if raw else None


def _private_key(raw: str) -> bytes:
    """What the file holds; tried here, so that a wrong key shows at the start and not at the first bericht."""
    if not raw:
        return b""
    try:
        key = Path(raw).read_bytes()
        parse_pem_private_key(key)
    except (OSError, ValueError, LookupError, TypeError, UnparsableKeyError, ASN1FormatError) as error:
        raise ValueError("dit bestand is geen leesbare RSA-sleutel in PEM") from error
    return key


def _tagging(raw: str) -> str:
    """An address of ours that gets something behind a plus: see domain/return_address.py."""
    name, at, domain = raw.rpartition("@")
    if raw and not (at and name and domain and raw.isascii() and "+" not in name and not raw.count(" ")):
        raise ValueError("schrijf één adres zonder naam en zonder plus, zoals retour@meldingen.gemeente.nl")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"voor het apenstaartje passen {LONGEST_NAME} tekens")
    return raw.lower()


def _list(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _secret(raw: str) -> str:
    if raw and len(raw) < 32:
        raise ValueError("neem ten minste 32 tekens")
    return raw


def _push_key(raw: str) -> str:
    """Our own push key itself, also when `raw` names the file that holds it."""
    if raw and Path(raw).is_file():
        raw = Path(raw).read_text(encoding="ascii").strip()
    if raw and not (raw.startswith("-----BEGIN") or re.fullmatch(r"[A-Za-z0-9_-]{43}=?", raw)):
        raise ValueError("schrijf wat `meldingen push sleutel` geeft, of het pad van een PEM-bestand")
    return raw


def _recipients(raw: str) -> tuple[str, ...]:
    found = _list(raw)
    if any(not re.fullmatch(r"age1[0-9a-z]{20,}", one) for one in found):
        raise ValueError("schrijf publieke sleutels: age1…, zoals `meldingen backup sleutel` toont; nooit de geheime")
    return found


def _keys(raw: str) -> tuple[str, ...]:
    keys = _list(raw)
    if any(len(key) < 32 for key in keys):
        raise ValueError("elke sleutel is ten minste 32 tekens lang")
    return keys


def _database(raw: str) -> str:
    if raw.startswith(("postgres://", "postgresql://")):
        raw = "postgresql+psycopg://" + raw.split("://", 1)[1]
    if raw and not raw.startswith("postgresql+psycopg://"):
        raise ValueError("schrijf postgresql://gebruiker:wachtwoord@host:poort/naam; alleen PostGIS wordt gebruikt")
    return raw


def _url(*schemes: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw and urlsplit(raw).scheme not in schemes:
            raise ValueError(f"begin met {' of '.join(s + '://' for s in schemes)}")
        return raw.rstrip("/")

    return read


def _geocoder_url(raw: str) -> str:
    return raw if raw == DEMO_GEOCODER else _url("http", "https")(raw)


@dataclass(frozen=True)
class Variable:
    """One environment variable: its field, meaning (Dutch, for the README), default and, if other, local default."""

    name: str
    field: str
    meaning: str
    read: Callable[[str], object] = _text
    default: str = ""
    required: bool = False
    local: str | None = None


VARIABLES: tuple[Variable, ...] = (
    Variable("DATABASE_URL", "database_url", "adres van PostgreSQL met PostGIS", _database, required=True),
    Variable("REDIS_URL", "redis_url", "adres van Valkey of Redis", _url("redis", "rediss", "unix"), required=True),
    Variable(
        "SECRET_KEYS",
        "secret_keys",
        "geheimen (≥ 32 tekens, komma ertussen): de eerste tekent, alle worden herkend",
        _keys,
        required=True,
    ),
    Variable("LOKALE_MODUS", "local_mode", "1 = één machine: postvak, klok verzetten, demo-accounts", _flag, "0"),
    Variable("KLOK", "clock", "begintijd in lokale modus: 2026-04-14T08:47, of +3h vanaf de echte tijd", check_clock),
    Variable(
        "PUBLIC_URL",
        "public_url",
        "adres waarop mensen ons bereiken",
        _url("http", "https"),
        required=True,
        local="http://127.0.0.1:8000",
    ),
    Variable("FOTO_MAP", "photo_dir", "map voor foto's (zonder S3)", _path),
    Variable("S3_BUCKET", "s3_bucket", "bucket voor foto's"),
    Variable("S3_ENDPOINT", "s3_endpoint", "adres van de S3-opslag", _url("http", "https")),
    Variable("S3_ACCESS_KEY", "s3_access_key", "sleutelnaam van de S3-opslag"),
    Variable("S3_SECRET_KEY", "s3_secret_key", "geheim van de S3-opslag"),
    Variable("BACKUP_MAP", "backup_dir", "map waarin `meldingen backup` zijn back-ups zet", _path),
    Variable(
        "BACKUP_ONTVANGERS",
        "backup_recipients",
        "wie back-ups mag lezen: publieke sleutels van age (`age1…`, komma ertussen); leeg = niet versleuteld",
        _recipients,
    ),
    Variable(
        "SMTP_URL",
        "smtp_url",
        "mailserver: smtp://gebruiker:wachtwoord@host:587?starttls=1",
        _url("smtp", "smtps"),
    ),
    Variable("MAIL_FROM", "mail_from", "afzender van e-mail", default="meldingen@example.nl"),
    Variable(
        "MAIL_BOUNCE",
        "mail_bounce",
        "adres waar onbestelbare mail heen gaat, met iets achter een plus per bericht; leeg = MAIL_FROM",
        _tagging,
    ),
    Variable(
        "MAIL_ANTWOORD",
        "mail_answer",
        "adres waar antwoorden van melders heen gaan, met iets achter een plus; leeg = het adres van de gemeente",
        _tagging,
    ),
    Variable(
        "MAILBOX_URL",
        "mailbox_url",
        "mailbox waar retour- en antwoordmail binnenkomt: imaps://gebruiker:wachtwoord@host/INBOX; leeg = geen",
        _url("imaps"),
    ),
    Variable(
        "MAIL_INKOMEND_TOKEN",
        "mail_incoming_token",
        "bearer-token waarmee een mailserver binnengekomen mail brengt (≥ 32 tekens); leeg = kan niet",
        _secret,
    ),
    Variable("DKIM_SELECTOR", "dkim_selector", "naam van de DKIM-sleutel in DNS: <naam>._domainkey.<domein>"),
    Variable("DKIM_SLEUTEL", "dkim_key", "bestand met de geheime DKIM-sleutel (RSA, PEM)", _private_key),
    Variable("NOTIFYNL_API_KEY", "notifynl_api_key", "sleutel van NotifyNL, voor sms en e-mail"),
    Variable("NOTIFYNL_URL", "notifynl_url", "adres van NotifyNL", _url("http", "https"), "https://api.notifynl.nl"),
    Variable("NOTIFYNL_SMS_TEMPLATE", "notifynl_sms_template", "sms-sjabloon in NotifyNL met één veld: tekst"),
    Variable(
        "NOTIFYNL_EMAIL_TEMPLATE",
        "notifynl_email_template",
        "e-mailsjabloon in NotifyNL met twee velden: onderwerp en tekst; gebruikt zonder SMTP_URL",
    ),
    Variable(
        "NOTIFYNL_CALLBACK_TOKEN",
        "notifynl_callback_token",
        "bearer-token waarmee NotifyNL ontvangstberichten brengt (≥ 32 tekens); leeg = alleen navragen",
        _secret,
    ),
    Variable(
        "PUSH_SLEUTEL",
        "push_key",
        "onze sleutel voor berichten op een apparaat (`meldingen push sleutel`), of het pad ervan; leeg = geen push",
        _push_key,
    ),
    Variable("PUSH_CONTACT", "push_contact", "mailto:-adres voor pushdiensten; leeg = dat van MAIL_FROM"),
    Variable(
        "PUSH_DIENSTEN",
        "push_services",
        "hosts van pushdiensten die wij aanroepen; `http://127.0.0.1:…` kan alleen in lokale modus",
        _list,
        "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
    ),
    Variable("POSTVAK_MAP", "postvak_dir", "map waarin lokale modus uitgaande berichten bewaart", _path),
    Variable("CORS_ORIGINS", "cors_origins", "websites die de API in de browser mogen gebruiken", _list),
    Variable("LIMIET_PUBLIEK", "rate_public", "schrijvende verzoeken per adres", default="60 per minute"),
    Variable("LIMIET_MELDER", "rate_melder", "meldingen per e-mailadres en per telefoonnummer", default="30 per hour"),
    Variable("LIMIET_INLOGGEN", "rate_login", "inlogpogingen per adres en per account", default="10 per minute"),
    Variable("LIMIET_MEDEWERKER", "rate_staff", "schrijvende verzoeken per medewerker", default="600 per minute"),
    Variable("LIMIET_EMAIL", "limit_email", "e-mails per minuut, van alles samen; 0 = geen grens", _number, "600"),
    Variable("LIMIET_SMS", "limit_sms", "sms'en per minuut; 0 = geen grens", _number, "600"),
    Variable("LIMIET_PUSH", "limit_push", "pushberichten per minuut; 0 = geen grens", _number, "600"),
    Variable(
        "PROXIES",
        "trusted_proxies",
        "aantal eigen proxy's ervoor, voor het adres van de bezoeker",
        _number,
        "0",
    ),
    Variable(
        "GEOCODER_URL",
        "geocoder_url",
        "PDOK Locatieserver: `https://api.pdok.nl/bzk/locatieserver/search/v3_1`, of gelijke; leeg = geen adressen; "
        "`demo` = de straten van de demogemeente, alleen in lokale modus",
        _geocoder_url,
    ),
    Variable(
        "WEBHOOK_HOSTS", "webhook_hosts", "hosts die een webhook mogen hebben; *.partner.nl = alles daaronder", _list
    ),
    Variable("KAART_TEGELS", "map_tiles_url", "sjabloon van kaarttegels; leeg = alleen vlakken"),
    Variable("METRICS_TOKEN", "metrics_token", "bearer-token voor /metrics; leeg = alleen vanaf deze machine"),
    Variable("LOG_NIVEAU", "log_level", "DEBUG, INFO, WARNING of ERROR", default="INFO"),
    Variable("DB_POOL", "db_pool_size", "databaseverbindingen per proces", _number, "8"),
)


def table() -> str:
    """VARIABLES as the Markdown table of the README, with a line end after each row."""
    rows = ["| variabele | betekenis | standaard |", "|---|---|---|"]
    for variable in VARIABLES:
        default = f"`{variable.default}`" if variable.default else "**verplicht**" if variable.required else ""
        if variable.local is not None:
            default += f" (lokaal `{variable.local}`)"
        rows.append(f"| `{variable.name}` | {variable.meaning.replace('|', chr(92) + '|')} | {default} |")
    return "\n".join(rows) + "\n"
