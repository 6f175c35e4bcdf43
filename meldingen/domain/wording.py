"""The words of a bericht as a beheerder writes them: plain sentences with merge fields in braces. Filling, not sending.

Three rules, told to beheerders in docs/beheer.md:
- `{wat}` is filled in. `{zin|Dat is nu opgelost.}` has words to use when the field is empty.
- A sentence with an empty field falls away; so does a line, or a paragraph, of which nothing is left.
- `[Volg uw melding] {link}` on a line of its own is a button.

Values are data: nothing in them is read as a field, a sentence end or a button, and in HTML they are escaped. A value
in a script that runs from right to left is set apart, so that it cannot turn the words around it. Which fields there
are: merge_fields.py.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from .merge_fields import LINKS, SENTENCES, STARTS_BIG

_FIELD: Final = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
_BUTTON: Final = re.compile(r"\[([^\[\]]+)\]\s*\{(\w+)\}")
_SENTENCE_END: Final = re.compile(r"(?<=[.?!])\s+")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n\s*")
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "RLE", "RLO", "RLI", "AN"})


@dataclass(frozen=True)
class Wording:
    """One text as it is written and kept. subject: of an e-mail or letter, the title of a push. heading: of an e-mail.

    body: paragraphs, for an SMS one form per line, from full to short.
    """

    body: str
    subject: str = ""
    heading: str = ""


@dataclass(frozen=True)
class Piece:
    """Words of the text itself (`name` empty), or the value of a merge field."""

    text: str
    name: str = ""


Sentence = tuple[Piece, ...]


@dataclass(frozen=True)
class Line:
    """Sentences, or a button: its words and its address."""

    sentences: tuple[Sentence, ...] = ()
    button: tuple[str, str] = ("", "")


Paragraph = tuple[Line, ...]


@dataclass(frozen=True)
class Slot:
    """A merge field in a text. instead: the words for when it is empty; None: then its sentence falls away."""

    name: str
    instead: str | None


def slots(text: str) -> tuple[Slot, ...]:
    """Every merge field in a text, in order."""
    return tuple(Slot(found[1].strip(), found[2]) for found in _FIELD.finditer(text))


def loose_signs(text: str) -> str:
    """The first `{`, `}`, `[` or `]` that is no part of a field or a button; empty when all is well."""
    left = _FIELD.sub("", "\n".join(_BUTTON.sub("", line) for line in text.split("\n")))
    return next((char for char in left if char in "{}[]"), "")


def fill(text: str, values: Mapping[str, str]) -> tuple[Paragraph, ...]:
    """The paragraphs of a text with its fields filled; what fell away is not there. A value not given is empty."""
    paragraphs = (_fill_paragraph(part, values) for part in _PARAGRAPH.split(text.strip()))
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """A subject, a heading or one form of an SMS, filled, on one line."""
    return " ".join(as_text(fill(text, values)).split())


def _fill_paragraph(text: str, values: Mapping[str, str]) -> Paragraph:
    lines = (_fill_line(line.strip(), values) for line in text.split("\n"))
    return tuple(line for line in lines if line.sentences or line.button[1])


def _fill_line(text: str, values: Mapping[str, str]) -> Line:
    if button := _BUTTON.fullmatch(text):
        return Line(button=(button[1].strip(), values.get(button[2], "")))
    filled = (_fill_sentence(sentence, values) for sentence in _sentences(text))
    return Line(sentences=tuple(sentence for sentence in filled if sentence))


def _sentences(text: str) -> Iterable[list[str | Slot]]:
    """The sentences of a line. A field that holds whole sentences ends one, as a full stop does."""
    sentence: list[str | Slot] = []
    at = 0
    for found in (*_FIELD.finditer(text), None):
        first, *others = _SENTENCE_END.split(text[at : found.start() if found else len(text)])
        if sentence and isinstance(sentence[-1], Slot) and sentence[-1].name in SENTENCES and first[:1].isspace():
            yield sentence
            sentence, first = [], first.lstrip()
        sentence.append(first)
        for part in others:
            yield sentence
            sentence = [part]
        if found:
            sentence.append(Slot(found[1].strip(), found[2]))
            at = found.end()
    yield sentence


def _fill_sentence(parts: Sequence[str | Slot], values: Mapping[str, str]) -> Sentence:
    """The pieces of one sentence; empty when a field of it is."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(Piece(part))
            continue
        value = values.get(part.name, "").strip()
        if value:
            start = part.name in STARTS_BIG and not "".join(piece.text for piece in pieces).strip()
            pieces.append(Piece(value[:1].upper() + value[1:] if start else value, part.name))
        elif part.instead is None:
            return ()
        else:
            pieces.append(Piece(part.instead))
    return tuple(piece for piece in pieces if piece.text) if any(piece.text.strip() for piece in pieces) else ()


