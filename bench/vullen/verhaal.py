"""The story: one row per melding with all that ever happened to it, and what each table keeps of it (verhaal.sql).

Every fact is a function of the number of the melding and the seed (`vullen.r`), so that the tables are filled beside
each other, in any order, and the same seed makes the same database. A melder who reports what another reported minutes
before takes over everything of that first one (`first_n`) but his own words and person.

Ids say what a row is of: opdracht = its first melding (the last melding + it, for one that was reopened), journal =
1000 + melding * 8 + the nth event, notice and delivery = melding * 4 + the nth.
"""

import re
from datetime import datetime
from pathlib import Path
from string import Template

from meldingen.domain.numbers import DAMM, MAX_SEQUENCE

STORY = "vullen.verhaal"
HERE = Path(__file__).resolve().parent


def read_sql(name: str, **values: object) -> dict[str, list[str]]:
    """The statements of a file of ours, by the table that its heading names (`-- tabel melding`), with $values."""
    parts = re.split(r"^-- tabel (\S+)\n", (HERE / name).read_text(), flags=re.MULTILINE)[1:]
    filled = [Template(part).substitute({key: str(value) for key, value in values.items()}) for part in parts]
    return {
        table: [one for one in body.split(";\n") if one.strip()]
        for table, body in zip(filled[::2], filled[1::2], strict=True)
    }


def story(meldingen: int, now: datetime) -> dict[str, list[str]]:
    """Statements per table: first the story itself, then the tables in order of size, biggest first."""
    return read_sql(
        "verhaal.sql",
        last=meldingen,
        now=f"timestamptz '{now.isoformat()}'",
        most=MAX_SEQUENCE,
        check_digit=check_digit("digits"),
    )


def check_digit(digits: str) -> str:
    """An SQL expression for the check digit of nine digits, as domain/numbers.py counts it."""
    table = "".join(str(digit) for row in DAMM for digit in row)
    interim = "0"
    for place in range(1, 10):
        interim = f"substr('{table}', {interim} * 10 + substr({digits}, {place}, 1)::int + 1, 1)::int"
    return interim
