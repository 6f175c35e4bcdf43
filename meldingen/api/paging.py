"""Pages of a list: `page` and `pageSize` in, a Link header out (RFC 8288). No totals: they cost a count per look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import marshmallow as ma
from flask import request

from .fields import Whole

MAX_SIZE = 100
MAX_PAGE = 10_000
T = TypeVar("T")


class PageQuery(ma.Schema):
    """Which page of a list."""

    page = Whole(most=MAX_PAGE, load_default=1, metadata={"description": "Pagina, vanaf 1."})
    page_size = Whole(
        most=MAX_SIZE, load_default=20, data_key="pageSize", metadata={"description": "Aantal per pagina."}
    )


@dataclass(frozen=True)
class Page:
    """limit is one more than the size, so that we see whether there is a next page."""

    number: int
    size: int

    @property
    def limit(self) -> int:
        """How many rows to ask for."""
        return self.size + 1

    @property
    def offset(self) -> int:
        """How many rows to skip."""
        return (self.number - 1) * self.size


def page_of(query: dict[str, Any]) -> Page:
    """Takes the page out of the parsed query."""
    return Page(query.pop("page"), query.pop("page_size"))


def paged(rows: Sequence[T], page: Page) -> tuple[Sequence[T], dict[str, str]]:
    """The rows of this page, and the Link header with first, prev and next where they exist."""
    links = {"first": 1}
    if page.number > 1:
        links["prev"] = page.number - 1
    if len(rows) > page.size:
        links["next"] = page.number + 1
    shown = ", ".join(f'<{_address(number)}>; rel="{rel}"' for rel, number in links.items())
    return rows[: page.size], {"Link": shown}


def _address(number: int) -> str:
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return f"{request.path}?{urlencode([*asked, ('page', number)])}"
