"""Looking at opdrachten: the worklist of a team and one opdracht whole. The moves on them: opdracht_moves.py."""

from typing import Any

from ..auth import Visit, enter, visit
from ..domain.abuse import words_shown
from ..domain.actor import STAFF_ON_OPDRACHTEN
from ..domain.errors import NotFound
from ..domain.workflow import OPEN, STATUS_WORDS
from ..flow.photos import missing_of
from ..store import contact, journal, worklines, worklists
from ..store.history import closings_of
from ..store.opdracht import meldingen_of
from ..store.photo import photos_of
from ..store.workfilter import WorkFilter
from ..store.worklines import WorkLine
from ..store.worklists import WorkRow
from .crs import read_bbox
from .door import Door, described
from .headers import BASE
from .paging import page_of, paged
from .reading import (
    is_partner,
    melding_words,
    moves_for,
    object_facts,
    photo_facts,
    sees,
    words_for,
    work_scope,
)
from .schemas.opdracht import OpdrachtenOut, OpdrachtenQuery, OpdrachtOut
from .schemas.public import CrsQuery

door = Door("Opdrachten", __name__, url_prefix=BASE, description="Werklijsten en opdrachten, voor medewerkers.")

LINK = {"Link": {"description": "Vorige en volgende pagina (RFC 8288).", "schema": {"type": "string"}}}
ETAG = {"ETag": {"description": "De versie, voor If-Match.", "schema": {"type": "string"}}}


@door.get("/opdrachten")
@enter("medewerker", "machine", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(OpdrachtenQuery(), location="query")
@door.response(200, OpdrachtenOut(), headers=LINK)
@described(
    "Toon opdrachten",
    "Een team ziet zijn eigen opdrachten; KCC en coördinator die van de hele gemeente. Een sleutel "
    "van een externe partij ziet alleen wat bij die partij is, zonder gegevens van melders.",
)
def get_opdrachten(query: dict[str, Any]) -> Any:
    """One page of a worklist."""
    here = visit()
    page = page_of(query)
    query.pop("crs", None)
    box, box_crs, status = query.pop("bbox", None), query.pop("bbox_crs", None), query.pop("status")
    wanted = WorkFilter(
        statuses=OPEN if status == "open" else (status,),
        box=read_bbox(box, box_crs) if box is not None else None,
        **query,
    )
    rows = worklines.list_lines(
        here.session, wanted, sees(here.actor), scope=work_scope(here.actor), limit=page.limit, offset=page.offset
    )
    shown, headers = paged(rows, page)
    return {"opdrachten": [_item(here, row) for row in shown]}, 200, headers


@door.get("/opdrachten/<id:opdracht_id>")
@enter("medewerker", "machine", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(CrsQuery(), location="query")
@door.response(200, OpdrachtOut(), headers=ETAG)
@described("Bekijk een opdracht", "Met de meldingen, foto's, notities en wat er nu kan. De ETag is de versie.")
def get_opdracht(_query: dict[str, Any], opdracht_id: int) -> Any:
    """One opdracht with everything a team needs."""
    here = visit()
    opdracht = worklines.line_of(here.session, opdracht_id, sees(here.actor), scope=work_scope(here.actor))
    if opdracht is None:
        raise _unknown()
    scope = [opdracht.gemeente_id]
    linked = meldingen_of(here.session, opdracht.id, scope=scope)
    ids = [melding.id for melding in linked]
    contacts = contact.contacts_of(here.session, ids, scope=scope)
    notes = journal.notes_of(here.session, melding_ids=ids, opdracht_ids=[opdracht.id], scope=scope)
    photos = photos_of(here.session, melding_ids=ids, opdracht_ids=[opdracht.id], scope=scope)
    abuse = {melding.id: melding.abuse for melding in linked}

    def told(note: journal.Note) -> str:
        hidden = abuse.get(note.melding_id or 0, "") if note.kind == "aanvulling" else ""
        return words_for(here, opdracht.gemeente_id, words_shown(note.text, hidden))

    answer = {
        **_item(here, opdracht),
        "routing_reason": opdracht.routing_reason,
        "meldingen": [],
        "notes": [
            {"kind": note.kind, "text": told(note), "at": note.at}
            for note in notes
            if note.kind != "notitie" or not is_partner(here, opdracht.gemeente_id)
        ],
        "photos": photo_facts(photos),
        "closures": closings_of(here.session, [opdracht.id], scope=scope),
        "timeline": [
            {"at": event.at, "text": event.kind.replace("_", " ")}
            for event in journal.history_of(here.session, opdracht_ids=[opdracht.id], scope=scope)
        ],
    }
    for melding in linked:
        answer["meldingen"].append(
            {
                "number": melding.number,
                "description": melding_words(here, melding),
                **object_facts(melding),
                "received_at": melding.received_at,
                "intake_channel": melding.partner_name or melding.intake_channel,
                "flags": melding.flags,
                "can_be_reached": melding.id in contacts,
                "photos_missing": missing_of(melding, photos, now=here.now),
            }
        )
    return answer, 200, {"ETag": f'"{opdracht.version}"'}


def row_for(here: Visit, opdracht_id: int) -> WorkRow:
    """The opdracht if this medewerker may look at it. Raises NotFound."""
    row = worklists.work_row(here.session, opdracht_id, sees(here.actor), scope=work_scope(here.actor))
    if row is None:
        raise _unknown()
    return row


def _unknown() -> NotFound:
    return NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")


def _item(here: Visit, opdracht: WorkLine) -> dict[str, Any]:
    return {
        "id": opdracht.id,
        "version": opdracht.version,
        "status": opdracht.status,
        "status_words": STATUS_WORDS[opdracht.status],
        "gemeente": {"slug": opdracht.gemeente_slug, "name": opdracht.gemeente_name},
        "category": {"slug": opdracht.category_slug, "name": opdracht.category_name},
        "team": {"slug": opdracht.team_slug, "name": opdracht.team_name},
        "location": (opdracht.lon, opdracht.lat),
        "address": words_for(here, opdracht.gemeente_id, opdracht.address),
        "location_note": words_for(here, opdracht.gemeente_id, opdracht.location_note),
        "wijk_code": opdracht.wijk_code,
        "danger": opdracht.danger,
        "danger_suspected": opdracht.danger_suspected,
        "urgency": opdracht.urgency,
        "priority": opdracht.priority,
        "received_at": opdracht.received_at,
        "due_at": opdracht.due_at,
        "planned_on": opdracht.planned_on,
        "party_since_at": opdracht.party_since_at,
        "expected_on": opdracht.party_expected_on,
        "melders": opdracht.melders,
        "possible": moves_for(here.actor, opdracht),
    }
