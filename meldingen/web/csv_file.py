"""A table as a CSV file that Dutch spreadsheets open at once: UTF-8 with BOM, semicolons, and no formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """The answer that a browser saves as `name`."""
    held = io.StringIO()
    writer = csv.writer(held, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    answer = Response("\ufeff" + held.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def harmless(cell: str) -> str:
    """The words as they are; with an apostrophe before what a spreadsheet would run as a formula (SEC-15)."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell
