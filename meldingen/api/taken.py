"""Work items over the API, for KCC and coordinator."""

from typing import Any

from ..auth import Visit, enter, visit
from ..domain.actor import SEES_CONTACT
from ..flow.tasks import finish_task, whose
from ..store.melding import melding_by_id
from ..store.task import Task, open_tasks
from .door import Door, described
from .headers import BASE
from .moving import VersionHeader
from .opdrachten import ETAG
from .schemas.taken import FinishTaskIn, OneTaskOut, TasksOut

door = Door("Taken", __name__, url_prefix=BASE, description="Werk voor KCC en coördinator dat geen opdracht is.")


@door.get("/taken")
@enter("medewerker", roles=SEES_CONTACT)
@door.response(200, TasksOut())
@described("Toon de taken", "Wat open staat voor de rollen van de vrager; wat te laat is eerst.")
def get_taken() -> dict[str, Any]:
    """The open items."""
    here = visit()
    rows = open_tasks(here.session, whose(here.actor), scope=here.actor.scope)
    return {"tasks": [_shown(row.task, row.melding.number if row.melding else None) for row in rows]}


@door.post("/taken/<id:task_id>/afhandelingen")
@enter("medewerker", roles=SEES_CONTACT)
@door.arguments(VersionHeader(), location="headers")
@door.arguments(FinishTaskIn())
@door.response(201, OneTaskOut(), headers=ETAG)
@described("Rond een taak af", "Met een zin over wat er is gedaan.", fails=(409, 412, 428))
def post_taak(head: dict[str, Any], given: dict[str, Any], task_id: int) -> Any:
    """What was done about it."""
    here = visit()
    version = head.get("version")
    row = finish_task(here.session, task_id, given["words"], version=version, actor=here.actor, now=here.now)
    return _shown(row, _number(here, row)), 201, {"ETag": f'"{row.version}"'}


def _number(here: Visit, row: Task) -> str | None:
    about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id]) if row.melding_id else None
    return about.number if about else None


def _shown(row: Task, number: str | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "kind": row.kind,
        "role": row.role,
        "words": row.words,
        "status": row.status,
        "number": number,
        "opdracht_id": row.opdracht_id,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "result": row.result,
    }
