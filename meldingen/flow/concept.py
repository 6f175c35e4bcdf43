"""The form half filled in, between two steps: opened, kept, taken for sending, and swept after a day.

What is in it is what the melder typed, right or wrong: nothing here judges it. It is no melding and promises nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..db import transaction
from ..store import concept
from ..store.concept import Concept
from ..store.gemeente import served_ids

log = structlog.get_logger()

KEPT = timedelta(hours=24)
"""After the last change. The form says so, and the cookie lives as long."""
LONGEST_VALUE = 10_000
"""Code points of one field; twenty times what any field takes. What is longer stays on the page that was sent."""
MOST_VALUES = 100
MOST_PHOTOS = 10


def find_concept(session: Session, key: str, *, scope: Collection[int], now: datetime) -> Concept | None:
    """The concept under this key to look at; None for an unknown one, or one of more than a day ago."""
    found = concept.concept_by_key(session, key, scope=scope) if key else None
    return found if found and found.changed_at > now - KEPT else None


def hold_concept(session: Session, key: str, *, gemeente_id: int, scope: Collection[int], now: datetime) -> Concept:
    """The concept under this key to change, locked until the end of the transaction; a new one when there is none."""
    return concept.hold_concept(session, key, gemeente_id=gemeente_id, scope=scope, now=now)


def save_concept(
    session: Session,
    kept: Concept,
    *,
    gemeente_id: int,
    values: Mapping[str, str],
    answers: Mapping[str, Sequence[str]],
    photos: Sequence[str] = (),
    account_id: int | None = None,
    now: datetime,
) -> None:
    """Keeps what was typed, also when it is wrong. photos: signed references. account_id: the medewerker who typed it.

    Characters that no database takes (NUL, half surrogates) are left out; the page that refuses them still shows them.
    """
    told = {name: _storable(value) for name, value in list(values.items())[:MOST_VALUES] if value}
    given = {_storable(name): [_storable(one) for one in some[:MOST_VALUES]] for name, some in answers.items()}
    kept.filled = {"values": told, "answers": dict(list(given.items())[:MOST_VALUES])}
    kept.photos = list(photos)[:MOST_PHOTOS]
    kept.gemeente_id, kept.account_id = gemeente_id, account_id
    kept.changed_at = now
    session.flush()


def find_own(session: Session, concept_id: int, account_id: int, *, scope: Collection[int]) -> Concept | None:
    """The form that this medewerker began under this id; None when it was sent, swept, or somebody else's."""
    return concept.concept_of(session, concept_id, account_id, scope=scope)


def begun_by(session: Session, account_id: int, *, scope: Collection[int], now: datetime) -> Sequence[Concept]:
    """The forms that this medewerker began and did not send, the newest first."""
    return concept.concepts_of_account(session, account_id, since=now - KEPT, scope=scope)


def end_concept(session: Session, kept: Concept) -> None:
    """Takes the concept away: it became a melding, or its melder threw it away."""
    session.delete(kept)
    session.flush()


def sweep_concepts(engine: sa.Engine, *, now: datetime) -> None:
    """Removes what nobody touched for a day. Its photos are files without a row, which flow/photos.py sweeps."""
    with transaction(engine) as session:
        gone = concept.sweep_concepts(session, now - KEPT, scope=served_ids(session))
    if gone:
        log.info("concepts_swept", rows=gone)


def values_of(kept: Concept | None) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The texts by field name and the answers by question id, as they were typed."""
    facts: Mapping[str, Any] = kept.filled if kept else {}
    return dict(facts.get("values", {})), {name: list(some) for name, some in facts.get("answers", {}).items()}


def _storable(written: str) -> str:
    clean = written.replace("\x00", "").encode("utf-8", "ignore").decode()
    return clean if len(clean) <= LONGEST_VALUE else ""
