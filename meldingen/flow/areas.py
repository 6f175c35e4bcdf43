"""Takes the areas of a file into the database: borders of gemeenten, wijken, buurten, team areas and water.

Running it again changes nothing; a file of a new year leaves the old rows in place, not active (LOC-09). Reading the
file itself, its spellings and coordinates, is domain/areas.py.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.areas import ReadArea, Refused, polygons_of, read_areas
from ..domain.errors import Forbidden, InvalidInput
from ..store import journal
from ..store.area import Area, every_area
from ..store.gemeente import Gemeente, gemeente_by_code, gemeente_by_slug, served_gemeenten
from ..store.team import assign_area, teams_of

SRID = 4326
SLIVER = 1e-12
"""Square degrees, about a hundredth of a square metre: less than this is no overlap but a rounding."""


@dataclass
class ImportReport:
    """What an import did, each area as `wijk WK037303 Bergen`. notes: what is worth a look, in Dutch sentences."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for people: a line per count, and a line for everything that needs eyes."""
        counts = [
            ("nieuw", self.added),
            ("gewijzigd", self.changed),
            ("gelijk gebleven", self.unchanged),
            ("niet meer in gebruik", self.deactivated),
            ("overgeslagen (gemeente die wij niet bedienen)", self.skipped),
        ]
        return [
            *(f"{words}: {len(areas)}" for words, areas in counts if areas),
            *(f"hersteld: {area}" for area in self.repaired),
            *(f"geweigerd: {refused.name}. {refused.reason}" for refused in self.refused),
            *self.notes,
        ]


def import_areas(
    session: Session,
    document: object,
    *,
    gemeente: str | None = None,
    year: int | None = None,
    serve: bool = False,
    actor: Actor,
    now: datetime,
) -> ImportReport:
    """Stores the areas of a GeoJSON document and reports what changed.

    gemeente: slug of the served gemeente that areas without a CBS code belong to. year: of the division, where the
    file does not say. serve: gemeenten in the file become ours; else a new one is a neighbour, known by its border
    only, so that meldingen there can be referred. Water is kept, and cut out of every other area (LOC-07).
    Raises InvalidInput for a file that cannot be used at all or is older than what is stored; Forbidden for anyone
    but the system itself.
    """
    if actor.kind != "systeem":
        raise Forbidden("geen_recht", "Gebieden laden kan alleen met het commando 'meldingen import gebieden'.")
    reading = read_areas(document)
    report = ImportReport(refused=list(reading.refused))
    borders = [area for area in reading.areas if area.kind == "gemeente"]
    found = {area.gemeente_code: _store_gemeente(session, area, serve=serve) for area in borders}
    others: dict[int, list[ReadArea]] = defaultdict(list)
    owners: dict[int, Gemeente] = {row.id: row for row in found.values()}
    default = _default_owner(session, gemeente, list(found.values()))
    for area in reading.areas:
        if area.kind == "gemeente":
            continue
        owner = found.get(area.gemeente_code) or gemeente_by_code(session, area.gemeente_code) or default
        if owner is None or (area.gemeente_code and owner.code != area.gemeente_code):
            report.refused.append(Refused(_words(area), "Bij welke gemeente dit hoort, is niet bekend."))
        elif not owner.served:
            report.skipped.append(_words(area))
        else:
            owners[owner.id] = owner
            others[owner.id].append(area)
    for owner_id, owner in sorted(owners.items()):
        before = len(report.added) + len(report.changed) + len(report.deactivated)
        water = _store_areas(session, owner, others[owner_id], report, year=year)
        border = next((area for area in borders if area.gemeente_code == owner.code), None)
        _store_border(owner, border, water, report)
        after = len(report.added) + len(report.changed) + len(report.deactivated)
        if after > before:
            facts = {"gewijzigd": after - before, "jaar": year}
            journal.record(session, "gebieden_geladen", gemeente_id=owner.id, actor=actor, now=now, facts=facts)
    report.repaired += [_words(area) for area in reading.areas if area.repaired]
    session.flush()
    return report


def _words(area: ReadArea | Area) -> str:
    return f"{area.kind} {area.code} {area.name}"


def _default_owner(session: Session, slug: str | None, found: Sequence[Gemeente]) -> Gemeente | None:
    """Whose an area without a CBS code is: the named one, the only one in the file, or the only one we serve."""
    if slug is not None:
        named = gemeente_by_slug(session, slug)
        if named is None:
            raise InvalidInput.of("gemeente", "gemeente_onbekend", "Deze gemeente bedienen wij niet.")
        return named
    if len(found) == 1:
        return found[0]
    served = served_gemeenten(session)
    return served[0] if len(served) == 1 else None


def _store_gemeente(session: Session, area: ReadArea, *, serve: bool) -> Gemeente:
    """The row of this gemeente. A known one keeps its name and slug, which beheer owns; its border comes later."""
    known = gemeente_by_code(session, area.gemeente_code or area.code)
    if known is not None:
        known.served = known.served or serve
        return known
    slug = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", area.name).casefold()).strip("-")
    if not slug or gemeente_by_slug(session, slug) is not None:
        slug = f"{slug}-{area.code.lower()}".strip("-")
    made = Gemeente(code=area.gemeente_code or area.code, slug=slug, name=area.name, served=serve)
    session.add(made)
    session.flush()  # its areas refer to the id
    return made


