"""Things in public space with a number on them, as people name them. Files full of them: object_files.py."""

import re
from dataclasses import dataclass
from typing import Final

MAX_CODE: Final = 40
KIND: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class ObjectRef:
    """Which thing is meant: kind "lichtmast", code "BRG-0412". kind "": only the number was given."""

    kind: str
    code: str

    def __str__(self) -> str:
        """As a link and a form carry it: `lichtmast:BRG-0412`."""
        return f"{self.kind}:{self.code}" if self.kind else self.code


def read_ref(written: str) -> ObjectRef | None:
    """The thing in a deep link, a form or a code that somebody scanned; None when it cannot be one."""
    kind, colon, code = written.strip().rpartition(":")
    kind, code = kind.strip().lower(), " ".join(code.split())
    if not code or len(code) > MAX_CODE or not code.isprintable() or (colon and not KIND.fullmatch(kind)):
        return None
    return ObjectRef(kind, code)


def object_words(kind: str, code: str, name: str = "") -> str:
    """How people call it: "lichtmast BRG-0412", with its name behind it when it has one. "" when there is none."""
    if not code:
        return ""
    words = f"{kind.replace('-', ' ')} {code}".strip()
    return f"{words} ({name})" if name else words


_WORDS_BEFORE: Final = {
    "lichtmast", "lantaarnpaal", "lantaarn", "straatlantaarn", "lamp", "paal", "mast", "container", "afvalcontainer",
    "glasbak", "speelplek", "nummer", "nr", "code", "object",
}  # fmt: skip


def code_in(typed: str) -> str:
    """The number in what somebody types to find a thing: "lantaarnpaal nr. BRG-0412" → "BRG-0412"; "" for none.

    A number has a digit in it; a street with a house number is not one.
    """
    words = typed.split()
    while len(words) > 1 and words[0].strip(".:,").lower() in _WORDS_BEFORE:
        words = words[1:]
    found = read_ref(" ".join(words)) if words else None
    return found.code if found and any(c.isdigit() for c in found.code) else ""
