"""The second factor of a medewerker: six digits from his phone that change every half minute (TOTP, RFC 6238).

Its secret is kept sealed with the secrets of the installation: who reads only the database cannot make codes. Not for
who must have one (flow/sign_in.py).
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGITS = 6
AROUND = (0, -1, 1)
"""Steps beside that of now: phones are not quite in time, and typing takes time too (RFC 6238, 5.2)."""


def new_secret() -> str:
    """A secret of 160 bits in base32, as apps for codes take it."""
    return pyotp.random_base32()


def address_for_app(secret: str, username: str, issuer: str) -> str:
    """The otpauth address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step that a code belongs to, or None when it does not fit now. after: the last step that was used; a
    code is good once. Spaces in the code do no harm."""
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    made = pyotp.TOTP(secret)
    here = made.timecode(now)
    steps = (here + off for off in AROUND)
    return next((one for one in steps if one > after and compare_digest(made.generate_otp(one), digits)), None)


def seal(keys: Sequence[str], secret: str, now: datetime) -> str:
    """The secret as it is kept, sealed with the first of the installation's secrets."""
    return _seals(keys).encrypt_at_time(secret.encode(), int(now.timestamp())).decode()


def unseal(keys: Sequence[str], sealed: str) -> str:
    """The secret again; empty when none of these secrets sealed it, so that it must be set up anew."""
    try:
        return _seals(keys).decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return ""


def _seals(keys: Sequence[str]) -> MultiFernet:
    made = (HKDF(SHA256(), 32, salt=None, info=b"meldingen:tweede-stap").derive(key.encode()) for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in made])
