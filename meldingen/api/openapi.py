"""The description of the API: what flask-smorest gathers, brought in line with the NL API Design Rules.

`description(app)` is what is served, what `meldingen openapi` writes to api_spec/, and what a test compares.
"""

import re
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from flask_smorest import Api

from ..auth import enter
from ..domain.intake import MAX_PHOTOS
from .crs import CRS84, SUPPORTED
from .door import ACCESS, FAILS, PART
from .headers import BASE, VERSION
from .parsing import FILES
from .problems import HTTP, MIMETYPE
from .schemas.base import Problem

TITLE = "Meldingen openbare ruimte"
WORDS = (
    "Meld wat er kapot, vies of gevaarlijk is in de openbare ruimte, volg hoe het staat, en werk eraan als team.\n\n"
    "Deze API volgt de NL API Design Rules 2.2 en de geo-module. Elke weigering is `application/problem+json` met een "
    "vaste `code` en alle fouten tegelijk. Antwoorden worden niet bewaard (`no-store`), behalve /categorieen, "
    "/gemeenten en /openapi.json: die hebben een ETag.\n\n"
    "Een onbekend veld wordt geweigerd. Stuur bij het melden een eigen `Idempotency-Key` mee: dan is hetzelfde verzoek "
    "twee keer sturen nooit twee meldingen."
)
CONTACT = {
    "name": "Team Meldingen",
    "email": "team-meldingen@example.nl",
    "url": "https://meldingen.example.nl",
}
METHODS = ("get", "post", "put", "patch", "delete")
SECURITY = {
    "medewerker": {
        "type": "http",
        "scheme": "bearer",
        "description": "Token van POST /sessies (begint met `ms_`).",
    },
    "sessie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-sessie",
        "description": "Sessie van onze eigen pagina's; bij wijzigen hoort de kopregel X-CSRF-Token.",
    },
    "partner": {
        "type": "http",
        "scheme": "bearer",
        "description": "Sleutel van een partner-app (begint met `mk_`).",
    },
    "melder": {
        "type": "apiKey",
        "in": "header",
        "name": "Volg-Token",
        "description": "Het volgToken van de melding.",
    },
}
FOR = {"medewerker": ("medewerker", "sessie"), "machine": ("partner",), "melder": ("melder",)}

IN_PATH = {
    "nummer": ("nummer", "Het meldingnummer: tien cijfers."),
    "opdracht_id": ("opdrachtId", "Het nummer van de opdracht."),
    "foto_id": ("fotoId", "Het id van de foto."),
    "callback_id": ("terugbelnotitieId", "Het nummer van de terugbelnotitie."),
    "task_id": ("taakId", "Het nummer van de taak."),
    "rule_id": ("regelId", "Het nummer van de routeringsregel."),
}
"""The variables in paths: their name outside, and what they are."""

API_VERSION_HEADER = {
    "description": "Versie van deze API.",
    "schema": {"type": "string", "example": VERSION},
}
CONTENT_CRS = {
    "in": "header",
    "name": "Content-Crs",
    "description": "Het coördinatenstelsel van de plaats in de inhoud; zonder is het WGS 84.",
    "schema": {"type": "string", "enum": list(SUPPORTED), "default": CRS84},
}
OK_WORDS = {200: "Gelukt.", 201: "Gemaakt.", 204: "Gelukt; er is niets te melden."}


class MeldingenApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest without its own error answers: problems.py gives those."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """None: api/__init__.py registers ours."""


def make_api(app: Flask) -> MeldingenApi:
    """The collector of descriptions for this app."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.0.3",
        API_SPEC_OPTIONS={
            "info": {
                "description": WORDS,
                "contact": CONTACT,
                "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/nl/"},
            },
            "servers": [{"url": BASE, "description": "Deze installatie."}],
        },
    )
    api = MeldingenApi(app)
    api.ma_plugin.converter.add_attribute_function(_no_null_enum)
    app.extensions["openapi"] = api
    return api


def _no_null_enum(_self: Any, field: Any, **_: Any) -> dict[str, Any]:
    """A closed list that may be null names null too, as JSON Schema wants."""
    values = field.metadata.get("enum")
    return {"enum": [*values, None]} if values and field.allow_none else {}


pages = Blueprint("openapi", __name__, url_prefix=BASE)


@pages.get("/openapi.json")
@enter("iedereen")
def openapi_json() -> Response:
    """The description of this API, for anyone (ADR-23)."""
    held = current_app.extensions
    if "openapi_text" not in held:
        held["openapi_text"] = text(current_app)
    return Response(held["openapi_text"], mimetype="application/json")


def text(app: Flask) -> str:
    """The description as it is served and written: JSON, two spaces, keys as we put them."""
    return json.dumps(description(app), indent=2, sort_keys=False, ensure_ascii=False) + "\n"


