"""The person behind a melding, apart from it, and the log of who looked (KLANTREIS rule 11)."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, own, refers


class Contact(OfGemeente, Base):
    """Name, e-mail and phone of a melder, all optional. phone: E.164; mobile: can receive SMS.

    email_refused_at: a hard bounce; the address is not used again until it changes.
    night_too: SMS and push also in quiet hours, by choice. postal_address: lines of an envelope, for a letter.
    """

    __tablename__ = "contact"

    melding_id: Mapped[Ref]
    name: Mapped[str] = mapped_column(sa.Text, server_default="")
    email: Mapped[str] = mapped_column(sa.Text, server_default="")
    phone: Mapped[str] = mapped_column(sa.Text, server_default="")
    mobile: Mapped[bool] = mapped_column(server_default=sa.false())
    preference: Mapped[str | None] = mapped_column(sa.Text)
    only_when_done: Mapped[bool] = mapped_column(server_default=sa.false())
    night_too: Mapped[bool] = mapped_column(server_default=sa.false())
    postal_address: Mapped[str] = mapped_column(sa.Text, server_default="")
    email_refused_at: Mapped[Moment | None]

    __table_args__ = (
        sa.UniqueConstraint("gemeente_id", "melding_id"),
        refers("melding_id", "melding", ondelete="CASCADE"),
        one_of("preference", ("email", "sms", "push", "brief", "bellen")),
        sa.Index("ix_contact_phone", "phone", postgresql_where=sa.text("phone <> ''")),
        sa.Index(
            "ix_contact_phone_part",
            "gemeente_id",
            "phone",
            postgresql_using="gin",
            postgresql_ops={"phone": "gin_trgm_ops"},
            postgresql_where=sa.text("phone <> ''"),
        ),
        sa.Index(
            "ix_contact_name",
            "gemeente_id",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
            postgresql_where=sa.text("name <> ''"),
        ),
        sa.Index("ix_contact_email", sa.text("lower(email)"), postgresql_where=sa.text("email <> ''")),
    )


class ContactView(OfGemeente, Base):
    """One look at contact data: who, when, in which context (a code). words: the reason in somebody's own words, when
    none of the ready ones fit. Kept when the contact itself goes."""

    __tablename__ = "contact_view"

    melding_id: Mapped[Ref]
    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    context: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text, server_default="")
    at: Mapped[Moment]

    __table_args__ = own(refers("melding_id", "melding", ondelete="CASCADE"))


def contact_of(session: Session, melding_id: int, *, scope: Collection[int]) -> Contact | None:
    """The contact of a melding, for the system itself; a door that shows it logs the look with `log_view`."""
    return session.scalar(sa.select(Contact).where(Contact.melding_id == melding_id, Contact.gemeente_id.in_(scope)))


def contacts_of(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> dict[int, Contact]:
    """The contacts of several meldingen, by melding id."""
    query = sa.select(Contact).where(Contact.melding_id.in_(melding_ids), Contact.gemeente_id.in_(scope))
    return {contact.melding_id: contact for contact in session.scalars(query)}


def gemeente_of_email(session: Session, email: str, *, scope: Collection[int]) -> int | None:
    """The gemeente to which this address last reported something, or None."""
    query = sa.select(Contact.gemeente_id).where(sa.func.lower(Contact.email) == email, Contact.gemeente_id.in_(scope))
    return session.scalar(query.where(Contact.email != "").order_by(Contact.id.desc()).limit(1))


def callers_known_by(
    session: Session, *, phone: str = "", email: str = "", scope: Collection[int], limit: int = 3
) -> Sequence[Contact]:
    """Who gave this phone (E.164) or e-mail address before: each name and address once, the latest first."""
    same = [Contact.phone == phone, Contact.phone != ""] if phone else [sa.false()]
    if email and not phone:
        same = [sa.func.lower(Contact.email) == email.lower(), Contact.email != ""]
    latest = (
        sa.select(sa.func.max(Contact.id))
        .where(Contact.gemeente_id.in_(scope), *same)
        .group_by(sa.func.lower(Contact.name), sa.func.lower(Contact.email), Contact.phone)
    )
    query = sa.select(Contact).where(Contact.id.in_(latest), Contact.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Contact.id.desc()).limit(limit)).all()


def log_view(
    session: Session,
    *,
    gemeente_id: int,
    melding_id: int,
    account_id: int,
    context: str,
    words: str = "",
    now: datetime,
) -> None:
    """Records one look at contact data; context: one word such as `beller`, `terugbelnotitie`, `team`."""
    looked = {"gemeente_id": gemeente_id, "melding_id": melding_id, "account_id": account_id, "at": now}
    session.add(ContactView(**looked, context=context, words=words))


def views_of(session: Session, melding_id: int, *, scope: Collection[int]) -> Sequence[ContactView]:
    """The looks at the contact of a melding, oldest first."""
    mine = sa.and_(ContactView.melding_id == melding_id, ContactView.gemeente_id.in_(scope))
    return session.scalars(sa.select(ContactView).where(mine).order_by(ContactView.id)).all()
