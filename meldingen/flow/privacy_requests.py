"""What somebody asks about his own data: who it is, what it is about, that he is who he says, and the proof of the end.

Inzage, correctie, verwijdering and beperking (AVG art. 15-18), within a month. Until the identity is checked only
counts are told. The row holds no personal data when it is finished. The document itself: privacy_export.py.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure
from ..adapters.mail import Mail
from ..adapters.sms import Sms
from ..db import business_now, transaction
from ..domain import tokens
from ..domain.actor import SEES_CONTACT, Actor
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.privacy import LIMITED, answer_before
from ..settings import Settings
from ..store import contact, gemeente, journal, outbox
from ..store.contact import Contact
from ..store.melding import Melding, lock_meldingen
from ..store.privacy_request import (
    AFGEWEZEN,
    GECONTROLEERD,
    KINDS,
    OPEN,
    UITGEVOERD,
    PrivacyRequest,
    lock_request,
    request_by_id,
)
from ..store.search import meldingen_known_by, read_query
from . import chain, erasure

CODE_VALID = timedelta(days=1)
MOST_TRIES, MOST_CODES = 5, 5
AT_DESK = "balie"
REFUSALS = {
    "identiteit": "Wie het vroeg, kon niet laten zien wie hij is",
    "ingetrokken": "Wie het vroeg, wil het niet meer",
    "bevroren": "Er loopt een schadeclaim, bezwaar of andere zaak",
    "wet": "De wet laat het niet toe",
}


def start_request(session: Session, kind: str, text: str, *, actor: Actor, now: datetime) -> list[PrivacyRequest]:
    """Opens a request about the meldingen of an e-mail address, phone or meldingnummer: one per gemeente that has some.

    Only what fits exactly, in gemeenten where the actor may. Raises InvalidInput when nothing does.
    """
    if kind not in KINDS:
        raise InvalidInput.of("soort", "leeg", "Kies wat iemand vraagt.")
    asked = read_query(text)
    found_by = "email" if asked.email else "nummer" if asked.number else "telefoon" if asked.phone else ""
    if not found_by:
        raise InvalidInput.of("wie", "leeg", "Vul een heel e-mailadres, telefoonnummer of meldingnummer in.")
    scope = actor.gemeenten_with(*SEES_CONTACT)
    found = meldingen_known_by(session, asked, scope=scope)
    if not found and asked.phone and found_by == "nummer":  # ten digits can be both
        found_by, found = "telefoon", meldingen_known_by(session, read_query(asked.phone), scope=scope)
    if not found:
        raise InvalidInput.of("wie", "onbekend", "Wij hebben hier geen meldingen van. Zeg dat tegen wie het vraagt.")
    made = []
    for gemeente_id in sorted({melding.gemeente_id for melding in found}):
        mine = [melding.id for melding in found if melding.gemeente_id == gemeente_id]
        row = PrivacyRequest(
            gemeente_id=gemeente_id, kind=kind, status=OPEN, melding_ids=mine, found_by=found_by, asked_at=now,
            due_at=answer_before(now), made_by=actor.account_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        facts = {"request_id": row.id, "kind": kind, "meldingen": len(mine)}
        journal.record(session, "privacy_gevraagd", gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)
        made.append(row)
    return made


def way_to_check(session: Session, request: PrivacyRequest) -> str:
    """The channel on which a code proves who asks, the one he was found by: `email`, `sms`; empty: at the desk only."""
    known = _contact(session, request)
    if known is None:
        return ""
    if request.found_by != "telefoon" and known.email and known.email_refused_at is None:
        return "email"
    return "sms" if request.found_by != "email" and known.phone and known.mobile else ""


def ask_code(session: Session, request_id: int, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Sends a new code to the address we have; the one before ends. Raises NotFound, Forbidden, Conflict."""
    request = _open(session, request_id, actor, status=OPEN)
    way = way_to_check(session, request)
    if not way:
        raise Conflict("geen_adres", "Wij hebben geen adres voor een code. Controleer aan de balie wie het is.")
    if request.code_number >= MOST_CODES:
        raise Conflict("te_veel_codes", "Er zijn al vijf codes gestuurd. Controleer aan de balie wie het is.")
    request.code_number, request.code_sent_at, request.code_tries = request.code_number + 1, now, 0
    payload = {"task": "privacy_code", "request_id": request.id, "gemeente_id": request.gemeente_id,
               "number": request.code_number}  # fmt: skip
    outbox.put(session, outbox.Topic.UPKEEP, payload, gemeente_id=request.gemeente_id, now=now)
    _record(session, "privacy_code", request, actor=actor, now=now, channel=way)
    return request


