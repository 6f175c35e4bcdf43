"""Pages that keep themselves up to date: a part of a page by itself, with an ETag, for static/js/live.js.

The part is asked for with `?deel=ja` at the address of the page. Nothing changed: 304 without a body.
"""

from flask import Response, make_response, request

from .taal import CHOICE

PART = "deel"


def wants_part() -> bool:
    """Whether only the part that changes is asked for."""
    return bool(request.args.get(PART))


def part_answer(html: str) -> Response:
    """The part, or 304 when the browser has it. It holds no form token, so equal facts give equal words."""
    answer: Response = make_response(html)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def part_path() -> str:
    """The address of the part of this page, with the filter of the page. A language is no filter."""
    given = request.query_string.decode().split("&")
    query = "&".join(one for one in given if one.partition("=")[0] not in ("", PART, CHOICE))
    return f"{request.path}?{query}&{PART}=ja" if query else f"{request.path}?{PART}=ja"
