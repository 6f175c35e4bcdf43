"""The melder's word after intake: more to tell, withdrawing, and "it is not solved". Closing itself: closure.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import KCC, Actor
from ..domain.cijfers import ASKED_AFTER
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.notices import NoticeKind
from ..domain.privacy import check_not_erased
from ..domain.routing import Routing
from ..domain.sentence import say
from ..domain.text import clean_text
from ..domain.workflow import AFGEHANDELD, DOORVERWEZEN, GEREED, INGETROKKEN, KEEPS_CLOSED, NIEUW, OPEN, VERVALLEN
from ..store import category, contact, ending, gemeente, journal, outbox, task, team
from ..store.answers import with_new_answer
from ..store.dossier import Dossier, dossier_of
from ..store.journal import Note
from ..store.melding import Melding, lock_meldingen
from ..store.opdracht import Opdracht, closures_of, live_link, melding_ids_of
from . import chain, danger, endings, notices, questions, routing, verdict
from .before import WITHDRAWAL_ASKED
from .promises import renew_terms
from .status import (
    Basis,
    Done,
    Work,
    begin_move,
    check_rights,
    derive_statuses,
    finish_move,
    keep_note,
    lock_melding_work,
    set_opdracht_status,
)

REOPEN_DAYS = 30
"""How long the question "is het opgelost?" stays open (KLANTREIS step 9)."""
BURST = timedelta(minutes=15)
"""What a melder sends within this time is one signal to the team."""
ANSWERED = "antwoord_ontvangen"
WITHDRAWN = "ingetrokken"
REQUESTED = "gevraagd"
REFUSED = "afgewezen"
UNDONE = "ongedaan"
KEPT_CLOSED = "blijft_gesloten"
AFTER_END = "De melder schreef nog iets, nadat de melding klaar was. Lees het, en antwoord als dat nodig is."
SOUNDS_DANGEROUS = " Lees het nu: er staan woorden van gevaar in."
COMPLAIN = say(
    "Wij hebben hier al opnieuw naar gekeken. De melding blijft gesloten. Bent u het er niet "
    "mee eens? Dan kunt u een klacht doen bij"
)


def add_supplement(
    session: Session, melding: Melding, text: str, *, actor: Actor, now: datetime, came_by: str = ""
) -> Note:
    """More from the melder. An opdracht that waits for his answer goes on; its term runs again.

    came_by: `e_mail` or `e_mail_ander_adres` for what came by mail; empty for what was typed on a page of ours.
    Raises InvalidInput without words, Gone when his data were erased: a late answer brings nothing back.
    """
    text = clean_text(text, field="tekst")
    if not text:
        raise InvalidInput.of("tekst", "leeg", say("Schrijf op wat u wilt toevoegen."))
    work = lock_melding_work(session, melding.id, scope=[melding.gemeente_id])
    check_not_erased(work.meldingen[melding.id].erased_at)
    note = _keep(session, melding, text, actor, now)
    _record(session, "aanvulling", melding, actor=actor, now=now, facts=_said(note, came_by))
    working = [opdracht for opdracht in work.opdrachten.values() if opdracht.status in OPEN]
    for opdracht in working:
        _signal(session, opdracht, melding, note, actor=actor, now=now)
        questions.let_go(session, opdracht, melding, actor=actor, now=now)
    heard = danger.mind_supplement(session, work, work.meldingen[melding.id], text, actor=actor, now=now)
    if not working and work.meldingen[melding.id].status in (AFGEHANDELD, INGETROKKEN, DOORVERWEZEN):
        _let_read(session, melding, at_once=heard.suspected, now=now)
    derive_statuses(session, work.meldingen.values(), now=now)
    return note


def _signal(session: Session, opdracht: Opdracht, melding: Melding, note: Note, *, actor: Actor, now: datetime) -> None:
    """Tells the team of an answer, once per burst. It is marked on the team's list until somebody looks or acts."""
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    told = any(event.kind == ANSWERED and now - event.at < BURST and "told" in event.facts for event in past)
    event = journal.record(
        session,
        ANSWERED,
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=now,
        opdracht_id=opdracht.id,
        facts={"note_id": note.id, "from_melding_id": melding.id, **({} if told else {"told": True})},
    )
    if not told:
        notices.tell_team(session, NoticeKind.ANTWOORD_ONTVANGEN, event, [opdracht.team_id], now=now)


