"""The words of a bericht: the gemeente's own text or ours, filled with facts and put in the frame of its channel.

Which facts: notice_facts.py. How a text is written: domain/wording.py. Changing the gemeente's own: own_texts.py.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy.orm import Session

from ..domain.errors import InvalidInput
from ..domain.notices import TEAM_KINDS, Channel, NoticeKind, fit_sentence, sms_segments, to_gsm7
from ..domain.text_rules import check_wording
from ..domain.wording import Paragraph, Wording, as_html, as_text, fill, fill_line, isolate, one_after_another
from ..store import notice_text
from ..store.gemeente import Gemeente
from .library import DEFAULTS, read_defaults

log = structlog.get_logger()

TEXTS: Final = DEFAULTS / "texts"
PUSH_LENGTH: Final = 200
"""What a phone shows of a push on its lock screen, in characters; the rest is behind it."""
MORE: Final = "..."
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Words:
    """One message as it will be sent. subject: of an e-mail or letter, the title of a push. html: of an e-mail."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True)
class Facts:
    """What one bericht tells. values: per merge field (domain/merge_fields.py), empty or absent when there is none.

    category_ids: the category whose own texts go before those of the whole gemeente, then its main category.
    """

    home: Gemeente
    values: Mapping[str, str]
    category_ids: Sequence[int] = field(default=())


@dataclass(frozen=True)
class _Part:
    """What an e-mail says of one event."""

    heading: str
    text: str
    paragraphs: list[Markup]


@cache
def kinds() -> frozenset[str]:
    """The kinds of bericht there are words for."""
    return frozenset(path.stem for path in TEXTS.glob("*.toml"))


@cache
def default_texts(kind: str) -> Mapping[str, Wording]:
    """Our own texts of this kind, by channel."""
    return {
        channel: Wording(body=found["tekst"].strip(), subject=found.get("onderwerp", ""), heading=found.get("kop", ""))
        for channel, found in read_defaults(f"texts/{kind}.toml").items()
    }


def text_for(session: Session, kind: str, channel: str, facts: Facts, *, has_own: bool = True) -> Wording:
    """The text of the gemeente for this category, else for its main category, else for all, else ours.

    One that may not be kept as it stands is passed over, however it came there: a bericht goes out all the same.
    has_own: False when it is known that this gemeente has none of its own.
    """
    own = notice_text.texts_in_force(session, kind, channel, scope=[facts.home.id]) if has_own else {}
    for key in (*facts.category_ids, None):
        if key in own:
            try:
                return check_wording(kind, channel, own[key].wording, sender=sms_sender(facts.home))
            except InvalidInput as fault:
                codes = [f"{one.field}:{one.code}" for one in fault.fields]
                log.error("own_text_unusable", kind=kind, channel=channel, text=own[key].id, faults=codes)
    return default_texts(kind)[channel]


def write(session: Session, kind: str, channel: str, facts: Facts) -> Words:
    """The words of this kind for this channel."""
    return compose(kind, channel, text_for(session, kind, channel, facts), facts)


def write_bundle(session: Session, channel: str, parts: Sequence[tuple[str, Facts]]) -> Words:
    """One message about several events of one melding. parts: kind and facts, in the order of the events.

    The subject and heading are those of the most important; an e-mail tells all in order, saying nothing twice. What
    is short (SMS, push) tells the most important, and names the others when there is room; the rest is behind the link.
    """
    texts = [(kind, text_for(session, kind, channel, facts), facts) for kind, facts in parts]
    if len(texts) == 1:
        return compose(texts[0][0], channel, texts[0][1], texts[0][2])
    main = max(range(len(texts)), key=lambda at: (-_rank(texts[at][0]), at))
    kind, wording, facts = texts[main]
    if channel in (Channel.EMAIL, Channel.BRIEF):
        return _mail(channel, wording, facts, [(text, told) for _, text, told in texts], to_team=kind in TEAM_KINDS)
    if channel == Channel.TELEFOON:
        told = [fill(text.body, others.values) for _, text, others in texts]
        return Words(text=_call(facts, one_after_another(told)))
    short = compose(kind, channel, wording, facts)
    others = [_short_name(other) for at, (other, _, _) in enumerate(texts) if at != main and other != kind]
    also = f" Ook: {', '.join(dict.fromkeys(others))}." if others else ""
    if channel == Channel.SMS and sms_segments(short.text + also).count > sms_segments(short.text).count:
        also = ""
    return Words(text=short.text + also, subject=short.subject)


_FIRST: Final = (
    {NoticeKind.BEL_ONS_NU, NoticeKind.ALARM},
    {
        NoticeKind.GEREED, NoticeKind.NIET_OPGELOST, NoticeKind.OVERGEDRAGEN, NoticeKind.DOORVERWEZEN,
        NoticeKind.INGETROKKEN, NoticeKind.BLIJFT_GESLOTEN, NoticeKind.HEROPEND,
    },
    {NoticeKind.VRAAG},
    {NoticeKind.VERTRAAGD, NoticeKind.TERMIJN_IN_GEVAAR},
)  # fmt: skip
"""What a message of several parts is named after; of equals the last. Heropend is with the ends: it undoes one."""


