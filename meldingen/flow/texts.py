"""The words of a bericht: a template of `defaults/texts` filled with facts. Which facts: notice_facts.py.

Values are data, never template: what a melder or team wrote is not rendered twice, and is escaped in HTML.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from ..domain.notices import CALL_KINDS, Channel, fit_sentence, sms_segments, to_gsm7

DEFAULTS: Final = Path(__file__).resolve().parent.parent / "defaults"
TEXTS: Final = DEFAULTS / "texts"
_SMS_VALUES: Final = ("what", "place", "promised_on")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Words:
    """One message as it will be sent. subject and html are empty for SMS and telefoon."""

    text: str
    subject: str = ""
    html: str = ""


@cache
def environment() -> Environment:
    """The templates; a variable that is missing is an error, never a gap in a message."""
    return Environment(
        loader=FileSystemLoader(TEXTS),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    )


@cache
def kinds() -> frozenset[str]:
    """The kinds of bericht there are words for."""
    return frozenset(path.name for path in TEXTS.iterdir() if path.is_dir())


@cache
def reason_sentences() -> Mapping[str, str]:
    """Per reason for not solving the sentence that a melder reads."""
    reasons = tomllib.loads((DEFAULTS / "reasons.toml").read_text(encoding="utf-8"))["reason"]
    return {reason["slug"]: reason["sentence"] for reason in reasons}


def write(kind: str, channel: str, facts: Mapping[str, Any]) -> Words:
    """The words of this kind for this channel. facts: see defaults/README.md, "Texts"."""
    if channel == Channel.EMAIL:
        return Words(
            subject=" ".join(_fill(f"{kind}/subject.txt", facts).split()),
            text=_tidy(_fill(f"{kind}/email.txt", facts)),
            html=_fill(f"{kind}/email.html", facts),
        )
    if channel == Channel.SMS:
        return Words(text=_write_sms(kind, facts))
    assert kind in CALL_KINDS, f"nobody is phoned for {kind}"
    return Words(text=_tidy(_fill("_telefoon.txt", {**facts, "kind": kind})).strip())


def _write_sms(kind: str, facts: Mapping[str, Any]) -> str:
    """In GSM-7 and one message where the text allows: the last sentences go first, then the last words; the rest is
    behind the link."""
    plain = {**facts, **{name: to_gsm7(facts[name]) for name in _SMS_VALUES}, "reason_text": ""}
    said = " ".join(part for part in (facts["reason_text"], facts["sentence"]) if part)

    def render(sentence: str) -> str:
        return " ".join(_fill(f"{kind}/sms.txt", {**plain, "sentence": to_gsm7(sentence)}).split())

    sentences = _SENTENCE_END.split(said)
    for count in range(len(sentences), 0, -1):
        whole = to_gsm7(render(" ".join(sentences[:count])))
        if sms_segments(whole).count <= 1:
            return whole
    return fit_sentence(render, said)


def _fill(template: str, facts: Mapping[str, Any]) -> str:
    return environment().get_template(template).render(facts)


def _tidy(text: str) -> str:
    """No blanks at the end of lines, never more than two empty lines, one line end at the end."""
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{4,}", "\n\n\n", text).strip() + "\n"
