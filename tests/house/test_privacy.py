"""No column with words hangs from a melding without somebody saying what it holds and when it goes."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from meldingen import store
from meldingen.db import Base
from meldingen.domain.privacy import HARMLESS, PERSONAL_FIELDS
from meldingen.domain.retention import terms_table

ROOT = Path(__file__).resolve().parent.parent.parent

ROOTS = {"melding", "opdracht", "journal", "tombstone", "privacy_request", "webhook_call", "task", "incoming_mail"}
"""Where it begins: the rest is found by following foreign keys; some of these have none on purpose."""


def test_every_column_with_words_is_personal_or_named_as_harmless() -> None:
    assert store.__doc__
    personal = {(one.table, one.column) for one in PERSONAL_FIELDS}
    unknown = [
        f"{table.name}.{column.name}"
        for table in _hanging()
        for column in table.columns
        if _holds_words(column)
        and (table.name, column.name) not in personal
        and column.name not in HARMLESS.get(table.name, ())
    ]
    assert unknown == [], "add it to domain/privacy.py: PERSONAL_FIELDS, or HARMLESS with a reason"


def test_what_is_named_as_harmless_exists_and_is_not_personal_too() -> None:
    personal = {(one.table, one.column) for one in PERSONAL_FIELDS}
    for table, columns in HARMLESS.items():
        assert columns <= set(Base.metadata.tables[table].columns.keys()), table
        assert not personal & {(table, column) for column in columns}


def _hanging() -> list[sa.Table]:
    found = set(ROOTS)
    while True:
        more = {
            table.name
            for table in Base.metadata.sorted_tables
            if any(key.referred_table.name in found for key in table.foreign_key_constraints)
        }
        if more <= found:
            return [table for table in Base.metadata.sorted_tables if table.name in found]
        found |= more


def _holds_words(column: sa.Column[object]) -> bool:
    kind = column.type
    return isinstance(kind, sa.Text | JSONB | sa.ARRAY | sa.LargeBinary) or "Geometry" in type(kind).__name__


def test_the_document_tells_the_terms_of_the_code() -> None:
    text = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
    told = text.split("<!-- termijnen: begin -->\n")[1].split("<!-- termijnen: einde -->")[0]
    assert told == terms_table()
