"""What can be refused, and how it is said: one stable code and one Dutch sentence per refusal.

The doors translate these to HTTP (`api/problems.py`, `web/errors.py`); nothing here knows a status code's header.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .sentence import say

T = TypeVar("T")


@dataclass(frozen=True)
class FieldError:
    """One thing wrong in one field. `field`: dotted path as the caller wrote it, such as `locatie.coordinates`."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """A refusal with a stable `code` for machines and `detail`, a B1 Dutch sentence, for people.

    `fields` holds every field error at once (KLANTREIS rule 14).
    """

    status = 400
    title: str = say("Dit kan niet")

    def __init__(self, code: str, detail: str, *, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.fields = tuple(fields)


class InvalidInput(DomainError):
    """What was handed over cannot be used; the caller can mend it."""

    status = 400
    title = say("De gegevens kloppen niet")

    @classmethod
    def of(cls, field: str, code: str, detail: str) -> "InvalidInput":
        """One field, one error."""
        return cls(code, detail, fields=[FieldError(field, code, detail)])

    @classmethod
    def gather(cls, fields: Sequence[FieldError]) -> "InvalidInput":
        """Several field errors at once; `fields` is not empty."""
        if len(fields) == 1:
            return cls(fields[0].code, fields[0].detail, fields=fields)
        return cls(
            "ongeldige_invoer",
            say("Een paar gegevens kloppen niet. Kijk bij elk veld wat u kunt verbeteren."),
            fields=fields,
        )


class NotSignedIn(DomainError):
    """Nobody we know is at the door."""

    status = 401
    title = say("Log eerst in")


class Forbidden(DomainError):
    """The actor is known, and may not do this."""

    status = 403
    title = say("Dit mag u niet")


class NotFound(DomainError):
    """There is nothing here, or nothing this actor may know of."""

    status = 404
    title = say("Niet gevonden")


class Conflict(DomainError):
    """It clashes with what is there already."""

    status = 409
    title = say("Dit past niet bij wat er al is")


class MoveNotAllowed(Conflict):
    """The workflow table does not allow this move now; `possible` names the moves that are."""

    title = say("Deze stap kan nu niet")

    def __init__(self, code: str, detail: str, *, possible: Sequence[str] = ()) -> None:
        super().__init__(code, detail)
        self.possible = tuple(possible)


class Gone(DomainError):
    """It was here, and retention or erasure took it."""

    status = 410
    title = say("Niet meer beschikbaar")


class Stale(DomainError):
    """Somebody else changed it first (If-Match does not hold)."""

    status = 412
    title = say("Iemand anders was u voor")


class TooLarge(DomainError):
    """More bytes than we take."""

    status = 413
    title = say("Dit is te groot")


class PreconditionRequired(DomainError):
    """An online move must say on which version it was based (If-Match)."""

    status = 428
    title = say("Versie ontbreekt")


class TooMany(DomainError):
    """Too many requests from one place. `retry_after_s`: whole seconds."""

    status = 429
    title = say("Even wachten")

    def __init__(self, code: str, detail: str, *, retry_after_s: int) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """We cannot do it now, and it is not the caller's fault. `retry_after_s`: whole seconds."""

    status = 503
    title = say("Dat lukt nu niet")

    def __init__(self, code: str, detail: str, *, retry_after_s: int = 60) -> None:
        super().__init__(code, detail)
        self.retry_after_s = retry_after_s


def gathered(errors: list[FieldError], check: Callable[[], T], empty: T) -> T:
    """What `check` gives; when it refuses, `empty`, and its field errors are added to `errors`."""
    try:
        return check()
    except InvalidInput as refused:
        errors.extend(refused.fields)
        return empty