def _rank(kind: str) -> int:
    return next((rank for rank, kinds in enumerate(_FIRST) if kind in kinds), len(_FIRST))


def _short_name(kind: str) -> str:
    return default_texts(kind)[Channel.EMAIL].heading[:1].lower() + default_texts(kind)[Channel.EMAIL].heading[1:]


def compose(kind: str, channel: str, wording: Wording, facts: Facts) -> Words:
    """The words that this text gives with these facts: also for a text that is not in force (yet)."""
    match channel:
        case Channel.EMAIL | Channel.BRIEF:
            return _mail(channel, wording, facts, [(wording, facts)], to_team=kind in TEAM_KINDS)
        case Channel.SMS:
            return Words(text=_sms(wording, facts))
        case Channel.PUSH:
            return Words(subject=fill_line(wording.subject, facts.values), text=_push(wording, facts))
        case _:
            return Words(text=_call(facts, [fill(wording.body, facts.values)]))


def _mail(channel: str, main: Wording, facts: Facts, parts: Sequence[tuple[Wording, Facts]], *, to_team: bool) -> Words:
    """An e-mail or the text of a letter: the frame around the paragraphs of each part."""
    told = one_after_another([fill(text.body, each.values) for text, each in parts])
    headings = [fill_line(text.heading or text.subject, each.values) for text, each in parts]
    frame: dict[str, Any] = {
        "heading": fill_line(main.heading, facts.values),
        "parts": [
            _Part(heading, as_text(paragraphs), [Markup(inside) for inside in as_html(paragraphs)])  # noqa: S704
            for heading, paragraphs in zip(headings, told, strict=True)
        ],
        "to_team": to_team,
        "gemeente": facts.home,
        "number": facts.values["nummer"],
        "what": facts.values["wat"],
        "place": facts.values.get("plaats", ""),
    }
    text = _frames().get_template("_email.txt").render({**frame, "place": isolate(frame["place"])})
    return Words(
        subject=fill_line(main.subject, facts.values),
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=_frames().get_template("_email.html").render(frame).strip() if channel == Channel.EMAIL else "",
    )


def _call(facts: Facts, parts: Sequence[Sequence[Paragraph]]) -> str:
    """What the KCC tells or asks when it phones."""
    values = facts.values
    first = fill_line("Melding {nummer}, gedaan {wanneer}: {wat}.", values)
    return "\n".join([first, *(as_text(part).replace("\n\n", "\n") for part in parts if part)])


def sms_sender(home: Gemeente) -> str:
    """How an SMS ends: who sends it, and the number to call."""
    return f"{home.name} {home.phone.replace(' ', '')}"


def _sms(wording: Wording, facts: Facts) -> str:
    """In GSM-7 and the first form that takes the fewest messages. Where none fits one message, the last sentences
    of the team go, then its last words; the rest is behind the link. The reason for not solving comes first.
    """
    values = {name: value if name.startswith("link") else to_gsm7(value) for name, value in facts.values.items()}
    said = " ".join(part for part in (facts.values.get("reden"), facts.values.get("zin")) if part)
    forms = [form for form in wording.body.split("\n") if form.strip()]

    def render(sentence: str) -> str:
        filled = {**values, "telefoon": facts.home.phone.replace(" ", ""), "zin": to_gsm7(sentence)}
        written = [to_gsm7(f"{fill_line(form, filled)} {sms_sender(facts.home)}") for form in forms]
        return min(written, key=lambda text: sms_segments(text).count)

    sentences = _SENTENCE_END.split(said)
    for count in range(len(sentences), 0, -1):
        whole = render(" ".join(sentences[:count]))
        if sms_segments(whole).count <= 1:
            return whole
    return fit_sentence(render, said)


def _push(wording: Wording, facts: Facts) -> str:
    """The sentence of a push, with the sentence of the team shortened at a word, and who sends it."""
    words = " ".join(part for part in (facts.values.get("reden"), facts.values.get("zin")) if part).split()
    end = f"Gemeente {facts.home.name}, {facts.home.phone}"

    def render(count: int) -> str:
        said = " ".join(words[:count]) + (MORE if count < len(words) else "")
        return f"{fill_line(wording.body, {**facts.values, 'zin': said})} {end}"

    fitting = (text for count in range(len(words), 0, -1) if len(text := render(count)) <= PUSH_LENGTH)
    return next(fitting, render(0) if not words else render(1))


@cache
def _frames() -> Environment:
    """The frames of e-mail, ours alone: what is missing there is an error, never a gap in a message."""
    return Environment(
        loader=FileSystemLoader(Path(TEXTS)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    )
