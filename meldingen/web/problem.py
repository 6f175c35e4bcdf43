"""A refusal for a script of our own pages, as problem+json with a sentence in the language of the page.

The API has its own (api/problems.py); what a person sees without scripts is errors.py.
"""

from typing import Any

from flask import Response, json

from .taal import translate


def problem(status: int, code: str, detail: str, *, retry_after_s: int = 0, **more: Any) -> Response:
    """The answer. detail: what the page may show as it is; retry_after_s: when to try again, if that helps;
    more: what else the script must know."""
    body = {"type": f"urn:meldingen:fout:{code}", "status": status, "detail": translate(detail), "code": code, **more}
    answer = Response(json.dumps(body, sort_keys=False), status, mimetype="application/problem+json")
    if retry_after_s:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer
