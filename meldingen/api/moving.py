"""What every move on an opdracht shares: its headers, on which version it was based, and how it is answered."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma
from flask import request

from ..auth import Visit
from ..domain.errors import InvalidInput
from ..domain.workflow import STATUS_WORDS
from ..flow.photos import PhotoResult
from ..flow.status import Basis, Done, is_undoable
from ..store.opdracht import Opdracht
from ..store.team import team_by_slug
from . import problems
from .fields import Refuses
from .reading import moves_for, work_scope


class Key(Refuses, ma.fields.String):
    """An idempotency key: 1 to 100 visible characters, with or without quotes."""

    default_error_messages = {
        **Refuses.default_error_messages,
        "invalid": "sleutel_onjuist|Een Idempotency-Key heeft 1 tot 100 letters, cijfers of tekens, zonder spaties.",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        key = str(value).strip()
        key = key[1:-1] if len(key) > 2 and key[0] == key[-1] == '"' else key
        if not re.fullmatch(r"[!-~]{1,100}", key):
            raise self.make_error("invalid")
        return key


class Version(Refuses, ma.fields.String):
    """A version between quotes, as an ETag: "3"."""

    default_error_messages = {
        **Refuses.default_error_messages,
        "invalid": 'versie_onjuist|Schrijf de versie in If-Match als een getal tussen aanhalingstekens, zoals "3".',
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:  # type: ignore[override]
        found = re.fullmatch(r'"?([0-9]{1,9})"?', str(value).strip())
        if not found:
            raise self.make_error("invalid")
        return int(found.group(1))


class KeyHeader(ma.Schema):
    """The header that makes a request safe to repeat."""

    key = Key(
        data_key="Idempotency-Key",
        metadata={
            "description": "Uw eigen sleutel: hetzelfde verzoek nog eens sturen doet niets dubbel.",
            "maxLength": 100,
        },
    )


class VersionHeader(ma.Schema):
    """The header that says which version somebody had before him."""

    version = Version(
        data_key="If-Match",
        metadata={"description": 'De versie die u voor u had, zoals "3". Mag weg bij een stap zonder bereik.'},
    )


class MoveHeader(KeyHeader, VersionHeader):
    """The headers of a move."""


def basis_of(head: Mapping[str, Any], given: dict[str, Any], files: bytes = b"") -> Basis:
    """On what a move was based; takes its own fields out of `given`, so that only the move is left.

    A step that waited in a device carries its id, basisversie and apparaattijd (KLANTREIS rule 4). Raises
    InvalidInput when some of these are missing.
    """
    digest = hashlib.sha256(json.dumps([request.path, given], sort_keys=True, default=str).encode() + files).digest()
    base, device_at = given.pop("base_version", None), given.pop("device_at", None)
    key = head.get("key")
    if (base is None) != (device_at is None) or (device_at is not None and key is None):
        raise InvalidInput.of(
            "apparaattijd" if device_at is None else "basisversie",
            "onvolledig",
            "Een stap die wachtte op bereik heeft een Idempotency-Key, een basisversie en een apparaattijd.",
        )
    return Basis(
        version=base if device_at is not None else head.get("version"),
        operation_id=key,
        body_hash=digest if key else b"",
        device_at=device_at,
    )


def outcome_of(here: Visit, done: Done, new: Opdracht | None = None, *, photos: Sequence[PhotoResult] = ()) -> Any:
    """The answer to a move: 201 with the state after it, or the refusal of a step that waited in a device.

    photos: how each photo that came along fared, in their order; a bad one never holds up the move (rule 9).
    That refusal is answered, not raised: what the step said was kept as a note, and that is committed (rule 4).
    """
    if done.refused is not None:
        return problems.answer(done.refused)
    opdracht = done.opdracht
    answer = {
        "id": opdracht.id,
        "version": opdracht.version,
        "status": opdracht.status,
        "status_words": STATUS_WORDS[opdracht.status],
        "overtaken": done.overtaken,
        "replayed": done.replayed,
        "possible": moves_for(here.actor, opdracht, now=here.now),
        **({"undo_until": opdracht.undo_until} if is_undoable(opdracht, here.now) else {}),
        **({"new_id": new.id} if new is not None else {}),
        **({"photos": photos} if photos else {}),
    }
    return answer, 201, {"ETag": f'"{opdracht.version}"'}


def team_id_of(here: Visit, slug: str | None, gemeente_id: int) -> int | None:
    """The id of a team of this gemeente by slug, None for no slug. Raises InvalidInput naming `team`."""
    if slug is None:
        return None
    scope = work_scope(here.actor) & {gemeente_id}
    found = team_by_slug(here.session, slug, scope=scope)
    if found is None:
        raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
    return found.id