def read_answers(session: Session, opdracht: Opdracht, *, actor: Actor, now: datetime) -> None:
    """Somebody who works on it looked: the mark of a new answer goes. Nothing is written when there is none."""
    if with_new_answer(session, [opdracht.id], scope=[opdracht.gemeente_id]):
        journal.record(
            session, "antwoord_gelezen", gemeente_id=opdracht.gemeente_id, actor=actor, now=now, opdracht_id=opdracht.id
        )


def _let_read(session: Session, melding: Melding, *, at_once: bool, now: datetime) -> None:
    """After the end nobody works on it: the KCC reads it within 2 werkdagen, and at once when it sounds dangerous.
    What comes until then is the same item."""
    scope = [melding.gemeente_id]
    if task.has_open(session, melding.id, task.ANSWER_AFTER_END, scope=scope):
        return
    task.put(
        session,
        task.ANSWER_AFTER_END,
        gemeente_id=melding.gemeente_id,
        role=KCC,
        words=AFTER_END + (SOUNDS_DANGEROUS if at_once else ""),
        now=now,
        due_at=now if at_once else deadlines.terugbel_due_at(now, gemeente.closing_days(session, scope=scope)),
        melding_id=melding.id,
    )


def hear_only_the_end(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """ "Alleen als het klaar is", chosen after intake; a second time changes nothing, nor without a contact."""
    lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])
    known = contact.contact_of(session, melding.id, scope=[melding.gemeente_id])
    if known is None or known.only_when_done:
        return
    known.only_when_done = True
    _record(session, "contact_gewijzigd", melding, actor=actor, now=now, facts={"fields": ["only_when_done"]})


def withdraw_melding(session: Session, melding: Melding, *, reason: str, actor: Actor, now: datetime) -> str:
    """Withdraws, or asks the team to: returns `ingetrokken` or `gevraagd` (KLANTREIS Withdrawing).

    On a shared opdracht only this melder leaves. With danger the person's data go and the work stays. A second time
    changes nothing. Raises Conflict when the melding is afgehandeld.
    """
    reason = clean_text(reason, field="reden")
    work = lock_melding_work(session, melding.id, scope=[melding.gemeente_id])
    melding = work.meldingen[melding.id]
    check_not_erased(melding.erased_at)
    if melding.withdrawn_at is not None:
        return WITHDRAWN
    if melding.status == AFGEHANDELD or melding.referred_to:
        raise Conflict("al_klaar", say("Deze melding is al afgehandeld. Intrekken hoeft niet meer."))
    alone = [o for o in work.opdrachten.values() if o.status in OPEN and _melders(session, o) == 1]
    dangerous = melding.danger or any(o.danger for o in alone)
    facts = {"note_id": _keep(session, melding, reason, actor, now).id} if reason else {}
    if not dangerous and any(o.taken_up_at is not None or o.status not in (NIEUW, "ingepland") for o in alone):
        if WITHDRAWAL_ASKED not in melding.flags:
            melding.flags = [*melding.flags, WITHDRAWAL_ASKED]
            _record(session, WITHDRAWAL_ASKED, melding, actor=actor, now=now, facts=facts)
        return REQUESTED
    _withdraw(session, work, melding, facts, keep=alone if dangerous else [], actor=actor, now=now)
    if dangerous:
        # After the confirmation in the same order: the last word reaches the melder, then the person's data go.
        outbox.put(
            session,
            outbox.Topic.UPKEEP,
            {"task": "erase_contact", "melding_id": melding.id, "gemeente_id": melding.gemeente_id},
            gemeente_id=melding.gemeente_id,
            now=now,
            order_key=f"melding:{melding.id}",
        )
    return WITHDRAWN


def decide_withdrawal(
    session: Session, melding: Melding, opdracht_id: int, *, granted: bool, actor: Actor, now: datetime
) -> str:
    """The team's answer to a request to withdraw: returns `ingetrokken` or `afgewezen`; then the work goes on.

    Raises NotFound when the melding is not of this opdracht, Forbidden for another team, Conflict without a request.
    """
    work = lock_melding_work(session, melding.id, scope=[melding.gemeente_id])
    melding, opdracht = work.meldingen[melding.id], work.opdrachten.get(opdracht_id)
    if opdracht is None:
        raise NotFound("niet_gekoppeld", "Deze melding hoort niet bij deze opdracht.")
    check_rights(opdracht, "samenvoegingen", actor)
    if WITHDRAWAL_ASKED not in melding.flags or melding.withdrawn_at is not None:
        raise Conflict("geen_verzoek", "De melder vroeg niet (meer) om deze melding in te trekken.")
    melding.flags = [flag for flag in melding.flags if flag != WITHDRAWAL_ASKED]
    if not granted:
        _record(session, "intrekking_afgewezen", melding, actor=actor, now=now)
        return REFUSED
    _withdraw(session, work, melding, {}, keep=[], actor=actor, now=now)
    return WITHDRAWN


