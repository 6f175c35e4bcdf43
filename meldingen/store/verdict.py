"""The oordeel: what a melder said of the end, once per end."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, own, refers

VIA = ("volgpagina", "api", "telefoon", "e_mail")


class Verdict(OfGemeente, Base):
    """One answer. event_id: the closing it is about. asked: `opgelost` ("is het opgelost?") or `uitleg` ("is onze
    uitleg duidelijk?"). answer: yes or no. note_id: what was said with it, a row that upkeep can empty."""

    __tablename__ = "verdict"

    melding_id: Mapped[Ref]
    event_id: Mapped[Ref]
    asked: Mapped[str] = mapped_column(sa.Text)
    answer: Mapped[bool]
    via: Mapped[str] = mapped_column(sa.Text)
    note_id: Mapped[Ref | None]
    at: Mapped[Moment]

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("note_id", "note"),
        one_of("asked", ("opgelost", "uitleg")),
        one_of("via", VIA),
        sa.UniqueConstraint("gemeente_id", "melding_id", "event_id"),
    )
