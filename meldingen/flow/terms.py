"""The terms of a gemeente, the word of its archivaris on them, and freezing a melding for a claim or bezwaar.

Not the work itself: retention.py.
"""

from collections.abc import Collection
from datetime import datetime
from statistics import mode

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, COORDINATOR, KCC, Actor
from ..domain.errors import Conflict, InvalidInput, NotFound, Stale
from ..domain.privacy import is_about_persons
from ..domain.retention import Term, check_days, mark_of, terms_for
from ..domain.retention import Terms as Days
from ..domain.text import clean_text
from ..store import category, destruction, journal
from ..store.category import Category
from ..store.destruction import ByCategory, RetentionConfirmation
from ..store.melding import Melding, lock_meldingen

AT_DESK = "loket"
FREEZE_REASONS = {
    "claim": "Er loopt een schadeclaim",
    "bezwaar": "Er loopt een bezwaar",
    AT_DESK: "Een ander loket behandelt dit",
}
"""Why everything is kept, as staff read it. AT_DESK: by the mark of another desk, and ends with it (loketten.py)."""
BY_HAND = ("claim", "bezwaar")
"""What a person may give as the reason."""
MAY_FREEZE = (KCC, COORDINATOR)


def terms_of_gemeente(session: Session, gemeente_id: int) -> list[tuple[Category, Days]]:
    """Every category of a gemeente, also those no longer offered, with its terms; in its own order."""
    rows = category.all_categories_of(session, scope=[gemeente_id])
    slugs = {row.id: row.slug for row in rows}
    return [
        (row, terms_for(row.retention, about_persons=is_about_persons(row.slug, slugs.get(row.parent_id or 0))))
        for row in sorted(rows, key=lambda row: (row.position, row.id))
    ]


def by_category(session: Session, gemeente_id: int) -> ByCategory:
    """The terms per category id; None: of what has no category."""
    found: dict[int | None, Days] = {None: terms_for({}, about_persons=False)}
    return found | {row.id: days for row, days in terms_of_gemeente(session, gemeente_id)}


def told_terms(session: Session, gemeente_ids: Collection[int]) -> dict[Term, tuple[int, int, int]]:
    """What a melder may know of each term in these gemeenten: the days it usually is, the least and the most."""
    usual = terms_for({}, about_persons=False)
    every = [days for home in gemeente_ids for _category, days in terms_of_gemeente(session, home)] or [usual]
    found = {}
    for term in Term:
        days = sorted(one[term] for one in every)
        found[term] = (mode(days), days[0], days[-1])
    return found


def mark(session: Session, gemeente_id: int) -> str:
    """The sha256 of the terms as they are now: what an archivaris confirms."""
    told = {row.slug: days for row, days in terms_of_gemeente(session, gemeente_id)}
    return mark_of(told | {"": terms_for({}, about_persons=False)})


def confirmation(session: Session, gemeente_id: int) -> RetentionConfirmation | None:
    """The word of the archivaris on the terms as they are now; None when they changed since, or he never spoke."""
    last = destruction.latest_confirmation(session, scope=[gemeente_id])
    return last if last is not None and last.mark == mark(session, gemeente_id) else None


def is_confirmed(session: Session, gemeente_id: int) -> bool:
    """Whether meldingen and photos may be destroyed."""
    return confirmation(session, gemeente_id) is not None


