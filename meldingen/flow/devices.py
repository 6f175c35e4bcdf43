"""The device of a melder: "bericht op dit apparaat", and stopping it. One device per melding, the newest.

Which channel a bericht takes is for domain/notices.py: push goes before a call and after e-mail and SMS, unless the
melder has nothing else or prefers it. What the push service says of a device: flow/deliveries.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..adapters.push import PushSender
from ..adapters.push_wire import read_device
from ..domain.actor import Actor
from ..domain.errors import Conflict, InvalidInput
from ..domain.privacy import check_not_erased
from ..domain.sentence import say
from ..domain.workflow import DOORVERWEZEN, INGETROKKEN
from ..store import journal, push
from ..store.contact import Contact, contact_of
from ..store.dossier import MeldingRow
from ..store.melding import Melding, lock_meldingen

PUSH = "push"


def subscribe_device(
    session: Session,
    melding: Melding,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    sender: PushSender | None,
    actor: Actor,
    now: datetime,
) -> push.PushSubscription:
    """Keeps where this melder's device takes messages; a newer device takes the place of the older.

    endpoint, p256dh, auth: as the browser gives them. Who left nothing else prefers push from now on, so that every
    bericht comes there. The same device again changes nothing but its moment. Raises InvalidInput for what no browser
    makes, Conflict when this installation has no push or the melding has ended without work, Gone when it was erased.
    """
    check_device(sender, endpoint, p256dh, auth)
    lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])
    check_not_erased(melding.erased_at)
    if melding.withdrawn_at is not None or melding.status in (INGETROKKEN, DOORVERWEZEN):
        raise Conflict("melding_gestopt", say("Deze melding is gestopt. Er komen geen berichten meer."))
    if comes_first(session, melding):
        known = contact_of(session, melding.id, scope=[melding.gemeente_id])
        if known is None:
            session.add(Contact(gemeente_id=melding.gemeente_id, melding_id=melding.id, preference=PUSH))
        else:
            known.preference = PUSH
    earlier = push.subscription_of(session, melding.id, scope=[melding.gemeente_id])
    push.keep_subscription(session, melding, endpoint=endpoint, p256dh=p256dh, auth=auth, now=now)
    if earlier is None or earlier.refused_at is not None:
        _note(session, "apparaat_aangemeld", melding, actor, now)
    kept = push.subscription_of(session, melding.id, scope=[melding.gemeente_id])
    assert kept is not None, "it was just written"
    return kept


def check_device(sender: PushSender | None, endpoint: str, p256dh: str, auth: str) -> None:
    """Raises InvalidInput for what no browser makes, Conflict when this installation has no push."""
    if sender is None:
        raise Conflict("geen_push", say("Wij kunnen geen berichten naar een apparaat sturen. Kies e-mail of sms."))
    if not sender.accepts(endpoint):
        raise InvalidInput.of("eindpunt", "pushdienst_onbekend", say("Deze pushdienst kennen wij niet."))
    try:
        read_device(endpoint, p256dh, auth)
    except ValueError as error:
        wrong = say("De sleutels van dit apparaat kloppen niet.")
        raise InvalidInput.of("sleutels", "sleutels_ongeldig", wrong) from error


def comes_first(session: Session, melding: Melding | MeldingRow) -> bool:
    """Whether a device of this melder gets every bericht, because he left nothing else or prefers it; else it is the
    way when the others fail."""
    known = contact_of(session, melding.id, scope=[melding.gemeente_id])
    if known is None or known.preference == PUSH:
        return True
    return known.preference is None and not (known.email or known.phone or known.postal_address)


def forget_device(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """Stops messages to the device of this melder; a second time changes nothing."""
    scope = [melding.gemeente_id]
    lock_meldingen(session, [melding.id], scope=scope)
    if push.subscription_of(session, melding.id, scope=scope) is None:
        return
    push.delete_subscription(session, melding.id, scope=scope)
    known = contact_of(session, melding.id, scope=scope)
    if known is not None and known.preference == PUSH:
        known.preference = None
    _note(session, "apparaat_afgemeld", melding, actor, now)


def _note(session: Session, kind: str, melding: Melding, actor: Actor, now: datetime) -> None:
    journal.record(session, kind, gemeente_id=melding.gemeente_id, actor=actor, now=now, melding_id=melding.id)
