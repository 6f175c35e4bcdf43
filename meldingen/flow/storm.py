"""What the gemeente tells everybody while it storms: a text with an end, in every ontvangst and on the form.

It may also go at once to every melder who waits, of the categories chosen: one bericht per melding per storm. The text
lives in the policy of the gemeente (notice_facts.storm_text); sending is done in batches by the worker.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain.actor import BEHEER, COORDINATOR, Actor
from ..domain.errors import Conflict, InvalidInput
from ..domain.notices import NoticeKind
from ..domain.text import clean_text
from ..domain.workflow import OPEN
from ..store import category, gemeente, journal, outbox
from ..store.clusters import waiting_of
from ..store.gemeente import Gemeente
from ..store.melding import claim_key
from ..store.opdracht import lock_opdrachten
from ..store.storm import count_waiting, waiting_after
from . import notices
from .status import keep_note

TASK = "tell_storm"
BATCH = 200
LONGEST = timedelta(days=14)


@dataclass(frozen=True)
class Storm:
    """The storm there is now. event_id: of its beginning. told: whether melders who wait were told at once."""

    text: str
    until: datetime
    event_id: int
    told: bool


def current_storm(home: Gemeente, now: datetime) -> Storm | None:
    """The storm of this gemeente, or None in calm weather."""
    kept: dict[str, Any] = home.policy.get("storm") or {}
    if not kept.get("until") or now >= datetime.fromisoformat(kept["until"]):
        return None
    return Storm(
        str(kept.get("text", "")),
        datetime.fromisoformat(kept["until"]),
        int(kept.get("event_id", 0)),
        bool(kept.get("told")),
    )


def set_storm(
    session: Session, gemeente_id: int, text: str, until: datetime | None, *, actor: Actor, now: datetime
) -> Storm:
    """Begins a storm, or changes the text or end of the one there is. Raises Forbidden, InvalidInput."""
    actor.require_role(gemeente_id, COORDINATOR, BEHEER)
    text = clean_text(text, field="tekst")
    if not text:
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat u wilt vertellen.")
    if until is None or until <= now:
        raise InvalidInput.of("tot", "datum_voorbij", "Kies een moment dat nog komt.")
    if until - now > LONGEST:
        raise InvalidInput.of("tot", "datum_te_ver", "Kies een moment binnen 14 dagen.")
    home = _lock(session, gemeente_id)
    known = current_storm(home, now)
    kind = "storm_gewijzigd" if known else "storm"
    event = journal.record(session, kind, gemeente_id=gemeente_id, actor=actor, now=now)
    begun = known.event_id if known and known.event_id else event.id
    kept = {"text": text, "until": until.isoformat(), "event_id": begun, "told": bool(known and known.told)}
    home.policy = {**home.policy, "storm": kept}
    session.flush()
    return Storm(text, until, begun, bool(kept["told"]))


def end_storm(session: Session, gemeente_id: int, *, actor: Actor, now: datetime) -> None:
    """It is over before its time: the text goes, and who was not told yet is not told any more."""
    actor.require_role(gemeente_id, COORDINATOR, BEHEER)
    home = _lock(session, gemeente_id)
    if home.policy.get("storm"):
        home.policy = {name: value for name, value in home.policy.items() if name != "storm"}
        journal.record(session, "storm_voorbij", gemeente_id=gemeente_id, actor=actor, now=now)
        session.flush()


def count_melders(session: Session, gemeente_id: int, slugs: Collection[str]) -> int:
    """How many open meldingen of these categories (a main category with its subs) would be told."""
    return count_waiting(session, category_ids_of(session, gemeente_id, slugs), scope=[gemeente_id])


def tell_melders(session: Session, gemeente_id: int, slugs: Collection[str], *, actor: Actor, now: datetime) -> None:
    """Promises to tell every melder who waits for one of these categories. Raises Conflict when calm, or again."""
    actor.require_role(gemeente_id, COORDINATOR, BEHEER)
    home = _lock(session, gemeente_id)
    storm = current_storm(home, now)
    if storm is None:
        raise Conflict("geen_storm", "Er is nu geen bericht. Schrijf eerst de tekst en bewaar die.")
    if storm.told:
        raise Conflict("al_verteld", "Het bericht is al aan de melders gestuurd.")
    ids = category_ids_of(session, gemeente_id, slugs)
    if not ids:
        raise InvalidInput.of("categorie", "leeg", "Kies over welke soorten meldingen dit gaat.")
    home.policy = {**home.policy, "storm": {**home.policy["storm"], "told": True}}
    journal.record(session, "storm_verteld", gemeente_id=gemeente_id, actor=actor, now=now)
    payload = {"task": TASK, "gemeente_id": gemeente_id, "event_id": storm.event_id, "category_ids": ids}
    key = f"{TASK}:{gemeente_id}:{storm.event_id}"
    outbox.put(session, outbox.Topic.UPKEEP, payload, gemeente_id=gemeente_id, now=now, key=key)


def tell_groups(
    session: Session, opdracht_ids: Collection[int], text: str, *, key: str, actor: Actor, now: datetime
) -> int:
    """Tells every melder who waits on one of these opdrachten one text, at once; returns how many meldingen that are.

    The text is a note at the first opdracht. key: of the form, so that a second press tells nobody again. Raises
    InvalidInput, NotFound, Forbidden for who does not coordinate there.
    """
    text = clean_text(text, field="tekst")
    if not text:
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat u de melders wilt vertellen.")
    found = [o for o in lock_opdrachten(session, opdracht_ids, scope=actor.scope) if o.status in OPEN]
    homes = {o.gemeente_id for o in found}
    if not found:
        raise InvalidInput.of("groep", "leeg", "Kies een of meer groepen.")
    if len(homes) > 1:
        raise InvalidInput.of("groep", "andere_gemeente", "Kies groepen van één gemeente tegelijk.")
    home = homes.pop()
    actor.require_role(home, COORDINATOR, BEHEER)
    waiting = waiting_of(session, [o.id for o in found], scope=[home])
    told = hashlib.sha256(repr((sorted(o.id for o in found), text)).encode()).digest()
    if key and claim_key(session, f"{TASK}:{actor.label}", key, told, now) is not None:
        return len(waiting)
    note = keep_note(session, found[0], "notitie", text, actor=actor, now=now)
    event = journal.record(session, "groep_verteld", gemeente_id=home, actor=actor, now=now, facts={"note_id": note.id})
    notices.announce(session, NoticeKind.STORM, event, waiting, now=now)
    return len(waiting)


def spread(engine: sa.Engine, *, gemeente_id: int, event_id: int, category_ids: Sequence[int], now: datetime) -> None:
    """Tells them, for the worker: in batches, and nobody twice, however often it comes again. Stops when it is over."""
    last, scope = 0, [gemeente_id]
    while True:
        with transaction(engine) as session:
            storm = current_storm(gemeente.gemeente_by_id(session, gemeente_id), now)
            event = journal.event_by_id(session, event_id, scope=scope)
            if storm is None or storm.event_id != event_id or event is None:
                return
            found = waiting_after(session, last, category_ids, limit=BATCH, scope=scope)
            if not found:
                return
            notices.announce(session, NoticeKind.STORM, event, found, now=now)
            last = found[-1].id


def category_ids_of(session: Session, gemeente_id: int, slugs: Collection[str]) -> list[int]:
    """These categories, and the subs of those that are main ones."""
    rows = category.all_categories_of(session, scope=[gemeente_id])
    mains = {row.id for row in rows if row.slug in slugs}
    return sorted(row.id for row in rows if row.id in mains or row.parent_id in mains)


def _lock(session: Session, gemeente_id: int) -> Gemeente:
    return session.get_one(Gemeente, gemeente_id, with_for_update=True, populate_existing=True)
