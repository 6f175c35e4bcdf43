"""In which language a page speaks: Dutch, unless its reader chose another one that we have.

A language is one file in meldingen/taal/ (docs/vertalen.md). The choice is a cookie with a language code and nothing
else; what the browser prefers is only offered. Pages of medewerkers, the API and berichten are Dutch. Not for the
words themselves: those stand in templates and, for sentences of the domain, in domain/sentence.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, current_app, g, has_request_context, request
from jinja2 import pass_context
from markupsafe import Markup, escape

from ..auth import installation, page_actor
from ..domain.clock import AMSTERDAM
from ..domain.deadlines import end_of, last_day_of
from ..domain.notices import MONTHS
from ..domain.sentence import Day, Sentence, say

FOLDER = Path(__file__).parent.parent / "taal"
CHOICE = "taal"
"""The cookie, and the name by which a link or a button chooses a language."""
KEPT_S = 365 * 24 * 3600
DUTCH_ROOMS = ("inloggen", "postvak")
"""Rooms that everybody may enter and only medewerkers use."""
OFFER = say("Lees deze website in het Nederlands")
"""Each language names itself in the translation: "Read this website in English"."""
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


@dataclass(frozen=True)
class Language:
    """One language: its `code` as html says it, its own `name` for itself, and the `direction` of its script."""

    code: str
    name: str
    direction: str
    locale: Locale
    words: NullTranslations

    @property
    def offer(self) -> str:
        """What a reader who prefers this language is offered on a page in another one."""
        return self.words.gettext(OFFER)

    def day(self, on: date, *, weekday: bool = False, year: bool = True) -> str:
        """A day in words: "14 april 2026"; with its weekday: "dinsdag 14 april 2026"."""
        if self is DUTCH:
            words = f"{on.day} {MONTHS[on.month - 1]}" + (f" {on.year}" if year else "")
            return f"{DAYS[on.weekday()]} {words}" if weekday else words
        return format_date(on, ("EEEE " if weekday else "") + "d MMMM" + (" y" if year else ""), self.locale)


DUTCH = Language("nl", "Nederlands", "ltr", Locale("nl"), NullTranslations())


def init_app(app: Flask, folder: Path = FOLDER) -> None:
    """Gives templates `_`, the filters `vertaal` and `van_gemeente`, and the languages to choose from."""
    app.extensions["meldingen_talen"] = read_languages(folder)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda words: language().words.gettext(words),
        lambda one, more, n: language().words.ngettext(one, more, n),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = _in_page  # as Jinja's own, without the three calls in which that looks it up
    app.jinja_env.filters.update(vertaal=_at_render(translate), van_gemeente=_at_render(own_words))
    app.jinja_env.globals.update(choose_language=choose_language)
    app.context_processor(lambda: {"taal": language(), "talen": languages_here(), "taal_aanbod": offered()})
    app.after_request(_remember_choice)


@lru_cache(maxsize=8)
def read_languages(folder: Path) -> Mapping[str, Language]:
    """Dutch, and each language that has a file in `folder`, by code."""
    found = {DUTCH.code: DUTCH}
    for file in sorted(folder.glob("*.po")):
        locale = Locale.parse(file.stem, sep="-")
        with file.open("rb") as written:
            catalogue = read_po(written, locale=str(locale))
        packed = BytesIO()
        write_mo(packed, catalogue)
        packed.seek(0)
        name = (locale.get_display_name() or file.stem).capitalize()
        found[file.stem] = Language(file.stem, name, locale.text_direction, locale, GNUTranslations(packed))
    return found


def languages() -> Mapping[str, Language]:
    """Every language of this installation, Dutch first."""
    return cast(Mapping[str, Language], current_app.extensions["meldingen_talen"])


def language() -> Language:
    """The language of this page; Dutch outside a request."""
    try:
        known: Language | None = g.get("taal")
    except RuntimeError:  # asked a hundred times for one page: looking first costs as much again
        return DUTCH
    if known is None:
        if not has_request_context():
            return DUTCH
        known = g.taal = DUTCH if _for_staff() else (chosen() or _kept() or DUTCH)
    return known


def chosen() -> Language | None:
    """The language that this very request asks for, by a link with `?taal=en`."""
    return languages().get(request.args.get(CHOICE, ""))


def languages_here() -> list[Language]:
    """The other languages this page is in; none on the pages of medewerkers."""
    return [] if _for_staff() else [one for one in languages().values() if one is not language()]


def offered() -> Language | None:
    """A language that the browser prefers over that of this page, while its owner chose nothing yet."""
    if _for_staff() or chosen() or _kept():
        return None
    for wanted in request.accept_languages.values():  # the one they like best first; "en-GB" is content with "en"
        best = languages().get(wanted) or languages().get(wanted.partition("-")[0].lower())
        if best is not None:
            return best if best is not language() else None
    return None


def choose_language(code: str) -> str:
    """The address of this page in another language; of the page above it when it only answers a form."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != CHOICE]
    path = request.path
    while path != "/" and not _can_be_opened(path):
        path = path.rstrip("/").rpartition("/")[0] or "/"
    return f"{quote(path)}?{urlencode([*asked, (CHOICE, code)])}"