def one_after_another(parts: Sequence[Sequence[Paragraph]]) -> list[tuple[Paragraph, ...]]:
    """The parts of one message: no sentence is said twice, and a button stands only where it comes last."""
    said: set[str] = set()
    return [
        _fresh(part, said, {line.button for later in parts[at + 1 :] for paragraph in later for line in paragraph})
        for at, part in enumerate(parts)
    ]


def _fresh(part: Sequence[Paragraph], said: set[str], later: set[tuple[str, str]]) -> tuple[Paragraph, ...]:
    left = []
    for paragraph in part:
        lines = [
            Line(tuple(s for s in line.sentences if _sentence_text(s) not in said), line.button)
            for line in paragraph
            if not line.button[1] or line.button not in later
        ]
        left.append(tuple(line for line in lines if line.sentences or line.button[1]))
        said |= {_sentence_text(s) for line in lines for s in line.sentences}
    return tuple(paragraph for paragraph in left if paragraph)


def as_text(paragraphs: Sequence[Paragraph]) -> str:
    """As plain text: an empty line between paragraphs, a button as its words and its address."""
    return "\n\n".join("\n".join(_line_text(line) for line in paragraph) for paragraph in paragraphs)


def as_html(paragraphs: Sequence[Paragraph]) -> list[str]:
    """The inside of one `<p>` per paragraph, everything escaped."""
    return ["<br>\n".join(_line_html(line) for line in paragraph) for paragraph in paragraphs]


def _line_text(line: Line) -> str:
    if line.button[1]:
        return f"{line.button[0]}: {line.button[1]}"
    return " ".join(_sentence_text(sentence).strip() for sentence in _ended(line.sentences))


def _ended(sentences: Sequence[Sentence]) -> Iterable[Sentence]:
    """With a full stop where somebody forgot it and more follows."""
    for sentence in sentences[:-1]:
        last = sentence[-1]
        open_ended = last.name in SENTENCES and last.text[-1].isalnum()
        yield (*sentence, Piece(".")) if open_ended else sentence
    yield from sentences[-1:]


def _sentence_text(sentence: Sentence) -> str:
    return "".join(isolate(piece.text) if piece.name else piece.text for piece in sentence)


def _line_html(line: Line) -> str:
    if line.button[1]:
        return f'<a href="{escape(line.button[1])}">{escape(line.button[0])}</a>'
    return " ".join("".join(_piece_html(piece) for piece in s).strip() for s in _ended(line.sentences))


def _piece_html(piece: Piece) -> str:
    words = escape(piece.text, quote=False).replace("\n", "<br>\n")
    if piece.name in LINKS:
        return f'<a href="{escape(piece.text)}">{words}</a>'
    return f"<bdi>{words}</bdi>" if piece.name and _turns(piece.text) else words


def isolate(text: str) -> str:
    """The text, set apart when it holds a script that runs from right to left (Unicode FSI … PDI)."""
    return f"{_ISOLATE}{text}{_END_ISOLATE}" if _turns(text) else text


def _turns(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text)
