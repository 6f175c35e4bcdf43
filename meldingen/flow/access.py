"""A melder's own meldingen on another device: a one-time link and code to the e-mail address or phone we know of him.

Nobody learns here whether we know an address: a code is always made, and the worker alone finds out whether it goes
anywhere. Neither link nor code is stored; both follow from the row (domain/tokens.py). Looking at what he reported is
for the doors, with the follow token of each melding.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import AddressRefused, PermanentFailure
from ..adapters.mail import Mail
from ..adapters.sms import Sms
from ..db import business_now, transaction
from ..domain import tokens
from ..domain.actor import ANONYMOUS
from ..domain.contact import check_email
from ..domain.errors import InvalidInput, TooMany
from ..domain.phone import parse_phone
from ..domain.sentence import say
from ..settings import Settings
from ..store import access_code, gemeente, journal, outbox
from ..store.access_code import EMAIL, SMS, AccessCode
from ..store.melding import Melding

log = structlog.get_logger()

TASK: Final = "access_code"
MINUTES: Final = 30
VALID: Final = timedelta(minutes=MINUTES)
MOST_TRIES: Final = 5
MOST_CODES: Final = 3
"""Per address and hour."""
HOUR: Final = timedelta(hours=1)
LOOK_BACK: Final = timedelta(days=365)
MOST_MELDINGEN: Final = 20


@dataclass(frozen=True)
class Address:
    """Where a code goes. value: an e-mail address in lower case, or a mobile number in E.164."""

    channel: str
    value: str


def read_address(written: str, *, field: str) -> Address:
    """What somebody filled in. Raises InvalidInput naming `field`, also for a phone that gets no SMS."""
    if not written.strip():
        raise InvalidInput.of(field, "leeg", say("Vul uw e-mailadres of uw mobiele nummer in."))
    if "@" in written:
        return Address(EMAIL, check_email(written, field).lower())
    phone = parse_phone(written, field=field)
    if not phone.is_mobile:
        detail = say("Naar dit nummer kunnen wij geen sms sturen. Vul uw e-mailadres in, of bel ons.")
        raise InvalidInput.of(field, "niet_mobiel", detail)
    return Address(SMS, phone.e164)


def ask_code(session: Session, gemeente_id: int, to: Address, keys: Sequence[str], *, now: datetime) -> None:
    """Has a link and code sent to this address, when we know it; the one before ends.

    The same happens here for an address we know and one we do not. Raises TooMany for the fourth within an hour.
    """
    prints = tokens.address_prints(keys, gemeente_id, to.value)
    if access_code.count_codes(session, prints, now - HOUR, scope=[gemeente_id]) >= MOST_CODES:
        detail = say(
            "Voor dit adres is al %(keer)s keer een code gevraagd. Wacht een uur, of bel ons.",
            keer=MOST_CODES,
        )
        raise TooMany("te_veel_codes", detail, retry_after_s=int(HOUR.total_seconds()))
    row = AccessCode(
        gemeente_id=gemeente_id, address_hash=prints[0], address=to.value, channel=to.channel, made_at=now, tries=0
    )
    session.add(row)
    session.flush()
    payload = {"task": TASK, "code_id": row.id, "gemeente_id": gemeente_id}
    outbox.put(session, outbox.Topic.UPKEEP, payload, gemeente_id=gemeente_id, now=now)


def send_code(engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]) -> None:
    """The worker's: hands link and code to the channel, while they work. An address nobody is known by is forgotten."""
    code_id, scope = int(payload["code_id"]), [int(payload["gemeente_id"])]
    with transaction(engine) as session:
        now = business_now(session)
        row = access_code.lock_code(session, code_id, scope=scope)
        if row is None or not row.address or not _works(row, now):
            return
        if not _known(session, row, now=now, limit=1):
            row.address = ""
            return
        home, to, channel = gemeente.gemeente_by_id(session, row.gemeente_id), row.address, row.channel
    code = tokens.access_code(settings.secret_keys, code_id)
    link = f"{settings.public_url}/t/{tokens.access_token(settings.secret_keys, code_id)}"
    reference = f"toegang-{code_id}"
    try:
        if channel == EMAIL and adapters.mail is not None:
            adapters.mail.send(_mail(to, home, f"{code[:4]} {code[4:]}", link, reference, now))
        elif channel == SMS and adapters.sms is not None:
            adapters.sms.send(Sms(to, _sms_words(home, f"{code[:4]} {code[4:]}", link), reference))
        else:
            raise PermanentFailure("dit kanaal is er niet meer")
    except AddressRefused:
        log.info("access_code_refused", channel=channel)  # whoever asked sees no mail and can phone


