"""Things in public space with a number on them: lamp posts, containers, playgrounds. Not their upkeep."""

from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import OfGemeente, own


class PublicObject(OfGemeente, Base):
    """One thing. kind: what it is ("lichtmast", "container"); code: what is written on it, unique per kind.

    category_slug: the category a melding about it most likely has; may be empty. active: False once it is gone.
    """

    __tablename__ = "object"

    kind: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text, server_default="")
    category_slug: Mapped[str] = mapped_column(sa.Text, server_default="")
    location: Mapped[Any] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    active: Mapped[bool] = mapped_column(server_default=sa.true())

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "kind", "code"),
        sa.Index("ix_object_location", "location", postgresql_using="gist"),
        sa.Index("ix_object_code", "gemeente_id", "code"),
    )
