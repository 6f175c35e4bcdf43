"""Letters on paper: what is to be printed and posted, as one PDF, and that it was posted. A person does the posting.

That a bericht goes by letter is decided in deliveries.py; its words are written there too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..adapters.pdf import make_pdf
from ..domain.actor import COORDINATOR, KCC, Actor
from ..domain.deadlines import local_day, terugbel_due_at
from ..domain.delivery import UNFINISHED, VERZONDEN
from ..domain.errors import NotFound
from ..domain.notices import date_words
from ..store import contact, gemeente, journal
from ..store.melding import Melding, lock_meldingen, melding_by_id
from ..store.notice import Delivery, Notice, letters_to_post, lock_delivery
from . import chain, reach

DESK = (KCC, COORDINATOR)


@dataclass(frozen=True)
class Letter:
    """One letter to post. due_at: as soon as a call would be made instead (KLANTREIS norms)."""

    delivery: Delivery
    notice: Notice
    melding: Melding
    due_at: datetime


def open_letters(session: Session, *, scope: Collection[int]) -> Sequence[Letter]:
    """The letters that nobody has posted yet, oldest first."""
    found = []
    for delivery, notice in letters_to_post(session, scope=scope):
        assert notice.melding_id is not None, "a letter goes to a melder"
        about = melding_by_id(session, notice.melding_id, scope=scope)
        assert about is not None, "a foreign key holds the melding"
        closing = gemeente.closing_days(session, scope=[delivery.gemeente_id])
        found.append(Letter(delivery, notice, about, terugbel_due_at(delivery.created_at, closing)))
    return found


def print_letters(session: Session, delivery_ids: Collection[int], *, actor: Actor, now: datetime) -> bytes:
    """These letters as one PDF, each on its own page. Every look at an address is logged.

    Raises Forbidden for who is not at the desk, NotFound when one of them is not (any more) to be posted.
    """
    chosen = [one for one in open_letters(session, scope=actor.scope) if one.delivery.id in set(delivery_ids)]
    if not chosen or len(chosen) != len(set(delivery_ids)):
        raise NotFound("brief_onbekend", "Deze brief hoeft niet (meer) op de post.")
    for letter in chosen:
        actor.require_role(letter.delivery.gemeente_id, *DESK)
        if actor.account_id is not None:
            contact.log_view(
                session,
                gemeente_id=letter.delivery.gemeente_id,
                melding_id=letter.melding.id,
                account_id=actor.account_id,
                context="brief",
                now=now,
            )
    return make_pdf(
        "brief",
        {
            "title": "Brief" if len(chosen) == 1 else f"{len(chosen)} brieven",
            "gemeente": _sender(session, chosen[0]),
            "letters": [_on_paper(session, letter, now) for letter in chosen],
        },
    )


def post_letters(session: Session, delivery_ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """These letters are on the post; how many were not yet. A second time changes nothing. Raises Forbidden."""
    posted = 0
    chosen = [one for one in open_letters(session, scope=actor.scope) if one.delivery.id in set(delivery_ids)]
    for letter in sorted(chosen, key=lambda one: (one.melding.id, one.delivery.id)):  # in the order of every lock
        home = letter.delivery.gemeente_id
        actor.require_role(home, *DESK)
        about = lock_meldingen(session, [letter.melding.id], scope=[home])[0]
        delivery = lock_delivery(session, letter.delivery.id, scope=[home])
        if delivery is None or delivery.status not in UNFINISHED:
            continue
        chain.advance(session, delivery, VERZONDEN, now=now)
        reach.mark_reached(session, about, now=now)
        facts = {"notice_id": letter.notice.id, "kind": letter.notice.kind}
        journal.record(
            session, "brief_gepost", gemeente_id=home, actor=actor, now=now, melding_id=about.id, facts=facts
        )
        posted += 1
    return posted


def _on_paper(session: Session, letter: Letter, now: datetime) -> dict[str, object]:
    """What defaults/pdf/brief.typ shows. The address is that of the moment the letter was made."""
    known = contact.contact_of(session, letter.melding.id, scope=[letter.delivery.gemeente_id])
    address = letter.delivery.address.splitlines()
    if known is not None and known.name and known.name not in letter.delivery.address:
        address = [known.name, *address]
    today = local_day(now)
    return {
        "gemeente": _sender(session, letter),
        "address": address,
        "date": f"{date_words(today, today)} {today.year}",
        "subject": letter.delivery.subject,
        "paragraphs": [part.splitlines() for part in letter.delivery.text.split("\n\n") if part.strip()],
    }


def _sender(session: Session, letter: Letter) -> str:
    return f"Gemeente {gemeente.gemeente_by_id(session, letter.delivery.gemeente_id).name}"
