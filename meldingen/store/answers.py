"""Which opdrachten have an answer of a melder that no colleague looked at yet."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from ..db import by_driver, for_driver
from .journal import Event


def with_new_answer(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> frozenset[int]:
    """Those of these opdrachten whose last answer came after anything a medewerker did with them."""
    session.flush()
    rows = by_driver(session, _ANSWERED, {"ids": list(opdracht_ids), "scope": list(scope)})
    return frozenset(found for (found,) in rows if found is not None)


def _answered() -> sa.Select[Any]:
    later = aliased(Event)
    seen = sa.select(later.id).where(
        later.opdracht_id == Event.opdracht_id,
        later.gemeente_id == Event.gemeente_id,
        later.id > Event.id,
        later.actor.like(sa.literal_column("'medewerker:%'")),
    )
    of, scope = (sa.any_(sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger))) for name in ("ids", "scope"))
    answers = sa.select(Event.opdracht_id).where(Event.opdracht_id == of, Event.gemeente_id == scope)
    return answers.where(Event.kind == sa.literal_column("'antwoord_ontvangen'"), ~seen.exists()).distinct()


_ANSWERED = for_driver(_answered())
