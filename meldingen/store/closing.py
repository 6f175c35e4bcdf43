"""What a closing needs to know, at once, and all rows it leaves, by one statement: it is what teams do all day.

The opdracht and its meldingen themselves are changed by who holds their locks (flow/closure.py). The rows are those
that `journal.record`, `task.drop_of_opdracht`, flow/notices and `outbox.put` make one by one elsewhere; a test holds
them to each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from ..db import by_driver, for_driver
from ..domain.actor import Actor
from . import task
from .contact import Contact
from .ending import Ending
from .gemeente import ClosingDay, Gemeente
from .melding import Melding
from .opdracht import Closure
from .outbox import Topic, Urgency
from .push import PushSubscription
from .team import PARTY, Team


@dataclass(frozen=True)
class Known:
    """What counts for the end of some meldingen of one gemeente. contacts, devices: of their melders, by melding id.

    closing_days: of the gemeente, on top of the holidays. parties: the ids of its external parties. policy: its own.
    """

    contacts: Mapping[int, Contact]
    devices: Mapping[int, PushSubscription]
    closing_days: frozenset[date]
    parties: frozenset[int]
    policy: Mapping[str, Any]


def _array(column: sa.orm.InstrumentedAttribute[Any], *where: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.array(sa.select(column).where(*where).scalar_subquery(), type_=ARRAY(column.type))


_KNOWN = (
    sa.select(
        Melding.id,
        Contact,
        PushSubscription,
        _array(ClosingDay.day, ClosingDay.gemeente_id == Gemeente.id),
        _array(Team.id, Team.gemeente_id == Gemeente.id, Team.kind == PARTY),
        Gemeente.policy,
    )
    .select_from(Gemeente)
    .outerjoin(
        Melding,
        sa.and_(
            Melding.gemeente_id == Gemeente.id,
            Melding.id == sa.any_(sa.bindparam("melding_ids", type_=ARRAY(sa.BigInteger))),
        ),
    )
    .outerjoin(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
    .outerjoin(
        PushSubscription,
        sa.and_(PushSubscription.melding_id == Melding.id, PushSubscription.gemeente_id == Melding.gemeente_id),
    )
    .where(Gemeente.id == sa.any_(sa.bindparam("scope", type_=ARRAY(sa.BigInteger))))
)


def known_at_closing(session: Session, melding_ids: Iterable[int], *, scope: Collection[int]) -> Known:
    """What the end of these meldingen depends on, in one query. scope: their one gemeente."""
    found = session.execute(_KNOWN, {"melding_ids": list(melding_ids), "scope": list(scope)}).all()
    _, _, _, days, parties, policy = found[0]
    return Known(
        contacts={row[0]: row[1] for row in found if row[1] is not None},
        devices={row[0]: row[2] for row in found if row[2] is not None},
        closing_days=frozenset(days),
        parties=frozenset(parties),
        policy=policy,
    )


@dataclass(frozen=True)
class Told:
    """The event of a closing, and who is owed a bericht about it. at: when it happened. facts: but for closure_id.

    owed: pairs of melding id and kind of bericht. not_before: they wait until then, while it can be undone.
    """

    kind: str
    at: datetime
    actor: Actor
    facts: Mapping[str, Any]
    owed: Sequence[tuple[int, str]]
    not_before: datetime | None


def store_closing(session: Session, closure: Closure, ends: Iterable[Ending], told: Told, *, now: datetime) -> None:
    """Writes the closure, its event, the ends of its meldingen and the berichten that are owed; and drops the work
    items about the opdracht. closure, ends: not of any session; they get no ids."""
    ended = [{name: _written(getattr(end, name)) for name in ENDING} for end in ends]
    facts: dict[str, Any] = {name: getattr(closure, name) for name in CLOSURE}
    facts |= {
        "at": told.at,
        "kind": told.kind,
        "actor": told.actor.label,
        "on_behalf_of": told.actor.on_behalf_of_melding,
        "facts": Jsonb(dict(told.facts)),
        "ended": Jsonb(ended),
        "to_tell": [melding_id for melding_id, _ in told.owed],
        "kinds": [str(kind) for _, kind in told.owed],
        "due_at": told.not_before or now,
        "now": now,
        "request_id": session.info.get("request_id", ""),
    }
    by_driver(session, _statement(), facts)
    if told.owed:
        session.info["outbox"] = True  # the door wakes the relay after its commit


CLOSURE = ("gemeente_id", "opdracht_id", "outcome", "reason", "sentence", "partner", "closed_at", "closed_by")
ENDING = tuple(
    column.name
    for column in Ending.__table__.columns
    if column.name not in ("id", "gemeente_id", "event_id", "reopened_at")
)


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@cache
def _statement() -> str:
    """The one statement, as the driver takes it."""
    closure, values = ", ".join(CLOSURE), ", ".join(f":{name}" for name in CLOSURE)
    text = f"""
        WITH closed AS (
            INSERT INTO closure ({closure}) VALUES ({values}) RETURNING id
        ), told AS (
            INSERT INTO journal (gemeente_id, at, kind, opdracht_id, actor, on_behalf_of, facts)
            SELECT :gemeente_id, :at, :kind, :opdracht_id, :actor, :on_behalf_of,
                   :facts || jsonb_build_object('closure_id', id)
            FROM closed
            RETURNING id
        ), ended AS (
            INSERT INTO ending (gemeente_id, event_id, {", ".join(ENDING)})
            SELECT :gemeente_id, told.id, {", ".join(f"one.{name}" for name in ENDING)}
            FROM told, jsonb_populate_recordset(NULL::ending, :ended) AS one
        ), owed AS (
            INSERT INTO notice (gemeente_id, event_id, melding_id, kind, at)
            SELECT :gemeente_id, told.id, one.melding_id, one.kind, :at
            FROM told, unnest(:to_tell, :kinds) AS one(melding_id, kind)
            RETURNING id, melding_id
        ), put AS (
            INSERT INTO outbox (gemeente_id, topic, urgency, payload, request_id, order_key, due_at, created_at)
            SELECT :gemeente_id, '{Topic.NOTICE}', {Urgency.NORMAL},
                   jsonb_build_object('notice_id', id, 'gemeente_id', :gemeente_id),
                   :request_id, 'melding:' || melding_id, :due_at, :now
            FROM owed
        ), dropped AS (
            UPDATE task SET status = '{task.VERVALLEN}', finished_at = :now, version = version + 1
            WHERE opdracht_id = :opdracht_id AND gemeente_id = :gemeente_id AND status = '{task.OPEN}'
        )
        SELECT id FROM told
    """  # noqa: S608  names of our own columns
    typed: dict[str, Any] = {name: Closure.__table__.c[name].type for name in CLOSURE}
    typed |= {name: sa.DateTime(timezone=True) for name in ("at", "due_at", "now")}
    typed |= {name: sa.Text() for name in ("kind", "actor", "request_id")}
    typed |= {"on_behalf_of": sa.BigInteger(), "facts": JSONB(), "ended": JSONB()}
    typed |= {"to_tell": ARRAY(sa.BigInteger), "kinds": ARRAY(sa.Text)}
    return for_driver(text, typed)
