"""The gemeente's own texts of berichten: keeping a new version, going back to an older one, or to ours.

A version is never changed, only retired: what a delivery said was written when it was sent. What a text must be:
domain/text_rules.py; how it is filled: texts.py.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, COORDINATOR, Actor
from ..domain.errors import NotFound, Stale
from ..domain.merge_fields import channels_of
from ..domain.notices import Channel, NoticeKind
from ..domain.text_rules import check_wording
from ..domain.wording import Wording
from ..store import category, gemeente, journal, notice_text
from ..store.gemeente import Gemeente
from ..store.notice_text import NoticeText
from .texts import default_texts, sms_sender

MAY_EDIT = (BEHEER, COORDINATOR)


@dataclass(frozen=True)
class TextPlace:
    """Which text: of one gemeente, one kind and channel, for all categories (None) or for one."""

    gemeente_id: int
    kind: str
    channel: str
    category_id: int | None = None


def text_place(session: Session, home: Gemeente, kind: str, channel: str, category_slug: str = "") -> TextPlace:
    """The place of a text by the names in an address. Raises NotFound for a kind, channel or category there is not."""
    known = kind in set(NoticeKind) and channel in channels_of(kind)
    chosen = category.category_by_slug(session, category_slug, scope=[home.id]) if category_slug else None
    if not known or (category_slug and chosen is None):
        raise NotFound("tekst_onbekend", "Deze tekst bestaat niet.")
    return TextPlace(home.id, kind, channel, chosen.id if chosen else None)


def text_now(session: Session, place: TextPlace) -> NoticeText | None:
    """The gemeente's own version in force at exactly this place; None: the next broader text is used."""
    own = notice_text.texts_in_force(session, place.kind, place.channel, scope=[place.gemeente_id])
    return own.get(place.category_id)


def text_instead(session: Session, place: TextPlace) -> Wording:
    """What is used at this place without a text of its own: that of the whole gemeente for a category, else ours."""
    own = notice_text.texts_in_force(session, place.kind, place.channel, scope=[place.gemeente_id])
    if place.category_id is not None and None in own:
        return own[None].wording
    return default_texts(place.kind)[place.channel]


def save_text(
    session: Session, place: TextPlace, wording: Wording, *, based_on: int, actor: Actor, now: datetime
) -> NoticeText:
    """A new version, in force at once. based_on: the version that was seen, 0 for none.

    Raises Forbidden without the role, InvalidInput naming each field that is wrong, Stale when somebody was first. The
    same words as those in force change nothing.
    """
    actor.require_role(place.gemeente_id, *MAY_EDIT)
    home = gemeente.gemeente_by_id(session, place.gemeente_id)
    clean = check_wording(place.kind, place.channel, wording, sender=sms_sender(home))
    current = _lock(session, place, based_on)
    if current is not None and current.wording == clean:
        return current
    _retire(session, place, now)
    older = notice_text.versions_of(session, place.kind, place.channel, place.category_id, scope=[place.gemeente_id])
    made = NoticeText(
        gemeente_id=place.gemeente_id,
        kind=place.kind,
        channel=place.channel,
        category_id=place.category_id,
        version=older[0].version + 1 if older else 1,
        subject=clean.subject,
        body=f"{clean.heading}\n{clean.body}" if place.channel == Channel.EMAIL else clean.body,
        made_by=actor.label,
        at=now,
    )
    session.add(made)
    session.flush()
    _record(session, "tekst_gewijzigd", place, made.version, actor=actor, now=now)
    return made


def bring_back(session: Session, place: TextPlace, version: int, *, based_on: int, actor: Actor, now: datetime) -> None:
    """An older version once more, as a new one: the rules may have changed since, so it is checked again.

    Raises NotFound for a version there is not, and as save_text.
    """
    older = notice_text.versions_of(session, place.kind, place.channel, place.category_id, scope=[place.gemeente_id])
    chosen = next((row for row in older if row.version == version), None)
    if chosen is None:
        raise NotFound("versie_onbekend", "Deze versie bestaat niet.")
    save_text(session, place, chosen.wording, based_on=based_on, actor=actor, now=now)


def back_to_standard(session: Session, place: TextPlace, *, based_on: int, actor: Actor, now: datetime) -> None:
    """No own text here any more. Raises Forbidden, or Stale when somebody was first."""
    actor.require_role(place.gemeente_id, *MAY_EDIT)
    current = _lock(session, place, based_on)
    if current is not None:
        _retire(session, place, now)
        _record(session, "tekst_naar_standaard", place, current.version, actor=actor, now=now)


def _lock(session: Session, place: TextPlace, based_on: int) -> NoticeText | None:
    """One at a time per gemeente; raises Stale when the version in force is not the one that was seen."""
    gemeente.lock_gemeente(session, scope=[place.gemeente_id])
    current = text_now(session, place)
    if (current.version if current else 0) != based_on:
        raise Stale(
            "intussen_gewijzigd", "Iemand anders heeft deze tekst intussen gewijzigd. Kijk eerst wat er nu staat."
        )
    return current


def _retire(session: Session, place: TextPlace, now: datetime) -> None:
    notice_text.retire(session, place.kind, place.channel, place.category_id, now=now, scope=[place.gemeente_id])


def _record(session: Session, what: str, place: TextPlace, version: int, *, actor: Actor, now: datetime) -> None:
    journal.record(
        session,
        what,
        gemeente_id=place.gemeente_id,
        actor=actor,
        now=now,
        facts={
            "kind": place.kind,
            "channel": place.channel,
            "category_id": place.category_id,
            "version": version,
        },
    )
