"""What keeps machines and strangers' pages out of the form, without a puzzle and without losing what was typed."""

from collections.abc import Callable

from flask import request

from ...domain.errors import TooMany
from ...limits import count_step
from ..melding_form import HONEYPOT
from ..taal import _, translate
from .form import Form
from .same_origin import is_same_origin


def find_refusal(form: Form | None, count: Callable[[], None] = count_step) -> int:
    """The status of a refusal, told in the form; 0 when it may go on.

    count: counts the request. Raises TooMany where there is no form yet to tell it in.
    """
    try:
        count()
    except TooMany as refusal:
        if form is None:
            raise
        form.errors["formulier"] = translate(refusal.detail)
        form.retry_after_s = refusal.retry_after_s
        return refusal.status
    if form is None:
        return 0
    if not is_same_origin(dict(request.headers), request.host):
        form.errors["formulier"] = _(
            "Dit formulier kwam van een andere website. Kijk of alles klopt en verstuur het nog een keer."
        )
        return 403
    if request.form.get(HONEYPOT):
        form.errors[HONEYPOT] = _("Laat dit veld leeg. Het is er om computers te herkennen.")
        return 400
    return 0
