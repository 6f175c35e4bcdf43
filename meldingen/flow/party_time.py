"""How long external parties have an opdracht: since when, and the werkdagen of every stay together.

Whatever its status there: it is with a party while the party's team has it and it is open. The norm runs on meanwhile;
these days are only reported apart (domain/cijfers.py). What a party does with the work: party.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..store import gemeente, task
from ..store.opdracht import Opdracht


def arrive(opdracht: Opdracht, *, now: datetime) -> None:
    """A party has it from now on; a closing that was undone goes on counting."""
    opdracht.party_since_at = opdracht.party_since_at or now


def stop(session: Session, opdracht: Opdracht, *, now: datetime) -> None:
    """It was closed while a party had it: the werkdagen of this stay are added. What the party said stays."""
    if opdracht.party_since_at is not None:
        opdracht.party_days += days_of_stay(session, opdracht, now=now)
        opdracht.party_since_at = None


def leave(session: Session, opdracht: Opdracht, *, now: datetime) -> None:
    """It goes to others: what this party expected or asked means nothing there, nor to the coordinator."""
    stop(session, opdracht, now=now)
    opdracht.party_expected_on = opdracht.party_told_at = None
    kinds, scope = [task.PARTY_LATE, task.PARTY_ASKS], [opdracht.gemeente_id]
    task.drop_of_opdracht(session, opdracht.id, now=now, scope=scope, kinds=kinds)


def days_of_stay(session: Session, opdracht: Opdracht, *, now: datetime) -> int:
    """The werkdagen that the party that has it now has had it; the day it came is not counted."""
    if opdracht.party_since_at is None:
        return 0
    closing = gemeente.closing_days(session, scope=[opdracht.gemeente_id])
    return deadlines.count_werkdagen(deadlines.local_day(opdracht.party_since_at), deadlines.local_day(now), closing)
