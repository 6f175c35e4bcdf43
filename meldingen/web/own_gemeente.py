"""Whose page of beheer it is: the gemeente in the address, else the first of this person's."""

from collections.abc import Sequence
from datetime import date, datetime, time

from flask import request

from ..auth import Visit
from ..domain.deadlines import at_local
from ..domain.errors import NotFound
from .layout import Sender, senders, show_as


def own_gemeenten(here: Visit, roles: Sequence[str]) -> list[Sender]:
    """The gemeenten in which this person holds one of these roles."""
    return [one for one in senders() if one.id in here.actor.gemeenten_with(*roles)]


def own_gemeente(here: Visit, roles: Sequence[str], slug: str = "") -> Sender:
    """The gemeente this page is about; the page becomes that of it. Raises NotFound."""
    mine = own_gemeenten(here, roles)
    asked = slug or request.values.get("gemeente", "")
    found = next((one for one in mine if one.slug == asked), None if asked or not mine else mine[0])
    if found is None:
        raise NotFound("gemeente_onbekend", "Deze gemeente kennen wij niet.")
    return show_as(found.id)


def read_moment(day: str, clock: str) -> datetime | None:
    """A day and an hour as a form has them; None for what is no moment."""
    try:
        return at_local(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError:
        return None
