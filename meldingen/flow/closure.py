"""Closing an opdracht, and the gereedmelding that follows from it. The product exists for this file.

Each melding that this closing makes afgehandeld hears the end; the others on the opdracht hear "deels klaar".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ..domain.actor import COORDINATOR, Actor
from ..domain.errors import FieldError, Forbidden, InvalidInput
from ..domain.notices import NoticeKind, notice_kind_for
from ..domain.text import clean_text
from ..domain.workflow import AFGEHANDELD, GEREED, NIET_OPGELOST, OUTCOMES, OVERGEDRAGEN, VERVALLEN
from ..store.closing import Closed, Known, Told, known_at_closing, lock_to_close, store_closing
from ..store.melding import Melding
from ..store.opdracht import Opdracht, opdrachten_of
from . import endings, library, notices
from .before import before_closing, undo_s_of
from .reach import contact_facts
from .status import Basis, Done, Work, begin_move, change_status, derive_from


@dataclass(frozen=True)
class NewClosure:
    """What the team says at the end. outcome: one of OUTCOMES. reason: code from the reason library, for niet_opgelost.

    sentence: one plain sentence that the melder reads. partner: name and address of who has it now, for overgedragen.
    """

    outcome: str
    sentence: str = ""
    reason: str = ""
    partner: str = ""


def close_opdracht(
    session: Session, opdracht_id: int, closure: NewClosure, *, basis: Basis, actor: Actor, now: datetime
) -> Done:
    """Closes an opdracht (`afhandelingen`); a second delivery of the same operation id changes nothing.

    Raises InvalidInput with every field error at once, Forbidden when somebody else than a coordinator closes it as
    overgedragen, and what begin_move raises. The lead time uses the device's time, never before receipt or after now.
    A reason stands in the journal, so it is a code and never words. As long as it can be undone (undo.py) its
    berichten wait.
    """
    said = _check(closure)
    how: dict[str, Any] = {"basis": basis, "actor": actor, "now": now, "said": said.sentence}
    opened = begin_move(session, "afhandelingen", opdracht_id, lock=_lock, **how)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    if said.outcome == OVERGEDRAGEN and not actor.has_role(opdracht.gemeente_id, COORDINATOR):
        raise Forbidden("alleen_coordinator", "Alleen de coördinator sluit een opdracht als 'overgedragen'.")
    closed_at = opened.happened_at or now
    meldingen, scope = list(opened.meldingen.values()), [opdracht.gemeente_id]
    before = before_closing(opdracht, meldingen, now=now)
    known = known_at_closing(session, opdracht.id, opened.meldingen, scope=scope)
    parts: Mapping[int, Sequence[Opdracht]] = {melding_id: [opdracht] for melding_id in opened.meldingen}
    if known.elsewhere:
        linked = opdrachten_of(session, list(opened.meldingen), scope=scope)
        parts = {of: [opdracht if o.id == opdracht.id else o for o in found] for of, found in linked.items()}
    row = {
        "outcome": said.outcome,
        "reason": said.reason,
        "sentence": said.sentence,
        "partner": said.partner,
        "closed_at": closed_at,
        "closed_by": actor.account_id,
    }
    opdracht.outcome, opdracht.closed_at = said.outcome, closed_at
    opdracht.taken_up_at = opdracht.taken_up_at or closed_at
    undo_s = undo_s_of(known.policy)
    not_before = opdracht.undo_until = now + timedelta(seconds=undo_s) if undo_s else None
    change_status(session, opdracht, GEREED, now=now)
    opdracht.version += 1
    derived = derive_from(parts, meldingen, now=closed_at)
    ends = _ends(derived.became(AFGEHANDELD), parts)
    waiting = [m for m in meldingen if m.status != AFGEHANDELD and m.withdrawn_at is None]
    facts = {"status": opdracht.status, "version": opdracht.version, "outcome": said.outcome, "reason": said.reason}
    told = Told(
        kind="afgehandeld",
        at=closed_at,
        actor=actor,
        facts={**facts, "before": before},
        owed=_owed({**ends, NoticeKind.DEELS_KLAAR: waiting}, known),
        not_before=not_before,
    )
    changed = [melding for melding, _, _ in derived.changed]
    made = endings.make_ends(opdracht, ends, parts, known, now=now)
    store_closing(session, Closed(opdracht, changed, row, made), told, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def _lock(session: Session, opdracht_id: int, scope: Collection[int]) -> Work:
    """As `lock_work`, but of what a closing looks at only."""
    opdracht, meldingen = lock_to_close(session, opdracht_id, scope=scope)
    return Work({opdracht.id: opdracht} if opdracht else {}, {m.id: m for m in meldingen})


def _owed(heard: Mapping[NoticeKind, Sequence[Melding]], known: Known) -> list[tuple[int, str]]:
    """Whose melder is owed which bericht, as `notices.announce` decides it."""
    return [
        (melding.id, kind)
        for kind, meldingen in heard.items()
        for melding in notices.can_hear(
            {m.id: contact_facts(known.contacts.get(m.id), known.devices.get(m.id)) for m in meldingen}, kind, meldingen
        )
    ]


def _ends(meldingen: Sequence[Melding], linked: Mapping[int, Sequence[Opdracht]]) -> dict[NoticeKind, list[Melding]]:
    """What the melder of each of these hears: of all parts together, never "opgelost" while one is not.

    An opdracht whose closing did not hold no longer counts: its reopening does, unless that was kept closed.
    """
    ends: dict[NoticeKind, list[Melding]] = {}
    for ended in meldingen:
        parts = linked[ended.id]
        redone = {part.reopened_from_id for part in parts if part.status != VERVALLEN}
        outcomes = [part.outcome for part in parts if part.outcome and part.id not in redone]
        ends.setdefault(notice_kind_for(outcomes), []).append(ended)
    return ends


def _check(closure: NewClosure) -> NewClosure:
    wrong: list[FieldError] = []
    texts = {}
    for name, value in (("zin", closure.sentence), ("partij", closure.partner)):
        try:
            texts[name] = clean_text(value, field=name)
        except InvalidInput as error:
            wrong.extend(error.fields)
    if closure.outcome not in OUTCOMES:
        wrong.append(FieldError("uitkomst", "onbekend", "Kies opgelost, niet_opgelost of overgedragen."))
    known = library.reasons().get(closure.reason)
    if closure.reason and known is None:
        wrong.append(FieldError("reden", "onbekend", "Deze reden kennen wij niet. Kies er een uit de lijst."))
    if known is not None and known.own_sentence and "zin" in texts and not texts["zin"]:
        wrong.append(FieldError("zin", "leeg", "Schrijf zelf op waarom het niet is opgelost."))
    if closure.outcome == NIET_OPGELOST and not closure.reason and not texts.get("zin"):
        wrong.append(FieldError("reden", "leeg", "Leg de melder uit waarom het niet is opgelost."))
    if closure.outcome == OVERGEDRAGEN and not texts.get("partij", closure.partner):
        wrong.append(FieldError("partij", "leeg", "Noem de partij die het overneemt, met adres of telefoonnummer."))
    if wrong:
        raise InvalidInput.gather(wrong)
    return NewClosure(closure.outcome, texts["zin"], closure.reason, texts["partij"])
