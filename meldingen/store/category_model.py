"""What was learned about which words belong to which category, per gemeente. How it is learned: domain and flow."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Facts, Moment, OfGemeente, own


class CategoryModel(OfGemeente, Base):
    """One gemeente's weights, ready to use. facts: from how many cases, and how often right on those held back."""

    __tablename__ = "category_model"

    made_at: Mapped[Moment]
    weights: Mapped[bytes] = mapped_column(sa.LargeBinary)
    facts: Mapped[Facts] = mapped_column(server_default=sa.text("'{}'::jsonb"))

    __table_args__ = own(sa.UniqueConstraint("gemeente_id"))
