"""Mail that comes in: bounces, automatic answers, loops, and answers of melders, which land at their melding.

One message is handled once, in one transaction, whichever way it came; it is never answered by mail. What it says is
read by domain/incoming.py; what a bounce means is in bounces.py. A message nobody can place is a task of the KCC.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parseaddr
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..adapters.storage import PhotoStore
from ..db import business_now, retry_deadlock, transaction
from ..domain.deadlines import terugbel_due_at
from ..domain.errors import InvalidInput
from ..domain.incoming import IncomingLetter, Unreadable, read_letter
from ..domain.numbers import parse_number
from ..domain.return_address import is_tagged, read_reply_address, verify_reply
from ..settings import Settings
from ..store import contact, gemeente, incoming_mail, task
from ..store.incoming_mail import IncomingMail
from ..store.melding import Melding, melding_by_id, melding_by_number
from ..store.notice import delivery_by_reference, notice_by_id
from . import answers, bounces
from .desk import Desk

log = structlog.get_logger()

MOST_AN_HOUR: Final = 10
"""Mails of people about one melding, or of one stranger: more is a machine that answers a machine."""
LOT: Final = 50
"""Messages fetched at one go; the next minute takes the rest."""

SWEEP_AFTER_S: Final = 86_400

UNREADABLE: Final = "Wij konden deze e-mail niet lezen. De e-mail zelf kunt u opslaan en bekijken."
TOO_LARGE: Final = "Deze e-mail is te groot om op te halen. Hij staat in de mailbox, in de map Te groot."
_DIGITS: Final = re.compile(r"(?<!\d)\d\d(?:[ .]?\d{4}){2}(?!\d)")
_NOBODY: Final = IncomingLetter("", (), "", "", (), "", (), False, False, (), "")


@dataclass(frozen=True)
class _Post:
    """One message on its way: its bytes, their sha256, and what they say. complete: they are all of it."""

    raw: bytes
    sha256: str
    letter: IncomingLetter
    complete: bool = True
    trouble: str = ""


def poll_mailbox(
    engine: sa.Engine,
    adapters: Adapters,
    settings: Settings,
    *,
    timed_out: Callable[[Exception], bool] = lambda _: False,
) -> int:
    """Takes what waits in the mailbox, each message in a transaction of its own; how many. Zero without a mailbox.

    timed_out: whether an exception is the worker's time that was up, which says nothing of the mail in hand.

    Raises TemporaryFailure when the mailbox or the storage is away: what was not handled still waits there.
    """
    if adapters.mailbox is None:
        return 0

    def handle(raw: bytes, complete: bool) -> None:
        try:
            retry_deadlock(lambda: _in_transaction(engine, adapters, settings, raw, complete=complete, readable=True))
        except (TemporaryFailure, OperationalError):
            raise  # the storage or the database is away or busy: the message waits, there is nothing wrong with it
        except Exception as error:  # one message that breaks us must not hold up all that come behind it
            if timed_out(error):
                raise
            log.warning("mail_broke_us", error=type(error).__name__)
            _in_transaction(engine, adapters, settings, raw, complete=complete, readable=False)

    taken = adapters.mailbox.collect(handle, limit=LOT)
    if taken:
        log.info("mail_taken", messages=taken)
    return taken


def sweep_mail(engine: sa.Engine, store: PhotoStore, *, scope: Collection[int]) -> int:
    """Removes messages in storage that no row refers to any more, a day after they came; how many."""
    gone = 0
    for gemeente_id in sorted(scope):
        old = [one.key for one in store.listing(f"post/{gemeente_id}") if one.age_s > SWEEP_AFTER_S]
        with transaction(engine) as session:
            unused = set(old) - incoming_mail.raw_keys_in_use(session, old, scope=[gemeente_id])
        for key in unused:
            store.delete(key)
        gone += len(unused)
    return gone


def _in_transaction(
    engine: sa.Engine, adapters: Adapters, settings: Settings, raw: bytes, *, complete: bool, readable: bool
) -> None:
    with transaction(engine) as session:
        scope = gemeente.served_ids(session)
        desk = Desk(session, adapters, settings, scope, business_now(session))
        take_mail(desk, raw, complete=complete, readable=readable)


def take_mail(
    desk: Desk, raw: bytes, *, receivers: Sequence[str] = (), complete: bool = True, readable: bool = True
) -> str:
    """Handles one message in the caller's transaction and returns its kind; a second time it changes nothing.

    receivers: whom the envelope named, when the one who brings it knows. complete False: only the headers came.
    readable False: do not look inside again. Raises TemporaryFailure when the storage is away.
    """
    sha256 = hashlib.sha256(raw).hexdigest()
    earlier = incoming_mail.claim_mail(desk.session, sha256, scope=desk.scope)
    if earlier is not None:
        return earlier.kind
    try:
        letter = read_letter(raw) if readable else _NOBODY
    except Unreadable as error:
        log.warning("mail_unreadable", code=str(error))
        letter, readable = _NOBODY, False
    if receivers:
        known = [*(one.strip().lower() for one in receivers), *letter.receivers]
        letter = replace(letter, receivers=tuple(known))
    trouble = TOO_LARGE if not complete else "" if readable else UNREADABLE
    kind = _take(desk, _Post(raw, sha256, letter, complete, trouble))
    log.info("mail_handled", kind=kind)
    return kind


def _take(desk: Desk, post: _Post) -> str:
    letter, settings = post.letter, desk.settings
    reference = bounces.returned_reference(settings, letter)
    if bounces.is_bounce(letter, reference):
        about = bounces.take_bounce(desk, letter, reference)
        home = about.gemeente_id if about else _home(desk, letter)
        _keep(desk, post, "bounce", home, delivery_id=about.id if about else None)
        return "bounce"
    if _is_our_own(desk, letter):
        return _loop(desk, post, None)
    about_melding = _melding_of(desk, letter)
    if letter.automatic:
        _keep(desk, post, "automatisch", about_melding.gemeente_id if about_melding else _home(desk, letter),
              melding_id=about_melding.id if about_melding else None)  # fmt: skip
        return "automatisch"
    if _too_many(desk, letter, about_melding):
        return _loop(desk, post, about_melding)
    if about_melding is None or not post.complete or not answers.can_take(about_melding):
        return _unknown(desk, post)
    return _answer(desk, post, about_melding)


def _answer(desk: Desk, post: _Post, about: Melding) -> str:
    """Words and photos go to the melding; what cannot is read by the KCC."""
    left_over = answers.land(desk, about, post.letter)
    row = _keep(desk, post, "antwoord", about.gemeente_id, melding_id=about.id, whole=bool(left_over))
    if left_over:
        _ask_kcc(desk, row, left_over, melding_id=about.id)
    return "antwoord"


def _unknown(desk: Desk, post: _Post) -> str:
    row = _keep(desk, post, "onbekend", _home(desk, post.letter), whole=True)
    words = post.trouble or "Bij deze e-mail vonden wij geen melding die open staat voor een aanvulling."
    _ask_kcc(desk, row, words, kind="mail_zonder_melding")
    return "onbekend"


def _loop(desk: Desk, post: _Post, about: Melding | None) -> str:
    """Kept to be read, and one task a day: a machine may be answering us, and a person looks."""
    home = about.gemeente_id if about else _home(desk, post.letter)
    row = _keep(desk, post, "lus", home, melding_id=about.id if about else None, whole=True)
    who = f"melding:{about.id}" if about else "vreemd"
    _ask_kcc(
        desk,
        row,
        "Er kwamen veel e-mails achter elkaar, of onze eigen e-mail kwam terug. Kijk of een mens iets vraagt.",
        key=f"lus:{who}:{desk.now.date()}",
        melding_id=about.id if about else None,
    )
    return "lus"


def _ask_kcc(
    desk: Desk, row: IncomingMail, words: str, *, kind: str = "mail_lezen", key: str = "", melding_id: int | None = None
) -> None:
    closing = gemeente.closing_days(desk.session, scope=[row.gemeente_id])
    task.put(
        desk.session,
        kind,
        gemeente_id=row.gemeente_id,
        role="kcc",
        words=words,
        now=desk.now,
        due_at=terugbel_due_at(desk.now, closing),
        key=key or f"mail:{row.id}",
        melding_id=melding_id,
        mail_id=row.id,
    )


def _keep(
    desk: Desk,
    post: _Post,
    kind: str,
    gemeente_id: int,
    *,
    melding_id: int | None = None,
    delivery_id: int | None = None,
    whole: bool = False,
) -> IncomingMail:
    """Remembers the message. whole: a person must be able to read it, so its words and the message itself are kept."""
    key = f"post/{gemeente_id}/{post.sha256}.eml" if whole else ""
    if whole:
        try:
            desk.adapters.photos.put(key, post.raw)
        except PermanentFailure as error:
            raise TemporaryFailure("opslag weigert een e-mail") from error  # people mend it, and the mail waits
    row = IncomingMail(
        gemeente_id=gemeente_id,
        sha256=post.sha256,
        kind=kind,
        melding_id=melding_id,
        delivery_id=delivery_id,
        sender=post.letter.sender if whole else "",
        subject=post.letter.subject if whole else "",
        text=(post.letter.text or post.trouble) if whole else "",
        raw_key=key,
        at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def _melding_of(desk: Desk, letter: IncomingLetter) -> Melding | None:
    """Our answer address first, then what it answers, then a number in the subject from the melder's own address."""
    settings, session = desk.settings, desk.session
    for to in letter.receivers:
        claim = read_reply_address(settings.mail_answer, to)
        found = melding_by_id(session, claim.melding_id, scope=desk.scope) if claim else None
        if claim and found and verify_reply(settings.secret_keys, claim, found.token_generation):
            return found
    for message_id in letter.refers_to:
        reference = bounces.own_reference(settings, message_id)
        delivery = delivery_by_reference(session, reference, scope=desk.scope) if reference else None
        notice = notice_by_id(session, delivery.notice_id, scope=desk.scope) if delivery else None
        if notice is not None and notice.melding_id is not None:
            return melding_by_id(session, notice.melding_id, scope=desk.scope)
    for written in _DIGITS.findall(letter.subject):
        try:
            found = melding_by_number(session, parse_number(written), scope=desk.scope)
        except InvalidInput:
            continue
        if found is not None and answers.is_of_melder(desk, found, letter.sender):
            return found
    return None


