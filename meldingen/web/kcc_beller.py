"""What the desk sees beside the form: who calls, what he reported before, and the open work around a place.

Contact data of a known caller are shown at once in the context of the call, and each look is logged with that context.
"""

from collections.abc import Collection, Sequence

from ..auth import Visit
from ..domain.actor import ANTWOORDDIENST, COORDINATOR, KCC
from ..domain.errors import InvalidInput
from ..domain.phone import parse_phone
from ..store.contact import Contact, callers_known_by, log_view
from ..store.search import Hit, meldingen_of_caller
from ..store.worklists import WorkRow, work_near_place
from .viewer import Viewer

DESK = (KCC, COORDINATOR)
ENTERS = (*DESK, ANTWOORDDIENST)
"""Who enters meldingen for callers; the answering service spoed only (flow/intake.py), without earlier callers."""
NEAR_M = 150
MOST_NEAR = 5
"""As many as there are keys for."""
CONTEXT = "beller"


def desk_scope(here: Visit) -> frozenset[int]:
    """The gemeenten whose phone this person answers."""
    return here.actor.gemeenten_with(*DESK)


def entry_scope(here: Visit) -> frozenset[int]:
    """The gemeenten for which this person enters meldingen."""
    return here.actor.gemeenten_with(*ENTERS)


def near_rows(
    here: Visit, viewer: Viewer, lon: float, lat: float, *, scope: Collection[int], category: str = ""
) -> Sequence[tuple[WorkRow, float]]:
    """The open opdrachten near a place: those of this kind first, then the nearest."""
    found = work_near_place(here.session, lon, lat, viewer.sees, radius_m=NEAR_M, scope=scope, limit=2 * MOST_NEAR)
    return sorted(found, key=lambda row: (row[0].category.slug != category, row[1]))[:MOST_NEAR]


def earlier_of(here: Visit, phone: str, email: str, *, scope: Collection[int]) -> Sequence[Hit]:
    """What this caller reported before."""
    return meldingen_of_caller(here.session, phone=known_phone(phone), email=_plain(email), scope=scope)


def known_callers(here: Visit, phone: str, email: str, *, scope: Collection[int]) -> Sequence[Contact]:
    """Who used this number or address, the latest first and each once; every one that is shown is logged."""
    found = callers_known_by(here.session, phone=known_phone(phone), email=_plain(email), scope=scope)
    assert here.actor.account_id is not None, "only medewerkers come in"
    for one in found:
        log_view(
            here.session,
            gemeente_id=one.gemeente_id,
            melding_id=one.melding_id,
            account_id=here.actor.account_id,
            context=CONTEXT,
            now=here.now,
        )
    return found


def known_phone(written: str) -> str:
    """A number as it is stored (E.164); "" for what is none, such as one that is still being typed."""
    try:
        return parse_phone(written, field="telefoon").e164 if written.strip() else ""
    except InvalidInput:
        return ""


def _plain(email: str) -> str:
    return email.strip().replace("\x00", "") if "@" in email else ""
