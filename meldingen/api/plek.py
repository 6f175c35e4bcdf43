"""Where it is, for who builds an app: addresses to choose from, and things with a number on them."""

from typing import Any

from ..auth import enter, installation, visit
from ..db import transaction
from ..domain.address import search_words
from ..domain.errors import InvalidInput
from ..flow.objects import kin_of
from ..flow.places import suggest_addresses
from ..limits import count_search
from ..store.category import categories_of
from ..store.gemeente import served_gemeenten
from ..store.public_object import ObjectRow, objects_by_code, objects_in, objects_near
from .crs import read_bbox
from .door import Door, described
from .headers import BASE
from .paging import Page, page_of, paged
from .public import read_point
from .schemas.plek import AddressesOut, AddressQuery, ObjectsOut, ObjectsQuery

door = Door("Plek", __name__, url_prefix=BASE, description="Adressen zoeken, en dingen met een nummer erop.")

LINK = {"Link": {"description": "Vorige en volgende pagina (RFC 8288).", "schema": {"type": "string"}}}


@door.get("/adressen")
@enter("iedereen")
@door.arguments(AddressQuery(), location="query")
@door.response(200, AddressesOut())
@described(
    "Zoek een adres",
    "Straten en adressen in onze gemeenten, het waarschijnlijkste eerst. Zonder adreszoeker, of als die het niet doet, "
    "is `beschikbaar` false: een melding kan ook zonder adres.",
    fails=(429,),
)
def adressen(query: dict[str, Any]) -> dict[str, Any]:
    """What somebody may mean who is typing."""
    count_search()
    with transaction(installation().engine) as session:  # a short one: no connection waits for the geocoder
        wanted = query.get("gemeente")
        codes = [row.code for row in served_gemeenten(session) if wanted in (None, row.slug)]
    if not codes and wanted:
        raise _no_gemeente()
    found = suggest_addresses(visit().adapters.geocoder, search_words(query["words"]), codes=codes)
    return {
        "available": found is not None,
        "addresses": [
            {"text": one.text, "location": (one.lon, one.lat), "whole_street": one.whole_street} for one in found or ()
        ],
    }


@door.get("/objecten")
@enter("iedereen")
@door.arguments(ObjectsQuery(), location="query")
@door.response(200, ObjectsOut(), headers=LINK)
@described(
    "Toon dingen met een nummer",
    "Lichtmasten, containers en meer: rond een plek (`lon` en `lat`), binnen een `bbox`, of met een `code`. Geef "
    "`soort` en `code` mee als `object` van een melding; dan is de plaats niet nodig.",
)
def objecten(query: dict[str, Any]) -> Any:
    """One page of things."""
    here = visit()
    page = page_of(query)
    gemeenten = {row.id: row.slug for row in served_gemeenten(here.session)}
    scope = [row_id for row_id, slug in gemeenten.items() if query.get("gemeente") in (None, slug)]
    if not scope:
        raise _no_gemeente()
    near = "lon" in query or "lat" in query
    rows, headers = paged(_found(query, page, scope, near=near), page)
    shown = [
        {
            "kind": row.object.kind,
            "code": row.object.code,
            "name": row.object.name,
            "category": row.object.category_slug,
            "gemeente_slug": gemeenten[row.object.gemeente_id],
            "location": (row.lon, row.lat),
            **({"metres": round(row.metres)} if near else {}),
        }
        for row in rows
    ]
    return {"objects": shown}, 200, headers


def _found(query: dict[str, Any], page: Page, scope: list[int], *, near: bool) -> list[ObjectRow]:
    """Asked in one of three ways. Raises InvalidInput for none of them, or for two."""
    asked = [near, "bbox" in query, "code" in query]
    if sum(asked) != 1:
        raise InvalidInput.of(
            "bbox", "kies_een_manier", "Vraag op één manier: met lon en lat, met een bbox, of met een code."
        )
    session = visit().session
    which: dict[str, Any] = {"kind": query.get("kind", ""), "scope": scope, "limit": page.limit, "offset": page.offset}
    if "code" in query:
        return list(objects_by_code(session, query["code"], **which))
    if "bbox" in query:
        return list(objects_in(session, read_bbox(query["bbox"], query.get("bbox_crs")), **which))
    lon, lat = read_point({"lon": query.get("lon", ""), "lat": query.get("lat", "")})
    wanted = query.get("category")
    kin = kin_of(categories_of(session, scope=scope), wanted) if wanted else None
    return list(objects_near(session, lon, lat, radius_m=query["radius_m"], category_slugs=kin, **which))


def _no_gemeente() -> InvalidInput:
    return InvalidInput.of("gemeente", "onbekend", "Deze gemeente kennen wij niet.")
