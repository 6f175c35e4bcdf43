"""The key that a form of ours carries, so that a second tap on the button finds the first (KLANTREIS rule 3)."""

import re

from flask import request

_OURS = re.compile(r"[!-~]{1,64}")


def form_key() -> str:
    """The `sleutel` of the form that was sent; "" when it carries none, or one that we did not make."""
    found = request.form.get("sleutel", "")
    return found if _OURS.fullmatch(found) else ""
