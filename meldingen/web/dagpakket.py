"""The day package: all open work of somebody's teams as one JSON document, for a tablet that loses coverage.

A constant number of queries, however much work there is. No contact data, also not who can be reached how; what melders
wrote is masked and hidden as on /team. The photos themselves are fetched from their own door.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..auth import Visit
from ..domain.deadlines import local_day, start_of
from ..domain.workflow import OPEN, STATUS_WORDS, WACHT_OP_MELDER
from ..flow.before import undo_s_of
from ..flow.library import closing_sentences, delay_reasons, reasons
from ..flow.work import who_can_be_asked
from ..store.answers import with_new_answer
from ..store.area import area_names
from ..store.category import Category, categories_of
from ..store.gemeente import Gemeente, served_gemeenten
from ..store.journal import Note, notes_of
from ..store.melding import Melding
from ..store.opdracht import meldingen_by_opdracht
from ..store.photo import KLAAR, Photo, photos_of
from ..store.team import Team
from ..store.workfilter import WorkFilter
from ..store.worklists import WorkRow, count_closed, list_opdrachten
from .staff_history import Told, tell_history
from .team import answers_in_words
from .viewer import Viewer

KEPT = timedelta(hours=24)
"""How long a tablet may keep this; then it wipes it (issue 5)."""
MOST = 5_000
LAST_LINES = 30
"""How much of a long history travels: the newest lines."""


def day_package(here: Visit, viewer: Viewer) -> dict[str, Any]:
    """The package for this person: work of his own teams only, whatever else he may look at."""
    gemeenten = {g.id: g for g in served_gemeenten(here.session) if g.id in viewer.actor.scope}
    mine = [team for team in viewer.teams if team.id in viewer.actor.team_ids]
    wanted = WorkFilter(team_ids=[team.id for team in mine], statuses=OPEN)
    scope = viewer.actor.scope
    rows = list_opdrachten(here.session, wanted, viewer.sees, scope=scope, limit=MOST) if mine else []
    categories = categories_of(here.session, scope=scope)
    return {
        "gemaakt": here.now.isoformat(),
        "tot": (here.now + KEPT).isoformat(),
        "account": {"id": viewer.actor.account_id, "naam": viewer.actor.name},
        "teams": [{"id": t.id, **_team(t, gemeenten)} for t in mine],
        "opdrachten": _works(here, viewer, rows, categories),
        "gedaanVandaag": count_closed(
            here.session, [t.id for t in mine], since=start_of(local_day(here.now)), scope=scope
        ),
        "zinnen": _sentences(rows, categories),
        "redenen": [
            {"code": r.slug, "woorden": r.label, "zin": r.sentence, "eigenZin": r.own_sentence}
            for r in reasons().values()
        ],
        "uitstelredenen": [
            {"code": r.slug, "woorden": r.label, "zin": r.sentence} for r in delay_reasons().values() if not r.by_system
        ],
        "overdrachtTeams": [
            {**_team(t, gemeenten), "partij": t.is_partner} for t in viewer.teams if t.gemeente_id in gemeenten
        ],
        "soorten": _kinds(categories, gemeenten),
        "ongedaanS": min((undo_s_of(gemeenten[t.gemeente_id].policy) for t in mine), default=0),
        "kaart": {
            "tegels": here.settings.map_tiles_url,
            "gebieden": [f"/gebieden.geojson?gemeente={g.slug}" for g in gemeenten.values()],
        },
    }


def _team(team: Team, gemeenten: Mapping[int, Gemeente]) -> dict[str, Any]:
    home = gemeenten.get(team.gemeente_id)
    return {"slug": team.slug, "naam": team.name, "gemeente": home.slug if home else ""}


def _kinds(categories: Sequence[Category], gemeenten: Mapping[int, Gemeente]) -> list[dict[str, Any]]:
    slugs = {c.id: c.slug for c in categories}
    return [
        {
            "slug": c.slug,
            "naam": c.name,
            "hoofd": slugs.get(c.parent_id or 0, ""),
            "gemeente": gemeenten[c.gemeente_id].slug,
            "zegt": c.phrase,
        }
        for c in categories
        if c.gemeente_id in gemeenten
    ]


def _sentences(rows: Sequence[WorkRow], categories: Sequence[Category]) -> dict[str, Sequence[str]]:
    """Ready sentences for closing, for each kind of work in the package."""
    by_id = {c.id: c for c in categories}
    found = {}
    for kind in {row.category.id: row.category for row in rows}.values():
        main = by_id.get(kind.parent_id or 0, kind)
        found[kind.slug] = closing_sentences(main.slug)
    return dict(sorted(found.items()))


def _works(
    here: Visit, viewer: Viewer, rows: Sequence[WorkRow], categories: Sequence[Category]
) -> list[dict[str, Any]]:
    """Every opdracht with its meldingen, photos and history, each looked up once for all of them."""
    ids = [row.opdracht.id for row in rows]
    scope = viewer.actor.scope
    linked = meldingen_by_opdracht(here.session, ids, scope=scope) if ids else {}
    meldingen = list({m.id: m for found in linked.values() for m in found}.values())
    by_work = _Found(
        linked,
        {m.id for m in who_can_be_asked(here.session, meldingen)} if meldingen else set(),
        answers_in_words(meldingen, categories),
        _supplements(here, meldingen, scope) if ids else {},
        _photos(here, linked, scope) if ids else {},
        _histories(here, ids, name_people=not viewer.partner_of, scope=scope) if ids else {},
        with_new_answer(here.session, ids, scope=scope) if ids else frozenset(),
        area_names(here.session, scope=scope) if ids else {},
    )
    return [_work(viewer, row, by_work) for row in rows]


class _Found:
    """What was looked up for all opdrachten at once."""

    def __init__(
        self,
        meldingen: Mapping[int, Sequence[Melding]],
        reachable: Collection[int],
        answers: Mapping[int, Sequence[tuple[str, str]]],
        supplements: Mapping[int, Sequence[Note]],
        photos: Mapping[int, Sequence[Photo]],
        history: Mapping[int, Sequence[Told]],
        answered: Collection[int],
        areas: Mapping[tuple[int, str], str],
    ) -> None:
        self.meldingen, self.reachable, self.answers, self.supplements = meldingen, reachable, answers, supplements
        self.photos, self.history, self.answered, self.areas = photos, history, answered, areas


def _work(viewer: Viewer, row: WorkRow, found: _Found) -> dict[str, Any]:
    work, home = row.opdracht, row.gemeente.id
    photos = "/api/v1/fotos/"
    return {
        "id": work.id,
        "versie": work.version,
        "status": work.status,
        "statusWoorden": STATUS_WORDS[work.status],
        "soort": row.category.name,
        "soortSlug": row.category.slug,
        "gemeente": row.gemeente.slug,
        "teamId": work.team_id,
        "lon": row.lon,
        "lat": row.lat,
        "adres": work.address,
        "toelichting": viewer.shown(work.location_note, home),
        "gebied": found.areas.get((home, work.buurt_code or work.wijk_code or ""), ""),
        "uiterlijk": work.due_at.isoformat(),
        "gepland": work.planned_on.isoformat() if work.planned_on else None,
        "spoed": work.urgency == "spoed",
        "vervolg": work.safe_at is not None and work.urgency != "spoed",
        "gevaarVermoed": work.danger_suspected,
        "nieuwAntwoord": work.id in found.answered,
        "opgepaktOp": work.taken_up_at.isoformat() if work.taken_up_at else None,
        "melders": row.melders,
        "tekst": viewer.shown(row.words, home),
        "fotos": [
            {"klein": f"{photos}{p.public_id}?formaat=klein", "groot": f"{photos}{p.public_id}?formaat=groot"}
            for p in found.photos.get(work.id, ())
        ],
        "stappen": [move.action for move in viewer.moves(work)],
        "meldingen": [_melding(viewer, one, found) for one in found.meldingen.get(work.id, ())],
        "geschiedenis": [
            {
                "op": line.at.isoformat(),
                "woorden": line.what,
                "wie": line.who,
                "tekst": viewer.shown(line.words, home),
            }
            for line in found.history.get(work.id, ())
        ],
        "verplaatst": work.moves_count,
        "termijnStilSinds": (work.paused_at.isoformat() if work.paused_at and work.status == WACHT_OP_MELDER else None),
    }


def _melding(viewer: Viewer, one: Melding, found: _Found) -> dict[str, Any]:
    reads = viewer.reads(one)
    return {
        "nummer": one.number,
        "tekst": viewer.words_of(one, one.description) if reads else "",
        "ontvangenOp": one.received_at.isoformat(),
        "antwoorden": [
            {"vraag": label, "antwoord": viewer.shown(given, one.gemeente_id)}
            for label, given in (found.answers.get(one.id, ()) if reads else ())
        ],
        "aanvullingen": [
            {"op": note.at.isoformat(), "tekst": viewer.words_of(one, note.text)}
            for note in (found.supplements.get(one.id, ()) if reads else ())
        ],
        "bereikbaar": one.id in found.reachable,
    }


def _supplements(here: Visit, meldingen: Sequence[Melding], scope: Collection[int]) -> dict[int, list[Note]]:
    """Per melding id what its melder told later, also as the answer to a question; oldest first."""
    found: dict[int, list[Note]] = defaultdict(list)
    for note in notes_of(here.session, melding_ids=[one.id for one in meldingen], scope=scope):
        if note.kind == "aanvulling":
            found[note.melding_id or 0].append(note)
    return found


def _photos(here: Visit, linked: Mapping[int, Sequence[Melding]], scope: Collection[int]) -> dict[int, list[Photo]]:
    """Per opdracht id what may be shown: of its melders first, then of its team."""
    of_melding = defaultdict(list)
    for opdracht_id, meldingen in linked.items():
        for one in meldingen:
            of_melding[one.id].append(opdracht_id)
    found: dict[int, list[Photo]] = defaultdict(list)
    every = photos_of(here.session, melding_ids=list(of_melding), opdracht_ids=list(linked), scope=scope)
    for photo in sorted(every, key=lambda one: one.opdracht_id is not None):
        if photo.status == KLAAR:
            for opdracht_id in [photo.opdracht_id] if photo.opdracht_id else of_melding[photo.melding_id or 0]:
                found[opdracht_id].append(photo)
    return found


def _histories(
    here: Visit, ids: Collection[int], *, name_people: bool, scope: Collection[int]
) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = defaultdict(list)
    for line in tell_history(here.session, opdracht_ids=ids, name_people=name_people, scope=scope):
        if line.opdracht_id is not None:
            found[line.opdracht_id].append(line)
    return {opdracht_id: lines[-LAST_LINES:] for opdracht_id, lines in found.items()}
