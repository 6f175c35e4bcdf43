"""What anyone reads without signing in: categories, gemeenten, what lies at a place, and problems nearby."""

from typing import Any

from ..auth import enter, visit
from ..domain.beforehand import read_beforehand
from ..domain.danger import hear
from ..domain.deadlines import local_day
from ..domain.errors import InvalidInput
from ..domain.intake import parse_location
from ..domain.privacy import is_public_category
from ..domain.workflow import STATUS_WORDS
from ..flow.banner import current_banner
from ..flow.danger import words_of
from ..flow.places import address_at
from ..flow.proposals import propose_categories
from ..limits import count_step
from ..store import worklists
from ..store.area import areas_at
from ..store.category import Category, categories_of
from ..store.gemeente import Gemeente, gemeente_by_slug, gemeenten_at, nearest_served, served_gemeenten
from .crs import SUPPORTED, asked_crs
from .door import Door, described
from .headers import BASE
from .schemas.public import (
    CategoriesOut,
    CrsOut,
    DangerIn,
    DangerOut,
    GemeentenOut,
    GemeentenQuery,
    LocationOut,
    NearbyOut,
    NearbyQuery,
    PointQuery,
    ProposalIn,
    ProposalsOut,
)

door = Door("Openbaar", __name__, url_prefix=BASE, description="Wat iedereen mag lezen, ook zonder inloggen.")


@door.get("/categorieen")
@enter("iedereen")
@door.arguments(GemeentenQuery(), location="query")
@door.response(200, CategoriesOut())
@described("Toon de categorieën", "Alle categorieën waaruit een melder kan kiezen, met hun raad, vragen en termijn.")
def categorieen(query: dict[str, Any]) -> dict[str, Any]:
    """The categories of all gemeenten, or of one."""
    here = visit()
    wanted = query.get("gemeente")
    homes = {row.id: row for row in served_gemeenten(here.session) if wanted in (None, row.slug)}
    scope = list(homes)
    if wanted and not scope:
        raise _no_gemeente()
    rows = categories_of(here.session, scope=scope)
    slugs = {row.id: row.slug for row in rows}
    return {"categories": [_category(row, slugs, homes[row.gemeente_id]) for row in rows]}


def _category(row: Category, slugs: dict[int, str], home: Gemeente) -> dict[str, Any]:
    main_slug = slugs.get(row.parent_id) if row.parent_id else None
    return {
        "slug": row.slug,
        "main_slug": main_slug,
        "name": row.name,
        "hint": row.hint,
        "gemeente_slug": home.slug,
        "term_days": row.term_days,
        "danger": row.urgency == "spoed",
        "public": is_public_category(row.slug, main_slug, public=row.public),
        "questions": row.questions,
        "questions_version": row.questions_version,
        "beforehand": read_beforehand(row.beforehand, website=home.website) or None,
    }


@door.post("/gevaarvragen")
@enter("iedereen")
@door.arguments(DangerIn())
@door.response(200, DangerOut())
@described(
    "Vraag of een tekst gevaarlijk klinkt",
    "Zo ja, vraag de melder dan: 'Is het nu gevaarlijk?' en stuur het antwoord mee als `gevaarAntwoord`. Alleen 'ja' "
    "geeft alarm. De tekst gaat in de inhoud van het verzoek, omdat er namen in kunnen staan; wij bewaren haar niet.",
)
def gevaarvragen(sent: dict[str, Any]) -> dict[str, Any]:
    """Whether to ask the melder."""
    count_step()
    known = served_gemeenten(visit().session)
    homes = [row for row in known if sent.get("gemeente") in (None, row.slug)]
    if not homes:
        raise _no_gemeente()
    return {"ask": any(hear(sent["text"], words_of(home.policy)).suspected for home in homes)}


@door.post("/categorievoorstellen")
@enter("iedereen")
@door.arguments(ProposalIn())
@door.response(200, ProposalsOut())
@described(
    "Vraag welke categorie bij een tekst past",
    "Hoogstens drie, de waarschijnlijkste eerst; geen als wij het niet zeker genoeg weten. Vraag het na een pauze in "
    "het typen, bied altijd ook 'iets anders' aan, en verander nooit wat de melder koos. De tekst gaat in de inhoud "
    "van het verzoek, omdat er namen in kunnen staan; wij bewaren haar hierbij niet.",
)
def categorievoorstellen(sent: dict[str, Any]) -> dict[str, Any]:
    """What somebody is probably writing about."""
    count_step()
    here = visit()
    served = served_gemeenten(here.session)
    named = sent.get("gemeente")
    homes = [row for row in served if named in (None, row.slug)]
    if named and not homes:
        raise _no_gemeente()
    if len(homes) != 1:
        raise InvalidInput.of("gemeente", "ontbreekt", "Noem de gemeente: wij doen er meer dan één.")
    return {"categories": propose_categories(here.session, sent["text"], gemeente_id=homes[0].id)}


