"""What is personal and when it goes; what is never public."""

import importlib
import pkgutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

import meldingen.store
from meldingen.db import Base
from meldingen.domain.errors import Gone
from meldingen.domain.privacy import (
    NEVER_PUBLIC,
    NEVER_PUBLIC_MAIN,
    PERSONAL_FIELDS,
    black_out,
    check_not_erased,
    is_public_category,
)

DEFAULTS = Path(meldingen.store.__file__).parent.parent / "defaults"


def test_every_personal_field_is_a_column_we_have() -> None:
    for module in pkgutil.iter_modules(meldingen.store.__path__):
        importlib.import_module(f"meldingen.store.{module.name}")
    for one in PERSONAL_FIELDS:
        assert one.column in Base.metadata.tables[one.table].columns, f"{one.table}.{one.column}"


def test_what_may_never_be_public_exists_and_is_not_public_by_default() -> None:
    tree = tomllib.loads((DEFAULTS / "categories.toml").read_text())["main"]
    categories = {sub["slug"]: (sub, main["slug"]) for main in tree for sub in (main, *main.get("sub", ()))}
    assert set(categories) >= NEVER_PUBLIC | NEVER_PUBLIC_MAIN
    for slug, (category, main_slug) in categories.items():
        if slug in NEVER_PUBLIC or main_slug in NEVER_PUBLIC_MAIN:
            assert category["public"] is False, slug


def test_every_column_is_named_once() -> None:
    names = [(one.table, one.column) for one in PERSONAL_FIELDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("contact", "name"), ("contact", "email"), ("contact", "phone"), ("melding", "description"),
        ("note", "text"), ("delivery", "address"), ("terugbelnotitie", "words"), ("photo", "large_key"),
    ],
)  # fmt: skip
def test_the_obvious_ones_are_there(table: str, column: str) -> None:
    assert (table, column) in {(one.table, one.column) for one in PERSONAL_FIELDS}


@pytest.mark.parametrize(
    ("slug", "main", "public", "shown"),
    [
        ("zwerfafval", "afval", True, True),
        ("zwerfafval", "afval", False, False),
        ("overlast", None, True, False),
        ("stank-of-rook", "overlast", True, False),
        ("drugs-of-drank", "overlast", True, False),
        ("ratten", "dieren", True, False),
        ("gevaarlijk-afval", "afval", True, False),
        ("dieren", None, True, True),
    ],
)
def test_what_is_about_persons_is_never_public(slug: str, main: str | None, public: bool, shown: bool) -> None:
    assert is_public_category(slug, main, public=public) is shown


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Mevrouw Jansen belde.", "Mevrouw ▒▒▒ belde."),
        ("bel jo jansen terug", "bel ▒▒▒ terug"),
        ("Jo is er niet; Jansens hond wel.", "Jo is er niet; Jansens hond wel."),
        ("Bel 06 12345678 of 06-1234 5678.", "Bel ▒▒▒ of ▒▒▒."),
        ("Bel +31 6 12 34 56 78, of 0031612345678.", "Bel ▒▒▒, of ▒▒▒."),
        ("Bel 06 123456789.", "Bel 06 123456789."),
        ("Mail Jo@Example.nl!", "Mail ▒▒▒!"),
        ("De lamp is gemaakt.", "De lamp is gemaakt."),
    ],
)
def test_what_others_wrote_stays_without_this_person(text: str, left: str) -> None:
    assert black_out(text, names=["Jo Jansen", ""], emails=["jo@example.nl", ""], phones=["+31612345678", ""]) == left


def test_an_erased_melding_takes_nothing_in() -> None:
    check_not_erased(None)
    with pytest.raises(Gone, match="niet_meer_beschikbaar"):
        check_not_erased(datetime(2026, 1, 1, tzinfo=UTC))
