"""Walking through the pages as a browser without JavaScript does: the hidden fields travel, one button is pressed."""

import re
from html import unescape
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


def fields_of(page: str, *, action: str) -> dict[str, list[str]]:
    """What the form that posts to `action` would send as it stands: hidden fields, texts, ticked boxes, selects."""
    form = next(part for part in re.findall(r"<form\b.*?</form>", page, re.S) if f'action="{action}"' in part)
    found: dict[str, list[str]] = {}
    for tag in _INPUT.findall(form):
        facts = dict(_ATTRIBUTE.findall(tag))
        kind = facts.get("type", "text")
        if (
            "name" not in facts
            or kind in ("file", "submit")
            or (kind in ("radio", "checkbox") and " checked" not in tag)
        ):
            continue
        found.setdefault(facts["name"], []).append(unescape(facts.get("value", "")))
    for name, inside in re.findall(r'<textarea\b[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        found[name] = [unescape(inside)]
    for name, inside in re.findall(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        found[name] = [unescape(chosen[1]) if chosen else ""]
    return found


def press(client: FlaskClient, page: str, action: str, button: str = "", **changes: Any) -> TestResponse:
    """Sends that form with some fields changed; `button` is the value of the pressed `actie`."""
    fields: dict[str, Any] = {**fields_of(page, action=action), **changes}
    if button:
        fields["actie"] = button
    return client.post(action, data=fields, content_type="multipart/form-data")


def upload(data: bytes, name: str = "foto.jpg") -> tuple[BytesIO, str]:
    """A file as the test client takes it."""
    return BytesIO(data), name


def errors_in(page: str) -> dict[str, str]:
    """Field and sentence of each line in the error summary."""
    summary = re.search(r'role="alert".*?</ul>', page, re.S)
    return {n: unescape(s) for n, s in re.findall(r'href="#veld-([^"]+)">([^<]+)<', summary[0])} if summary else {}


def words(page: str) -> str:
    """The text of a page's main part."""
    main = re.search(r"<main.*?</main>", page, re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main[0] if main else page)).split())