def judge(
    session: Session, melding: Melding, *, answer: bool, words: str = "", via: str, actor: Actor, now: datetime
) -> verdict.Question:
    """The oordeel of the melder about the end (KLANTREIS step 9): kept, and "niet opgelost" opens the melding again.

    via: `volgpagina`, `api`, `telefoon` or `e_mail`. Returns what was asked. Raises Conflict when nothing is asked.
    What he says more is for `verdict.say_more`.
    """
    asked = verdict.question_for(session, melding, now=now)
    if asked is None:
        raise Conflict("geen_vraag", say("Over deze melding vragen wij nu niets. Bel ons als u iets wilt zeggen."))
    if asked.about == verdict.SOLVED and not answer:
        reopen_melding(session, melding, words=words, via=via, actor=actor, now=now)
        return asked
    words = clean_text(words, field="tekst")
    if asked.answer is answer and not words:
        return asked  # said before: nothing happened
    lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])
    note_id = _keep(session, melding, words, actor, now).id if words else None
    verdict.keep_answer(session, melding, asked, answer=answer, note_id=note_id, via=via, actor=actor, now=now)
    return asked


def reopen_melding(
    session: Session, melding: Melding, *, words: str, via: str = "volgpagina", actor: Actor, now: datetime
) -> Opdracht:
    """ "Niet opgelost": a new opdracht for this melding alone, first at the vangnet, other eyes than before.

    It is an answer too: when we asked whether it is solved, that answer is kept.

    Raises Conflict when it is not afgehandeld or closed more than REOPEN_DAYS ago.
    """
    words = clean_text(words, field="tekst")
    work = lock_melding_work(session, melding.id, scope=[melding.gemeente_id])
    melding = work.meldingen[melding.id]
    check_not_erased(melding.erased_at)
    if melding.status != AFGEHANDELD or melding.closed_at is None:
        raise Conflict("niet_gesloten", say("Deze melding is nog open. U hoort van ons als hij klaar is."))
    if now - melding.closed_at > timedelta(days=REOPEN_DAYS):
        raise Conflict("te_laat", say("Deze melding is langer dan 30 dagen klaar. Maak een nieuwe melding."))
    scope = [melding.gemeente_id]
    if was_kept_closed(dossier_of(session, melding)):
        home = gemeente.gemeente_by_id(session, melding.gemeente_id)
        raise Conflict(KEPT_CLOSED, f"{COMPLAIN} {complaint_at(home)}.")
    closed = [o for o in work.opdrachten.values() if o.status == GEREED]
    last = max(closed, key=lambda o: (o.closed_at or now, o.id))
    chosen = category.category_by_id(session, last.category_id, scope=scope)
    assert chosen is not None, "a foreign key holds the category"
    vangnet = team.vangnet_team(session, scope=scope)
    note_id = _keep(session, melding, words, actor, now).id if words else None
    asked = verdict.question_for(session, melding, now=now)
    if asked is not None and asked.about == verdict.SOLVED:
        said_by = "telefoon" if actor.is_staff else via
        verdict.keep_answer(session, melding, asked, answer=False, note_id=note_id, via=said_by, actor=actor, now=now)
    ending.mark_reopened(session, melding.id, now=now, scope=scope)
    chain.end_by_people(session, melding, UNDONE, kinds=ASKED_AFTER, now=now)  # he read it, and it did not hold
    # A new promise from today: the old one has passed, and work that is late at birth helps nobody.
    melding.term_days = chosen.term_days
    melding.promised_on = deadlines.promised_on(now, chosen.term_days, gemeente.closing_days(session, scope=scope))
    route = Routing(vangnet.id, 0, "Heropend door de melder. De coördinator kijkt eerst.")
    again, event = routing.make_opdracht(
        session, work, [melding], chosen, route, how="heropend", actor=actor, now=now, like=last
    )
    again.last_closed_by = closures_of(session, [last.id], scope=scope)[last.id].closed_by
    notices.announce(session, "heropend", event, [melding], now=now)
    return again


