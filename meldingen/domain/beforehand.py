"""What a melder reads before reporting: whom to phone or where to go, and whether we take a melding of it at all.

Each category may carry one; what it says comes from defaults/categories.toml and from beheer.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from .errors import DomainError, FieldError, InvalidInput, gathered
from .text import clean_text

OWN_SITE: Final = "website"
"""Written as link: the gemeente's own website, wherever that is."""
MAX_TEXT: Final = 300
MAX_LINK: Final = 300
MAX_LINK_WORDS: Final = 60

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_SHORT = re.compile(r"112|113|144|116\d{3}|14\d{2,4}|18\d{2}")
_LONG = re.compile(r"0(?:800|900|906|909)\d{4,7}|0[1-9]\d{8}|\+\d{8,15}")


@dataclass(frozen=True)
class Beforehand:
    """What to read first. link: https, or OWN_SITE. phone: as people read it. stops: we take no melding of this."""

    text: str = ""
    link: str = ""
    link_words: str = ""
    phone: str = ""
    stops: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.text or self.link or self.phone)

    @property
    def phone_link(self) -> str:
        """The number as a tel: link takes it."""
        return re.sub(r"[^\d+]", "", self.phone)

    def kept(self) -> dict[str, Any]:
        """As it is stored; nothing when there is nothing to read."""
        return asdict(self) if self else {}


class NotOurs(DomainError):
    """We take no melding of this category; `beforehand` says who is right for it."""

    status = 400
    title = "Dit melden wij hier niet"

    def __init__(self, beforehand: Beforehand) -> None:
        field = FieldError("categorie", "hier_geen_melding", beforehand.text)
        super().__init__("hier_geen_melding", beforehand.text, fields=[field])
        self.beforehand = beforehand


def read_beforehand(kept: Mapping[str, Any], *, website: str) -> Beforehand:
    """What is stored, as a page or an app shows it. website: of the gemeente; without one that link falls away."""
    link = str(kept.get("link", ""))
    if link == OWN_SITE:
        link = website
    return Beforehand(
        text=str(kept.get("text", "")),
        link=link,
        link_words=str(kept.get("link_words", "")) if link else "",
        phone=str(kept.get("phone", "")),
        stops=bool(kept.get("stops")),
    )


def check_beforehand(given: Mapping[str, Any]) -> Beforehand:
    """The text, link, words and number as beheer typed them, cleaned. Raises InvalidInput with every mistake at once,
    named `tekst`, `link`, `link_tekst` and `telefoon`.
    """
    wrong: list[FieldError] = []

    def clean(name: str, field: str, longest: int) -> str:
        written = str(given.get(name, ""))
        return gathered(wrong, partial(clean_text, written, field=field, max_length=longest), "")

    text = clean("text", "tekst", MAX_TEXT)
    link_words = clean("link_words", "link_tekst", MAX_LINK_WORDS)
    link = gathered(wrong, partial(_check_link, clean("link", "link", MAX_LINK)), "")
    phone = gathered(wrong, partial(_check_phone, clean("phone", "telefoon", 30)), "")
    stops = bool(given.get("stops"))
    if not text and (link or phone or stops) and not any(one.field == "tekst" for one in wrong):
        wrong.append(FieldError("tekst", "leeg", "Schrijf op wat de melder eerst moet weten."))
    if link_words and not link and not any(one.field == "link" for one in wrong):
        wrong.append(FieldError("link", "leeg", "Vul in waar deze woorden heen gaan, of haal de woorden weg."))
    if wrong:
        raise InvalidInput.gather(wrong)
    return Beforehand(text, link, (link_words or _host_of(link)) if link else "", phone, stops)


def _host_of(link: str) -> str:
    return "Website van de gemeente" if link == OWN_SITE else (urlsplit(link).hostname or "").removeprefix("www.")


def _check_link(written: str) -> str:
    if written in ("", OWN_SITE):
        return written
    told = f"Een link begint met https:// en heeft geen spaties. Of schrijf '{OWN_SITE}' voor uw eigen website."
    try:
        parts = urlsplit(written)
        whole = parts.scheme == "https" and _HOST.fullmatch(parts.hostname or "") and parts.port is None
    except ValueError:
        whole = None
    if not whole or "@" in parts.netloc or re.search(r"[\s<>\"'\\]", written):
        raise InvalidInput.of("link", "link_onjuist", told)
    return written


def _check_phone(written: str) -> str:
    digits = re.sub(r"[ .\-()]", "", written)
    if written and not (_SHORT.fullmatch(digits) or _LONG.fullmatch(digits)):
        raise InvalidInput.of(
            "telefoon",
            "telefoon_onjuist",
            "Dit telefoonnummer klopt niet. Schrijf het zoals mensen het lezen: 0800-9009, 14 072 of 072 888 00 00.",
        )
    return written
