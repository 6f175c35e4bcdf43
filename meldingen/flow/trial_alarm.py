"""A medewerker's own devices for alarms, and a trial: calls him every way there is and says at once what became of it.

A trial is no bericht: nothing happened, so it waits in no line and is tried once. The real one: alarm.py.
"""

from datetime import datetime
from secrets import token_hex

from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure
from ..adapters.push import Push, PushSender
from ..adapters.sms import Sms
from ..domain.actor import Actor
from ..domain.errors import InvalidInput
from ..domain.phone import parse_phone
from ..store import staff_push
from ..store.account import Account
from .devices import check_device

TITLE = "Proefalarm"
WORDS = "Zo komt een alarm bij u binnen. U hoeft niets te doen."
NOWHERE = "U heeft nog geen mobiel nummer en geen apparaat. Een alarm kan u niet bereiken."


def keep_own_device(
    session: Session,
    sender: PushSender | None,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Rings this device of a medewerker too from now on. Raises as devices.check_device."""
    check_device(sender, endpoint, p256dh, auth)
    staff_push.keep_device(session, actor.account_id or 0, endpoint=endpoint, p256dh=p256dh, auth=auth, now=now)


def ring_trial(session: Session, adapters: Adapters, gemeente: str, *, actor: Actor) -> list[str]:
    """Calls a medewerker on his phone and each of his devices; one sentence about each. A device that is gone is
    forgotten."""
    mine = session.get_one(Account, actor.account_id)
    told = [_by_sms(adapters, mine.phone, gemeente)] if mine.phone else []
    for device in staff_push.devices_of(session, [mine.id]):
        told.append(_by_push(session, adapters, device))
    return told or [NOWHERE]


def _by_sms(adapters: Adapters, phone: str, gemeente: str) -> str:
    if adapters.sms is None:
        return "Sms kan hier niet. Een alarm gaat naar uw e-mailadres."
    try:
        number = parse_phone(phone, field="telefoon")
        adapters.sms.send(Sms(number.e164, f"{TITLE}. {WORDS} Gemeente {gemeente}", f"proef-{token_hex(8)}"))
    except (TemporaryFailure, PermanentFailure, InvalidInput):
        return "De sms kon niet weg. Kijk of uw nummer klopt, en probeer het straks nog een keer."
    return "De sms is verstuurd."


def _by_push(session: Session, adapters: Adapters, device: staff_push.StaffPush) -> str:
    if adapters.push is None:
        return "Berichten op een apparaat kunnen hier niet."
    message = Push(device.address, TITLE, WORDS, "/piket", f"proef-{token_hex(8)}", urgent=True)
    try:
        adapters.push.send(message)
    except AddressRefused:
        staff_push.delete_device_by_id(session, device.id, device.address)
        return "Eén apparaat is er niet meer. Het is van uw lijst gehaald."
    except (TemporaryFailure, PermanentFailure):
        return "Eén apparaat kon niet worden bereikt. Probeer het straks nog een keer."
    return "Een bericht op uw apparaat is verstuurd."
