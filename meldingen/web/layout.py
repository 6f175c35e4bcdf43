"""What every page shows around its own words: the gemeente with phone and hours, who is signed in, and the filters.

Not for the words of one page: those are in its template and its door.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
import structlog
from flask import Flask, current_app, g, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..auth import Visit, installation, page_actor
from ..db import machine_now, transaction
from ..domain.abuse import words_shown
from ..domain.actor import ANTWOORDDIENST, BEHEER, COORDINATOR, KCC, PIKET, TEAM, Actor
from ..domain.beforehand import Beforehand, read_beforehand
from ..domain.notice_words import BY_WORDS, CHANNEL_WORDS, END_WORDS, KIND_WORDS, STATE_WORDS, step_words
from ..domain.numbers import show_number
from ..domain.objects import object_words
from ..domain.phone import show_phone
from ..domain.sentence import say
from ..domain.text import mask_personal
from ..domain.workflow import STATUS_WORDS
from ..flow.banner import Banner, read_banner
from ..flow.dead_letters import scope_of
from ..flow.tasks import whose
from ..store.callback import count_callbacks
from ..store.category import Category
from ..store.dead_letters import count_dead_letters
from ..store.gemeente import ShownGemeente, shown_gemeenten
from ..store.task import count_open
from . import static_files, taal

log = structlog.get_logger()

ON_THE_ROAD = "/team/onderweg"
COLOUR = "#14506b"
"""Of the bar above the app, where a gemeente has not chosen its own."""


@dataclass(frozen=True)
class Sender:
    """The gemeente as a page shows it. Plain facts, so that an error page can show it without a database."""

    id: int
    slug: str
    name: str
    phone: str
    hours: str
    email: str
    website: str
    theme_css: str
    theme_class: str
    host: str | None
    statement: str
    """The address of the accessibility statement in the register; "" while there is none."""
    colour: str = COLOUR
    banner: Banner | None = None

    @property
    def phone_link(self) -> str:
        """The number as a tel: link takes it."""
        return "".join(c for c in self.phone if c.isdigit() or c == "+")


def init_app(app: Flask) -> None:
    """Gives every template the gemeente, the actor, the forms' token and the filters."""
    static_files.init_app(app)
    taal.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        datum=taal.date_words,
        dagdatum=taal.day_words,
        tijdstip=taal.moment_words,
        uiterlijk=taal.until_words,
        klok=taal.clock_words,
        nummer=show_number,
        verberg=mask_personal,
        telefoon=show_phone,
        statuswoorden=lambda status: taal.translate(STATUS_WORDS.get(status, status)),
    )
    app.jinja_env.globals.update(
        kind_words=KIND_WORDS,
        channel_words=CHANNEL_WORDS,
        by_words=BY_WORDS,
        words_shown=words_shown,
        state_words=STATE_WORDS,
        end_words=END_WORDS,
        step_words=step_words,
        says_first=says_first,
        object_words=object_words,
        with_gemeente=with_gemeente,
    )
    app.context_processor(_around)


def senders() -> Sequence[Sender]:
    """The served gemeenten by name; the last ones known when the database does not answer."""
    if "senders" not in g:
        g.senders = _read_senders()
    return cast(Sequence[Sender], g.senders)


def page_sender() -> Sender | None:
    """The gemeente of this page: by host name, else the only one, else the one asked for; None: people must choose."""
    if "sender" in g:
        return cast("Sender | None", g.sender)
    known = senders()
    host = request.host.rsplit(":", 1)[0].lower()
    by_host = [s for s in known if s.host == host]
    asked = _asked_gemeente()
    g.sender = (
        by_host[0] if by_host else known[0] if len(known) == 1 else next((s for s in known if s.slug == asked), None)
    )
    return cast("Sender | None", g.sender)


def _asked_gemeente() -> str:
    """The gemeente that the address or the form names. A form that breaks off or is too large names none: the page that
    says so must not fail over it again."""
    try:
        return request.values.get("gemeente", "")
    except HTTPException:
        return request.args.get("gemeente", "")


def with_gemeente(path: str, sender: Sender | None) -> str:
    """The address of a page of this gemeente: named in it where several share one host."""
    return f"{path}?gemeente={sender.slug}" if sender is not None and not sender.host and len(senders()) > 1 else path


def _banners() -> list[tuple[Sender, Banner]]:
    """What everybody must know now: of the gemeente of this page, else of all of them. Also without a database."""
    home = page_sender()
    told = [(one, one.banner) for one in ([home] if home else senders()) if one.banner is not None]
    return [(one, banner) for one, banner in told if banner.shows(_now())]


def _now() -> datetime:
    """Business time, or that of the machine where the database cannot tell it any more."""
    visit: Visit | None = g.get("visit")
    if visit is not None and ("now" in visit.__dict__ or visit.session.in_transaction()):
        with suppress(SQLAlchemyError):
            return visit.now
    return machine_now()


def says_first(chosen: Category) -> Beforehand:
    """What is to be read before reporting this kind, with the website of this page's gemeente."""
    sender = page_sender()
    return read_beforehand(chosen.beforehand, website=sender.website if sender else "")


def show_as(gemeente_id: int) -> Sender:
    """Makes this the page of one gemeente: that of the melding or the work on it."""
    g.sender = next(s for s in senders() if s.id == gemeente_id)
    return cast(Sender, g.sender)


