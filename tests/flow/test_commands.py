"""`meldingen import gebieden` and `meldingen seed`, as somebody types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from meldingen import db
from meldingen.cli import main
from meldingen.flow.library import DEFAULTS
from meldingen.store.account import Account
from meldingen.store.area import Area
from meldingen.store.category import Category
from meldingen.store.melding import Melding
from tests import factories

Command = Callable[..., Result]
AREAS = str(DEFAULTS / "demo" / "gebieden.geojson")


@pytest.fixture
def type_(committed_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command against a database of its own, in local mode."""
    for name, value in {
        "DATABASE_URL": committed_engine.url.render_as_string(hide_password=False),
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "SECRET_KEYS": "een-geheim-dat-alleen-in-deze-test-bestaat-en-lang-genoeg-is",
        "LOKALE_MODUS": "1",
        "PUBLIC_URL": "http://127.0.0.1:8080",
        "FOTO_MAP": str(tmp_path),
        "POSTVAK_MAP": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, words)

    return run


def count(engine: sa.Engine, table: type) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_import_reports_and_can_be_repeated(type_: Command, committed_engine: sa.Engine) -> None:
    first = type_("import", "gebieden", AREAS, "--bedienen")
    assert (first.exit_code, first.output.splitlines()[0]) == (0, "nieuw: 28")
    again = type_("import", "gebieden", AREAS)
    assert (again.exit_code, again.output.splitlines()[0]) == (0, "gelijk gebleven: 28")
    filled = type_("seed", "--gemeente", "bergen-nh")
    assert "categorieen: 101 toegevoegd" in filled.output
    assert count(committed_engine, Category) == 101


def test_import_says_what_it_refuses_and_takes_the_rest(
    type_: Command, committed_engine: sa.Engine, tmp_path: Path
) -> None:
    document = json.loads(Path(AREAS).read_text(encoding="utf-8"))
    document["features"][3]["geometry"] = None
    (tmp_path / "kapot.geojson").write_text(json.dumps(document), encoding="utf-8")
    result = type_("import", "gebieden", str(tmp_path / "kapot.geojson"), "--bedienen")
    assert result.exit_code == 1
    assert "geweigerd: Bergen WK037303. Dit gebied heeft geen grens." in result.output
    assert count(committed_engine, Area) == 26


@pytest.mark.parametrize("words", ["", "{", "[]", '{"type": "FeatureCollection"}', "[" * 100_000])
def test_import_of_something_else_is_one_sentence(type_: Command, tmp_path: Path, words: str) -> None:
    file = tmp_path / "iets.json"
    file.write_text(words, encoding="utf-8")
    result = type_("import", "gebieden", str(file))
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1


def test_the_demo_is_for_local_mode(
    type_: Command, committed_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = type_("seed", "--demo")
    assert (told.exit_code, told.output.splitlines()[0]) == (0, "Demo-gemeente: Bergen (NH)")
    assert count(committed_engine, Melding) >= 30
    assert count(committed_engine, Account) == 6
    for name, value in {
        "LOKALE_MODUS": "0",
        "PUBLIC_URL": "https://meldingen.example.nl",
        "SMTP_URL": "smtp://127.0.0.1:25",
    }.items():
        monkeypatch.setenv(name, value)
    refused = type_("seed", "--demo")
    assert refused.exit_code == 1
    assert "LOKALE_MODUS=1" in refused.output


def test_the_demo_keeps_out_of_a_database_in_use(type_: Command, committed_engine: sa.Engine) -> None:
    """`make run` on somebody's own database brings no accounts with known passwords."""
    with db.transaction(committed_engine) as session:
        factories.gemeente(session)
    told = type_("seed", "--demo")
    assert told.exit_code == 0 and "overgeslagen" in told.output and "Duinstede" in told.output
    assert count(committed_engine, Account) == 0


def test_seed_wants_to_know_what(type_: Command) -> None:
    assert type_("seed").exit_code == 2
    unknown = type_("seed", "--gemeente", "nergens")
    assert "bedienen wij niet" in unknown.output


def test_learning_and_trying_the_proposals(type_: Command) -> None:
    type_("import", "gebieden", AREAS, "--bedienen")
    type_("seed", "--gemeente", "bergen-nh")
    assert "Geen voorstel" in type_("categorie", "proef", "er ligt een matras op straat").output
    learned = type_("categorie", "leren")
    assert learned.exit_code == 0, learned.output
    assert "Nog te weinig meldingen" in learned.output
    tried = type_("categorie", "proef", "er ligt een matras op straat").output.splitlines()
    assert tried[0].startswith("grofvuil-op-straat ")
    assert tried[0].endswith("Grofvuil op straat  (Afval)")
    assert type_("categorie", "leren", "--gemeente", "nergens").exit_code == 1