def send_code(engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]) -> None:
    """The worker's: hands the code to the channel. Not for a request that ended, or has a newer code."""
    scope = [int(payload["gemeente_id"])]
    with transaction(engine) as session:
        request = request_by_id(session, int(payload["request_id"]), scope=scope)
        if request is None or request.status != OPEN or request.code_number != payload["number"]:
            return
        way, known, now = way_to_check(session, request), _contact(session, request), business_now(session)
        home = gemeente.gemeente_by_id(session, request.gemeente_id)
    if known is None or not way:
        return
    code = tokens.request_code(settings.secret_keys, request.id, request.code_number)
    words = (
        f"Gemeente {home.name}: uw code is {code[:4]} {code[4:]}. Iemand vroeg ons naar de gegevens bij uw meldingen. "
        f"Was u dat? Zeg dan deze code tegen onze medewerker. Was u dat niet? Dan hoeft u niets te doen."
    )
    reference = f"privacy-{request.id}-{request.code_number}"
    if way == "email" and adapters.mail is not None:
        lines = f"<p>{words}</p><p>De code werkt een dag. Vragen? Bel ons: {home.phone}.</p>"
        html = f'<!doctype html><html lang="nl"><head><title>Uw code</title></head><body>{lines}</body></html>'
        text = f"{words}\n\nDe code werkt een dag. Vragen? Bel ons: {home.phone}.\n"
        adapters.mail.send(
            Mail(known.email, "Uw code", text, html, reference, now, sender_name=f"Gemeente {home.name}",
                 reply_to=home.email)
        )  # fmt: skip
    elif way == "sms" and adapters.sms is not None:
        adapters.sms.send(Sms(known.phone, words, reference))
    else:
        raise PermanentFailure("dit kanaal is er niet meer")


def check_code(
    session: Session, request_id: int, code: str, keys: Sequence[str], *, actor: Actor, now: datetime
) -> bool:
    """Whether the code is right; then the identity is checked. Each try counts, so commit also when it is wrong.

    Raises NotFound, Forbidden, Conflict when no code is under way, it is too old, or there were too many tries.
    """
    request = _open(session, request_id, actor, status=OPEN)
    if request.code_sent_at is None:
        raise Conflict("geen_code", "Stuur eerst een code.")
    if now - request.code_sent_at > CODE_VALID:
        raise Conflict("code_verlopen", "Deze code is ouder dan een dag. Stuur een nieuwe code.")
    if request.code_tries >= MOST_TRIES:
        raise Conflict("te_vaak", "De code was vijf keer fout. Stuur een nieuwe code.")
    request.code_tries += 1
    if not tokens.verify_request_code(keys, code, request.id, request.code_number):
        return False
    _checked(session, request, way_to_check(session, request) or request.found_by, actor=actor, now=now)
    return True


