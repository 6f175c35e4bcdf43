"""What stands on the page of a melding, for its melder: how it is, who has it, what happened, and what he can do.

Reading only; no name of a colleague comes here. The ways to it: volgen.py; what he does on it: melderswoord.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from ..auth import Visit, visit
from ..domain import tokens, workflow
from ..domain.deadlines import local_day
from ..domain.intake import MAX_PHOTOS
from ..domain.numbers import show_number
from ..flow import feedback, standing, timeline, trail, verdict
from ..flow.photos import REASONS, missing_of
from ..store.dossier import MeldingRow, PhotoRow, dossier_of
from ..store.gemeente import gemeente_by_id
from ..store.melding import Melding
from ..store.photo import KLAAR, ONLEESBAAR, Photo, photos_of
from .apparaat import device_facts
from .layout import show_as
from .taal import _, date_words

DONE = (workflow.AFGEHANDELD, workflow.INGETROKKEN, workflow.DOORVERWEZEN)

MARKS = [(str(mark), str(mark), "") for mark in range(verdict.LOWEST_MARK, verdict.HIGHEST_MARK + 1)]


@dataclass
class Typed:
    """What was written in one of the small forms, shown again after a mistake."""

    text: str = ""
    why: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def follow_page(melding: Melding | MeldingRow, typed: Typed, status: int = 200) -> ResponseReturnValue:
    """The page of one melding, for who showed its token."""
    here = visit()
    show_as(melding.gemeente_id)
    dossier = dossier_of(here.session, melding)
    parts = standing.parts_of(dossier)
    own = [photo for photo in dossier.photos if photo.melding_id == melding.id]
    theirs = [photo for photo in dossier.photos if photo.melding_id != melding.id]
    today = local_day(here.now)
    kept_closed = melding.closed_at is not None and feedback.was_kept_closed(dossier)
    closed_for = here.now - melding.closed_at if melding.closed_at else None
    said = verdict.said_in(dossier, now=here.now)
    number, keys = show_number(melding.number), here.settings.secret_keys
    page = render_template(
        "volgen.html",
        melding=melding,
        typed=typed,
        status_words=standing.status_words(melding.status, parts, referred_to=melding.referred_to, today=today),
        parts=[(part.category_name, part.words(today)) for part in parts if part.status != workflow.VERVALLEN],
        handlers=standing.handlers(parts) if melding.status != workflow.INGETROKKEN else [],
        question=standing.open_question(dossier),
        notices=trail.told_to_melder(dossier),
        lines=list(reversed(timeline.timeline_of(dossier, now=here.now))),
        category=dossier.category,
        own=_pictures(own, _("Uw foto bij melding %(nummer)s", nummer=number)),
        team=_pictures(theirs, _("Foto van het team bij melding %(nummer)s", nummer=number)),
        room=_room(own),
        waiting=sum(photo.status not in (KLAAR, ONLEESBAAR) for photo in own),
        unreadable=[REASONS.get(photo.reason, "") for photo in own if photo.status == ONLEESBAAR],
        missing=missing_of(melding, own, now=here.now),
        is_open=melding.status not in DONE,
        device=device_facts(melding),
        may_add=melding.status not in (workflow.INGETROKKEN, workflow.DOORVERWEZEN),
        asked=said if said is not None and said.open else None,
        said=said if said is not None and said.answer is not None else None,
        may_reopen=closed_for is not None and closed_for <= timedelta(days=feedback.REOPEN_DAYS) and not kept_closed,
        complain=_complain(here, melding) if kept_closed else "",
        marks=MARKS,
        made_safe=any(part.safe for part in parts),
        promise_passed=melding.promised_on < today,
        code=tokens.spoken_code(keys, melding.id, melding.token_generation),
        search_url=f"{here.settings.public_url}/volgen",
        now=here.now,
    )
    return page, status


def _complain(here: Visit, melding: Melding | MeldingRow) -> str:
    return f"{feedback.COMPLAIN} {feedback.complaint_at(gemeente_by_id(here.session, melding.gemeente_id))}."


def confirm_page(melding: Melding | MeldingRow, what: str, typed: Typed, status: int = 200) -> ResponseReturnValue:
    """Asks before something that is not undone by a button. what: `intrekken` or `niet-opgelost`."""
    here = visit()
    show_as(melding.gemeente_id)
    sent = photos_of(here.session, melding_ids=[melding.id], scope=[melding.gemeente_id])
    page = render_template("volgen_bevestig.html", melding=melding, what=what, typed=typed, room=_room(sent))
    return page, status


def _room(sent: Sequence[Photo | PhotoRow]) -> int:
    """How many photos may still come; one that nobody can read does not count."""
    return max(0, MAX_PHOTOS - sum(photo.status != ONLEESBAAR for photo in sent))


def _pictures(photos: Sequence[PhotoRow], words: str) -> list[tuple[str, str, str]]:
    """Small and large address of each photo that may be shown, and what a screen reader says."""
    shown = [photo for photo in photos if photo.status == KLAAR]
    return [
        (
            f"/api/v1/fotos/{photo.public_id}?formaat=klein",
            f"/api/v1/fotos/{photo.public_id}?formaat=groot",
            _(
                "%(wat)s, van %(dag)s, %(n)s van %(alle)s",
                wat=words,
                dag=date_words(photo.received_at),
                n=n,
                alle=len(shown),
            ),
        )
        for n, photo in enumerate(shown, start=1)
    ]
