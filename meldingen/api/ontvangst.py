"""Receipts that a provider brings by itself: NotifyNL's delivery callback, in Notify's own protocol and words.

Apart from the public API, as /gezond is: the shape is the provider's, not ours, so it is in no version of ours. Asking
the provider (flow/receipts.py) covers whatever does not come through this door.
"""

import hmac
from typing import Any

import structlog
from flask import Blueprint, request
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, Unauthorized

from ..auth import enter, visit
from ..flow.deliveries import Desk
from ..flow.receipts import take_receipt

MOST_BYTES = 16 * 2**10
"""A receipt is half a kilobyte."""

pages = Blueprint("ontvangst", __name__, url_prefix="/ontvangst")
log = structlog.get_logger()


@pages.post("/notifynl")
@enter("iedereen")
def notifynl() -> tuple[str, int]:
    """One receipt. 204 also for a message that we do not know, and for one that tells nothing new (MSG-03).

    401 without our token, compared in constant time; 404 when this installation has none. What is no receipt is 400,
    so that Notify tries again and somebody sees it.
    """
    _require_token(visit().settings.notifynl_callback_token)
    said = _receipt()
    here = visit()
    desk = Desk(here.session, here.adapters, here.settings, here.public_scope, here.now)
    take_receipt(desk, provider_id=said["id"], reference=said["reference"], word=said["status"])
    log.info("receipt_brought", status=said["status"], notification_type=said["notification_type"])
    return "", 204


def _require_token(expected: str) -> None:
    if not expected:
        raise NotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        raise Unauthorized


def _receipt() -> dict[str, str]:
    """The four fields that matter, each a short text; a message that was sent without a reference has an empty one."""
    if request.content_length is None or request.content_length > MOST_BYTES:
        raise RequestEntityTooLarge
    content: Any = request.get_json(silent=True)
    if not isinstance(content, dict):
        raise BadRequest
    found = {name: content.get(name) or "" for name in ("id", "reference", "status", "notification_type")}
    if not all(isinstance(value, str) and len(value) <= 1000 and "\0" not in value for value in found.values()):
        raise BadRequest
    if not found["id"] or not found["status"]:
        raise BadRequest
    return found
