"""Whether others may see a photo: only after staff ticked "mag openbaar" (KLANTREIS rule 9). The photos: photos.py.

A photo of a problem that is not public (persons, drugs, neighbours: rule 11) can never be made public.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import COORDINATOR, KCC, TEAM, Actor
from ..domain.errors import Conflict, Forbidden, NotFound
from ..store import journal, team
from ..store.opdracht import Opdracht, opdracht_by_id, opdrachten_of
from ..store.photo import KLAAR, Photo, lock_photo, photo_by_public_id
from ..store.worklists import is_public_melding, is_public_work

MAY_PUBLISH = (TEAM, KCC, COORDINATOR)


def set_photo_public(session: Session, public_id: str, public: bool, *, actor: Actor, now: datetime) -> Photo:
    """Lets anyone see a photo, or nobody else any more. Doing it again changes nothing.

    The desk may for its gemeente, a team for its own opdrachten; an external party never. Raises NotFound, Forbidden,
    or Conflict for a photo that is not processed or not of a public problem. Hiding is always possible.
    """
    known = photo_by_public_id(session, public_id, scope=actor.scope)
    photo = lock_photo(session, known.id, scope=actor.scope) if known else None
    if photo is None:
        raise NotFound("foto_onbekend", "Deze foto kunnen wij niet vinden.")
    _check_rights(session, photo, actor)
    if photo.status != KLAAR:
        raise Conflict("foto_niet_klaar", "Deze foto is nog niet nagekeken. Wacht tot u hem kunt zien.")
    if public and not may_be_public(session, photo):
        raise Conflict("nooit_openbaar", "Deze foto gaat over iets dat niet openbaar mag worden.")
    if photo.public != public:
        photo.public = public
        journal.record(
            session,
            "foto_openbaar" if public else "foto_niet_openbaar",
            gemeente_id=photo.gemeente_id,
            actor=actor,
            now=now,
            melding_id=photo.melding_id,
            opdracht_id=photo.opdracht_id,
            facts={"photo_id": photo.id},
        )
    return photo


def may_be_public(session: Session, photo: Photo) -> bool:
    """Whether what this photo is about may be known by anyone, as its categories are now."""
    scope = [photo.gemeente_id]
    if photo.opdracht_id is not None:
        return is_public_work(session, photo.opdracht_id, scope=scope)
    assert photo.melding_id is not None, "a constraint: a photo is of a melding or of an opdracht"
    return is_public_melding(session, photo.melding_id, scope=scope)


def may_publish(session: Session, opdracht: Opdracht, actor: Actor) -> bool:
    """Whether this actor may tick photos of an opdracht and of the meldingen linked to it."""
    if actor.has_role(opdracht.gemeente_id, KCC, COORDINATOR):
        return True
    if not actor.has_role(opdracht.gemeente_id, TEAM) or opdracht.team_id not in actor.team_ids:
        return False
    own = team.team_by_id(session, opdracht.team_id, scope=[opdracht.gemeente_id])
    return own is not None and not own.is_partner


def _check_rights(session: Session, photo: Photo, actor: Actor) -> None:
    actor.require_role(photo.gemeente_id, *MAY_PUBLISH)
    if actor.has_role(photo.gemeente_id, KCC, COORDINATOR):
        return
    scope = [photo.gemeente_id]
    if photo.opdracht_id is not None:
        found = opdracht_by_id(session, photo.opdracht_id, scope=scope)
        about = [found] if found else []
    else:
        assert photo.melding_id is not None, "a constraint: a photo is of a melding or of an opdracht"
        about = opdrachten_of(session, [photo.melding_id], scope=scope)[photo.melding_id]
    if not any(may_publish(session, opdracht, actor) for opdracht in about):
        raise Forbidden("ander_team", "Deze foto hoort bij het werk van een ander team.")
