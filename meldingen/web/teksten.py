"""/beheer/teksten: the gemeente's own texts of berichten, with what a melder would read and what could read better.

The doors only read the form and call flow/own_texts.py. Nothing personal is shown: see notice_facts.facts_to_preview.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ..auth import Visit, enter, visit
from ..domain.errors import DomainError, FieldError, InvalidInput, NotFound
from ..domain.merge_fields import FIELDS, channels_of, fields_for, required_for
from ..domain.notice_words import CHANNEL_WORDS, KIND_WORDS
from ..domain.notices import TEAM_KINDS, Channel
from ..domain.numbers import parse_number
from ..domain.sms import Segments, sms_segments
from ..domain.text import whole_number
from ..domain.text_rules import parts_of
from ..domain.wording import Wording
from ..flow import notice_facts, own_texts, texts
from ..flow.own_texts import MAY_EDIT, TextPlace
from ..flow.texts import Facts, Words
from ..store import category, gemeente, notice_text
from ..store.account import accounts_of
from ..store.gemeente import Gemeente
from ..store.melding import Melding, melding_by_number, newest_melding
from ..store.notice_text import NoticeText
from .categories import category_groups
from .layout import senders, show_as
from .static_files import static_url
from .zinhulp import hints_of

pages = Blueprint("teksten", __name__)

LABELS = {
    "email": {"onderwerp": "Onderwerp", "kop": "Kop", "tekst": "Tekst"},
    "sms": {"tekst": "Tekst: één vorm per regel, van lang naar kort"},
    "push": {"onderwerp": "Titel", "tekst": "Tekst"},
    "brief": {"onderwerp": "Onderwerp", "tekst": "Tekst"},
    "telefoon": {"tekst": "Wat het KCC vertelt of vraagt"},
}
DONE = {
    "bewaard": "De tekst is bewaard. Nieuwe berichten krijgen deze tekst.",
    "standaard": "De standaardtekst geldt weer.",
    "terug": "De oudere tekst geldt weer.",
}
_STYLE = re.compile(r' style="[^"]*"')


@dataclass
class Preview:
    """What would be sent: with all facts, and with as few as there can be. segments: of an SMS."""

    words: Words
    least: Words
    page: Markup = field(default_factory=Markup)
    segments: Segments | None = None


@pages.get("/beheer/teksten")
@enter("medewerker", roles=MAY_EDIT)
def lijst() -> ResponseReturnValue:
    """Every kind and channel, with who wrote the text that is used now."""
    here = visit()
    scope = here.actor.gemeenten_with(*MAY_EDIT)
    own: dict[tuple[int, str, str], int] = {}
    for row in notice_text.all_in_force(here.session, scope=scope):
        key = (row.gemeente_id, row.kind, row.channel)
        own[key] = own.get(key, 0) + 1
    groups = [
        ("Aan de melder", [kind for kind in KIND_WORDS if kind not in TEAM_KINDS]),
        ("Aan een team", [kind for kind in KIND_WORDS if kind in TEAM_KINDS]),
    ]
    return render_template(
        "werk/teksten.html",
        gemeenten=[s for s in senders() if s.id in scope],
        groups=groups,
        kinds=KIND_WORDS,
        channels=CHANNEL_WORDS,
        channels_of=channels_of,
        own=own,
    )


@pages.get("/beheer/teksten/<slug>/<soort>/<kanaal>")
@enter("medewerker", roles=MAY_EDIT)
def tekst(slug: str, soort: str, kanaal: str) -> ResponseReturnValue:
    """One text: the form, what a melder would read, and its versions."""
    here = visit()
    home, place = _place(here, slug, soort, kanaal, request.args.get("categorie", ""))
    now = own_texts.text_now(here.session, place)
    wording = now.wording if now else own_texts.text_instead(here.session, place)
    return _page(here, home, place, wording, done=DONE.get(request.args.get("gedaan", ""), ""))


@pages.post("/beheer/teksten/<slug>/<soort>/<kanaal>")
@enter("medewerker", roles=MAY_EDIT)
def wijzig(slug: str, soort: str, kanaal: str) -> ResponseReturnValue:
    """Shows what is written, keeps it, or goes back to an older text or to ours."""
    here = visit()
    home, place = _place(here, slug, soort, kanaal, request.form.get("categorie", ""))
    form = {name: request.form.get(name, "") for name in ("onderwerp", "kop", "tekst")}
    wording = Wording(body=form["tekst"].replace("\r\n", "\n"), subject=form["onderwerp"], heading=form["kop"])
    action, _, version = request.form.get("actie", "bekijken").partition(":")
    if action == "bekijken":
        return _page(here, home, place, wording, looked=True)
    seen: dict[str, Any] = {"based_on": _whole(request.form.get("versie", "")), "actor": here.actor, "now": here.now}
    try:
        with here.session.begin_nested():
            if action == "standaard":
                own_texts.back_to_standard(here.session, place, **seen)
            elif action == "terug":
                own_texts.bring_back(here.session, place, _whole(version), **seen)
            else:
                own_texts.save_text(here.session, place, wording, **seen)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, home, place, wording, error=error), error.status
    done = action if action in DONE else "bewaard"
    asked: dict[str, Any] = {
        "categorie": request.form.get("categorie") or None,
        "nummer": request.form.get("nummer") or None,
    }
    return redirect(url_for("teksten.tekst", slug=slug, soort=soort, kanaal=kanaal, gedaan=done, **asked), 303)


def _place(here: Visit, slug: str, kind: str, channel: str, category_slug: str) -> tuple[Gemeente, TextPlace]:
    """The gemeente and text of an address; the page becomes that of this gemeente. Raises NotFound."""
    home = gemeente.gemeente_by_slug(here.session, slug.replace("\x00", ""))
    if home is None or not here.actor.has_role(home.id, *MAY_EDIT):
        raise NotFound("tekst_onbekend", "Deze tekst bestaat niet.")
    show_as(home.id)
    return home, own_texts.text_place(here.session, home, kind, channel, category_slug.replace("\x00", ""))


def _page(
    here: Visit,
    home: Gemeente,
    place: TextPlace,
    wording: Wording,
    *,
    done: str = "",
    looked: bool = False,
    error: DomainError | None = None,
) -> str:
    scope = [home.id]
    asked = request.values.get("nummer", "")[:30]
    melding, unknown = _melding(here, home, asked)
    versions = notice_text.versions_of(here.session, place.kind, place.channel, place.category_id, scope=scope)
    now = next((row for row in versions if row.retired_at is None), None)
    categories = category.categories_of(here.session, scope=scope)
    faults = [*(error.fields if error else ()), *((unknown,) if unknown else ())]
    preview = _preview(here, place, wording, melding) if melding else None
    return render_template(
        "werk/tekst.html",
        home=home,
        place=place,
        kind_words=KIND_WORDS[place.kind],
        channel_words=CHANNEL_WORDS[place.channel],
        category=next((c for c in categories if c.id == place.category_id), None),
        category_groups=category_groups(categories),
        labels={part: LABELS[place.channel][part] for part in parts_of(place.channel)},
        values={"onderwerp": wording.subject, "kop": wording.heading, "tekst": wording.body},
        fields=fields_for(place.kind, place.channel),
        required=[FIELDS[name] for name in sorted(required_for(place.kind, place.channel))],
        now=now,
        versions=versions,
        names=_names(here, versions, home),
        preview=preview,
        hints=hints_of(preview.words.text.split("Met vriendelijke groet")[0]) if preview else (),
        melding=melding,
        nummer=asked,
        errors={fault.field: fault.detail for fault in faults},
        refused=error.detail if error and not error.fields else "",
        done=done,
        looked=looked,
    )


def _melding(here: Visit, home: Gemeente, asked: str) -> tuple[Melding | None, FieldError | None]:
    """The melding to show a text with: the one asked for, else the newest; and what is wrong with the number."""
    newest = newest_melding(here.session, scope=[home.id])
    if not asked.strip():
        return newest, None
    try:
        found = melding_by_number(here.session, parse_number(asked, field="nummer"), scope=[home.id])
    except InvalidInput as error:
        return newest, error.fields[0]
    if found is None:
        return newest, FieldError("nummer", "onbekend", "Dit nummer kennen wij niet in deze gemeente.")
    return found, None


def _preview(here: Visit, place: TextPlace, wording: Wording, melding: Melding) -> Preview:
    facts = notice_facts.facts_to_preview(here.session, here.settings, place.kind, place.channel, melding, now=here.now)
    few = {name: "" if FIELDS[name].may_be_empty else value for name, value in facts.values.items()}
    words = texts.compose(place.kind, place.channel, wording, facts)
    least = texts.compose(place.kind, place.channel, wording, Facts(facts.home, few))
    # The policy of our pages allows no style in an attribute; a mail program does.
    style = f'<link rel="stylesheet" href="{static_url("css/voorbeeld-mail.css")}"></head>'
    page = Markup(_STYLE.sub("", words.html).replace("</head>", style))  # noqa: S704
    return Preview(words, least, page, sms_segments(words.text) if place.channel == Channel.SMS else None)


def _names(here: Visit, versions: Sequence[NoticeText], home: Gemeente) -> dict[str, str]:
    """Who made each version, by the label in it."""
    known = {f"medewerker:{account.id}": account.name for account in accounts_of(here.session, scope=[home.id])}
    return {row.made_by: known.get(row.made_by, "een medewerker") for row in versions}


def _whole(written: str) -> int:
    return whole_number(written, 999_999_999) or 0
