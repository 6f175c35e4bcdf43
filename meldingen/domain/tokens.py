"""Follow tokens, spoken and one-time codes: derived from a row, never stored (HUIS "Follow token").

A token is version ‖ id ‖ 128 bits of HMAC-SHA256 over (id, generation), in base64url without padding.
The secret of a version may be retired by leaving it out; generation + 1 revokes the tokens of one melding.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

MAC_BYTES = 16


class ReadToken(NamedTuple):
    """What a token claims before it is checked: which secret signed it, for which row of ours, and its proof."""

    key_id: int
    about_id: int
    mac: bytes


def _key_id(key: str) -> int:
    """One byte that names a secret without telling it."""
    return hashlib.sha256(b"meldingen key id:" + key.encode()).digest()[0]


def _mac(key: str, purpose: bytes, about_id: int, generation: int) -> bytes:
    message = b"meldingen:" + purpose + about_id.to_bytes(8, "big") + generation.to_bytes(4, "big")
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def _token(keys: Sequence[str], purpose: bytes, about_id: int, generation: int) -> str:
    id_bytes = about_id.to_bytes(max(1, (about_id.bit_length() + 7) // 8), "big")
    mac = _mac(keys[0], purpose, about_id, generation)[:MAC_BYTES]
    return base64.urlsafe_b64encode(bytes([_key_id(keys[0])]) + mac + id_bytes).rstrip(b"=").decode()


def _verify(keys: Sequence[str], purpose: bytes, token: ReadToken, generation: int) -> bool:
    return any(
        _key_id(key) == token.key_id
        and hmac.compare_digest(_mac(key, purpose, token.about_id, generation)[:MAC_BYTES], token.mac)
        for key in keys
    )


def _digits(key: str, purpose: bytes, about_id: int, number: int) -> str:
    """Eight digits that follow from an id."""
    return f"{int.from_bytes(_mac(key, purpose, about_id, number)[:8], 'big') % 10**8:08d}"


def _same_digits(keys: Sequence[str], purpose: bytes, code: str, about_id: int, number: int) -> bool:
    digits = "".join(c for c in code if c.isascii() and c.isdigit())
    return any(hmac.compare_digest(_digits(key, purpose, about_id, number), digits) for key in keys)


def make_token(keys: Sequence[str], melding_id: int, generation: int) -> str:
    """The follow token of a melding, signed with the first key; about 30 characters, safe in a URL path."""
    return _token(keys, b"volgen", melding_id, generation)


def read_token(token: str) -> ReadToken | None:
    """Takes a token apart; None when it cannot be one. Proves nothing: see `verify_token`."""
    if not 20 <= len(token) <= 40 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    id_bytes = raw[1 + MAC_BYTES :]
    if not 1 <= len(id_bytes) <= 7:
        return None
    return ReadToken(raw[0], int.from_bytes(id_bytes, "big"), raw[1 : 1 + MAC_BYTES])


def verify_token(keys: Sequence[str], token: ReadToken, generation: int) -> bool:
    """Whether one of our keys made this token for this melding and generation, in constant time per key."""
    return _verify(keys, b"volgen", token, generation)


def spoken_code(keys: Sequence[str], melding_id: int, generation: int) -> str:
    """Eight digits that the KCC reads out beside the number; doors that take it are rate limited."""
    return _digits(keys[0], b"uitspreken", melding_id, generation)


def verify_spoken_code(keys: Sequence[str], code: str, melding_id: int, generation: int) -> bool:
    """Whether the digits in `code` (spaces and dashes ignored) are the spoken code of this melding."""
    return _same_digits(keys, b"uitspreken", code, melding_id, generation)


def request_code(keys: Sequence[str], request_id: int, number: int) -> str:
    """Eight digits that prove who asks about his own data; sent to the address we have of him, and never stored.

    number: which code of this request this is; the next one ends the one before.
    """
    return _digits(keys[0], b"verzoek", request_id, number)


def verify_request_code(keys: Sequence[str], code: str, request_id: int, number: int) -> bool:
    """Whether the digits in `code` (spaces and dashes ignored) are the code of this request."""
    return _same_digits(keys, b"verzoek", code, request_id, number)


def access_code(keys: Sequence[str], code_id: int) -> str:
    """Eight digits with which a melder opens his meldingen on another device; once, and never stored."""
    return _digits(keys[0], b"toegangscode", code_id, 0)


def verify_access_code(keys: Sequence[str], code: str, code_id: int) -> bool:
    """Whether the digits in `code` (spaces and dashes ignored) are this code."""
    return _same_digits(keys, b"toegangscode", code, code_id, 0)


def access_token(keys: Sequence[str], code_id: int) -> str:
    """The link that does what the code does."""
    return _token(keys, b"toegang", code_id, 0)


def verify_access_token(keys: Sequence[str], token: ReadToken) -> bool:
    """Whether one of our keys made this token for this code."""
    return _verify(keys, b"toegang", token, 0)


def party_token(keys: Sequence[str], team_id: int, generation: int) -> str:
    """The link of an external party to all its open opdrachten. generation + 1 revokes every link it holds."""
    return _token(keys, b"partij", team_id, generation)


def verify_party_token(keys: Sequence[str], token: ReadToken, generation: int) -> bool:
    """Whether one of our keys made this link for this party and generation."""
    return _verify(keys, b"partij", token, generation)


def party_work_token(keys: Sequence[str], opdracht_id: int, team_id: int, generation: int) -> str:
    """The link of an external party to one opdracht; it is another party's no more when the work changes hands."""
    return _token(keys, b"partij-opdracht" + team_id.to_bytes(8, "big"), opdracht_id, generation)


def verify_party_work_token(keys: Sequence[str], token: ReadToken, team_id: int, generation: int) -> bool:
    """Whether one of our keys made this link to an opdracht for this party and generation."""
    return _verify(keys, b"partij-opdracht" + team_id.to_bytes(8, "big"), token, generation)


def calendar_token(keys: Sequence[str], account_id: int, generation: int, gemeente_id: int = 0) -> str:
    """The link to a roster for somebody's own calendar; gemeente_id: of that whole gemeente, 0: his own duties.

    generation + 1 revokes every link he holds.
    """
    return _token(keys, _calendar(gemeente_id), account_id, generation)


def verify_calendar_token(keys: Sequence[str], token: ReadToken, generation: int, gemeente_id: int = 0) -> bool:
    """Whether one of our keys made this link for this account and generation."""
    return _verify(keys, _calendar(gemeente_id), token, generation)


def _calendar(gemeente_id: int) -> bytes:
    return b"agenda" + gemeente_id.to_bytes(8, "big")


def address_prints(keys: Sequence[str], gemeente_id: int, address: str) -> list[bytes]:
    """What finds an e-mail address or phone again without keeping it, per key, that of the first key first."""
    message = b"meldingen:adres" + gemeente_id.to_bytes(8, "big") + address.encode()
    return [hmac.new(key.encode(), message, hashlib.sha256).digest() for key in keys]


def queue_keys(keys: Sequence[str], account_id: int) -> list[str]:
    """32 bytes in base64 per secret, the newest first, with which a tablet encrypts what somebody has not sent yet.

    They follow from the account, so whoever signs in again reads his own; a colleague on the same tablet reads nothing.
    """
    message = b"meldingen:rij" + account_id.to_bytes(8, "big")
    return [base64.b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode() for key in keys]