def _is_our_own(desk: Desk, letter: IncomingLetter) -> bool:
    """Something sends our own mail back to us, or writes as if it were us."""
    settings = desk.settings
    ours = parseaddr(settings.mail_from)[1].lower()
    if letter.sender and (
        letter.sender == ours
        or is_tagged(settings.mail_bounce, letter.sender)
        or is_tagged(settings.mail_answer, letter.sender)
    ):
        return True
    reference = bounces.own_reference(settings, letter.message_id)
    return reference is not None and delivery_by_reference(desk.session, reference, scope=desk.scope) is not None


def _too_many(desk: Desk, letter: IncomingLetter, about: Melding | None) -> bool:
    since = desk.now - timedelta(hours=1)
    if about is not None and answers.can_take(about):
        count = incoming_mail.count_since(desk.session, since, melding_id=about.id, scope=[about.gemeente_id])
    else:
        count = incoming_mail.count_since(desk.session, since, sender=letter.sender, scope=desk.scope)
    return count >= MOST_AN_HOUR


def _home(desk: Desk, letter: IncomingLetter) -> int:
    """Whose desk reads a mail that belongs to no melding: the gemeente it was sent to, or that of an earlier contact
    of this sender, else the first by name."""
    served = gemeente.served_gemeenten(desk.session)
    named = next((one.id for one in served if one.email and one.email.lower() in letter.receivers), None)
    if named is None and len(served) > 1 and letter.sender:
        named = contact.gemeente_of_email(desk.session, letter.sender, scope=desk.scope)
    return named or served[0].id
