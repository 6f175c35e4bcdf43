"""The least that is valid: a gemeente with teams, categories and rules, and meldingen walked through the flow."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

import sqlalchemy as sa
from argon2 import PasswordHasher
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, BEHEER, COORDINATOR, KCC, PIKET, TEAM, Actor
from meldingen.domain.contact import parse_contact
from meldingen.domain.intake import Location, NewMelding
from meldingen.flow import intake, routing
from meldingen.store.account import Account, AccountRole
from meldingen.store.area import Area
from meldingen.store.category import Category
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht, opdrachten_of
from meldingen.store.team import RoutingRule, Team

PASSWORD = "een lange zin om te onthouden"
HOME = (4.70, 52.66)
"""A point in the wijk of `gemeente()`; its square runs from 4.60 to 4.80 and 52.60 to 52.70."""


def square(west: float, south: float, east: float, north: float) -> sa.ColumnElement[Any]:
    """A MULTIPOLYGON in WGS 84."""
    return sa.func.ST_Multi(sa.func.ST_MakeEnvelope(west, south, east, north, 4326))


def gemeente(session: Session, *, name: str = "Duinstede", code: str = "GM9001", west: float = 4.60) -> Gemeente:
    """A served gemeente of 0.2° by 0.1°, with a wijk in its northern two thirds, teams, categories and rules."""
    row = Gemeente(
        code=code,
        slug=name.lower(),
        name=name,
        served=True,
        phone="072 000 00 00",
        hours="maandag tot en met vrijdag van 8.30 tot 16.30 uur",
        policy={"undo_s": 0},
        border=square(west, 52.60, west + 0.2, 52.70),
    )
    session.add(row)
    session.flush()
    session.add(
        Area(
            gemeente_id=row.id, kind="wijk", code=f"WK{code[2:]}01", name="Noord", year=2025, active=True,
            shape=square(west, 52.63, west + 0.2, 52.70),
        )
    )  # fmt: skip
    teams = {
        slug: Team(
            gemeente_id=row.id, slug=slug, name=title, kind=kind, vangnet=slug == "kcc", active=True,
            email=f"{slug}@example.nl", phone="",
        )
        for slug, title, kind in [
            ("kcc", "KCC", "kcc"),
            ("serviceteam", "Serviceteam", "serviceteam"),
            ("groen", "Wijkteam groen", "groen"),
            ("piket", "Piketdienst", "piket"),
            ("waterschap", "Waterschap", "partij"),
        ]
    }  # fmt: skip
    session.add_all(teams.values())
    session.flush()
    mains = {
        slug: category(session, row, slug, term_days=10, urgency="normaal", team_kind=kind)
        for slug, kind in [("straat", "serviceteam"), ("groen", "groen"), ("overig", "kcc")]
    }
    category(session, row, "losse-tegel", parent=mains["straat"], term_days=5)
    category(session, row, "gat-in-de-weg", parent=mains["straat"], term_days=3, urgency="hoog")
    category(session, row, "gras-te-hoog", parent=mains["groen"], term_days=10, team_kind="groen")
    category(session, row, "boom-omgevallen", parent=mains["groen"], term_days=1, urgency="spoed", team_kind="piket",
             join_radius_m=50, join_days=3)  # fmt: skip
    category(session, row, "ander-probleem", parent=mains["overig"], term_days=5, team_kind="kcc")
    for slug, team_slug in [("straat", "serviceteam"), ("groen", "groen")]:
        session.add(RoutingRule(gemeente_id=row.id, team_id=teams[team_slug].id, category_id=mains[slug].id))
    session.add(RoutingRule(gemeente_id=row.id, team_id=teams["piket"].id, moment="piket", danger=True))
    session.flush()
    return row


def category(session: Session, of: Gemeente, slug: str, *, parent: Category | None = None, **facts: Any) -> Category:
    """A category; a sub when `parent` is given."""
    values: dict[str, Any] = {"term_days": 5, "team_kind": "serviceteam", "urgency": "normaal", "public": True}
    row = Category(
        gemeente_id=of.id,
        slug=slug,
        parent_id=parent.id if parent else None,
        name=slug.replace("-", " ").capitalize(),
        phrase=f"een {slug.replace('-', ' ')}",
        **{**values, **facts},
    )
    session.add(row)
    session.flush()
    return row


def team(session: Session, of: Gemeente, slug: str) -> Team:
    """A team of `gemeente()` by slug."""
    return session.scalars(sa.select(Team).where(Team.gemeente_id == of.id, Team.slug == slug)).one()


def medewerker(session: Session, of: Gemeente, *roles: str, team_slug: str = "", username: str = "") -> Actor:
    """A signed-in member of staff with these roles; `team_slug` for team and piket."""
    username = username or f"{'-'.join(roles)}-{team_slug or of.slug}"
    account = Account(username=username, name=username, password_hash="-", active=True, created_at=sa.func.now())
    session.add(account)
    session.flush()
    member = team(session, of, team_slug) if team_slug else None
    for role in roles:
        session.add(
            AccountRole(
                gemeente_id=of.id,
                account_id=account.id,
                role=role,
                team_id=member.id if member and role in (TEAM, PIKET) else None,
            )
        )
    session.flush()
    return Actor(
        kind="medewerker",
        account_id=account.id,
        name=username,
        roles={of.id: frozenset(roles)},
        team_ids=frozenset([member.id]) if member else frozenset(),
    )


class Compiled(BytecodeCache):
    """The templates as one app of this process compiled them, for the next."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was kept of this template, when its source is the same."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps it."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


@cache
def password_hash() -> str:
    """Of PASSWORD, cheaply: argon2 is slow on purpose, and checking costs what the hash says."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def new_melding(**facts: Any) -> NewMelding:
    """What a door hands over; each part can be named."""
    contact = facts.pop("contact", None)
    new = NewMelding(
        location=Location(*facts.pop("at", HOME)),
        intake_channel="e_formulier",
        description="Er ligt een tegel los.",
        category_slug="losse-tegel",
        contact=parse_contact(**contact) if contact else None,
    )
    return replace(new, **facts)


def melding(session: Session, *, now: datetime, actor: Actor = ANONYMOUS, route: bool = True, **facts: Any) -> Melding:
    """A registered melding, routed unless told otherwise."""
    made = intake.register_melding(session, new_melding(**facts), actor=actor, now=now).melding
    if route:
        routing.route_melding(session, made.id, gemeente_id=made.gemeente_id, now=now)
    return made


def opdracht_of(session: Session, of: Melding) -> Opdracht:
    """The newest opdracht linked to a melding now."""
    return opdrachten_of(session, [of.id], scope=[of.gemeente_id])[of.id][-1]


__all__ = ["BEHEER", "COORDINATOR", "KCC", "PIKET", "TEAM"]
