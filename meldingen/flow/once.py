"""The same request twice is done once (KLANTREIS rule 3), for steps whose answer is the words that were sent.

Intake and the moves on opdrachten have their own look-up, since they answer with what was made.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.errors import Conflict
from ..store.melding import claim_key


def done_before(
    session: Session, what: str, key: str | None, body_hash: bytes, *, actor: Actor, now: datetime
) -> datetime | None:
    """When this same request was done before, or None: then it is this transaction's to do.

    what: the route with its subject. Without a key nothing is remembered. Raises Conflict for the same key with
    another body. Only what commits is remembered.
    """
    if key is None:
        return None
    earlier = claim_key(session, f"{what}:{actor.label}", key, body_hash, now)
    if earlier is None:
        return None
    if earlier.body_hash != body_hash:
        raise Conflict("sleutel_hergebruikt", "Deze sleutel is al gebruikt voor iets anders.")
    return earlier.created_at