def _store_border(
    gemeente: Gemeente, read: ReadArea | None, water: Sequence[MultiPolygon], report: ImportReport
) -> None:
    """The border from the file, with the gemeente's own water added to it (KLANTREIS rule 6)."""
    stored = None if gemeente.border is None else polygons_of(to_shape(gemeente.border))
    border = read.shape if read is not None else stored
    if border is None:
        return
    for pool in water:
        if not border.covers(pool):
            border = polygons_of(unary_union([border, pool]))
    words = f"gemeente {gemeente.code} {gemeente.name}"
    if _same(stored, border):
        if read is not None:
            report.unchanged.append(words)
        return
    gemeente.border = from_shape(border, srid=SRID)
    (report.added if stored is None else report.changed).append(words)


def _store_areas(
    session: Session, gemeente: Gemeente, areas: Sequence[ReadArea], report: ImportReport, *, year: int | None
) -> list[MultiPolygon]:
    """Stores the areas of one gemeente, water first, and returns all its water."""
    rows = list(every_area(session, scope={gemeente.id}))
    _refuse_older(rows, areas, year)
    pools: list[MultiPolygon] = []
    for area in (area for area in areas if area.kind == "water"):
        _store_area(session, gemeente, rows, area, area.shape, report, year=year)
    _deactivate_older(rows, areas, report, year=year, kinds={"water"})
    pools += [polygons_of(to_shape(row.shape)) for row in rows if row.kind == "water" and row.active]
    for area in (area for area in areas if area.kind != "water"):
        land = _without(area.shape, pools)
        if land.is_empty:
            report.refused.append(Refused(_words(area), "Dit gebied ligt helemaal in het water."))
            continue
        _store_area(session, gemeente, rows, area, land, report, year=year)
        if area.team:
            _assign(session, gemeente, area, report)
    _deactivate_older(rows, areas, report, year=year, kinds={"wijk", "buurt", "teamgebied"})
    just_read = {(area.kind, area.code) for area in areas}
    for row in rows:
        if row.active and row.kind != "water" and (row.kind, row.code) not in just_read:
            shape = polygons_of(to_shape(row.shape))
            land = _without(shape, pools)
            if land is not shape and not land.is_empty:
                row.shape = from_shape(land, srid=SRID)
                report.changed.append(_words(row))
    return pools


def _store_area(
    session: Session,
    gemeente: Gemeente,
    rows: list[Area],
    area: ReadArea,
    shape: MultiPolygon,
    report: ImportReport,
    *,
    year: int | None,
) -> None:
    """Adds or updates the row of one area; rows is kept up to date."""
    of_year = area.year or year
    same_code = [row for row in rows if (row.kind, row.code) == (area.kind, area.code)]
    if of_year is not None:
        same_code = [row for row in same_code if row.year == of_year]
    row = max(same_code, key=lambda one: (one.active, one.year or 0), default=None)
    if row is None:
        made = Area(
            gemeente_id=gemeente.id,
            kind=area.kind,
            code=area.code,
            name=area.name,
            year=of_year,
            active=True,
            shape=from_shape(shape, srid=SRID),
        )
        session.add(made)
        rows.append(made)
        report.added.append(_words(made))
    elif row.active and row.name == area.name and _same(to_shape(row.shape), shape):
        report.unchanged.append(_words(row))
    else:
        row.name, row.active, row.shape = area.name, True, from_shape(shape, srid=SRID)
        report.changed.append(_words(row))


def _refuse_older(rows: Iterable[Area], areas: Iterable[ReadArea], year: int | None) -> None:
    newest = max((row.year for row in rows if row.active and row.year is not None), default=0)
    oldest = min((found for area in areas if (found := area.year or year) is not None), default=newest)
    if oldest < newest:
        raise InvalidInput.of(
            "jaar", "gebieden_te_oud", f"Dit bestand is van {oldest}. Er staan al gebieden van {newest}."
        )


def _deactivate_older(
    rows: Iterable[Area], areas: Iterable[ReadArea], report: ImportReport, *, year: int | None, kinds: set[str]
) -> None:
    """A kind that came with a year replaces all of that kind of earlier years; old meldingen keep the old codes."""
    new = {area.kind: found for area in areas if (found := area.year or year) is not None and area.kind in kinds}
    refused = {word for one in report.refused for word in one.name.split()}
    for row in rows:
        older = row.active and row.kind in new and (row.year or 0) < new[row.kind]
        if older and row.code not in refused:  # what the new file has wrong is better old than gone
            row.active = False
            report.deactivated.append(f"{_words(row)} ({row.year or 'zonder jaar'})")


def _assign(session: Session, gemeente: Gemeente, area: ReadArea, report: ImportReport) -> None:
    """The team that the file names gets what no rule about a category takes in its area."""
    teams = teams_of(session, scope={gemeente.id})
    team = next((t for t in teams if area.team.casefold() in (t.slug, t.name.casefold())), None)
    if team is None:
        report.notes.append(
            f"Het team '{area.team}' van {_words(area)} kennen wij niet. Maak het team en laad opnieuw."
        )
    else:
        assign_area(session, area.code, team)


def _without(shape: MultiPolygon, pools: Iterable[MultiPolygon]) -> MultiPolygon:
    """The shape without water; the very same object when they do not overlap."""
    for pool in pools:
        if shape.intersects(pool) and shape.intersection(pool).area > SLIVER:
            shape = polygons_of(shape.difference(pool))
    return shape


def _same(stored: BaseGeometry | None, new: MultiPolygon) -> bool:
    """The same border, whatever corner it starts at."""
    return stored is not None and bool(
        shapely.equals_exact(shapely.normalize(stored), shapely.normalize(new), tolerance=1e-9)
    )
