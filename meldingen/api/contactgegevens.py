"""The melder's data for KCC and coördinator: with a reason from the closed list of the pages, and each look logged.

No other reading door gives them, except a terugbelnotitie, which is a reason by itself (terugbelnotities.py).
"""

from typing import Any

from ..auth import enter, visit
from ..domain.actor import SEES_CONTACT
from ..domain.errors import NotFound
from .door import Door, described
from .headers import BASE
from .reading import contact_for, melding_at
from .schemas.melding import ContactOut
from .schemas.staff import LookQuery

door = Door("Contactgegevens", __name__, url_prefix=BASE, description="Hoe een melder te bereiken is, met een reden.")


@door.get("/meldingen/<nummer:nummer>/contactgegevens")
@enter("medewerker", roles=SEES_CONTACT)
@door.arguments(LookQuery(), location="query")
@door.response(200, ContactOut())
@described(
    "Bekijk de gegevens van de melder",
    "Voor KCC en coördinator. `aanleiding` zegt waarom u ze nodig heeft; zonder is het antwoord 400. Wij leggen vast "
    "wie keek, wanneer en waarom. 404 met code `geen_contact`: de melder liet niets achter.",
)
def get_contactgegevens(query: dict[str, Any], nummer: str) -> dict[str, Any]:
    """The contact of one melding."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    found = contact_for(here, melding, query["reason"])
    if found is None:
        raise NotFound("geen_contact", "De melder liet geen gegevens achter.")
    return found