def _read_senders() -> Sequence[Sender]:
    kept = current_app.extensions.setdefault("meldingen_senders", [()])
    visit: Visit | None = g.get("visit")
    try:
        if visit is not None and visit.session.is_active and visit.session.in_transaction():
            kept[0] = tuple(_sender(home) for home in shown_gemeenten(visit.session))
        else:
            with transaction(installation().engine) as session:
                kept[0] = tuple(_sender(home) for home in shown_gemeenten(session))
    except (SQLAlchemyError, sa.exc.InvalidRequestError):
        log.warning("page_without_database")
    return cast(Sequence[Sender], kept[0])


def _sender(home: ShownGemeente) -> Sender:
    facts = home._asdict()
    return Sender(**{**facts, "banner": read_banner(home.banner), "colour": home.colour or COLOUR})


@dataclass(frozen=True)
class Place:
    """One link of the menu. count: how much waits there; 0 shows nothing. late: how much of that is too late."""

    words: str
    path: str
    count: int = 0
    late: int = 0


@dataclass(frozen=True)
class Waiting:
    """What the menu counts. stuck: work that was given up; to_do: open items of this person's roles; calls: open
    terugbelnotities, of which late_calls are too late."""

    stuck: int = 0
    to_do: int = 0
    calls: int = 0
    late_calls: int = 0


def menu_of(actor: Actor, waiting: Waiting = Waiting()) -> list[Place]:
    """The menu: for everybody three words that stand beside each other on a phone (following one melding is under *Mijn
    meldingen*), for medewerkers their own rooms with what waits in them."""
    if not actor.is_staff:
        return [
            Place(say("Melden"), "/melden"),
            Place(say("Mijn meldingen"), "/mijn-meldingen"),
            Place(say("In de buurt"), "/in-de-buurt"),
        ]
    rooms = []
    if actor.gemeenten_with(ANTWOORDDIENST):
        rooms.append(Place("Spoed aan de telefoon", "/antwoorddienst"))
    if actor.gemeenten_with(COORDINATOR):
        rooms.append(Place("Vandaag leeg", "/coordinator"))
    if actor.gemeenten_with(TEAM, PIKET, COORDINATOR):
        rooms.append(Place("Opdrachten", "/team"))
    if actor.gemeenten_with(TEAM, PIKET):
        rooms.append(Place("Onderweg", ON_THE_ROAD))
    if actor.gemeenten_with(PIKET, COORDINATOR, ANTWOORDDIENST):
        rooms.append(Place("Piket", "/piket"))
    if actor.gemeenten_with(KCC, COORDINATOR):
        rooms.append(Place("KCC", "/kcc"))
        rooms.append(Place("Terugbellen", "/kcc/terugbelnotities", waiting.calls, waiting.late_calls))
        rooms.append(Place("Taken", "/taken", waiting.to_do))
        rooms.append(Place("Privacy", "/privacy-verzoeken"))
    if actor.gemeenten_with(KCC) and not actor.gemeenten_with(TEAM, PIKET, COORDINATOR):
        rooms.append(Place("Opdrachten", "/team"))
    if actor.gemeenten_with(BEHEER):
        rooms.append(Place("Beheer", "/beheer"))
        if not actor.gemeenten_with(PIKET, COORDINATOR, ANTWOORDDIENST):
            rooms.append(Place("Piket", "/piket"))
    elif actor.gemeenten_with(COORDINATOR):
        rooms.append(Place("Teksten", "/beheer/teksten"))
    if actor.gemeenten_with(COORDINATOR, BEHEER):
        rooms.append(Place("Cijfers", "/cijfers"))
        rooms.append(Place("Vastgelopen", "/beheer/vastgelopen", waiting.stuck))
    return rooms


def _waiting(actor: Actor) -> Waiting:
    """What waits for this person; nothing without a database."""
    visit: Visit | None = g.get("visit")
    if visit is None or not (visit.session.is_active and visit.session.in_transaction()):
        return Waiting()
    stuck = to_do = calls = late = 0
    try:
        if actor.gemeenten_with(COORDINATOR, BEHEER):
            scope, loose = scope_of(actor)
            stuck = count_dead_letters(visit.session, scope=scope, loose=loose)
        at_desk = actor.gemeenten_with(KCC, COORDINATOR)
        if at_desk:
            to_do = sum(count_open(visit.session, whose(actor), scope=actor.scope).values())
            calls, late = count_callbacks(visit.session, now=visit.now, scope=at_desk)
    except SQLAlchemyError:
        return Waiting()
    return Waiting(stuck, to_do, calls, late)


def start_path(actor: Actor) -> str:
    """Where this medewerker begins: who works outside at the app that also works without coverage."""
    if actor.gemeenten_with(TEAM, PIKET) and not actor.gemeenten_with(KCC, COORDINATOR):
        return ON_THE_ROAD
    rooms = menu_of(actor)
    return rooms[0].path if rooms else "/"


def _menu_here(menu: Sequence[Place]) -> str:
    """The link of the menu under which this page is; "" for none."""
    here = f"{request.path}/".replace("/volgen/", "/mijn-meldingen/", 1)
    return max((place.path for place in menu if here.startswith(f"{place.path}/")), default="", key=len)


def _around() -> dict[str, Any]:
    actor = page_actor()
    menu = menu_of(actor, _waiting(actor))
    return {
        "sender": page_sender(),
        "senders": senders(),
        "banners": _banners(),
        "actor": actor,
        "menu": menu,
        "menu_here": _menu_here(menu),
        "csrf_token": generate_csrf,
        "local_mode": installation().settings.local_mode,
        "here": request.path,
    }
