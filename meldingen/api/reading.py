"""Which meldingen, opdrachten and photos this visitor may look at, and how they are put into words and links.

One place for object-level rights when reading (SEC-10): what somebody may not see does not exist (404). What may be
done with it is the flow's question.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import request
from flask import session as cookie

from ..auth import TOKEN_HEADER, Followed, Visit, melder_by_token, reader_by_token
from ..domain import tokens
from ..domain.abuse import words_shown
from ..domain.actor import COORDINATOR, KCC, PIKET, SEES_CONTACT, STAFF_ON_OPDRACHTEN, TEAM, Actor
from ..domain.errors import NotFound, NotSignedIn
from ..domain.privacy import LIMITED
from ..domain.text import mask_personal
from ..domain.workflow import fitting_moves
from ..flow.looks import look
from ..flow.publicity import may_be_public
from ..flow.status import is_undoable, is_urgent, may_as_party
from ..party_access import party_at
from ..store import history
from ..store.category import Category
from ..store.dossier import KindRow, MeldingRow, PhotoRow
from ..store.gemeente import Gemeente
from ..store.homes import CategoryAt
from ..store.melding import Melding, melding_by_number
from ..store.opdracht import Opdracht, opdracht_by_id, opdrachten_of
from ..store.party import party_sees_photo
from ..store.photo import KLAAR, Photo
from ..store.worklines import WorkLine
from ..store.worklists import Sees
from .headers import BASE

BY_API = "via de API"
"""What the log says beside the reason: the look was not at one of our pages."""


def sees(actor: Actor) -> Sees:
    """Whose opdrachten a medewerker may look at: the desk all of its gemeente, a team its own."""
    whole = actor.gemeenten_with(KCC, COORDINATOR)
    return Sees(whole=whole, team_ids=actor.team_ids, category_ids=actor.category_ids)


def work_scope(actor: Actor) -> frozenset[int]:
    """The gemeenten in which a medewerker works on opdrachten; beheer alone does not."""
    return actor.gemeenten_with(*STAFF_ON_OPDRACHTEN)


def moves_for(actor: Actor, opdracht: Opdracht | WorkLine, *, now: datetime | None = None) -> list[str]:
    """The moves this medewerker could make now, in the order of the workflow table. now: to name undoing too."""
    roles = actor.roles.get(opdracht.gemeente_id, frozenset())
    if opdracht.team_id not in actor.team_ids and COORDINATOR not in roles:
        roles -= {TEAM, PIKET}
    moves = fitting_moves(
        opdracht.status,
        roles,
        reopened=opdracht.reopened_from_id is not None,
        urgent=is_urgent(opdracht),
        suspected=opdracht.danger_suspected,
        undoable=is_undoable(opdracht, now),
    )
    party = actor.is_party
    return [move.action for move in moves if not party or may_as_party(opdracht, move.action, actor)]


def melding_at(here: Visit, number: str) -> tuple[Melding, Actor]:
    """The melding for its melder (by the token in the header) or for staff who work with it. Raises NotFound."""
    if _comes_as_staff(here):
        return _melding_of_staff(here, number), here.actor
    return _of_number(number, melder_by_token(here, request.headers.get(TOKEN_HEADER, "")))


def melding_read_at(here: Visit, number: str) -> tuple[Melding | MeldingRow, Actor]:
    """As `melding_at`, for a door that only reads."""
    if _comes_as_staff(here):
        return _melding_of_staff(here, number), here.actor
    return _of_number(number, reader_by_token(here, request.headers.get(TOKEN_HEADER, "")))


def _comes_as_staff(here: Visit) -> bool:
    return here.actor.is_staff and TOKEN_HEADER not in request.headers


def _of_number(number: str, opened: tuple[Followed, Actor]) -> tuple[Followed, Actor]:
    if opened[0].number != number:
        raise _unknown_melding()
    return opened


def _melding_of_staff(here: Visit, number: str) -> Melding:
    melding = melding_by_number(here.session, number, scope=work_scope(here.actor))
    if melding is None:
        raise _unknown_melding()
    may = sees(here.actor)
    if melding.gemeente_id not in may.whole:
        linked = opdrachten_of(here.session, [melding.id], scope=[melding.gemeente_id])[melding.id]
        if not any(may.may_see(opdracht) for opdracht in linked):
            raise _unknown_melding()
    return melding


def _unknown_melding() -> NotFound:
    return NotFound(
        "melding_onbekend",
        "Deze melding kunnen wij niet vinden. Kijk of het nummer klopt en gebruik de link uit ons bericht.",
    )


def author_for(actor: Actor, melding: Melding) -> Actor:
    """Who does something for a melder: himself, or the desk on his behalf, both kept in the journal (KLANTREIS rule 5).

    Raises Forbidden for staff who do not speak with melders.
    """
    if not actor.is_staff:
        return actor
    actor.require_role(melding.gemeente_id, KCC, COORDINATOR)
    return replace(actor, on_behalf_of_melding=melding.id)


def follow_token(here: Visit, melding: Melding) -> str:
    """The token with which a melder follows this melding."""
    return tokens.make_token(here.settings.secret_keys, melding.id, melding.token_generation)


def may_see_photo(here: Visit, photo: Photo) -> bool:
    """Whether this visitor may look at this photo: public, staff who work with it, or its melder (KLANTREIS rule 9)."""
    if photo.status != KLAAR:
        return False
    if photo.public and may_be_public(here.session, photo):
        return True
    if here.actor.is_staff and staff_sees_photo(here, photo):
        return True
    if _party_sees(here, photo):
        return True
    given = [request.headers.get(TOKEN_HEADER, ""), *cookie.get("volgen", {}).values()]
    return any(_melder_sees(here, token, photo) for token in given if token)


def _party_sees(here: Visit, photo: Photo) -> bool:
    """Whether an external party, by its key or the link it followed, has work for which it needs this photo."""
    actor = here.actor
    if not actor.is_party and cookie.get("partij"):
        with suppress(NotSignedIn):
            actor = party_at(here)[1]
    return any(
        party_sees_photo(here.session, photo, team_id, category_ids=actor.category_ids, scope=actor.scope)
        for team_id in (actor.team_ids if actor.is_party else ())
    )


def staff_sees_photo(here: Visit, photo: Photo) -> bool:
    """Whether this medewerker works with what the photo is about."""
    may = sees(here.actor)
    if photo.gemeente_id in may.whole:
        return True
    if photo.gemeente_id not in work_scope(here.actor):
        return False
    if photo.opdracht_id is not None:
        team = _team_of_opdracht(here, photo)
        return team in may.team_ids
    linked = opdrachten_of(here.session, [photo.melding_id or 0], scope=[photo.gemeente_id])
    return any(may.may_see(opdracht) for opdracht in linked[photo.melding_id or 0])


def _team_of_opdracht(here: Visit, photo: Photo) -> int | None:
    found = opdracht_by_id(here.session, photo.opdracht_id or 0, scope=[photo.gemeente_id])
    return found.team_id if found else None


def _melder_sees(here: Visit, token: str, photo: Photo) -> bool:
    try:
        melding, _ = reader_by_token(here, token)
    except NotFound:
        return False
    if photo.melding_id is not None:
        return photo.melding_id == melding.id
    links = history.links_of(here.session, melding.id, scope=[melding.gemeente_id])
    return any(link.opdracht_id == photo.opdracht_id and link.until_at is None for link in links)


def photo_facts(photos: Sequence[Photo | PhotoRow]) -> list[dict[str, Any]]:
    """The photos that may be shown, with their addresses."""
    return [
        {
            "public_id": photo.public_id,
            "kind": photo.kind,
            "public": photo.public,
            "small": f"{BASE}/fotos/{photo.public_id}?formaat=klein",
            "large": f"{BASE}/fotos/{photo.public_id}?formaat=groot",
            "received_at": photo.received_at,
        }
        for photo in photos
        if photo.status == KLAAR
    ]


def is_partner(here: Visit, gemeente_id: int) -> bool:
    """Whether this medewerker works for an external party only: then texts are masked and contact does not exist."""
    return not here.actor.has_role(gemeente_id, KCC, COORDINATOR) and gemeente_id not in here.actor.inside


def words_for(here: Visit, gemeente_id: int, text: str) -> str:
    """A melder's words as this medewerker may read them."""
    return mask_personal(text) if is_partner(here, gemeente_id) else text


