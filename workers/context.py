"""What every handler gets."""

from dataclasses import dataclass

import sqlalchemy as sa

from meldingen.adapters import Adapters
from meldingen.settings import Settings


@dataclass(frozen=True)
class Context:
    """Where things are, the database and the outside. One per process."""

    settings: Settings
    engine: sa.Engine
    adapters: Adapters
