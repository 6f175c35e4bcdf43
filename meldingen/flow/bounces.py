"""A mail of ours that came back: refused for good, so that the next channel gets its turn, or late, which is noted.

Believed only at our own return address with its mac (VERP), or without such addresses by our Message-ID, which nobody
but its receiver has seen. What else comes in: replies.py.
"""

from email.utils import parseaddr

from ..adapters.receipt import Receipt
from ..domain.delivery import NIET_BEZORGD, VERZONDEN
from ..domain.incoming import IncomingLetter
from ..domain.reports import Failure, read_plain_bounce
from ..domain.return_address import read_bounce_address
from ..settings import Settings
from ..store.notice import Delivery, delivery_by_reference
from . import chain, deliveries
from .desk import Desk

_ROBOTS = ("mailer-daemon", "postmaster", "")


def is_bounce(letter: IncomingLetter, reference: str | None) -> bool:
    """A delivery report, or a machine's word at a return address of ours that is not somebody's out of office."""
    robot = letter.sender.partition("@")[0] in _ROBOTS
    return letter.report or (reference is not None and robot)


def returned_reference(settings: Settings, letter: IncomingLetter) -> str | None:
    """The reference of the delivery this came back for, by our return address; None when there is none of ours."""
    read = (read_bounce_address(settings.mail_bounce, settings.secret_keys, to) for to in letter.receivers)
    found = next((reference for reference in read if reference), None)
    return found or (None if settings.mail_bounce else own_reference(settings, letter.returned_id))


def own_reference(settings: Settings, message_id: str) -> str | None:
    """Our reference in a Message-ID of ours."""
    reference, _, domain = message_id.strip("<>").partition("@")
    ours = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    return reference if reference and domain.lower() == ours.lower() else None


def take_bounce(desk: Desk, letter: IncomingLetter, reference: str | None) -> Delivery | None:
    """Records what the other side says; the delivery it is about, or None: then nothing happens."""
    delivery = delivery_by_reference(desk.session, reference, scope=desk.scope) if reference else None
    if delivery is None:
        return None
    told = letter.failures or (() if letter.report else (read_plain_bounce(letter.text),))
    final = next((failure for failure in told if failure.final), None)
    if final is not None:
        deliveries.record_receipt(
            desk,
            delivery.reference,
            Receipt("", NIET_BEZORGD, f"teruggekomen: {_code(final)}", address_refused=final.address_gone),
        )
    elif told and told[0].action == "delayed" and delivery.status == VERZONDEN:
        chain.remark(desk.session, delivery, f"vertraagd bij de ontvanger: {_code(told[0])}", now=desk.now)
    return delivery


def _code(failure: Failure) -> str:
    """Only codes are told on: the words of a server may quote the address."""
    return failure.status or (str(failure.code) if failure.code else "zonder code")
