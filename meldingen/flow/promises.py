"""The promises that follow from terms: until when an opdracht is due, and what its melders were told.

Not for a date that a team or the system names instead: delay.py.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.workflow import OPEN
from ..store import category, gemeente
from ..store.melding import Melding
from ..store.opdracht import opdrachten_of
from .status import Work

URGENCY_WEIGHT = {"laag": 0, "normaal": 100, "hoog": 200, "spoed": 300}
MOST_MELDERS = 99


def renew_terms(session: Session, work: Work, *, now: datetime) -> list[tuple[Melding, date]]:
    """Sets due_at and priority of the locked opdrachten, and the promise of their meldingen when its term changed.

    The promise of a melding is its own receipt plus the longest term of its open opdrachten; a new one is never
    before the next werkdag. An opdracht is due at the earliest promise of its meldingen, as far as its own term made
    that promise (KLANTREIS Terms). Returns the meldingen whose promised date changed, with the date it was.
    """
    session.flush()
    changed: list[tuple[Melding, date]] = []
    for gemeente_id in sorted({o.gemeente_id for o in work.opdrachten.values()}):
        closing = gemeente.closing_days(session, scope=[gemeente_id])
        terms = {c.id: c.term_days for c in category.all_categories_of(session, scope=[gemeente_id])}
        mine = [m for m in work.meldingen.values() if m.gemeente_id == gemeente_id and m.withdrawn_at is None]
        linked = opdrachten_of(session, [m.id for m in mine], scope=[gemeente_id])
        waiting: dict[int, list[Melding]] = {opdracht_id: [] for opdracht_id in work.opdrachten}
        for melding in mine:
            for opdracht in linked[melding.id]:
                waiting.setdefault(opdracht.id, []).append(melding)
            term = max(
                (terms[o.category_id] for o in linked[melding.id] if o.status in OPEN), default=melding.term_days
            )
            if term != melding.term_days:
                melding.term_days = term
                promised = deadlines.promise_after_change(melding.received_at, term, now, closing)
                if promised != melding.promised_on:
                    changed.append((melding, melding.promised_on))
                    melding.promised_on = promised
        for opdracht in work.opdrachten.values():
            melders = waiting[opdracht.id]
            opdracht.priority = priority(opdracht.urgency, len(melders))
            if melders and opdracht.status in OPEN and opdracht.gemeente_id == gemeente_id:
                term = terms[opdracht.category_id]
                promises = [m.promised_on for m in melders if m.term_days == term]
                others = [m.received_at for m in melders if m.term_days != term]
                if others:
                    fresh = deadlines.promised_on(min(others), term, closing)
                    promises.append(deadlines.add_werkdagen(fresh, opdracht.paused_days, closing))
                opdracht.due_at = deadlines.end_of(min(promises))
    session.flush()
    return changed


def priority(urgency: str, melders: int) -> int:
    """Higher goes first: urgency weighs most, then how many melders wait for it."""
    return URGENCY_WEIGHT[urgency] + min(max(melders - 1, 0), MOST_MELDERS)
