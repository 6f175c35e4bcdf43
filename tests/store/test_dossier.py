"""What is told of one melding is asked in one statement; what it tells is tested by who tells it (tests/flow)."""

from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from sqlalchemy.dialects import postgresql

from meldingen.store.dossier import ALL, Dossier


def test_each_list_has_its_field() -> None:
    assert len(ALL.selected_columns) == len(Dossier.__dataclass_fields__) - 1


def test_the_driver_remembers_the_statement() -> None:
    """What is longer it takes apart again at each question, which takes longer than to ask it."""
    assert len(str(ALL.compile(dialect=postgresql.psycopg.dialect()))) <= MAX_CACHED_STATEMENT_LENGTH
