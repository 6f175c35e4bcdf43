"""Reading requests: JSON with bounds, multipart with one JSON part, queries; and every mistake at once as 400.

What the body means is the schema's business (schemas/), what may be in it the domain's. Nothing of the caller's
values is echoed; an unknown field is refused by its name alone (KLANTREIS rule 7).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, json, request
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from ..domain.errors import FieldError, InvalidInput, TooLarge

MAX_JSON_BYTES = 256 * 1024
MAX_DEPTH = 12
MAX_ERRORS = 50
FILES = "foto"
"""The name of the files in a form; the words beside them are one part of JSON."""

UNREADABLE = ("json_onleesbaar", "Dit is geen geldige JSON. Kijk of alle haakjes, komma's en aanhalingstekens kloppen.")


class Parser(FlaskParser):
    """webargs with our limits and our refusals."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE, "headers": ma.EXCLUDE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """The body as an object; a schema that names a `multipart` part may come as that part of a form."""
        part: str = getattr(schema, "multipart", "")
        if part and req.mimetype == "multipart/form-data":
            return _part(req, part)
        if req.mimetype != "application/json":
            sent = req.content_length or "Transfer-Encoding" in req.headers
            if sent or any(field.required for field in schema.fields.values()):
                raise UnsupportedMediaType
            return {}
        raw = body_bytes(req)
        if not raw.strip():
            return {}
        return read_json(raw)

    def handle_error(self, error: ma.ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Turns marshmallow's tree of messages into our list of field errors."""
        messages: Any = error.messages
        for location in ("json", "query", "headers", "files"):
            if isinstance(messages, dict) and set(messages) == {location}:
                messages = messages[location]
                break
        raise InvalidInput.gather(list(_flatten(messages, ""))[:MAX_ERRORS]) from error


PARSER = Parser()


def body_bytes(req: Request) -> bytes:
    """The body of a JSON request, at most MAX_JSON_BYTES. Raises TooLarge."""
    req.max_content_length = MAX_JSON_BYTES
    if (req.content_length or 0) > MAX_JSON_BYTES:
        raise too_much_text()
    return req.get_data(cache=True)


def too_much_text() -> TooLarge:
    """The refusal of a JSON body beyond the limit."""
    return TooLarge("te_groot", f"De gegevens zijn te groot: wij lezen ten hoogste {MAX_JSON_BYTES // 1024} kB tekst.")


def read_json(raw: bytes | str) -> dict[str, Any]:
    """One JSON object. Raises InvalidInput for what is not JSON, not finite, too deep, or not text a person types."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except InvalidInput:
        raise
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # also UnicodeDecodeError, and integers of thousands of digits
        raise InvalidInput(*UNREADABLE) from error
    if not isinstance(value, dict):
        raise InvalidInput("geen_object", "Stuur één JSON-object: begin met { en eindig met }.")
    errors = list(_odd_text(value))
    if errors:
        raise InvalidInput.gather(errors[:MAX_ERRORS])
    return value


def refuse_unknown_query(known: bool) -> None:
    """Refuses query parameters on a door that takes none."""
    if request.args and not known:
        raise InvalidInput.gather([_unknown(name) for name in list(request.args)[:MAX_ERRORS]])


def show_name(name: object) -> str:
    """A field name of the caller, safe to repeat: short and without anything invisible."""
    start = str(name)[:60]
    return start if start.isprintable() else "".join(c for c in start if c.isprintable())


def files_only(req: Request) -> None:
    """Checks a form that carries photos and nothing else. Raises UnsupportedMediaType or InvalidInput."""
    if req.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    _refuse_unknown_parts(req, "")
    if not req.files:
        raise InvalidInput.of(FILES, "verplicht", f"Stuur ten minste één foto mee, in een deel '{FILES}'.")


def _refuse_unknown_parts(req: Request, part: str) -> None:
    unknown = [name for name in req.form if name != part] + [name for name in req.files if name not in (FILES, part)]
    if unknown:
        raise InvalidInput.gather([_unknown(name) for name in unknown[:MAX_ERRORS]])


def _part(req: Request, part: str) -> dict[str, Any]:
    _refuse_unknown_parts(req, part)
    raw: str | bytes | None = req.form.get(part)
    if raw is None and part in req.files:  # a Blob of a browser comes as a file called "blob"
        raw = req.files[part].stream.read(MAX_JSON_BYTES + 1)
    if raw is None:
        raise InvalidInput.of(part, "verplicht", f"Stuur de gegevens als JSON in het deel '{part}'.")
    if len(raw) > MAX_JSON_BYTES:
        raise too_much_text()
    return read_json(raw)


def _unknown(name: object) -> FieldError:
    return FieldError(show_name(name), "onbekend_veld", "Dit veld kennen wij niet. Haal het weg.")


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput("getal_onjuist", f"{name} is geen getal. Schrijf een gewoon getal.")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise InvalidInput("getal_onjuist", "Er staat een getal in dat te groot is.")
    return number


def _too_deep() -> InvalidInput:
    return InvalidInput("te_diep", f"De gegevens zitten te diep in elkaar: ten hoogste {MAX_DEPTH} lagen.")


def _odd_text(value: Any) -> Iterator[FieldError]:
    """NUL and lone surrogates wherever they stand, without recursion; too many layers raises."""
    waiting: list[tuple[str, Any, int]] = [("", value, 1)]
    while waiting:
        path, item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(item, dict):
            for name, inner in item.items():
                yield from _odd_string(_join(path, show_name(name)), name)
                waiting.append((_join(path, show_name(name)), inner, depth + 1))
        elif isinstance(item, list):
            waiting += [(_join(path, str(i)), inner, depth + 1) for i, inner in enumerate(item)]
        elif isinstance(item, str):
            yield from _odd_string(path, item)


def _odd_string(path: str, text: str) -> Iterator[FieldError]:
    if "\x00" in text:
        yield FieldError(path, "nul_teken", "Hier staat een teken dat niet mag (NUL). Typ het opnieuw.")
    elif not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        yield FieldError(path, "half_teken", "Hier staat een half teken. Typ het opnieuw, zonder emoji.")


def _flatten(messages: Any, path: str) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flatten(inner, path if name == "_schema" else _join(path, show_name(name)))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, (Mapping, list)):
            yield from _flatten(message, path)
            continue
        code, bar, detail = str(message).partition("|")
        yield FieldError(path, code, detail) if bar else FieldError(path, "ongeldig", "Deze waarde klopt niet.")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
