"""Counting how often an opdracht changed hands: the third time it goes to the coordinator, who decides whose it is.

Not for the move itself: work.py and spoed.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import COORDINATOR, Actor
from ..store import task
from ..store.opdracht import Opdracht
from .tasks import ask_coordinator

FROM = 3
"""From this move on the coordinator is asked (issue 5)."""


def count_move(session: Session, opdracht: Opdracht, *, actor: Actor, now: datetime) -> None:
    """Counts one move of a locked opdracht. The third and each later one is a work item for the coordinator.

    A coordinator who moves it himself has decided: that ends what was asked of him. The item also goes when the
    opdracht is taken up (work.py) or closes (status.py).
    """
    opdracht.moves_count += 1
    scope = [opdracht.gemeente_id]
    if actor.has_role(opdracht.gemeente_id, COORDINATOR):
        task.finish_of_opdracht(
            session,
            opdracht.id,
            [task.THIRD_MOVE],
            result="De coördinator koos zelf wie het doet.",
            account_id=actor.account_id,
            now=now,
            scope=scope,
        )
    elif opdracht.moves_count >= FROM:
        task.drop_of_opdracht(session, opdracht.id, now=now, scope=scope, kinds=[task.THIRD_MOVE])
        words = f"Deze opdracht is al {opdracht.moves_count} keer verplaatst. Beslis welk team het doet."
        key = f"{task.THIRD_MOVE}:{opdracht.id}:{opdracht.moves_count}"
        ask_coordinator(session, task.THIRD_MOVE, opdracht, words, key=key, now=now)
