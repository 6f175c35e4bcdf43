"""Things with a number: taking a file of them in, and finding the one that somebody means.

Running an import again changes nothing; what is no longer in the file stays, unless asked otherwise. Reading the file
itself is domain/object_files.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.areas import Refused
from ..domain.errors import Forbidden, InvalidInput
from ..domain.object_files import ReadObject, read_objects
from ..domain.objects import ObjectRef, object_words, read_ref
from ..domain.sentence import say
from ..store import journal
from ..store.category import Category, all_categories_of
from ..store.gemeente import Gemeente, point
from ..store.public_object import ObjectRow, PublicObject, every_object, objects_by_code

MARGIN = 0.001
"""Degrees, about a hundred metres: how far over the border a thing of ours may stand."""
SAME_PLACE = 1e-6
"""Degrees, about ten centimetres: less is no move but a rounding."""
MOST_TOLD = 50
UNKNOWN = say("Dit nummer kennen wij niet. Kijk of het klopt, of laat het weg.")


@dataclass
class ObjectReport:
    """What an import did, each thing as `lichtmast BRG-0412`."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for people: a line per count, and a line for everything that needs eyes."""
        counts: list[tuple[str, Sequence[object]]] = [
            ("nieuw", self.added),
            ("gewijzigd", self.changed),
            ("gelijk gebleven", self.unchanged),
            ("niet meer in gebruik", self.deactivated),
            ("niet in dit bestand, wel in gebruik gebleven", self.missing),
            ("geweigerd", self.refused),
        ]
        told = [f"geweigerd: {refused.name}. {refused.reason}" for refused in self.refused[:MOST_TOLD]]
        if len(self.refused) > MOST_TOLD:
            told.append(f"… en nog {len(self.refused) - MOST_TOLD} geweigerd")
        return [*(f"{words}: {len(found)}" for words, found in counts if found), *told]


def import_objects(
    session: Session,
    gemeente: Gemeente,
    data: bytes,
    *,
    kind: str = "",
    category: str = "",
    retire_missing: bool = False,
    actor: Actor,
    now: datetime,
) -> ObjectReport:
    """Stores the things in a CSV or GeoJSON file and reports what changed.

    kind, category: of what does not say its own. retire_missing: things of a kind in this file that are not in it are
    no longer in use; else they stay. What the file has wrong stays as it was. Raises InvalidInput for a file that
    cannot be used at all; Forbidden for anyone but the system itself.
    """
    if actor.kind != "systeem":
        raise Forbidden("geen_recht", "Objecten laden kan alleen met het commando 'meldingen import objecten'.")
    reading = read_objects(data, kind=kind, category=category)
    report = ObjectReport(refused=list(reading.refused))
    slugs = {one.slug for one in all_categories_of(session, scope=[gemeente.id])}
    border = None if gemeente.border is None else to_shape(gemeente.border).buffer(MARGIN)
    if border is not None:
        shapely.prepare(border)
    known = {(row.object.kind, row.object.code.upper()): row for row in every_object(session, scope=[gemeente.id])}
    for one in reading.objects:
        words = object_words(one.kind, one.code)
        if one.category and one.category not in slugs:
            report.refused.append(Refused(words, f"De categorie '{one.category}' kennen wij niet."))
        elif border is not None and not border.covers(shapely.Point(one.lon, one.lat)):
            report.refused.append(Refused(words, f"De plaats ligt niet in {gemeente.name}."))
        else:
            _store(session, gemeente, known.get((one.kind, one.code.upper())), one, report)
    kinds = {one.kind for one in reading.objects}
    for key, row in known.items():
        if row.object.active and row.object.kind in kinds and key not in reading.named:
            row.object.active = not retire_missing
            words = object_words(row.object.kind, row.object.code)
            (report.deactivated if retire_missing else report.missing).append(words)
    made = len(report.added) + len(report.changed) + len(report.deactivated)
    if made:
        facts = {"gewijzigd": made}
        journal.record(session, "objecten_geladen", gemeente_id=gemeente.id, actor=actor, now=now, facts=facts)
    session.flush()
    return report


def _store(
    session: Session, gemeente: Gemeente, known: ObjectRow | None, one: ReadObject, report: ObjectReport
) -> None:
    """Adds or updates one. An empty name or category in the file leaves what is there."""
    words = object_words(one.kind, one.code)
    if known is None:
        session.add(
            PublicObject(
                gemeente_id=gemeente.id,
                kind=one.kind,
                code=one.code,
                name=one.name,
                category_slug=one.category,
                location=point(one.lon, one.lat),
                active=True,
            )
        )
        report.added.append(words)
        return
    row = known.object
    moved = abs(known.lon - one.lon) > SAME_PLACE or abs(known.lat - one.lat) > SAME_PLACE
    after = (one.code, one.name or row.name, one.category or row.category_slug, True)
    if not moved and after == (row.code, row.name, row.category_slug, row.active):
        report.unchanged.append(words)
        return
    row.code, row.name, row.category_slug, row.active = after
    if moved:
        row.location = point(one.lon, one.lat)
    report.changed.append(words)


def find_object(session: Session, wanted: ObjectRef, *, scope: Collection[int]) -> ObjectRow:
    """The one thing that is meant, in these gemeenten. Raises InvalidInput naming `object`: none, or several."""
    rows = objects_by_code(session, wanted.code, kind=wanted.kind, scope=scope, limit=2)
    if not rows:
        raise InvalidInput.of("object", "object_onbekend", UNKNOWN)
    if len(rows) > 1:
        raise InvalidInput.of(
            "object", "object_niet_enig", say("Dit nummer komt vaker voor. Geef er ook de soort en de gemeente bij.")
        )
    return rows[0]


def linked_object(session: Session, written: str, *, scope: Collection[int]) -> ObjectRow | None:
    """The thing in a deep link (`lichtmast:BRG-0412`, or its number alone); None when we do not know which it is."""
    wanted = read_ref(written)
    if wanted is None:
        return None
    try:
        return find_object(session, wanted, scope=scope)
    except InvalidInput:
        return None


def kin_of(categories: Sequence[Category], slug: str) -> set[str]:
    """The slugs under the same main category as this one, with both: whose things may be meant."""
    chosen = next((one for one in categories if one.slug == slug), None)
    if chosen is None:
        return set()
    main_id = chosen.parent_id or chosen.id
    return {one.slug for one in categories if main_id in (one.id, one.parent_id)}
