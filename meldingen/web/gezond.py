"""Health for machines: does the process live, can it do its work, and is somebody on duty. Figures: metrics.py."""

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..auth import enter, installation, visit
from ..domain.roster import A_DAY, A_WEEK
from ..flow.roster import unfilled
from ..store.gemeente import served_ids
from .metrics import may_read

pages = Blueprint("gezond", __name__, url_prefix="/gezond")
log = structlog.get_logger()


@pages.get("/leeft")
@enter("iedereen")
def leeft() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="leeft")


@pages.get("/klaar")
@enter("iedereen")
def klaar() -> tuple[Response, int]:
    """200 when this process can take meldingen, else 503; `onderdelen` names what is down either way.

    The queue and the photo store may be down while intake goes on (KLANTREIS rule 1): they are named, not fatal.
    """
    held = installation()
    parts = {"database": _database(held.engine), "fotos": _photos(), "wachtrij": held.adapters.queue_is_up()}
    ready = parts["database"]
    named = {name: "goed" if up else "storing" for name, up in parts.items()}
    return jsonify(status="klaar" if ready else "niet_klaar", onderdelen=named), 200 if ready else 503


@pages.get("/piket")
@enter("iedereen")
def piket() -> Response:
    """Whether a piketrooster has a gap soon, for who watches the installation; who may not ask gets a 404.

    Always 200: people mend this, not another process. So it is no part of `klaar`, which a load balancer reads.
    """
    if not may_read():
        raise NotFound
    here = visit()
    unmanned = unfilled(here.session, now=here.now, scope=sorted(served_ids(here.session)))
    day, week = (sum(one.soon(here.now, ahead) for one in unmanned) for ahead in (A_DAY, A_WEEK))
    status = "gat_binnen_24_uur" if day else "gat_binnen_7_dagen" if week else "gevuld"
    return jsonify(status=status, gaten={"24uur": day, "7dagen": week})


def _database(engine: sa.Engine) -> bool:
    try:
        with engine.connect() as connection:
            read_only = connection.scalar(sa.text("SELECT current_setting('transaction_read_only') FROM klok")) != "off"
    except SQLAlchemyError:
        log.warning("database_down")
        return False
    if read_only:
        log.warning("database_read_only")
        engine.dispose()  # the next look may find the server that writes
    return not read_only


def _photos() -> bool:
    try:
        installation().adapters.photos.check()
    except (TemporaryFailure, PermanentFailure):
        return False
    return True
