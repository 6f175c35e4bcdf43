"""A terugbelnotitie between its making and its end: who phones, giving it back, and stopping after trying in vain.

Making one by hand and what came of a call: kcc.py. Those that stand for a bericht: deliveries.py.
"""

from typing import Final

from ..domain.actor import COORDINATOR, SEES_CONTACT, Actor
from ..domain.delivery import NIET_BEZORGD, UNFINISHED
from ..domain.errors import Conflict, InvalidInput, NotFound, PreconditionRequired, Stale
from ..domain.notices import Channel
from ..domain.text import clean_text
from ..store import account, callback, journal
from ..store.callback import OPEN, VERVALLEN, Callback
from ..store.melding import Melding, lock_meldingen
from ..store.notice import deliveries_of
from . import chain, resend
from .desk import Desk

ENOUGH_TRIES: Final = 3
"""After so many calls that nobody answered we write instead."""
NOBODY_ANSWERED: Final = "niet bereikt per telefoon"


def take_call(desk: Desk, callback_id: int, *, version: int | None, actor: Actor, over: bool = False) -> Callback:
    """Somebody says "ik bel". over: also when a colleague has it. Taking what is one's own changes nothing.

    Raises NotFound, Forbidden, PreconditionRequired, Stale, Conflict when it is finished or a colleague has it.
    """
    row, _ = _locked(desk, callback_id, actor)
    if row.owner_id == actor.account_id and row.status == OPEN:
        return row
    _check(row, version)
    if row.owner_id is not None and not over:
        raise Conflict("heeft_een_ander", "Een collega belt al. Neem het alleen over als dat is afgesproken.")
    row.owner_id, row.version = actor.account_id, row.version + 1
    _record(desk, "terugbelnotitie_genomen", row, actor)
    return row


def give_back(desk: Desk, callback_id: int, *, version: int | None, actor: Actor) -> Callback:
    """Whoever would phone does not: it is everybody's again. Raises as `take_call`, and Conflict when it is not his."""
    row, _ = _locked(desk, callback_id, actor)
    _check(row, version)
    if row.owner_id != actor.account_id and not actor.has_role(row.gemeente_id, COORDINATOR):
        raise Conflict("niet_van_u", "Deze terugbelnotitie is niet van u.")
    row.owner_id, row.version = None, row.version + 1
    _record(desk, "terugbelnotitie_teruggegeven", row, actor)
    return row


def may_stop(row: Callback) -> bool:
    """Whether this was tried often enough to write instead."""
    return row.status == OPEN and row.attempts >= ENOUGH_TRIES


def stop_calling(
    desk: Desk, callback_id: int, words: str, channel: str, *, version: int | None, actor: Actor
) -> Callback:
    """Nobody answers: no more calls. channel: how the bericht it stood for goes instead (`email`, `sms`, `brief`), or
    empty for one made by hand; words: what was done instead, required then.

    Raises as `take_call`, InvalidInput without words or channel, Conflict before it was tried often enough or when the
    melder cannot be reached that way.
    """
    row, about = _locked(desk, callback_id, actor)
    _check(row, version)
    words = clean_text(words, field="tekst")
    if not may_stop(row):
        raise Conflict("nog_bellen", f"Bel eerst {ENOUGH_TRIES} keer.")
    if row.notice_id is None and not words:
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat u in plaats van bellen heeft gedaan.")
    if row.notice_id is not None and not channel:
        raise InvalidInput.of("kanaal", "leeg", "Kies hoe de melder het bericht dan krijgt.")
    row.status, row.version, row.result = VERVALLEN, row.version + 1, words or row.result
    row.finished_at, row.finished_by = desk.now, actor.account_id
    _record(desk, "terugbellen_gestopt", row, actor)
    if row.notice_id is not None:
        for one in deliveries_of(desk.session, [row.notice_id], scope=[row.gemeente_id]):
            if one.channel == Channel.TELEFOON and one.status in UNFINISHED:
                chain.advance(desk.session, one, NIET_BEZORGD, now=desk.now, reason=NOBODY_ANSWERED)
        resend.send_again(desk, about, row.notice_id, channel, actor=actor)
    return row


def owner_names(desk: Desk, rows: list[Callback]) -> dict[int, str]:
    """The names of who said to phone, by account id. One query."""
    if not any(row.owner_id for row in rows):
        return {}
    found = account.accounts_of(desk.session, scope={row.gemeente_id for row in rows})
    return {one.id: one.name for one in found}


def _locked(desk: Desk, callback_id: int, actor: Actor) -> tuple[Callback, Melding]:
    """The terugbelnotitie and its melding, locked in the order of every lock on both."""
    known = callback.callback_by_id(desk.session, callback_id, scope=actor.scope)
    if known is None:
        raise NotFound("terugbelnotitie_onbekend", "Deze terugbelnotitie kunnen wij niet vinden.")
    actor.require_role(known.gemeente_id, *SEES_CONTACT)
    about = lock_meldingen(desk.session, [known.melding_id], scope=[known.gemeente_id])[0]
    row = callback.lock_callback(desk.session, callback_id, scope=[known.gemeente_id])
    assert row is not None, "its melding is locked, so nobody destroys it"
    return row, about


def _check(row: Callback, version: int | None) -> None:
    if version is None:
        raise PreconditionRequired("versie_ontbreekt", "Noem de versie die u zag, in If-Match.")
    if row.version != version:
        raise Stale("versie_verouderd", "Een collega was u voor. Bekijk de terugbelnotitie opnieuw.")
    if row.status != OPEN:
        raise Conflict("al_klaar", "Deze terugbelnotitie is al klaar.")


def _record(desk: Desk, kind: str, row: Callback, actor: Actor) -> None:
    journal.record(
        desk.session,
        kind,
        gemeente_id=row.gemeente_id,
        actor=actor,
        now=desk.now,
        melding_id=row.melding_id,
        facts={"callback_id": row.id, "kind": row.kind},
    )
