"""/team: the list of opdrachten and one opdracht whole. What is done with it: team_moves.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR, STAFF_ON_OPDRACHTEN
from ..domain.danger import SUSPECTED, hear
from ..domain.deadlines import last_day_of, local_day
from ..domain.text import whole_number
from ..domain.workflow import CLOSED, OPDRACHT_STATUSES, OPEN, STATUS_WORDS, UNDOES, WACHT_OP_MELDER
from ..flow.danger import words_of
from ..flow.feedback import read_answers
from ..flow.photos import missing_of
from ..flow.publicity import may_publish
from ..flow.spoed import clock_of
from ..flow.trail import trails_of
from ..store import contact, journal, photo
from ..store.answers import with_new_answer
from ..store.category import Category, categories_of, category_names
from ..store.gemeente import Gemeente
from ..store.melding import Melding
from ..store.opdracht import Opdracht, closures_of, meldingen_of
from ..store.photo import KLAAR, ONLEESBAAR, Photo
from ..store.workfilter import LISTS, WorkFilter
from ..store.worklines import ShownLine, count_lists, count_opdrachten, list_shown
from ..store.worklists import ORDERS, WorkRow, is_public_work, unrouted_meldingen
from .bulk import ACTION_WORDS
from .categories import category_groups
from .grof import openable, opened
from .layout import show_as
from .live import PART, part_answer, part_path, wants_part
from .staff_history import tell_history
from .taal import day_words
from .team_partij import at_party
from .viewer import Viewer, seen_work, viewer_of

pages = Blueprint("team", __name__)

PAGE_SIZE = 25
LOST_AFTER = timedelta(minutes=5)
"""A melding without opdracht for this long has no owner: routing takes seconds."""
ALL = "alle"
LIST_WORDS = {
    "gevaar": "Spoed, niet opgepakt",
    "gevaar_vermoed": "Gevaar vermoed",
    "vangnet": "Vangnet",
    "te_laat": "Te laat",
    "termijn_in_gevaar": "Termijn in gevaar",
    "heropend": "Heropend",
    "grensgeval": "Grensgeval",
    "niet_bereikbaar": "Melder niet bereikbaar",
    "intrekking_gevraagd": "Intrekken gevraagd",
    "partij_te_laat": "Datum van partij voorbij",
}
ORDER_WORDS = {"prioriteit": "Prioriteit", "ontvangst": "Ontvangst"}
FLAG_WORDS = {
    "grensgeval": "Ligt op of net over de grens",
    "buiten_grens": "Ligt buiten de gemeente",
    "gevaar_vermoed": "Misschien gevaarlijk: zo klinkt de tekst",
    "gevaar_uit_woorden": "Spoed door woorden in de tekst. De melder is niet gevraagd of het gevaarlijk is",
    "plaats_uit_foto": "Plaats komt uit de foto",
    "bsn": "Er staat misschien een BSN in de tekst",
    "niet_bereikbaar": "Melder is niet bereikbaar",
    "intrekking_gevraagd": "Melder wil intrekken",
    "beperkt": "De melder wil dat wij zijn gegevens niet gebruiken. Alleen het KCC leest zijn tekst",
}
DONE_WORDS = {
    "inbehandelingnames": "U heeft de opdracht opgepakt.",
    "planningen": "De opdracht is ingepland.",
    "uitstellingen": "Bewaard. Noemde u een nieuwe datum? Dan krijgt de melder bericht.",
    "verwachtingen": "De verwachte datum is bewaard. De melder krijgt bericht.",
    "veiligstellingen": "Het gevaar is weg. De melder krijgt bericht.",
    "gevaarbesluiten": "Bewaard of het gevaarlijk is.",
    "afwijzingen": "De melding blijft gesloten. De melder krijgt bericht.",
    "vragen": "De vraag is gesteld. De termijn staat stil tot er antwoord is.",
    "overdrachten": "De opdracht is overgedragen.",
    "teruggaven": "De opdracht is terug bij het vangnetteam.",
    "splitsingen": "Er is een tweede opdracht gemaakt.",
    "samenvoegingen": "De opdrachten zijn samengevoegd.",
    "losmaken": "De melding is losgemaakt en heeft een eigen opdracht.",
    "afhandelingen": "De opdracht is afgehandeld. De melder krijgt bericht.",
    "terugdraaiingen": "Het afhandelen is ongedaan gemaakt. De melder krijgt er geen bericht van.",
    "notities": "De notitie is bewaard.",
    "fotos": "De foto's zijn ontvangen. Zij staan hier zodra zij zijn nagekeken.",
    "intrekkingen": "Uw besluit over het intrekken is bewaard.",
    "grof": "De tekst is verborgen. Het werk gaat gewoon door.",
    "openbaarheid": "Bewaard wie de foto's mag zien.",
}


@pages.get("/team")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def lijst() -> ResponseReturnValue:
    """The worklist: my teams first, the rest of the gemeente on request; the coordinator's lists one tap away."""
    here = visit()
    viewer = viewer_of(here)
    wanted = read_filter(request.args, viewer, here.now)
    scope = viewer.actor.scope
    total = count_opdrachten(here.session, wanted, viewer.sees, scope=scope)
    pages_count = max(1, -(-total // PAGE_SIZE))
    page = min(_whole(request.args.get("bladzijde"), 1), pages_count)
    rows = list_shown(here.session, wanted, viewer.sees, scope=scope, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    counts = count_lists(here.session, viewer.sees, scope=scope, now=here.now) if viewer.minds_lists else {}
    lost = unrouted_meldingen(here.session, before=here.now - LOST_AFTER, scope=scope) if viewer.minds_lists else []
    shown = {name: value for name, value in request.args.items() if name not in ("bladzijde", PART) and value}
    facts: dict[str, Any] = {
        "viewer": viewer,
        "rows": rows,
        "total": total,
        "page": page,
        "pages": pages_count,
        "page_link": lambda number: url_for("team.lijst", **{**shown, "bladzijde": number}),
        "counts": counts,
        "answered": with_new_answer(here.session, [row.id for row in rows], scope=scope),
        "lost": lost,
        "filled": shown,
        "now": here.now,
        "list_words": LIST_WORDS,
        "choices": _choices(here, viewer),
        "ticks": bool(viewer.actor.gemeenten_with(COORDINATOR)) and not set(wanted.statuses) & set(CLOSED),
        "action_words": list(ACTION_WORDS.items()),
    }
    if wants_part():
        return part_answer(render_template("werk/team_deel.html", **facts))
    return render_template("werk/team.html", **facts, live=part_path())


@pages.get("/team/<int(max=9223372036854775807):opdracht_id>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def kort(opdracht_id: int) -> ResponseReturnValue:
    """The short address that messages carry."""
    return redirect(url_for("team.opdracht", opdracht_id=opdracht_id))


@pages.get("/team/opdracht/<int(max=9223372036854775807):opdracht_id>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def opdracht(opdracht_id: int) -> ResponseReturnValue:
    """One opdracht: what, where, until when, what melders said, photos, what happened, and the buttons."""
    here = visit()
    viewer = viewer_of(here)
    row = seen_work(here, viewer, opdracht_id)
    if viewer.moves(row.opdracht):
        read_answers(here.session, row.opdracht, actor=here.actor, now=here.now)
    return render_template(
        "werk/opdracht.html", done=DONE_WORDS.get(request.args.get("gedaan", "")), **work_facts(here, viewer, row)
    )


def work_facts(here: Visit, viewer: Viewer, row: WorkRow) -> dict[str, Any]:
    """Everything the page of one opdracht shows, in a constant number of queries."""
    show_as(row.gemeente.id)
    work = row.opdracht
    scope = [work.gemeente_id]
    meldingen = meldingen_of(here.session, work.id, scope=scope)
    ids = [m.id for m in meldingen]
    partner = work.gemeente_id in viewer.partner_of
    photos = photo.photos_of(here.session, melding_ids=ids, opdracht_ids=[work.id], scope=scope)
    notes = journal.notes_of(here.session, melding_ids=ids, opdracht_ids=[work.id], scope=scope)
    reachable = contact.contacts_of(here.session, ids, scope=scope)
    shown = {m.id for m in meldingen if m.abuse and opened(here, m, partner=partner)}
    return {
        "viewer": viewer,
        "opened": shown,
        "openable": {m.id for m in meldingen if m.abuse and openable(here, m, partner=partner)},
        "row": row,
        "work": work,
        "partner": partner,
        "meldingen": meldingen,
        "reachable": reachable,
        "trails": trails_of(here.session, [] if partner else ids, scope=scope),
        "photos": _photos_by_melding(photos, meldingen),
        "missing": {m.id: missing_of(m, photos, now=here.now) for m in meldingen},
        "may_publish": is_public_work(here.session, work.id, scope=scope)
        and may_publish(here.session, work, here.actor),
        "team_photos": [p for p in photos if p.opdracht_id is not None],
        "supplements": [n for n in notes if n.kind == "aanvulling"],
        "asked": [n for n in notes if n.kind == "vraag"],
        "closure": closures_of(here.session, [work.id], scope=scope).get(work.id),
        "undo_left_s": _undo_left_s(viewer, work, here.now),
        "history": tell_history(
            here.session,
            opdracht_ids=[work.id],
            melding_ids=[] if partner else ids,
            name_people=not partner,
            opened=next(iter(shown), None),
            scope=scope,
        ),
        "spoed_clock": clock_of(here.session, work, now=here.now),
        "heard": _heard(meldingen, row.gemeente) if work.danger_suspected else (),
        "date_asked": work.warned_due_at is not None and work.warned_due_at >= work.due_at and work.status in OPEN,
        "party": None if partner else at_party(here, work),
        "moves": {move.action: move for move in viewer.moves(work)},
        "flag_words": FLAG_WORDS,
        "now": here.now,
        "tiles": here.settings.map_tiles_url,
        "answers": {
            melding_id: [(label, viewer.shown(given, work.gemeente_id)) for label, given in rows]
            for melding_id, rows in answers_in_words(meldingen, categories_of(here.session, scope=scope)).items()
        },
    }


def _undo_left_s(viewer: Viewer, work: Opdracht, now: datetime) -> int:
    """How many seconds this person still can undo the closing; 0: not (any more)."""
    if UNDOES not in {move.action for move in viewer.moves(work, now=now)}:
        return 0
    assert work.undo_until is not None, "only then it can be undone"
    return ceil((work.undo_until - now).total_seconds())


def _heard(meldingen: Sequence[Melding], home: Gemeente) -> list[str]:
    """The words of danger in what the melders wrote."""
    found = [hear(m.description, words_of(home.policy)) for m in meldingen if SUSPECTED in m.flags]
    return list(dict.fromkeys(word for heard in found for word in heard.said))[:5]


def answers_in_words(meldingen: Sequence[Melding], categories: Sequence[Category]) -> dict[int, list[tuple[str, str]]]:
    """Per melding id its answered questions, in the order of the category."""
    by_id = {c.id: c for c in categories}
    told: dict[int, list[tuple[str, str]]] = {}
    for melding in meldingen:
        chosen = by_id.get(melding.category_id or 0)
        rows = []
        for question in chosen.questions if chosen else ():
            given = melding.answers.get(question["id"])
            if given is not None:
                rows.append((question["label"], ", ".join(given) if isinstance(given, list) else str(given)))
        told[melding.id] = rows
    return told


def read_filter(args: MultiDict[str, str] | Mapping[str, str], viewer: Viewer, now: datetime) -> WorkFilter:
    """The filter in the address; what it does not know it leaves out, so an old bookmark still opens."""
    team = args.get("team", "")
    on_list = args.get("lijst") if args.get("lijst") in LISTS else None
    mine = viewer.actor.team_ids if viewer.has_teams and team != ALL and on_list is None else None
    chosen = tuple(t.id for t in viewer.teams if str(t.id) == team)
    status = args.get("status", "")
    return WorkFilter(
        team_ids=chosen or mine,
        statuses=(status,) if status in OPDRACHT_STATUSES else OPEN,
        category_slug=args.get("categorie", "").replace("\x00", "") or None,
        late_at=now if args.get("laat") == "ja" or on_list is not None else None,
        text=args.get("zoek", "").replace("\x00", " ")[:200],
        on_list=on_list,
        order=args["volgorde"] if args.get("volgorde") in ORDERS else "afgehandeld" if status in CLOSED else "termijn",
    )


def _choices(here: Visit, viewer: Viewer) -> dict[str, Any]:
    """The options of the filters."""
    teams = [(str(t.id), t.name) for t in viewer.teams if t.gemeente_id in viewer.sees.whole or viewer.sees.team_ids]
    groups: dict[str, tuple[str, str]] = {}
    for _, options in category_groups(category_names(here.session, scope=viewer.actor.scope)):
        for slug, name in options:
            groups.setdefault(slug, (slug, name))
    return {
        "teams": teams,
        "statuses": [(s, STATUS_WORDS[s].capitalize()) for s in OPDRACHT_STATUSES],
        "categories": sorted(groups.values(), key=lambda option: option[1]),
        "orders": list(ORDER_WORDS.items()),
    }


def _photos_by_melding(photos: Sequence[Photo], meldingen: Sequence[Melding]) -> dict[int, list[Photo]]:
    found: dict[int, list[Photo]] = {m.id: [] for m in meldingen}
    for one in photos:
        if one.melding_id is not None:
            found[one.melding_id].append(one)
    return found


def photo_row_of(photos: Sequence[Photo], what: str) -> list[tuple[str, str, str]]:
    """Photos for the component: small, large and words. Only what was processed is shown."""
    ready = [p for p in photos if p.status == KLAAR]
    base = "/api/v1/fotos/"
    return [
        (f"{base}{p.public_id}?formaat=klein", f"{base}{p.public_id}?formaat=groot", f"{what} {number}")
        for number, p in enumerate(ready, start=1)
    ]


def photos_waiting(photos: Sequence[Photo]) -> str:
    """What is to be said of photos that cannot be shown."""
    waiting = sum(p.status not in (KLAAR, ONLEESBAAR) for p in photos)
    broken = sum(p.status == ONLEESBAAR for p in photos)
    said = []
    if waiting:
        said.append("1 foto wordt nog nagekeken." if waiting == 1 else f"{waiting} foto's worden nog nagekeken.")
    if broken:
        said.append("1 foto was niet leesbaar." if broken == 1 else f"{broken} foto's waren niet leesbaar.")
    return " ".join(said)


def due_words(work: Opdracht | ShownLine, now: datetime) -> Markup:
    """Until when, as a team says it: "vandaag", "morgen", "te laat: 3 april"; a paused term says so."""
    last = last_day_of(work.due_at)
    days = (last - local_day(now)).days
    if work.status == WACHT_OP_MELDER:
        return Markup("Termijn staat stil")
    if work.status not in OPEN:
        return Markup("Afgerond")
    if work.due_at <= now:
        return Markup("<strong class='late'>Te laat: {}</strong>").format(day_words(last))
    words = {0: "vandaag", 1: "morgen"}.get(days, day_words(last))
    return Markup("Uiterlijk {}").format(words)


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"due_words": due_words, "photo_row_of": photo_row_of, "photos_waiting": photos_waiting}


def _whole(written: str | None, otherwise: int) -> int:
    known = whole_number(written or "", 999_999)
    return otherwise if known is None else known
