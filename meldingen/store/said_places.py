"""Places by the names people gave them before: "bij de AH" in an earlier melding's *waar precies*. For the desk only.

Finding a melding: search.py. Addresses: adapters/geocoder.py.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ..domain.intake import EXACT
from .melding import Melding
from .search_ways import DUTCH
from .worklists import use_is_limited

_WORD = re.compile(r"[^\W_]{2,}")


class SaidPlace(NamedTuple):
    """What somebody called a place, its address, and where it is. WGS 84."""

    note: str
    address: str
    lon: float
    lat: float


def places_said(session: Session, words: str, *, scope: Collection[int], limit: int = 3) -> Sequence[SaidPlace]:
    """The places that were called so, each name once, the newest melding of each; empty for words that say nothing.

    Only of meldingen that point at the spot itself, and whose words may still be used.
    """
    wanted = sa.func.to_tsquery(DUTCH, " & ".join(f"{word}:*" for word in _WORD.findall(words.lower())[:6]))
    # The first condition is the one that the index of the search knows.
    whole = Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
    name = sa.func.lower(Melding.location_note)
    query = (
        sa.select(
            Melding.location_note, Melding.address, sa.func.ST_X(Melding.location), sa.func.ST_Y(Melding.location)
        )
        .ext(distinct_on(name))
        .where(
            Melding.gemeente_id.in_(scope),
            sa.func.to_tsvector(DUTCH, whole).op("@@")(wanted),
            sa.func.to_tsvector(DUTCH, Melding.location_note).op("@@")(wanted),
            Melding.location_source.in_(EXACT),
            Melding.erased_at.is_(None),
            Melding.withdrawn_at.is_(None),
            ~use_is_limited(),
        )
        .order_by(name, Melding.id.desc())
        .limit(limit)
    )
    return [SaidPlace(*row) for row in session.execute(query)]
