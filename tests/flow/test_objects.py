"""Things with a number in the database: a first load, a reload, what is gone, and finding the one that is meant."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, SYSTEM
from meldingen.domain.errors import Forbidden, InvalidInput
from meldingen.domain.intake import NewMelding
from meldingen.domain.objects import ObjectRef
from meldingen.flow.intake import register_melding
from meldingen.flow.objects import ObjectReport, find_object, import_objects, kin_of, linked_object
from meldingen.store.category import categories_of
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.public_object import objects_in, objects_near
from tests import factories

HEAD = "soort,code,naam,categorie,lon,lat\n"
LAMPS = (
    HEAD
    + "lichtmast,A-1,,gat-in-de-weg,4.7000,52.66\nlichtmast,A-2,,gat-in-de-weg,4.7005,52.66\n"
    + "container,A-1,Glas,gras-te-hoog,4.7001,52.66\n"
)


def load(session: Session, gemeente: Gemeente, now: datetime, text: str, **options: object) -> ObjectReport:
    return import_objects(session, gemeente, text.encode(), actor=SYSTEM, now=now, **options)  # type: ignore[arg-type]


@pytest.fixture
def ours(session: Session, now: datetime) -> Gemeente:
    row = factories.gemeente(session)
    load(session, row, now, LAMPS)
    return row


def test_a_first_load_and_the_same_again(session: Session, now: datetime) -> None:
    row = factories.gemeente(session)
    first = load(session, row, now, LAMPS)
    assert first.added == ["lichtmast A-1", "lichtmast A-2", "container A-1"]
    again = load(session, row, now, LAMPS)
    assert again.lines() == ["gelijk gebleven: 3"]
    events = sa.select(sa.func.count(Event.id)).where(Event.kind == "objecten_geladen")
    assert session.scalar(events) == 1, "nothing changed, nothing happened"


def test_a_reload_changes_what_changed(session: Session, ours: Gemeente, now: datetime) -> None:
    report = load(session, ours, now, HEAD + "lichtmast,a-1,Bij de brug,,4.7010,52.66\nlichtmast,A-3,,,4.7020,52.66\n")
    assert report.changed == ["lichtmast a-1"] and report.added == ["lichtmast A-3"]
    assert report.missing == ["lichtmast A-2"], "told, but it stays: a file may be of one wijk"
    row = find_object(session, ObjectRef("lichtmast", "A-1"), scope=[ours.id])
    assert (row.object.name, row.object.category_slug, row.lon) == ("Bij de brug", "gat-in-de-weg", 4.701)
    assert find_object(session, ObjectRef("lichtmast", "a-2"), scope=[ours.id]).object.code == "A-2"


def test_what_is_gone_only_goes_when_asked(session: Session, ours: Gemeente, now: datetime) -> None:
    wrong = HEAD + "lichtmast,A-1,,,4.7,52.66\nlichtmast,A-2,,,kapot,52.66\n"
    report = load(session, ours, now, wrong, retire_missing=True)
    assert not report.deactivated, "what the file has wrong is better old than gone; other kinds are not its business"
    report = load(session, ours, now, HEAD + "lichtmast,A-1,,,4.7,52.66\n", retire_missing=True)
    assert report.deactivated == ["lichtmast A-2"]
    assert linked_object(session, "lichtmast:A-2", scope=[ours.id]) is None
    assert load(session, ours, now, LAMPS).changed == ["lichtmast A-2"], "back in the file, back in use"


def test_what_cannot_be_ours_is_refused_by_name(session: Session, ours: Gemeente, now: datetime) -> None:
    report = load(
        session, ours, now, HEAD + "lichtmast,B-1,,bestaat-niet,4.7,52.66\nlichtmast,B-2,,,5.1,52.1\n,B-3,,,4.7,52.66\n"
    )
    assert [line for line in report.lines() if line.startswith("geweigerd: ")] == [
        "geweigerd: 3",
        "geweigerd: regel 4: B-3. Er staat niet bij wat het is, zoals lichtmast of container.",
        "geweigerd: lichtmast B-1. De categorie 'bestaat-niet' kennen wij niet.",
        "geweigerd: lichtmast B-2. De plaats ligt niet in Duinstede.",
    ]
    with pytest.raises(Forbidden):
        import_objects(session, ours, b"", actor=ANONYMOUS, now=now)


def test_near_and_within(session: Session, ours: Gemeente) -> None:
    scope = [ours.id]
    near = objects_near(session, 4.7, 52.66, radius_m=30, scope=scope, limit=10)
    assert [(row.object.kind, row.object.code, round(row.metres)) for row in near] == [
        ("lichtmast", "A-1", 0),
        ("container", "A-1", 7),
    ]
    kin = kin_of(categories_of(session, scope=scope), "gras-te-hoog")
    fitting = objects_near(session, 4.7, 52.66, radius_m=100, category_slugs=kin, scope=scope, limit=10)
    assert [row.object.kind for row in fitting] == ["container"]
    assert len(objects_in(session, (4.6, 52.6, 4.8, 52.7), kind="lichtmast", scope=scope, limit=10)) == 2
    assert not objects_in(session, (4.6, 52.6, 4.8, 52.7), scope=[], limit=10)
    assert kin_of(categories_of(session, scope=scope), "bestaat-niet") == set()


def test_the_one_that_is_meant(session: Session, ours: Gemeente) -> None:
    scope = [ours.id]
    found = linked_object(session, "A-2", scope=scope)
    assert found is not None and found.object.kind == "lichtmast"
    assert linked_object(session, "A-1", scope=scope) is None, "a lamp post or a container: nobody knows"
    assert linked_object(session, "container:a-1", scope=scope) is not None
    assert linked_object(session, "::", scope=scope) is None
    with pytest.raises(InvalidInput, match="object_niet_enig"):
        find_object(session, ObjectRef("", "A-1"), scope=scope)


def test_a_melding_about_an_object(session: Session, ours: Gemeente, now: datetime) -> None:
    """The number alone is a place; the melding keeps which thing it is."""
    new = NewMelding(
        location=None, intake_channel="app", description="Hij brandt niet.", object=ObjectRef("lichtmast", "a-2")
    )
    made = register_melding(session, new, actor=ANONYMOUS, now=now).melding
    session.refresh(made)
    assert (made.object_kind, made.object_code, made.location_source) == ("lichtmast", "A-2", "object")
    placed = factories.new_melding(object=ObjectRef("", "A-2"))
    assert register_melding(session, placed, actor=ANONYMOUS, now=now).melding.location_source == "pin"
    with pytest.raises(InvalidInput) as refused:
        register_melding(session, factories.new_melding(object=ObjectRef("", "Z")), actor=ANONYMOUS, now=now)
    assert refused.value.fields[0].field == "object"