def _(words: str, /, **values: Any) -> str:
    """Words for the reader of this page, now. For what is kept or made below the doors: domain.sentence.say."""
    return language().words.gettext(words) % values


def _in_page(words: str, /, **values: Any) -> Markup:
    """As `_`, in a template: the words are ours, what is filled in is escaped."""
    said = Markup(language().words.gettext(words))  # noqa: S704  ours, and never with words of people
    return said % values if "%" in said else said


def translate(said: Any) -> str:
    """A sentence of the domain, or a text of our defaults, in the language of this page; else as it is.

    A text that a gemeente wrote itself is in no catalogue and stays Dutch: see `own_words`.
    """
    if isinstance(said, Sentence):
        told = {name: translate(value) if isinstance(value, str) else value for name, value in said.values.items()}
        return language().words.gettext(said.msgid) % told
    if isinstance(said, Day):
        return str(said) if language() is DUTCH else language().day(said.on, year=said.with_year)
    words = str(said)
    return language().words.gettext(words) if words else ""


def own_words(said: Any) -> str:
    """As `translate`; words that stay Dutch on a page in another language say so, for a screen reader (A11Y-01)."""
    words = translate(said)
    if language() is DUTCH or words != str(said) or not words:
        return words
    return Markup('<span lang="nl" dir="ltr">{}</span>').format(escape(words))


def date_words(day: date | datetime) -> str:
    """A day as people say it: "14 april 2026"; a moment is taken in our own time zone."""
    return language().day(_local(day))


def day_words(day: date | datetime) -> str:
    """A day with its name: "dinsdag 14 april 2026"."""
    return language().day(_local(day), weekday=True)


def moment_words(at: datetime) -> str:
    """A moment: "14 april 2026 om 08.47 uur"."""
    here = at.astimezone(AMSTERDAM)
    uur, minuut = f"{here.hour:02}", f"{here.minute:02}"
    return _("%(dag)s om %(uur)s.%(minuut)s uur", dag=language().day(here.date()), uur=uur, minuut=minuut)


def clock_words(at: datetime) -> str:
    """The time of day as people here write it: "14.02"."""
    return f"{at.astimezone(AMSTERDAM):%H.%M}"


def until_words(due_at: datetime) -> str:
    """Before when: the day when all of it counts ("woensdag 15 april 2026"), else the moment."""
    whole_day = due_at == end_of(last_day_of(due_at))
    return day_words(last_day_of(due_at)) if whole_day else moment_words(due_at)


def span_words(days: int) -> str:
    """How long: "90 dagen", "1 jaar"."""
    years = round(days / 365.25)
    if years and abs(days - years * 365.25) < 1:
        return _("1 jaar") if years == 1 else _("%(n)s jaar", n=years)
    return _("1 dag") if days == 1 else _("%(n)s dagen", n=days)


def _at_render(said: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    """As a filter that Jinja asks at each page: on a constant it would ask once, in the language of that moment."""
    return pass_context(lambda _context, words: said(words))


def _local(day: date | datetime) -> date:
    return day.astimezone(AMSTERDAM).date() if isinstance(day, datetime) else day


def _kept() -> Language | None:
    return languages().get(request.cookies.get(_cookie(), ""))


def _cookie() -> str:
    return f"__Host-{CHOICE}" if installation().settings.secure else CHOICE


def _for_staff() -> bool:
    """Whether this page is one of medewerkers: they alone may enter, or one of them is at it."""
    view = current_app.view_functions.get(request.endpoint or "")
    who, _roles = getattr(view, "may_enter", (("iedereen",), ()))
    return request.blueprint in DUTCH_ROOMS or not {"iedereen", "melder"} & set(who) or page_actor().is_staff


def _can_be_opened(path: str) -> bool:
    if path == request.path and request.method == "GET" and request.url_rule is not None:
        return True  # it was, just now
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(path, method="GET")


def _remember_choice(response: Response) -> Response:
    """Keeps a language that was chosen; every page says which one it is in."""
    if request.path.startswith("/api/") or response.mimetype != "text/html":
        return response
    response.headers["Content-Language"] = language().code
    response.vary.update(("Accept-Language", "Cookie"))
    if (now := chosen()) is not None:
        secure = installation().settings.secure
        response.set_cookie(_cookie(), now.code, max_age=KEPT_S, secure=secure, httponly=True, samesite="Lax")
    return response