def melding_words(here: Visit, melding: Melding) -> str:
    """What the melder wrote, as this medewerker may read it; nothing for teams when its use is limited."""
    if here.actor.is_party and (melding.abuse or melding.withdrawn_at is not None):
        return ""
    if LIMITED in melding.flags and not here.actor.has_role(melding.gemeente_id, *SEES_CONTACT):
        return ""
    return words_for(here, melding.gemeente_id, words_shown(melding.description, melding.abuse))


def contact_for(here: Visit, melding: Melding, context: str) -> dict[str, Any] | None:
    """The melder's data for a role that needs them, the look logged; None when there are none or it is not theirs."""
    actor = here.actor
    if not actor.is_staff or actor.account_id is None or not actor.has_role(melding.gemeente_id, *SEES_CONTACT):
        return None
    found = look(here.session, melding, context, BY_API, actor=actor, now=here.now)
    if found is None:
        return None
    return {
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "preference": found.preference,
        "only_when_done": found.only_when_done,
        "night_too": found.night_too,
        "postal_address": found.postal_address,
    }


def named(row: Category | CategoryAt | Gemeente | KindRow | None) -> dict[str, str] | None:
    """A slug and a name, or None."""
    return {"slug": row.slug, "name": row.name} if row else None


def object_facts(melding: Melding | MeldingRow) -> dict[str, dict[str, str]]:
    """The thing a melding is about, as `object`; nothing when it is about none."""
    return {"object": {"kind": melding.object_kind, "code": melding.object_code}} if melding.object_code else {}
