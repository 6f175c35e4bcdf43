"""Addresses of ours that carry what a mail is about: where a bounce goes, and where an answer goes. No I/O.

`retour+<reference>.<mac>@…` (VERP) and `antwoord+<melding id>.<mac>@…`. The mac is an HMAC, so that nobody can bounce
another's bericht or answer at another's melding; it opens no page. Lower case only, since some mail servers change it.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

MAC_LENGTH: Final = 16
"""80 bits in base32: nobody guesses it by mail, and the local part stays within the 64 characters of RFC 5321."""
LONGEST_NAME: Final = 20
"""Of what stands before the plus, so that our longest reference fits behind it."""
_LONGEST_LOCAL: Final = 64


class ReplyClaim(NamedTuple):
    """What an answer address claims, before it is checked with the generation of that melding."""

    melding_id: int
    mac: str


def bounce_address(base: str, keys: Sequence[str], reference: str) -> str:
    """Where a bounce of the delivery with this reference goes. base: the address of MAIL_BOUNCE."""
    return _tagged(base, f"{reference}.{_mac(keys[0], 'retour', reference)}")


def read_bounce_address(base: str, keys: Sequence[str], address: str) -> str | None:
    """The reference in a bounce address that one of our keys made; None for any other address."""
    reference, _, mac = _tag_of(base, address).rpartition(".")
    made = any(_same(_mac(key, "retour", reference), mac) for key in keys)
    return reference if reference and made else None


def reply_address(base: str, keys: Sequence[str], melding_id: int, generation: int) -> str:
    """Where an answer about this melding goes. base: the address of MAIL_ANTWOORD."""
    return _tagged(base, f"{melding_id}.{_mac(keys[0], 'antwoord', f'{melding_id}:{generation}')}")


def read_reply_address(base: str, address: str) -> ReplyClaim | None:
    """What an answer address claims; None for any other address. Proves nothing: see `verify_reply`."""
    number, _, mac = _tag_of(base, address).partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return ReplyClaim(int(number), mac)


def verify_reply(keys: Sequence[str], claim: ReplyClaim, generation: int) -> bool:
    """Whether one of our keys made this answer address for this melding and generation."""
    return any(_same(_mac(key, "antwoord", f"{claim.melding_id}:{generation}"), claim.mac) for key in keys)


def is_tagged(base: str, address: str) -> bool:
    """Whether this is `base` itself, or `base` with something behind a plus: one of our own addresses."""
    name, _, domain = base.lower().rpartition("@")
    local, _, at = address.strip().lower().rpartition("@")
    return bool(base) and at == domain and (local == name or local.startswith(f"{name}+"))


def _tagged(base: str, tag: str) -> str:
    name, _, domain = base.rpartition("@")
    local = f"{name}+{tag}".lower()
    if len(local) > _LONGEST_LOCAL:
        raise ValueError("this address would be longer than mail servers take")
    return f"{local}@{domain}"


def _tag_of(base: str, address: str) -> str:
    """What stands behind the plus in an address of ours, in lower case; empty for another address."""
    return address.strip().lower().rpartition("@")[0].partition("+")[2] if is_tagged(base, address) else ""


def _mac(key: str, purpose: str, about: str) -> str:
    digest = hmac.new(key.encode(), f"meldingen:{purpose}:{about.lower()}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[: MAC_LENGTH * 5 // 8]).decode().lower()


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "replace"))
