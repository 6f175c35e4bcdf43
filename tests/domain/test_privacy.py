"""What is personal and when it goes; what is never public."""

import importlib
import pkgutil
import tomllib
from pathlib import Path

import pytest

import meldingen.store
from meldingen.db import Base
from meldingen.domain.privacy import (
    CONTACT_MAX_DAYS,
    MELDING_DAYS,
    NEVER_PUBLIC,
    NEVER_PUBLIC_MAIN,
    PERSONAL_FIELDS,
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


def test_nothing_stays_longer_than_the_melding_and_contact_at_most_a_year() -> None:
    assert all(0 < one.days <= MELDING_DAYS for one in PERSONAL_FIELDS)
    assert all(one.days <= CONTACT_MAX_DAYS for one in PERSONAL_FIELDS if one.kind in ("contact", "bericht"))


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