def keep_closed(session: Session, opdracht_id: int, reason: str, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """The coordinator looked again and keeps it closed (`afwijzingen`): this lapses, the earlier outcome stays.

    reason: what the melder reads, with the way to complain; never empty. Raises Forbidden for who closed it.
    """
    reason = clean_text(reason, field="reden")
    if not reason:
        raise InvalidInput.of("reden", "leeg", "Leg de melder uit waarom de melding gesloten blijft.")
    opened = begin_move(session, KEEPS_CLOSED, opdracht_id, basis=basis, actor=actor, now=now, said=reason)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    opdracht.closed_at = now
    facts = {"note_id": keep_note(session, opdracht, "notitie", reason, actor=actor, now=now).id}
    event = finish_move(session, opened, opdracht, KEPT_CLOSED, actor=actor, now=now, facts=facts, to=VERVALLEN)
    derived = derive_statuses(session, opened.meldingen.values(), now=now)
    told = [m for m in opened.of(session, opdracht) if m.withdrawn_at is None]
    ended = {NoticeKind.BLIJFT_GESLOTEN: derived.became(AFGEHANDELD)}
    endings.remember_ends(session, event, opdracht, ended, now=now)
    notices.announce(session, NoticeKind.BLIJFT_GESLOTEN, event, told, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def was_kept_closed(dossier: Dossier) -> bool:
    """Whether a coordinator looked again at this melding and kept it closed: it is not opened once more."""
    lapsed = {row.id for row in dossier.work if row.status == VERVALLEN and row.reopened_from_id is not None}
    return any(event.kind == KEPT_CLOSED and event.opdracht_id in lapsed for event in dossier.events)


def complaint_at(home: gemeente.Gemeente) -> str:
    """Where a melder complains about how we did it: policy `klacht`, else by phone."""
    return str(home.policy.get("klacht", "")) or home.phone


def _withdraw(
    session: Session,
    work: Work,
    melding: Melding,
    facts: Mapping[str, object],
    *,
    keep: Sequence[Opdracht],
    actor: Actor,
    now: datetime,
) -> None:
    """Takes the melder off every open opdracht but those in `keep`, and confirms it once."""
    melding.withdrawn_at = now
    event = _record(session, "ingetrokken", melding, actor=actor, now=now, facts=facts)
    for opdracht in work.opdrachten.values():
        if opdracht.status in OPEN and opdracht not in keep:
            _leave(session, melding, opdracht, actor=actor, now=now)
    renew_terms(session, work, now=now)
    derive_statuses(session, work.meldingen.values(), now=now)
    notices.announce(session, "ingetrokken", event, [melding], now=now)


def _leave(session: Session, melding: Melding, opdracht: Opdracht, *, actor: Actor, now: datetime) -> None:
    link = live_link(session, melding.id, opdracht.id, scope=[opdracht.gemeente_id])
    if link is None:
        return
    link.until_at, link.ended_by = now, actor.label
    session.flush()
    questions.let_go(session, opdracht, melding, actor=actor, now=now)
    if not _melders(session, opdracht) and opdracht.taken_up_at is None and not opdracht.danger:
        set_opdracht_status(session, opdracht, VERVALLEN, now=now)
        opdracht.closed_at = now
    opdracht.version += 1
    journal.record(
        session,
        "melder_weg",
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        opdracht_id=opdracht.id,
        facts={"status": opdracht.status, "version": opdracht.version},
    )


def _melders(session: Session, opdracht: Opdracht) -> int:
    return len(melding_ids_of(session, [opdracht.id], scope=[opdracht.gemeente_id]))


def _said(note: Note, came_by: str) -> dict[str, object]:
    return {"note_id": note.id, "came_by": came_by} if came_by else {"note_id": note.id}


def _keep(session: Session, melding: Melding, text: str, actor: Actor, now: datetime) -> Note:
    note = Note(
        gemeente_id=melding.gemeente_id,
        melding_id=melding.id,
        kind="aanvulling",
        text=text,
        made_by=actor.label,
        account_id=actor.account_id,
        at=now,
    )
    session.add(note)
    session.flush()
    return note


def _record(
    session: Session,
    kind: str,
    melding: Melding,
    *,
    actor: Actor,
    now: datetime,
    facts: Mapping[str, object] | None = None,
) -> journal.Event:
    return journal.record(
        session, kind, gemeente_id=melding.gemeente_id, actor=actor, now=now, melding_id=melding.id, facts=facts
    )