def check_at_desk(session: Session, request_id: int, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """A colleague saw a proof of identity at the desk; nothing of it is written down. Raises as `check_code`."""
    request = _open(session, request_id, actor, status=OPEN)
    _checked(session, request, AT_DESK, actor=actor, now=now)
    return request


def checked_request(session: Session, request_id: int, kind: str, *, actor: Actor) -> PrivacyRequest:
    """A locked request of this kind whose identity is checked. Raises NotFound, Forbidden, Conflict."""
    request = _open(session, request_id, actor, status=GECONTROLEERD)
    if request.kind != kind:
        raise Conflict("andere_soort", "Dit hoort niet bij dit verzoek.")
    return request


def meldingen_of_request(session: Session, request: PrivacyRequest) -> Sequence[Melding]:
    """The meldingen a request is about that are still there, newest first."""
    mine = sa.and_(Melding.id.in_(request.melding_ids), Melding.gemeente_id == request.gemeente_id)
    return session.scalars(sa.select(Melding).where(mine).order_by(Melding.received_at.desc(), Melding.id.desc())).all()


def note_export(request: PrivacyRequest, digest: str, counts: Mapping[str, int], *, now: datetime) -> None:
    """Keeps that the data were handed over: a hash and counts. The last one counts."""
    request.proof = {"sha256": digest, "counts": dict(counts), "gemaakt": now.isoformat()}


def erase(session: Session, request_id: int, *, sentences: bool, actor: Actor, now: datetime) -> PrivacyRequest:
    """Erases every melding of a checked request, all or none, and ends it. Raises Conflict while one is frozen."""
    request = checked_request(session, request_id, "verwijdering", actor=actor)
    done = erasure.Erased()
    for melding_id in sorted(melding.id for melding in meldingen_of_request(session, request)):
        part = erasure.erase_melder(
            session, melding_id, scope=[request.gemeente_id], sentences=sentences, actor=actor, now=now
        )
        done.add({"meldingen": 1} | part.counts)
    request.proof = {"counts": done.counts}
    _finish(session, request, UITGEVOERD, actor=actor, now=now)
    return request


def limit(session: Session, request_id: int, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Limits the use of every melding of a checked request, and ends it; what is still to be sent waits no longer."""
    request = checked_request(session, request_id, "beperking", actor=actor)
    ids = [melding.id for melding in meldingen_of_request(session, request)]
    for melding in lock_meldingen(session, ids, scope=[request.gemeente_id]):
        set_limited(session, melding, True, actor=actor, now=now)
    request.proof = {"counts": {"meldingen": len(ids)}}
    _finish(session, request, UITGEVOERD, actor=actor, now=now)
    return request


def set_limited(session: Session, melding: Melding, limited: bool, *, actor: Actor, now: datetime) -> None:
    """Limits the use of one locked melding, or ends that. A second time changes nothing."""
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    if (LIMITED in melding.flags) is limited:
        return
    melding.flags = [*melding.flags, LIMITED] if limited else [one for one in melding.flags if one != LIMITED]
    if limited:
        chain.end_by_people(session, melding, LIMITED, now=now)
    journal.record(
        session, "gebruik_beperkt" if limited else "gebruik_hersteld", gemeente_id=melding.gemeente_id, actor=actor,
        now=now, melding_id=melding.id,
    )  # fmt: skip


def finish(session: Session, request_id: int, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Ends a checked inzage after its export was made, or a correctie. Raises NotFound, Forbidden, Conflict."""
    request = _open(session, request_id, actor, status=GECONTROLEERD)
    if request.kind not in ("inzage", "correctie"):
        raise Conflict("nog_te_doen", "Doe eerst wat is gevraagd.")
    if request.kind == "inzage" and "sha256" not in request.proof:
        raise Conflict("nog_te_doen", "Download eerst de gegevens.")
    if request.kind == "correctie":
        request.proof = {"counts": {"meldingen": len(request.melding_ids)}}
    _finish(session, request, UITGEVOERD, actor=actor, now=now)
    return request


def refuse(session: Session, request_id: int, reason: str, *, actor: Actor, now: datetime) -> PrivacyRequest:
    """Ends a request without doing it; reason: one of REFUSALS. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    request = _open(session, request_id, actor, status=None)
    if reason not in REFUSALS:
        raise InvalidInput.of("reden", "leeg", "Kies waarom wij het niet doen.")
    request.reason = reason
    _finish(session, request, AFGEWEZEN, actor=actor, now=now)
    return request


def proof_of(request: PrivacyRequest) -> dict[str, Any]:
    """What can be shown later of a finished request: codes, moments, counts, who of us; nothing of the person."""
    moments = {"gevraagd": request.asked_at, "uiterlijk": request.due_at, "gecontroleerd": request.checked_at,
               "klaar": request.finished_at}  # fmt: skip
    return {
        "verzoek": request.id,
        "soort": request.kind,
        "status": request.status,
        "gecontroleerd_hoe": request.checked_how,
        "gecontroleerd_door": f"medewerker:{request.checked_by}" if request.checked_by else "",
        "afgehandeld_door": f"medewerker:{request.finished_by}" if request.finished_by else "",
        "reden": request.reason,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
        "gedaan": request.proof,
    }


def _open(session: Session, request_id: int, actor: Actor, *, status: str | None) -> PrivacyRequest:
    """The locked request, for somebody who may. status: the one it must have; None: not finished."""
    request = lock_request(session, request_id, scope=actor.scope)
    if request is None:
        raise NotFound("verzoek_onbekend", "Dit verzoek kunnen wij niet vinden.")
    actor.require_role(request.gemeente_id, *SEES_CONTACT)
    if request.status not in (OPEN, GECONTROLEERD):
        raise Conflict("al_klaar", "Dit verzoek is al klaar.")
    if status == OPEN and request.status != OPEN:
        raise Conflict("al_gecontroleerd", "Wij weten al wie het vraagt.")
    if status == GECONTROLEERD and request.status != GECONTROLEERD:
        raise Conflict("niet_gecontroleerd", "Controleer eerst wie het vraagt.")
    return request


def _contact(session: Session, request: PrivacyRequest) -> Contact | None:
    """The contact a code goes to: of the newest melding that still has one."""
    known: Collection[Contact] = contact.contacts_of(session, request.melding_ids, scope=[request.gemeente_id]).values()
    return max(known, key=lambda one: one.melding_id, default=None)


def _checked(session: Session, request: PrivacyRequest, how: str, *, actor: Actor, now: datetime) -> None:
    request.status, request.checked_how = GECONTROLEERD, how
    request.checked_at, request.checked_by = now, actor.account_id
    _record(session, "privacy_gecontroleerd", request, actor=actor, now=now, how=how)


def _finish(session: Session, request: PrivacyRequest, status: str, *, actor: Actor, now: datetime) -> None:
    request.status, request.finished_at, request.finished_by = status, now, actor.account_id
    request.melding_ids = []
    session.flush()
    _record(session, "privacy_klaar", request, actor=actor, now=now, status=status)


def _record(session: Session, kind: str, request: PrivacyRequest, *, actor: Actor, now: datetime, **facts: str) -> None:
    told = {"request_id": request.id, "kind": request.kind, **facts}
    journal.record(session, kind, gemeente_id=request.gemeente_id, actor=actor, now=now, facts=told)
