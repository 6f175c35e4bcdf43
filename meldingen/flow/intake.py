"""The first step: what a melder reports becomes a melding with a number, and a promise for everything that follows.

One transaction, no network, no Redis, no image decoding. Photos: photos.py. Which team: routing.py, in a worker.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain import deadlines, numbers
from ..domain.actor import ANTWOORDDIENST, STAFF_ON_OPDRACHTEN, Actor
from ..domain.beforehand import NotOurs, read_beforehand
from ..domain.danger import BY_WORDS, SUSPECTED, hear
from ..domain.errors import Conflict, FieldError, Forbidden, InvalidInput
from ..domain.intake import Location, NewMelding, check_answers, check_complete, danger_answered
from ..domain.notices import choose_channel
from ..domain.objects import ObjectRef
from ..domain.privacy import check_not_erased
from ..domain.sentence import say
from ..domain.spoed import words_to_wait
from ..domain.text import looks_like_bsn, whole_number
from ..domain.workflow import DOORVERWEZEN, ONTVANGEN
from ..store import gemeente, outbox
from ..store.contact import Contact
from ..store.gemeente import Gemeente
from ..store.homes import CategoryAt, GemeenteAt
from ..store.journal import Note
from ..store.melding import Melding, claim_key, melding_by_id
from ..store.opdracht import opdracht_by_id
from ..store.registering import Promised, store_melding
from ..store.worklists import is_public_work
from .danger import words_of
from .objects import find_object
from .places import Placed, place_melding
from .reach import contact_facts

FROM_PHOTO = "plaats_uit_foto"
MAYBE_BSN = "bsn"
PUBLIC_CHANNELS = ("app", "e_formulier")
OUR_FORM = "e_formulier"
"""Where a melder is asked whether it is dangerous; elsewhere nobody can be."""


@dataclass(frozen=True)
class Registered:
    """A melding that is in the database. replayed: it was there already, made by the same idempotency key.

    category: what the melder chose, when it was made now.
    """

    melding: Melding
    gemeente: Gemeente | GemeenteAt
    replayed: bool = False
    category: CategoryAt | None = None


def register_melding(session: Session, new: NewMelding, *, photos: int = 0, actor: Actor, now: datetime) -> Registered:
    """Stores a melding with its contact, event, routing and receipt in the caller's transaction.

    photos: how many readable files came along. Raises InvalidInput with every field error at once, Conflict when the
    idempotency key was used for something else, Gone when its melder was erased since, Forbidden when the actor may
    not use this kanaal or gemeente, NotOurs when its category says that somebody else is right for it.
    """
    route = f"meldingen:{actor.label}"
    if new.idempotency_key:
        earlier = claim_key(session, route, new.idempotency_key, new.body_hash or b"", now)
        if earlier is not None:
            scope = gemeente.served_ids(session)
            known = melding_by_id(session, earlier.resource_id or 0, scope=scope)
            check_not_erased(known.erased_at if known else None)
            if earlier.body_hash != (new.body_hash or b""):
                raise Conflict("sleutel_hergebruikt", "Deze sleutel is al gebruikt voor een andere melding.")
            if known is None:
                raise Conflict("melding_weg", say("Deze melding is niet meer beschikbaar."))
            return Registered(known, gemeente.gemeente_by_id(session, known.gemeente_id), replayed=True)
    new = _with_object(session, _with_channel(new, actor))
    check_complete(new, photos)
    if new.location is None:
        raise InvalidInput.of("locatie", "ontbreekt", say("Wijs aan waar het is. In uw foto staat geen plaats."))
    place, named = new.location, new.gemeente_slug
    placed = place_melding(
        session, place, named, actor=actor, note=new.kcc_note, category_slug=new.category_slug, draw=True
    )
    _check_rights(placed, actor)
    chosen, answers = _category(new, placed, actor)
    _check_spoed_only(placed, new, chosen, answers, actor)
    melding, contact = _melding(session, new, placed, chosen, answers, actor=actor, now=now), _contact(new, placed)
    promised = _promised(melding, new, chosen, contact, actor=actor)
    key = (route, new.idempotency_key) if new.idempotency_key else None
    store_melding(session, melding, contact, promised, at=(place.lon, place.lat), key=key)
    _keep_note(session, melding, new, actor=actor, now=now)
    return Registered(melding, placed.gemeente, category=chosen)


def _with_object(session: Session, new: NewMelding) -> NewMelding:
    """The thing it is about as we know it; its place when no other was given. Raises InvalidInput naming `object`."""
    if new.object is None:
        return new
    named = gemeente.gemeente_by_slug(session, new.gemeente_slug) if new.gemeente_slug else None
    found = find_object(session, new.object, scope=[named.id] if named else gemeente.served_ids(session))
    known = replace(new, object=ObjectRef(found.object.kind, found.object.code))
    return known if new.location else replace(known, location=Location(found.lon, found.lat, "object"))


def _with_channel(new: NewMelding, actor: Actor) -> NewMelding:
    """A partner's kanaal is its own name; only staff choose another than our own app or form."""
    if actor.kind == "machine":
        return replace(new, intake_channel="partner", partner_name=actor.name)
    if not actor.is_staff and actor.kind != "systeem" and new.intake_channel not in PUBLIC_CHANNELS:
        raise Forbidden("kanaal_niet_voor_u", "Dit kanaal is voor medewerkers. Log eerst in.")
    return new


