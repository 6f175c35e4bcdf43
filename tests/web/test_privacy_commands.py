"""`meldingen privacy …` as typed: the dry run, a term, the list and its repetition, and who a data breach hit."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from meldingen.cli import main
from meldingen.domain.actor import SYSTEM
from meldingen.domain.deadlines import local_day
from meldingen.flow import erasure
from meldingen.store.contact import Contact
from meldingen.store.melding import Melding

from .conftest import World
from .desk import Desk, make_desk

JO = {"name": "=Jo", "email": "jo@example.nl", "phone": "0612345678"}
Typed = Callable[..., Result]


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Typed:
    settings = desk.world.app.extensions["meldingen"].settings
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEYS": "geheim-voor-de-tests-van-commandos-0123456789",
        "FOTO_MAP": str(settings.photo_dir),
        "LOKALE_MODUS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, ["privacy", *words])


def ended(desk: Desk) -> Melding:
    """A melding that ended a hundred days ago."""
    melding, _ = desk.melding(contact=JO, ago=timedelta(days=100))
    with desk.world.session() as session, session.begin():
        held = session.get_one(Melding, melding.id)
        held.closed_at, held.status = held.received_at, "afgehandeld"
    return melding


def contacts(desk: Desk) -> int:
    with desk.world.session() as session:
        mine = Contact.gemeente_id == desk.gemeente_id
        return session.scalar(sa.select(sa.func.count()).select_from(Contact).where(mine)) or 0


def test_the_dry_run_and_the_real_one(desk: Desk, run: Typed) -> None:
    ended(desk)
    here = ("--gemeente", f"werkdorp{desk.number}")
    told = run("opruimen", "--proef", *here)
    assert f"Werkdorp{desk.number}  Losse tegel  contact: 1, oudste" in told.output and contacts(desk) == 1
    assert "contact: 1\n" in run("opruimen", *here).output and contacts(desk) == 0
    assert "Er is niets dat weg moet." in run("opruimen", *here).output
    changed = run("termijn", "losse-tegel", "melding", "3652", *here)
    assert "De archivaris moet de termijnen bevestigen." in changed.output
    assert run("termijn", "losse-tegel", "melding", "0", *here).exit_code == 1
    assert run("termijn", "losse-tegel", "melding", *here).exit_code == 0


def test_the_list_is_repeated_after_a_restore(desk: Desk, run: Typed, tmp_path: Path) -> None:
    melding = ended(desk)
    with desk.world.session() as session, session.begin():
        erasure.erase_melder(session, melding.id, scope=[desk.gemeente_id], actor=SYSTEM, now=melding.received_at)
    lines = [json.loads(line) for line in run("lijst").output.splitlines() if melding.number in line]
    assert [line["what"] for line in lines] == ["gewist"]
    with desk.world.session() as session, session.begin():
        session.get_one(Melding, melding.id).erased_at = None
        session.add(Contact(gemeente_id=desk.gemeente_id, melding_id=melding.id, email="jo@example.nl"))
    kept = tmp_path / "lijst.jsonl"
    kept.write_text("\n".join([json.dumps(lines[0]), "half een re"]))
    assert "1 opnieuw gewist" in run("herhaal", "--lijst", str(kept)).output and contacts(desk) == 0
    assert "0 opnieuw gewist" in run("herhaal", "--lijst", str(kept)).output


def test_who_a_breach_hit_is_a_list_that_a_spreadsheet_does_not_run(desk: Desk, run: Typed) -> None:
    melding = ended(desk)
    day = local_day(melding.received_at).isoformat()
    here = ("--gemeente", f"werkdorp{desk.number}")
    told = run("betrokken", "--van", day, "--tot", day, *here).output.splitlines()
    assert told[1].startswith(f"{melding.number},") and told[1].endswith(",'=Jo,jo@example.nl,'+31612345678,")
    assert len(run("betrokken", "--van", "2001-01-01", "--tot", "2001-01-02", *here).output.splitlines()) == 1
