"""What a back-up says of itself: its parts with their hashes, what it was made of, and a seal over all of it.

The seal is an HMAC with a secret of the installation, so that who can write in the folder of the back-ups cannot make
one that we take for ours. Which back-ups stay is decided here too. Not how one is made (flow/backup.py). No I/O.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

FORM: Final = 1
"""Of the folder of a back-up. One that is newer than this code is refused."""
DUMP: Final = "database.dump"
PHOTOS: Final = "fotos.jsonl"
MANIFEST: Final = "manifest.json"
HALF: Final = ".half-"
"""How the folder of a back-up begins that is being made, or was left by one that was killed."""
POOL: Final = "fotos"
LEAST_JUMP: Final = 10_000
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


class BadBackup(Exception):
    """A back-up that must not be put back. The words are Dutch, for the person at the command line."""


@dataclass(frozen=True)
class Part:
    """One file of a back-up as it lies on the disk: its size in bytes and its sha256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What one back-up is. revision: of the schema. rows: per table. sealed_for: the age recipients, empty: plain.

    pool: the folder of the photos it shares with others. photos: how many it needs. lost: photos that a row knows and
    that the store did not have. gone: photos that upkeep took away while the back-up ran.
    """

    made_at: str
    release: str
    revision: str
    server: int
    sealed_for: tuple[str, ...]
    parts: tuple[Part, ...]
    pool: str
    photos: int
    photo_bytes: int
    lost: int
    gone: int
    rows: dict[str, int]
    form: int = FORM

    def part(self, name: str) -> Part:
        """The part of this name, with or without the suffix of encryption. Raises BadBackup."""
        for part in self.parts:
            if part.name in (name, f"{name}.age"):
                return part
        raise BadBackup(f"In het manifest ontbreekt {name}.")

    @property
    def moment(self) -> datetime:
        """The moment it is of, aware UTC: what was committed later is not in it."""
        return datetime.fromisoformat(self.made_at)


def new_name(now: datetime, random: str) -> str:
    """The name of a back-up made now; names sort by age. random: eight hexadecimal digits."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{random}"


def is_name(name: str) -> bool:
    """Whether a folder of this name is a back-up that was finished."""
    return _NAME.fullmatch(name) is not None


def too_many(names: Collection[str], keep: int) -> list[str]:
    """The finished back-ups that go when the newest `keep` stay (at least one), oldest first."""
    return sorted(filter(is_name, names))[: -max(1, keep)]


def pool_name(recipients: Sequence[str]) -> str:
    """The folder for photos encrypted for these recipients; photos for others are never taken for theirs."""
    if not recipients:
        return POOL
    return f"{POOL}-{hashlib.sha256(' '.join(sorted(recipients)).encode()).hexdigest()[:8]}"


def jump_of(busiest_day: int, days: float) -> int:
    """How far numbers and ids jump after a back-up of `days` ago was put back: well past what was given out since.

    Twice the busiest day known for each day begun, and 10,000 at least.
    """
    return max(LEAST_JUMP, 2 * busiest_day * (int(max(0.0, days)) + 1))


def write_manifest(manifest: Manifest, key: str) -> str:
    """The text of a manifest with its seal. key: the secret that signs."""
    facts = asdict(manifest)
    return json.dumps(facts | {"seal": _seal(facts, key)}, indent=1, sort_keys=True) + "\n"


def read_manifest(text: str, keys: Sequence[str]) -> Manifest:
    """The manifest in this text. Raises BadBackup: damaged, newer than this code, or sealed by others."""
    try:
        facts = json.loads(text)
        seal = facts.pop("seal")
        if facts["form"] > FORM:
            raise BadBackup("Deze back-up is gemaakt met een nieuwere versie van Meldingen. Gebruik die versie.")
        parts = tuple(Part(**part) for part in facts["parts"])
        manifest = Manifest(**facts | {"parts": parts, "sealed_for": tuple(facts["sealed_for"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadBackup("Het manifest is beschadigd.") from error
    if not any(hmac.compare_digest(_seal(facts, key), str(seal)) for key in keys):
        raise BadBackup(
            "Het zegel van deze back-up past bij geen van de SECRET_KEYS. Of het manifest is veranderd, of de back-up "
            "is van een installatie met andere geheimen: dan werken ook de volglinks eruit niet. Zet de SECRET_KEYS "
            "van toen erbij."
        )
    return manifest


def _seal(facts: dict[str, Any], key: str) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(key.encode(), b"meldingen:backup" + text, hashlib.sha256).hexdigest()
