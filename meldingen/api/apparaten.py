"""The device of a melder: a browser or app that gets our messages by Web Push."""

from typing import Any

from flask import Response

from ..auth import Visit, enter, visit
from ..domain.errors import Conflict
from ..flow.devices import forget_device, subscribe_device
from ..store.push import PushSubscription, subscription_of
from .door import Door, described
from .headers import BASE
from .reading import melding_at
from .schemas.apparaat import DeviceIn, DeviceOut

door = Door("Apparaten", __name__, url_prefix=BASE, description="Berichten op het apparaat van de melder (Web Push).")


@door.get("/meldingen/<nummer:nummer>/apparaat")
@enter("melder")
@door.response(200, DeviceOut())
@described(
    "Vraag of berichten naar een apparaat gaan",
    "En de sleutel waarmee een browser zich aanmeldt (`pushManager.subscribe`). 409 als er hier geen push is.",
    fails=(409,),
)
def get_apparaat(nummer: str) -> dict[str, Any]:
    """Whether there is one; never its address."""
    here = visit()
    melding, _ = melding_at(here, nummer)
    return _shown(here, subscription_of(here.session, melding.id, scope=[melding.gemeente_id]))


@door.put("/meldingen/<nummer:nummer>/apparaat")
@enter("melder")
@door.arguments(DeviceIn())
@door.response(200, DeviceOut())
@described(
    "Zet berichten op een apparaat aan",
    "Eén apparaat per melding: een nieuw neemt de plaats in van het oude. Wie geen e-mailadres of telefoonnummer gaf, "
    "krijgt de berichten vanaf nu hier.",
    fails=(409,),
)
def put_apparaat(given: dict[str, Any], nummer: str) -> dict[str, Any]:
    """A browser subscribes."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    kept = subscribe_device(
        here.session,
        melding,
        endpoint=given["endpoint"],
        **given["keys"],
        sender=here.adapters.push,
        actor=actor,
        now=here.now,
    )
    return _shown(here, kept)


@door.delete("/meldingen/<nummer:nummer>/apparaat")
@enter("melder")
@door.response(204)
@described("Zet berichten op het apparaat uit", "Nog een keer uitzetten mag.")
def delete_apparaat(nummer: str) -> Response:
    """No messages there any more."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    forget_device(here.session, melding, actor=actor, now=here.now)
    return Response(status=204)


def _shown(here: Visit, kept: PushSubscription | None) -> dict[str, Any]:
    if here.adapters.push is None:
        raise Conflict("geen_push", "Wij kunnen geen berichten naar een apparaat sturen.")
    since = kept.created_at if kept is not None and kept.refused_at is None else None
    return {"key": here.adapters.push.public_key, "subscribed": since is not None, "since": since}