@door.get("/gemeenten")
@enter("iedereen")
@door.response(200, GemeentenOut())
@described("Toon de gemeenten", "De gemeenten waarvoor hier gemeld kan worden, met telefoonnummer en openingstijden.")
def gemeenten() -> dict[str, Any]:
    """The gemeenten of this installation."""
    here = visit()
    return {
        "gemeenten": [
            {
                **{name: getattr(row, name) for name in ("slug", "name", "code", "phone", "hours", "email", "website")},
                "banner": current_banner(row, here.now),
            }
            for row in served_gemeenten(here.session)
        ]
    }


@door.get("/locaties")
@enter("iedereen")
@door.arguments(PointQuery(), location="query")
@door.response(200, LocationOut())
@described("Zoek op wat er op een plek ligt", "Welke gemeente en wijk het is, en of wij daar meldingen doen.")
def locaties(query: dict[str, Any]) -> dict[str, Any]:
    """Whose place this is."""
    here = visit()
    lon, lat = read_point(query)
    address = address_at(here.adapters.geocoder, lon, lat)  # before the first query: no connection waits for it
    covering = gemeenten_at(here.session, lon, lat)
    served = next((row for row in covering if row.served), None)
    owner = served or next(iter(covering), None)
    nearest = nearest_served(here.session, lon, lat)
    areas = areas_at(here.session, lon, lat, scope=[served.id]) if served else []
    return {
        "location": (lon, lat),
        "ours": served is not None,
        "gemeente": owner.name if owner else None,
        "gemeente_slug": served.slug if served else None,
        "wijk": next((area for area in areas if area.kind == "wijk"), None),
        "buurt": next((area for area in areas if area.kind == "buurt"), None),
        "metres": round(nearest[1]) if nearest else None,
        **({"address": address} if address else {}),
    }


@door.get("/meldingen-nabij")
@enter("iedereen")
@door.arguments(NearbyQuery(), location="query")
@door.response(200, NearbyOut())
@described(
    "Toon wat in de buurt al gemeld is",
    "Open problemen in openbare categorieën rond een plek. Elk staat op ongeveer 10 meter nauwkeurig. Zonder tekst, "
    "foto's of gegevens van melders.",
)
def meldingen_nabij(query: dict[str, Any]) -> dict[str, Any]:
    """The open problems near a place."""
    here = visit()
    lon, lat = read_point(query)
    rows = worklists.open_nearby(
        here.session,
        lon,
        lat,
        radius_m=query["radius_m"],
        category_slug=query.get("category"),
        scope=here.public_scope,
    )
    return {
        "meldingen": [
            {
                "public_id": str(row.opdracht.id),
                "category_slug": row.category.slug,
                "category_name": row.category.name,
                "status_words": STATUS_WORDS[row.opdracht.status],
                "location": (round(row.lon, 4), round(row.lat, 4)),
                "metres": round(row.metres),
                "received_on": local_day(row.opdracht.received_at),
                "count": row.melders,
            }
            for row in rows
        ]
    }


@door.get("/crss")
@enter("iedereen")
@door.response(200, CrsOut())
@described("Toon de coördinatenstelsels", "Welke stelsels u kunt vragen met `crs`, en meesturen met `Content-Crs`.")
def crss() -> dict[str, Any]:
    """The coordinate systems we know."""
    return {"crs": list(SUPPORTED)}


def read_point(query: dict[str, Any]) -> tuple[float, float]:
    """The place in a query: digits of a number, judged as any place. Always in degrees, longitude and latitude."""
    asked_crs()
    numbers: list[float | str] = []
    for name in ("lon", "lat"):
        try:
            numbers.append(float(query[name]) if len(query[name]) <= 40 else query[name])
        except ValueError:
            numbers.append(query[name])
    place = parse_location(*numbers, field="lon, lat")
    return place.lon, place.lat


def _no_gemeente() -> InvalidInput:
    return InvalidInput.of("gemeente", "onbekend", "Deze gemeente kennen wij niet.")


def gemeente_id_of(slug: str) -> int:
    """The id of a served gemeente. Raises InvalidInput naming `gemeente`."""
    found = gemeente_by_slug(visit().session, slug)
    if found is None:
        raise _no_gemeente()
    return found.id
