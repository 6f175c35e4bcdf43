"""One step with an opdracht as a form carries it: whose, on which version, with what, and what was wrong.

What each step does: team_moves.py and team_terms.py.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from flask import request

from ..auth import Visit
from ..domain.errors import DomainError, InvalidInput
from ..domain.text import whole_number
from ..flow.status import Basis
from ..store.worklists import WorkRow
from .keys import form_key
from .viewer import Viewer

FIELDS = (
    "plandatum", "vraag", "categorie", "team", "reden", "lon", "lat", "opdracht", "keuze", "zin", "partij", "tekst",
    "datum", "melding",
)  # fmt: skip
OWN_NAMES = {"uitkomst": "keuze", "locatie": "lon"}


@dataclass
class Step:
    """One step under way: whose, with what, and what was wrong. not_kept: photos that did not come through."""

    here: Visit
    viewer: Viewer
    row: WorkRow
    action: str
    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    not_kept: list[str] = field(default_factory=list)

    @property
    def basis(self) -> Basis:
        """The version and the key that the form carried; its body so that the same key is the same step."""
        version = request.form.get("versie", "")
        key = form_key()
        body = hashlib.sha256(repr(sorted(self.values.items())).encode()).digest()
        known = whole_number(version, 10**9)
        return Basis(version=known, operation_id=key or None, body_hash=body if key else b"")

    @property
    def who(self) -> dict[str, Any]:
        """The actor and the moment, as every flow function takes them."""
        return {"actor": self.here.actor, "now": self.here.now}

    def refuse(self, error: DomainError) -> None:
        """Notes a refusal at the fields of the form that it names."""
        for one in error.fields:
            self.errors.setdefault(OWN_NAMES.get(one.field, one.field), one.detail)


def team_id_of(step: Step) -> int | None:
    """The team that was chosen; None for none. Raises InvalidInput for what is no choice."""
    written = step.values["team"]
    if not written:
        return None
    found = whole(written)
    if found is None:
        raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
    return found


def whole(written: str) -> int | None:
    """A number of ours, or None."""
    return whole_number(written)


def number(written: str) -> float | str:
    """A coordinate, or the words that are none: the flow says what is wrong."""
    try:
        return float(written)
    except ValueError:
        return written
