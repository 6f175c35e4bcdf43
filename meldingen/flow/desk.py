"""What every step of a delivery works with: the transaction, the outside, and the moment. No behaviour."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..settings import Settings


@dataclass(frozen=True)
class Desk:
    """scope: the gemeente of the bericht. now: business time of this step."""

    session: Session
    adapters: Adapters
    settings: Settings
    scope: frozenset[int]
    now: datetime