def _check_rights(placed: Placed, actor: Actor) -> None:
    if actor.is_staff:
        actor.require_role(placed.gemeente.id, *STAFF_ON_OPDRACHTEN, ANTWOORDDIENST)
    if actor.kind == "machine" and placed.gemeente.id not in actor.scope:
        raise Forbidden("andere_gemeente", "Met deze sleutel kunt u in deze gemeente niet melden.")


def _check_spoed_only(
    placed: Placed, new: NewMelding, chosen: CategoryAt | None, answers: dict[str, object], actor: Actor
) -> None:
    """The answering service enters what cannot wait; for the rest the refusal is what it says to the caller."""
    home = placed.gemeente
    if not actor.enters_only_spoed(home.id):
        return
    if not (new.danger or danger_answered(chosen.questions if chosen else [], answers)):  # type: ignore[arg-type]
        raise Forbidden(
            "alleen_spoed", f"Dit kan wachten. {words_to_wait(home.name, home.phone, home.hours, home.website)}"
        )


def _category(new: NewMelding, placed: Placed, actor: Actor) -> tuple[CategoryAt | None, dict[str, object]]:
    """The melder's category, and its answers checked against the questions as they are now.

    Raises NotOurs for one that we take no melding of; staff may still write it down.
    """
    if not new.category_slug:
        if new.answers:
            raise InvalidInput.of("antwoorden", "zonder_categorie", "Antwoorden horen bij een categorie. Kies er een.")
        return None, {}
    chosen = placed.home.category
    if chosen is None:
        raise InvalidInput.of("categorie", "onbekend", say("Deze categorie kennen wij niet. Kies een andere, of geen."))
    first = read_beforehand(chosen.beforehand, website=placed.gemeente.website)
    if first.stops and not actor.is_staff:
        raise NotOurs(first)
    return chosen, dict(check_answers(chosen.questions, dict(new.answers)))


def _melding(
    session: Session,
    new: NewMelding,
    placed: Placed,
    chosen: CategoryAt | None,
    answers: dict[str, object],
    *,
    actor: Actor,
    now: datetime,
) -> Melding:
    """The row as it will be; only its place and its id are not in it."""
    assert new.location is not None, "checked by the caller"
    home = placed.home
    assert home.sequence is not None, "drawn by place_melding"
    term = chosen.term_days if chosen else home.other_term_days
    promised = deadlines.promised_on(now, term, home.closing_days)
    flags = [*placed.flags]
    flags += [FROM_PHOTO] if new.location.source == "foto" else []
    flags += [MAYBE_BSN] if looks_like_bsn(new.description) else []
    danger, why = _danger(placed, new, chosen, answers, actor)
    area = home.buurt or home.wijk
    return Melding(
        gemeente_id=home.gemeente.id,
        number=numbers.make_number(deadlines.local_day(now).year, home.sequence),
        status=DOORVERWEZEN if placed.referred_to else ONTVANGEN,
        description=new.description,
        location_source=new.location.source,
        location_note=new.location.note,
        address=new.location.address,
        wijk_code=home.wijk.code if home.wijk else None,
        buurt_code=home.buurt.code if home.buurt else None,
        area_year=area.year if area else None,
        category_id=chosen.id if chosen else None,
        answers=answers,
        questions_version=(new.questions_version or chosen.questions_version) if chosen else None,
        danger=danger,
        flags=[*flags, *why],
        intake_channel=new.intake_channel,
        partner_name=new.partner_name or "",
        entered_by=actor.account_id,
        same_as_opdracht_id=_same_as(session, new, [home.gemeente.id], actor),
        photos_expected=new.photos_expected,
        received_at=now,
        first_promised_on=promised,
        promised_on=promised,
        term_days=term,
        referred_to=placed.referred_to,
        token_generation=1,
        accuracy_m=new.location.accuracy_m,
        object_kind=new.object.kind if new.object else "",
        object_code=new.object.code if new.object else "",
        desk="",
        abuse="",
    )


