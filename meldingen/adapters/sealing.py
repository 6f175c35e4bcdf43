"""Files that leave the installation: encrypted with age for who may read them, or as they are.

Encrypting needs only public keys, so the machine that makes back-ups cannot read them. Streams: memory stays flat
whatever the size. What is in the files is for flow/backup.py.
"""

import shutil
from collections.abc import Sequence
from typing import IO, Protocol

import pyrage
from pyrage import x25519

from .failures import PermanentFailure


class Sealing(Protocol):
    """How a stream becomes what is kept, and back. Raises only PermanentFailure, and what the streams raise."""

    suffix: str

    def close(self, plain: IO[bytes], kept: IO[bytes]) -> None:
        """Reads `plain` to its end and writes what is kept."""

    def open(self, kept: IO[bytes], plain: IO[bytes]) -> None:
        """Reads what was kept and writes the plain bytes; bytes that were changed raise PermanentFailure."""


class Plain:
    """Kept as it is. Changed bytes are seen by their hash only."""

    suffix = ""

    def close(self, plain: IO[bytes], kept: IO[bytes]) -> None:
        """Copies."""
        shutil.copyfileobj(plain, kept, 1 << 20)

    def open(self, kept: IO[bytes], plain: IO[bytes]) -> None:
        """Copies."""
        shutil.copyfileobj(kept, plain, 1 << 20)


class Age:
    """age (age-encryption.org), by its Rust implementation. recipients: `age1…`; identity: the text of a key file."""

    suffix = ".age"

    def __init__(self, recipients: Sequence[str] = (), identity: str = "") -> None:
        try:
            self._recipients = [x25519.Recipient.from_str(one) for one in recipients]
            lines = (line.strip() for line in identity.splitlines())
            self._identities = [x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")]
        except (pyrage.RecipientError, pyrage.IdentityError) as error:
            raise PermanentFailure("dit is geen sleutel van age") from error

    def close(self, plain: IO[bytes], kept: IO[bytes]) -> None:
        """Encrypts for every recipient."""
        pyrage.encrypt_io(plain, kept, self._recipients)

    def open(self, kept: IO[bytes], plain: IO[bytes]) -> None:
        """Decrypts with one of the identities."""
        try:
            pyrage.decrypt_io(kept, plain, self._identities)
        except pyrage.DecryptError as error:
            raise PermanentFailure("de sleutel past niet, of het bestand is veranderd") from error


def make_pair() -> tuple[str, str]:
    """A new secret key and the recipient that belongs to it."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())
