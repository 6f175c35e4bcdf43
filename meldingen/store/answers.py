"""Which opdrachten have an answer of a melder that no colleague looked at yet."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from .journal import Event


def with_new_answer(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> frozenset[int]:
    """Those of these opdrachten whose last answer came after anything a medewerker did with them."""
    later = aliased(Event)
    seen = sa.select(later.id).where(
        later.opdracht_id == Event.opdracht_id,
        later.gemeente_id == Event.gemeente_id,
        later.id > Event.id,
        later.actor.startswith("medewerker:"),
    )
    query = sa.select(Event.opdracht_id).where(
        Event.opdracht_id.in_(opdracht_ids),
        Event.gemeente_id.in_(scope),
        Event.kind == "antwoord_ontvangen",
        ~seen.exists(),
    )
    return frozenset(found for found in session.scalars(query.distinct()) if found is not None)
