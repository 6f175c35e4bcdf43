"""The marshmallow fields of the API: strict about types, Dutch about mistakes. Places: crs.py. Shapes: schemas/.

Messages are written as `code|sentence`; parsing.py takes them apart. A field that needs a rule of the domain asks
the domain, so that form, API and KCC count and refuse alike.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import marshmallow as ma

from ..domain.errors import InvalidInput
from ..domain.text import clean_text

MAX_ID = 2**53 - 1
"""Ids above this cannot be ours, and some clients cannot even hold them."""

Messages = dict[str, str | list[Any] | dict[Any, Any]]

_COMMON: Messages = {
    "required": "verplicht|Dit gegeven is verplicht.",
    "null": "leeg|Dit gegeven mag niet null zijn. Laat het weg of vul het in.",
    "validator_failed": "ongeldig|Deze waarde klopt niet.",
}


class Refuses:
    """What our fields share: Dutch sentences, and `InvalidInput` of the domain read as their own refusal."""

    default_error_messages: Messages = _COMMON

    @staticmethod
    def ask(rule: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls a rule of the domain. Raises ValidationError with its code and sentence."""
        try:
            return rule(*args, **kwargs)
        except InvalidInput as error:
            raise ma.ValidationError(f"{error.code}|{error.detail}") from error


class Text(Refuses, ma.fields.String):
    """Words of people: NFC, counted in code points, no controls (KLANTREIS rule 7)."""

    default_error_messages = {**_COMMON, "invalid": "geen_tekst|Hier hoort tekst."}

    def __init__(self, *, max_length: int = 500, filled: bool = False, **kwargs: Any) -> None:
        metadata = {"maxLength": max_length, **({"minLength": 1} if filled else {}), **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.max_length = max_length
        self.filled = filled

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        text: str = self.ask(clean_text, value, field=self.data_key or attr or "", max_length=self.max_length)
        if self.filled and not text:
            raise ma.ValidationError("leeg|Dit gegeven mag niet leeg zijn.")
        return text


class Asked(Text):
    """A text that a rule of the domain checks: `rule(value, field=…)`; empty stays empty."""

    def __init__(self, rule: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rule = rule

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Any:
        text = super()._deserialize(value, attr, data)
        return self.ask(self.rule, text, field=self.data_key or attr or "") if text else text


class Slug(Refuses, ma.fields.String):
    """A short name of ours: lower case, digits, hyphens."""

    default_error_messages = {
        **_COMMON,
        "invalid": "geen_slug|Hier hoort een korte naam van kleine letters, cijfers en streepjes.",
    }
    PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": f"^{self.PATTERN.pattern}$", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if not isinstance(value, str) or not self.PATTERN.fullmatch(value):
            raise self.make_error("invalid")
        return value


class Choice(Refuses, ma.fields.String):
    """One of a closed list of Dutch words."""

    default_error_messages = {**_COMMON, "invalid": "geen_keuze|Kies een van: {choices}."}

    def __init__(self, *values: str, **kwargs: Any) -> None:
        super().__init__(metadata={"enum": list(values), **kwargs.pop("metadata", {})}, **kwargs)
        self.values = values

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if not isinstance(value, str) or value not in self.values:
            raise self.make_error("invalid", choices=", ".join(self.values))
        return value


class Whole(Refuses, ma.fields.Integer):
    """A whole number between bounds; digits in a query, a number in JSON."""

    default_error_messages = {
        **_COMMON,
        "invalid": "geen_getal|Hier hoort een heel getal van {least} tot en met {most}.",
    }

    def __init__(self, *, least: int = 1, most: int = MAX_ID, **kwargs: Any) -> None:
        metadata = {"minimum": least, "maximum": most, "format": "int64", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> int:
        in_query = not isinstance(data, dict)
        if in_query and isinstance(value, str) and len(value) <= 16 and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise self.make_error("invalid", least=self.least, most=self.most)
        return value


class Flag(Refuses, ma.fields.Boolean):
    """true or false; the words in a query, the values in JSON."""

    default_error_messages = {**_COMMON, "invalid": "geen_ja_nee|Hier hoort true of false."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bool:
        if isinstance(value, bool):
            return value
        if not isinstance(data, dict) and value in ("true", "false"):
            return bool(value == "true")
        raise self.make_error("invalid")


class Day(Refuses, ma.fields.Date):
    """A day without a time: 2026-04-14."""

    default_error_messages = {**_COMMON, "invalid": "geen_datum|Schrijf de datum als 2026-04-14."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise self.make_error("invalid") from error
        if not 2000 <= day.year <= 2200:
            raise self.make_error("invalid")
        return day


class Moment(Refuses, ma.fields.AwareDateTime):
    """A moment: any offset in, UTC with `Z` out (ADR-08, ADR-09)."""

    default_error_messages = {
        **_COMMON,
        "invalid": "geen_tijdstip|Schrijf het tijdstip als 2026-04-14T08:47:00Z of met een verschil, zoals +02:00.",
    }
    SHAPE = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?[0-9]*(Z|z|[+-][0-9]{2}:[0-9]{2})"
    )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> datetime:
        if not isinstance(value, str) or not self.SHAPE.fullmatch(value) or len(value) > 40:
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", value.upper()))
            if not 2000 <= moment.year <= 2200 or abs(moment.utcoffset() or timedelta()) > timedelta(hours=18):
                raise self.make_error("invalid")
            return moment.astimezone(UTC)
        except ValueError as error:
            raise self.make_error("invalid") from error

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else show_moment(value)


class Nested(Refuses, ma.fields.Nested):
    """An object inside an object."""

    default_error_messages = {**_COMMON, "type": "geen_object|Hier hoort een object tussen accolades."}


class Listed(Refuses, ma.fields.List[Any]):
    """A list."""

    default_error_messages = {**_COMMON, "invalid": "geen_lijst|Hier hoort een lijst."}


class Codes(ma.fields.List[Any]):
    """A list of words of ours in an answer: it goes out as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ma.fields.String(), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        return value


class Free(Refuses, ma.fields.Dict):
    """An object with names of the caller's choice, such as answers to questions; the flow checks what is in it."""

    default_error_messages = {**_COMMON, "invalid": "geen_object|Hier hoort een object tussen accolades."}


def show_moment(value: datetime) -> str:
    """An aware moment in UTC, to the second: 2026-04-14T06:47:00Z."""
    return value.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"
