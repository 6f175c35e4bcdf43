"""What the figures remember of an end: written with the closing itself, in its transaction, while the facts are true.

Not the end itself (closure.py), nor what its melder hears (notices.py). Counting is store/reports_work.py's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.cijfers import in_term, lead_werkdagen
from ..domain.notices import NoticeKind, channels_for
from ..domain.workflow import VERVALLEN
from ..store import ending
from ..store.closing import Known, known_at_closing
from ..store.contact import Contact
from ..store.ending import Ending
from ..store.journal import Event
from ..store.melding import Melding
from ..store.opdracht import Opdracht, opdrachten_of
from ..store.push import PushSubscription
from .reach import contact_facts
from .routing import SPOED


def remember_ends(
    session: Session, event: Event, opdracht: Opdracht, ends: Mapping[NoticeKind, Sequence[Melding]], *, now: datetime
) -> None:
    """Keeps one Ending for each of these locked meldingen, which this closing of `opdracht` made afgehandeld.

    ends: by what the melder hears of it. Two opdrachten closed for one melding make one end: that of the last.
    """
    meldingen = [melding for ended in ends.values() for melding in ended]
    if not meldingen:
        return
    scope, ids = [opdracht.gemeente_id], [m.id for m in meldingen]
    parts = opdrachten_of(session, ids, scope=scope)
    known = known_at_closing(session, opdracht.id, ids, scope=scope)
    made = make_ends(opdracht, ends, parts, known, now=now)
    session.add_all(Ending(gemeente_id=opdracht.gemeente_id, event_id=event.id, **end) for end in made)
    session.flush()


def make_ends(
    opdracht: Opdracht,
    ends: Mapping[NoticeKind, Sequence[Melding]],
    parts: Mapping[int, Sequence[Opdracht]],
    known: Known,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """The columns of the Ending of each of these meldingen, not yet of any event. parts: per melding id its opdrachten
    now."""
    made = []
    for kind, ended in ends.items():
        for melding in ended:
            work = [o for o in parts[melding.id] if o.status != VERVALLEN]
            closed_at = melding.closed_at or now
            away = max((o.party_days for o in work), default=0)
            paused = max((o.paused_days for o in work), default=0)
            since = max((o.safe_at for o in work if o.safe_at is not None), default=melding.received_at)
            made.append(
                {
                    "melding_id": melding.id,
                    "kind": kind,
                    "month": deadlines.local_day(now).replace(day=1),
                    "at": now,
                    "received_at": melding.received_at,
                    "closed_at": closed_at,
                    "category_id": melding.category_id,
                    "wijk_code": melding.wijk_code,
                    "team_id": opdracht.team_id,
                    "intake_channel": melding.intake_channel,
                    "partner_name": melding.partner_name,
                    "reach": _reach(melding, known.contacts.get(melding.id), known.devices.get(melding.id), kind),
                    "spoed": melding.danger or any(o.urgency == SPOED for o in work),
                    "partner": kind == NoticeKind.OVERGEDRAGEN or any(o.team_id in known.parties for o in work),
                    "werkdagen": lead_werkdagen(melding.received_at, closed_at, known.closing_days),
                    "in_term": in_term(since, closed_at, melding.term_days, 0, known.closing_days),
                    "in_term_paused": in_term(since, closed_at, melding.term_days, paused, known.closing_days),
                    "in_term_party": in_term(since, closed_at, melding.term_days, paused + away, known.closing_days),
                    "party_days": away,
                }
            )
    return made


def _reach(melding: Melding, known: Contact | None, device: PushSubscription | None, kind: str) -> str:
    """Whether this melder can be told, as `notices.announce` decides it, and else why not."""
    facts = contact_facts(known, device)
    if channels_for(facts, kind):
        return ending.BEREIKBAAR
    if device is not None and device.refused_at is not None and not (known and (known.email or known.phone)):
        return ending.GEEN_KANAAL
    if known is None:
        return ending.GEWIST if melding.erased_at is not None else ending.ANONIEM
    if known.email or known.phone or facts.push or facts.postal:
        refused = known.email and known.email_refused_at is not None
        return ending.GEEN_KANAAL if refused else ending.WIL_GEEN_BERICHT
    return ending.ANONIEM
