"""What a push message is on the wire: encrypted for one device (RFC 8188, 8291) and signed by us (VAPID, RFC 8292).

Pure but for the salt and the one-time key. The parts are the library's (ECDH, HKDF, AES-GCM, JWT); only their order is
ours, held to the worked example of RFC 8291. Sending: push.py.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

RECORD: Final = 4096
"""A push service takes at most this much (RFC 8030, 7.2)."""
MOST_PLAIN: Final = RECORD - 103
"""What is left of it for the message: without header (86), delimiter (1) and tag (16)."""
VALID_S: Final = 12 * 3600
"""How long a signature is good; a day is the most."""

_CURVE: Final = ec.SECP256R1()


@dataclass(frozen=True)
class Device:
    """Where one browser takes push messages. p256dh: its public key, 65 bytes. auth: its secret, 16 bytes."""

    endpoint: str
    p256dh: bytes
    auth: bytes


def read_device(endpoint: str, p256dh: str, auth: str) -> Device:
    """A subscription as a browser gives it, its keys in base64url. Raises ValueError for what no browser makes."""
    key, secret = from_base64(p256dh), from_base64(auth)
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)
    if len(key) != 65 or len(secret) != 16:
        raise ValueError("keys of another length")
    return Device(endpoint, key, secret)


def encrypt(plain: bytes, device: Device, *, salt: bytes = b"", key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """The body of a push message: `aes128gcm`, one record. salt, key: made anew, except to follow a worked example."""
    if len(plain) > MOST_PLAIN:
        raise ValueError("too long for a push message")
    salt, key = salt or os.urandom(16), key or ec.generate_private_key(_CURVE)
    ours = public_point(key)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, device.p256dh))
    secret = _hkdf(shared, device.auth, b"WebPush: info\0" + device.p256dh + ours, 32)
    content_key = _hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\2", None)


def sign(endpoint: str, key: ec.EllipticCurvePrivateKey, contact: str, *, now_s: float) -> str:
    """The Authorization header: who we are, for this push service, for half a day. now_s: machine time."""
    service = urlsplit(endpoint)
    claims = {"aud": f"{service.scheme}://{service.netloc}", "exp": int(now_s) + VALID_S, "sub": contact}
    token = jwt.encode(claims, key, algorithm="ES256")
    return f"vapid t={token}, k={to_base64(public_point(key))}"


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Our private key: PEM, or its 32 bytes in base64url. Raises ValueError."""
    if text.lstrip().startswith("-----BEGIN"):
        found = load_pem_private_key(text.encode(), password=None)
        if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
            raise ValueError("no key on P-256")
        return found
    raw = from_base64(text)
    if len(raw) != 32:
        raise ValueError("no 32 bytes in base64url")
    return ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)


def make_key() -> str:
    """A new private key, as `read_key` takes it."""
    numbers = ec.generate_private_key(_CURVE).private_numbers()
    return to_base64(numbers.private_value.to_bytes(32, "big"))


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, as 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def to_base64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """base64url, padded or not. Raises ValueError."""
    bare = text.strip().rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error


def _hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
