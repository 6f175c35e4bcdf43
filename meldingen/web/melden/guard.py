"""What keeps machines and strangers' pages out of the form, without a puzzle and without losing what was typed."""

from flask import request

from ...domain.errors import TooMany
from ...limits import count_page_writing
from ..melding_form import HONEYPOT
from .form import Form
from .same_origin import is_same_origin

FOREIGN = "Dit formulier kwam van een andere website. Kijk of alles klopt en verstuur het nog een keer."
LEAVE_EMPTY = "Laat dit veld leeg. Het is er om computers te herkennen."


def find_refusal(form: Form | None) -> int:
    """The status of a refusal, told in the form; 0 when it may go on. Counts the request.

    Raises TooMany where there is no form yet to tell it in.
    """
    try:
        count_page_writing()
    except TooMany as refusal:
        if form is None:
            raise
        form.errors["formulier"] = refusal.detail
        form.retry_after_s = refusal.retry_after_s
        return refusal.status
    if form is None:
        return 0
    if not is_same_origin(dict(request.headers), request.host):
        form.errors["formulier"] = FOREIGN
        return 403
    if request.form.get(HONEYPOT):
        form.errors[HONEYPOT] = LEAVE_EMPTY
        return 400
    return 0