def open_by_code(
    session: Session, gemeente_id: int, to: Address, code: str, keys: Sequence[str], *, now: datetime
) -> Sequence[Melding] | None:
    """The meldingen that the code opens, newest first; None when it does not work (any more), whatever the reason.

    Each try counts, so commit also then.
    """
    prints = tokens.address_prints(keys, gemeente_id, to.value)
    row = access_code.lock_newest_code(session, prints, now - VALID, scope=[gemeente_id])
    if row is None or not _works(row, now):
        return None
    row.tries += 1
    if not tokens.verify_access_code(keys, code, row.id):
        return None
    return _use(session, row, now=now)


def link_works(session: Session, token: str, keys: Sequence[str], *, now: datetime, scope: Collection[int]) -> bool:
    """Whether `open_by_link` would open something; changes nothing (mail scanners follow links, SEC-06)."""
    code_id = _code_of(token, keys)
    row = access_code.code_by_id(session, code_id, scope=scope) if code_id else None
    return row is not None and bool(row.address) and _works(row, now)


def open_by_link(
    session: Session, token: str, keys: Sequence[str], *, now: datetime, scope: Collection[int]
) -> Sequence[Melding] | None:
    """As `open_by_code`, for the link that went with it."""
    code_id = _code_of(token, keys)
    row = access_code.lock_code(session, code_id, scope=scope) if code_id else None
    if row is None or not row.address or not _works(row, now):
        return None
    return _use(session, row, now=now)


def _works(row: AccessCode, now: datetime) -> bool:
    return row.used_at is None and row.tries < MOST_TRIES and now - row.made_at <= VALID


def _use(session: Session, row: AccessCode, *, now: datetime) -> Sequence[Melding]:
    """Opens what its address is known by, once."""
    found = _known(session, row, now=now, limit=MOST_MELDINGEN)
    row.used_at, row.address = now, ""
    facts = {"channel": row.channel, "meldingen": len(found)}
    journal.record(session, "toegang_gegeven", gemeente_id=row.gemeente_id, actor=ANONYMOUS, now=now, facts=facts)
    return found


def _known(session: Session, row: AccessCode, *, now: datetime, limit: int) -> Sequence[Melding]:
    return access_code.meldingen_at(
        session, row.channel, row.address, now - LOOK_BACK, limit=limit, scope=[row.gemeente_id]
    )


def _code_of(token: str, keys: Sequence[str]) -> int | None:
    claimed = tokens.read_token(token)
    return claimed.about_id if claimed is not None and tokens.verify_access_token(keys, claimed) else None


def _sms_words(home: gemeente.Gemeente, code: str, link: str) -> str:
    return f"Gemeente {home.name}: uw code is {code}. Of open {link} Werkt {MINUTES} minuten. Niet gevraagd? Doe niets."


def _mail(to: str, home: gemeente.Gemeente, code: str, link: str, reference: str, now: datetime) -> Mail:
    lines = [
        f"Uw code is {code}. Vul die in op de pagina waar u hem vroeg.",
        f"Of open deze link op het apparaat waarop u uw meldingen wilt zien: {link}",
        f"Code en link werken {MINUTES} minuten, en maar een keer. Geef ze aan niemand anders.",
        "Vroeg u dit niet? Dan hoeft u niets te doen.",
        f"Vragen? Bel ons: {home.phone}.",
    ]
    pressed = f'<a href="{escape(link)}">{escape(link)}</a>'
    inside = "".join(f"<p>{escape(line).replace(escape(link), pressed)}</p>" for line in lines)
    html = f'<!doctype html><html lang="nl"><head><title>Uw code</title></head><body>{inside}</body></html>'
    subject, sender = "Uw code om uw meldingen te zien", f"Gemeente {home.name}"
    text = "\n\n".join(lines) + "\n"
    return Mail(to, subject, text, html, reference, now, sender_name=sender, reply_to=home.email)
