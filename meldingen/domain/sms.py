"""What fits in an SMS: counting segments, kind replacements to GSM-7, and making a sentence fit. Not for sending.

GSM 03.38 / 3GPP TS 23.038: 160 units in one message, 153 in each part of a longer one; an extension character
(€ and a few brackets) takes two. Any other character makes it UCS-2: 70 and 67 units of UTF-16.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("^{}\\[~]|€\f")

GSM_ONE, GSM_PART, UCS_ONE, UCS_PART = 160, 153, 70, 67


@dataclass(frozen=True)
class Segments:
    """How a text travels. units: septets or UTF-16 units. count: messages that are sent and paid for."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int


def sms_segments(text: str) -> Segments:
    """The encoding, length and number of messages of a text; a character never straddles two parts."""
    if is_gsm7(text):
        sizes, one, part = [2 if char in GSM_EXTENSION else 1 for char in text], GSM_ONE, GSM_PART
        encoding: Literal["GSM-7", "UCS-2"] = "GSM-7"
    else:
        sizes, one, part = [2 if ord(char) > 0xFFFF else 1 for char in text], UCS_ONE, UCS_PART
        encoding = "UCS-2"
    units = sum(sizes)
    if units <= one:
        return Segments(encoding, units, min(1, units))
    count, room = 1, part
    for size in sizes:
        if size > room:
            count, room = count + 1, part
        room -= size
    return Segments(encoding, units, count)


def is_gsm7(text: str) -> bool:
    """Whether every character has a place in the GSM-7 alphabet or its extension."""
    return all(char in GSM_BASIC or char in GSM_EXTENSION for char in text)


_KINDER: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000", " "),
        **dict.fromkeys("\u2028\u2029", "\n"),
        **dict.fromkeys("\u00ad\u200b\u200c\u2060\ufeff", ""),
        "…": "...", "•": "-", "·": "-", "×": "x", "÷": ":", "½": " 1/2", "¼": " 1/4", "¾": " 3/4",
        "²": "2", "³": "3", "©": "(c)", "®": "(R)", "™": "(TM)", "œ": "oe", "Œ": "OE", "ĳ": "ij", "Ĳ": "IJ",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "ı": "i", "ẞ": "SS",
    }
)  # fmt: skip


def to_gsm7(text: str) -> str:
    """The text with typographic characters, rare accents and emoji replaced or left out, so that it is GSM-7.

    A text in another script cannot be: it comes back as it was, in UCS-2, and nothing of it is lost.
    """
    kinder = "".join(_plain(char) for char in unicodedata.normalize("NFC", text).translate(_KINDER))
    if not is_gsm7(kinder):
        return text
    return text if kinder == text else re.sub(" {2,}", " ", kinder).strip()


def _plain(char: str) -> str:
    if is_gsm7(char):
        return char
    base = unicodedata.normalize("NFD", char)[0]
    if is_gsm7(base):
        return base
    return "" if unicodedata.category(char) in ("So", "Sk", "Cf", "Mn", "Me") else char


MORE: Final = "..."
_KEEP: Final = 20
"""With fewer characters than this a shortened sentence says nothing: then it takes another part."""


def fit_sentence(render: Callable[[str], str], sentence: str) -> str:
    """A rendered SMS in as few parts as its own words allow, with `sentence` shortened at a word where needed.

    render: makes the whole message around the sentence (it holds the link behind which the rest is). A sentence
    is only shortened as far as it still says something. The result is GSM-7 where the text allows.
    """
    sentence = " ".join(sentence.split())
    whole = to_gsm7(render(sentence))
    parts = sms_segments(whole).count
    if parts <= 1:
        return whole
    words = sentence.split(" ")
    shorter = [" ".join(words[:count]).rstrip(",;:.-") + MORE for count in range(len(words) - 1, 0, -1)]
    for goal in range(1, parts):
        for candidate in shorter:
            if len(candidate) - len(MORE) < min(_KEEP, len(sentence)):
                break
            message = to_gsm7(render(candidate))
            if sms_segments(message).count <= goal:
                return message
    return whole


def fit_sms(body_parts: Sequence[str], *, link: str, gemeente_name: str, phone: str) -> str:
    """One SMS from our sentences and, last, the team's: body, link, gemeente and its number, in one line.

    body_parts: sentences in order; the last is the one that may be shortened, at a word. Empty ones are left out.
    """
    parts = [" ".join(part.split()) for part in body_parts]
    fixed, last = parts[:-1], parts[-1] if parts else ""
    name = gemeente_name if gemeente_name.lower().startswith("gemeente") else f"Gemeente {gemeente_name}"

    def render(sentence: str) -> str:
        return " ".join(part for part in (*fixed, sentence, link, f"{name}, {phone}") if part)

    return fit_sentence(render, last)