def confirm_terms(
    session: Session, gemeente_id: int, *, name: str, role: str, seen: str, actor: Actor, now: datetime
) -> RetentionConfirmation:
    """Writes down that the archivaris agrees with the terms. seen: the mark of those that were shown.

    Raises Forbidden, InvalidInput without a name, Stale when a term changed since they were shown.
    """
    actor.require_role(gemeente_id, BEHEER)
    name, role = clean_text(name, field="naam", max_length=100), clean_text(role, field="functie", max_length=100)
    if not name:
        raise InvalidInput.of("naam", "leeg", "Vul in wie de termijnen heeft bevestigd.")
    if not role:
        raise InvalidInput.of("functie", "leeg", "Vul de functie in, zoals archivaris.")
    if seen != mark(session, gemeente_id):
        raise Stale("termijnen_gewijzigd", "De termijnen zijn intussen gewijzigd. Bekijk ze opnieuw.")
    row = RetentionConfirmation(
        gemeente_id=gemeente_id, name=name, role=role, mark=seen, at=now, made_by=actor.account_id
    )
    session.add(row)
    session.flush()
    facts = {"confirmation_id": row.id, "mark": seen}
    journal.record(session, "termijnen_bevestigd", gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)
    return row


def set_term(
    session: Session, gemeente_id: int, slug: str, term: str, days: int | None, *, actor: Actor, now: datetime
) -> None:
    """Sets one term of one category, or ours again (None). The archivaris is asked again when it is about the archive.

    Raises Forbidden, NotFound for a category, InvalidInput for a term or days that cannot be.
    """
    actor.require_role(gemeente_id, BEHEER)
    chosen = category.category_by_slug(session, slug, scope=[gemeente_id])
    if chosen is None:
        raise NotFound("categorie_onbekend", "Deze categorie kennen wij niet.")
    found = check_days(term, days) if days is not None else check_days(term, 1)
    own = {key: value for key, value in chosen.retention.items() if key != found.value}
    chosen.retention = own | ({found.value: days} if days is not None else {})
    facts = {"category_id": chosen.id, "term": found.value, "days": days}
    journal.record(session, "termijn_gewijzigd", gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)


def freeze(session: Session, melding: Melding, reason: str, *, actor: Actor, now: datetime) -> None:
    """Retention and erasure leave this melding alone while a claim or bezwaar runs. A second time changes nothing.

    Raises Forbidden, InvalidInput for another reason, Conflict when there is nothing left to keep.
    """
    actor.require_role(melding.gemeente_id, *MAY_FREEZE)
    if reason not in BY_HAND:
        raise InvalidInput.of("bevriezen_reden", "leeg", "Kies waarom wij alles moeten bewaren.")
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    if melding.erased_at is not None:
        raise Conflict("gewist", "De gegevens van deze melding zijn al gewist.")
    if melding.frozen_at is None or melding.frozen_reason != reason:
        _keep(session, melding, reason, actor=actor, now=now)


def unfreeze(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """The claim or bezwaar is over: the terms count again, as if they had never stopped. Raises Forbidden."""
    actor.require_role(melding.gemeente_id, *MAY_FREEZE)
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    if melding.frozen_at is not None:
        _let_go(session, melding, actor=actor, now=now)


def freeze_at_desk(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """A locked melding is in a procedure at another desk: all of it is kept. One that a person froze stays as it is."""
    if melding.frozen_at is None:
        _keep(session, melding, AT_DESK, actor=actor, now=now)


def unfreeze_at_desk(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """The mark of a locked melding is off: the terms count again, unless a person froze it for a reason of his own."""
    if melding.frozen_reason == AT_DESK:
        _let_go(session, melding, actor=actor, now=now)


def _keep(session: Session, melding: Melding, reason: str, *, actor: Actor, now: datetime) -> None:
    melding.frozen_at, melding.frozen_reason = melding.frozen_at or now, reason
    _record(session, "bevroren", melding, actor=actor, now=now, reason=reason)


def _let_go(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    reason = melding.frozen_reason
    melding.frozen_at, melding.frozen_reason = None, ""
    _record(session, "ontdooid", melding, actor=actor, now=now, reason=reason)


def _record(session: Session, kind: str, melding: Melding, *, actor: Actor, now: datetime, reason: str) -> None:
    journal.record(
        session,
        kind,
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        facts={"reason": reason},
    )


ARCHIVE_TERMS = (Term.MELDING, Term.WITHDRAWN, Term.PHOTO)
"""What the page shows per category; the others are the same for nearly all."""