def description(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of this app."""
    with app.app_context():
        spec: dict[str, Any] = app.extensions["openapi"].spec.to_dict()
        problem = app.extensions["openapi"].ma_plugin.resolver.resolve_schema_dict(Problem())
        spec = app.extensions["openapi"].spec.to_dict()
    paths = {}
    for path, item in sorted(spec["paths"].items()):
        if not path.startswith(BASE + "/"):
            continue
        shown = path[len(BASE) :]
        for parameter in item.get("parameters", []):
            name, words = IN_PATH[parameter["name"]]
            shown = shown.replace("{" + parameter["name"] + "}", "{" + name + "}")
            parameter |= {"name": name, "description": words}
        for method in [m for m in METHODS if m in item]:
            _finish(method, shown, item[method], item.get("parameters", []))
        paths[shown] = item
    spec["paths"] = paths
    components = spec.setdefault("components", {})
    components.pop("responses", None)
    for unused in ("Error", "PaginationMetadata"):
        components["schemas"].pop(unused, None)
    components["headers"] = {"API-Version": API_VERSION_HEADER}
    components["securitySchemes"] = SECURITY
    components["responses"] = {
        f"Fout{status}": _problem_response(status, problem) for status in sorted(_used_statuses(paths))
    }
    spec["tags"] = [tag for tag in spec.get("tags", []) if tag["name"] != "openapi"]
    return spec


def _finish(method: str, path: str, operation: dict[str, Any], shared: list[Any]) -> None:
    """What every operation has: a name, who may, the version header, and each refusal that can come."""
    who, _roles = operation.pop(ACCESS)
    statuses = {400, 406, 500, 503, *operation.pop(FAILS, [])}
    if shared or any(p.get("in") == "path" for p in operation.get("parameters", [])):
        statuses.add(404)
    if "melder" in who and "iedereen" not in who:
        statuses.add(410)
    if method != "get":
        statuses |= {413, 429}
        if "Content-Crs" in operation["description"]:
            operation.setdefault("parameters", []).append(CONTENT_CRS)
    if "requestBody" in operation:
        statuses.add(415)
    schemes = [name for kind in who for name in FOR.get(kind, ())]
    if schemes:
        operation["security"] = [{name: []} for name in schemes] + ([{}] if "iedereen" in who else [])
        statuses |= {401, 403}
    if "iedereen" not in who and "melder" in who:
        statuses.add(404)
    if part := operation.pop(PART, ""):
        _offer_form(operation["requestBody"]["content"], part)
    operation["operationId"] = _operation_id(method, path)
    responses = operation["responses"]
    for status in list(responses):
        if not str(status).startswith("2"):
            del responses[status]
    for status, response in responses.items():
        response.setdefault("headers", {})["API-Version"] = {"$ref": "#/components/headers/API-Version"}
        if response.get("description", "").isascii() and int(status) in OK_WORDS:
            response["description"] = OK_WORDS[int(status)]
    for status in sorted(statuses):
        responses[str(status)] = {"$ref": f"#/components/responses/Fout{status}"}


def _offer_form(content: dict[str, Any], part: str) -> None:
    """The same body as one JSON part of a form, with photos beside it."""
    photos = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MAX_PHOTOS}
    content["multipart/form-data"] = {
        "schema": {
            "type": "object",
            "required": [part],
            "properties": {part: content["application/json"]["schema"], FILES: photos},
        },
        "encoding": {part: {"contentType": "application/json"}, FILES: {"contentType": "image/*"}},
    }


def _operation_id(method: str, path: str) -> str:
    words = [word for word in re.split(r"[/{}_-]+", path) if word]
    return method + "".join(word.capitalize() for word in words)


def _used_statuses(paths: dict[str, Any]) -> set[int]:
    return {
        int(status)
        for item in paths.values()
        for method in METHODS
        for status, response in item.get(method, {}).get("responses", {}).items()
        if "$ref" in response
    }


MORE = {
    409: ("stap_niet_mogelijk", "Deze stap kan nu niet", "Deze opdracht is gereed. 'Inplannen' kan dan niet."),
    410: ("niet_meer_beschikbaar", "Niet meer beschikbaar", "De melder vroeg om zijn gegevens te wissen."),
    412: ("versie_verouderd", "Iemand anders was u voor", "Iemand anders heeft deze opdracht net gewijzigd."),
    428: ("versie_ontbreekt", "Versie ontbreekt", "Stuur met If-Match mee welke versie u voor u had."),
    429: ("te_veel_verzoeken", "Even wachten", "U doet veel verzoeken achter elkaar. Wacht 42 seconden."),
}


def _problem_response(status: int, schema: dict[str, Any]) -> dict[str, Any]:
    code, title, detail = {**HTTP, **MORE}[status]
    headers: dict[str, Any] = {"API-Version": {"$ref": "#/components/headers/API-Version"}}
    if status in (429, 503):
        headers["Retry-After"] = {"description": "Wacht zoveel seconden.", "schema": {"type": "integer"}}
    example = {
        "type": f"urn:meldingen:fout:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "urn:meldingen:verzoek:5f2b9c1d7e3a4f60",
        "code": code,
    }
    return {
        "description": title + ".",
        "headers": headers,
        "content": {MIMETYPE: {"schema": schema, "example": example}},
    }