def _danger(
    placed: Placed, new: NewMelding, chosen: CategoryAt | None, answers: dict[str, object], actor: Actor
) -> tuple[bool, list[str]]:
    """Whether it is dangerous, and the flag that says so of words alone (KLANTREIS step 4).

    Words page nobody where the melder could have been asked; elsewhere only the gemeente's short list does.
    """
    if new.danger or danger_answered(chosen.questions if chosen else [], answers):  # type: ignore[arg-type]
        return True, []
    if new.danger_denied:
        return False, []
    said = [
        new.description,
        new.location.note if new.location else "",
        *(a for a in answers.values() if isinstance(a, str)),
    ]
    heard = hear("\n".join(said), words_of(placed.gemeente.policy))
    if heard.alarming and not actor.is_staff and new.intake_channel != OUR_FORM:
        return True, [BY_WORDS]
    return False, [SUSPECTED] if heard.suspected else []


def _same_as(session: Session, new: NewMelding, scope: list[int], actor: Actor) -> int | None:
    """The opdracht this melding joins, when melder or staff pointed at one that exists.

    Who joins reads how it goes on: a melder may only point at what anyone may know of (KLANTREIS rule 11).
    """
    wanted = new.join_opdracht_id
    if wanted is None and new.same_as:
        wanted = whole_number(new.same_as) or -1  # what is no number points at nothing
    if wanted is None:
        return None
    found = opdracht_by_id(session, wanted, scope=scope)
    if found is not None and actor.enters_only_spoed(found.gemeente_id) and found.urgency != "spoed":
        found = None
    if found is None or not (actor.is_staff or is_public_work(session, found.id, scope=scope)):
        raise InvalidInput.gather(
            [FieldError("zelfdeAls", "onbekend", say("Deze eerdere melding kunnen wij niet vinden."))]
        )
    return found.id


def _contact(new: NewMelding, placed: Placed) -> Contact | None:
    """How the melder can be reached, when he said anything of it."""
    given = new.contact
    if given is None or not (given.name or given.email or given.phone or given.postal_address):
        return None
    return Contact(
        gemeente_id=placed.gemeente.id,
        name=given.name,
        email=given.email,
        phone=given.phone.e164 if given.phone else "",
        mobile=bool(given.phone and given.phone.is_mobile),
        preference=given.preference,
        only_when_done=given.only_when_done,
        night_too=given.night_too,
        postal_address=given.postal_address,
    )


def _keep_note(session: Session, melding: Melding, new: NewMelding, *, actor: Actor, now: datetime) -> None:
    if new.kcc_note and actor.is_staff:
        session.add(
            Note(
                gemeente_id=melding.gemeente_id,
                melding_id=melding.id,
                kind="notitie",
                text=new.kcc_note,
                made_by=actor.label,
                account_id=actor.account_id,
                at=now,
            )
        )
        session.flush()


def _promised(
    melding: Melding, new: NewMelding, chosen: CategoryAt | None, contact: Contact | None, *, actor: Actor
) -> Promised:
    """The event, the routing and the receipt: rows in this same transaction (KLANTREIS rule 1)."""
    what = "doorverwezen" if melding.referred_to else "ontvangen"
    notice = "doorverwezen" if melding.referred_to else "ontvangst"
    spoed = melding.danger or (chosen is not None and chosen.urgency == "spoed")
    return Promised(
        event=what,
        facts={
            "channel": melding.intake_channel,
            "category_id": melding.category_id,
            "danger": melding.danger,
            **{flag: True for flag in (BY_WORDS, SUSPECTED) if flag in melding.flags},
        },
        actor=actor.label,
        for_melder=actor.is_staff and new.contact is not None,
        notice=notice if choose_channel(contact_facts(contact), notice) is not None else "",
        route=not melding.referred_to,
        urgency=outbox.Urgency.SPOED if spoed else outbox.Urgency.NORMAL,
    )
