"""What a closing needs to know, at once, and all rows it leaves, by one statement: it is what teams do all day.

What becomes of the opdracht and its meldingen is decided by who holds their locks (flow/closure.py). The rows are those
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
from sqlalchemy.orm.attributes import set_committed_value

from ..db import by_driver, for_driver
from ..domain.actor import Actor
from . import task
from .contact import Contact
from .ending import Ending
from .melding import Melding
from .opdracht import Closure, Opdracht
from .outbox import Topic, Urgency
from .push import PushSubscription
from .team import PARTY


@dataclass(frozen=True)
class Known:
    """What counts for the end of some meldingen of one gemeente. contacts, devices: of their melders, by melding id.

    elsewhere: whether any of them is linked now to another opdracht too. closing_days: of the gemeente, on top of the
    holidays. parties: the ids of its external parties. policy: its own.
    """

    contacts: Mapping[int, Contact]
    devices: Mapping[int, PushSubscription]
    elsewhere: bool
    closing_days: frozenset[date]
    parties: frozenset[int]
    policy: Mapping[str, Any]


_CONTACT = (
    "email", "phone", "mobile", "preference", "only_when_done", "night_too", "postal_address", "email_refused_at",
)  # fmt: skip
_KNOWN = f"""
    SELECT m.id, c.id IS NOT NULL, p.id IS NOT NULL, p.refused_at,
           EXISTS (SELECT FROM melding_opdracht l WHERE l.melding_id = m.id AND l.gemeente_id = g.id
                   AND l.until_at IS NULL AND l.opdracht_id <> %(opdracht_id)s),
           ARRAY(SELECT day FROM closing_day WHERE gemeente_id = g.id),
           ARRAY(SELECT id FROM team WHERE gemeente_id = g.id AND kind = '{PARTY}'),
           g.policy, {", ".join(f"c.{name}" for name in _CONTACT)}
    FROM gemeente g
    LEFT JOIN melding m ON m.gemeente_id = g.id AND m.id = ANY(CAST(%(melding_ids)s AS bigint[]))
    LEFT JOIN contact c ON c.melding_id = m.id AND c.gemeente_id = m.gemeente_id
    LEFT JOIN push_subscription p ON p.melding_id = m.id AND p.gemeente_id = m.gemeente_id
    WHERE g.id = ANY(CAST(%(scope)s AS bigint[]))
"""  # noqa: S608  names of our own columns


def known_at_closing(
    session: Session, opdracht_id: int, melding_ids: Iterable[int], *, scope: Collection[int]
) -> Known:
    """What the end of these meldingen of one opdracht depends on, in one query. scope: their one gemeente.

    The rows are not of the session: to look at only.
    """
    asked = {"opdracht_id": opdracht_id, "melding_ids": list(melding_ids), "scope": list(scope)}
    found = by_driver(session, _KNOWN, asked)
    days, parties, policy = found[0][5:8]
    return Known(
        contacts={
            row[0]: Contact(melding_id=row[0], **dict(zip(_CONTACT, row[8:], strict=True))) for row in found if row[1]
        },
        devices={row[0]: PushSubscription(melding_id=row[0], refused_at=row[3]) for row in found if row[2]},
        elsewhere=any(row[4] for row in found),
        closing_days=frozenset(days),
        parties=frozenset(parties),
        policy=policy,
    )


@dataclass(frozen=True)
class Closed:
    """The rows of a closing. opdracht: locked, as it must become. changed: its locked meldingen with another status.

    closure, ends: not of any session; they get no ids.
    """

    opdracht: Opdracht
    changed: Collection[Melding]
    closure: Closure
    ends: Iterable[Ending]


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


def store_closing(session: Session, closed: Closed, told: Told, *, now: datetime) -> None:
    """Writes the opdracht and its meldingen, the closure, its event, the ends and the berichten that are owed; and
    drops the work items about the opdracht.

    What changed in the locked rows besides MOVED and DERIVED is left to the session.
    """
    opdracht, changed, closure = closed.opdracht, closed.changed, closed.closure
    ended = [{name: _written(getattr(end, name)) for name in ENDING} for end in closed.ends]
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
    facts |= {f"moved_{name}": getattr(opdracht, name) for name in MOVED}
    facts["changed"] = [melding.id for melding in changed]
    facts |= {f"changed_{name}": [getattr(melding, name) for melding in changed] for name in DERIVED}
    by_driver(session, _statement(), facts)
    _is_written(opdracht, MOVED)
    for melding in changed:
        _is_written(melding, DERIVED)
    if told.owed:
        session.info["outbox"] = True  # the door wakes the relay after its commit


CLOSURE = ("gemeente_id", "opdracht_id", "outcome", "reason", "sentence", "partner", "closed_at", "closed_by")
MOVED = (
    "status", "version", "outcome", "closed_at", "taken_up_at", "undo_until", "due_at", "paused_at", "paused_days",
    "party_since_at", "party_days",
)  # fmt: skip
DERIVED = ("status", "closed_at")
ENDING = tuple(
    column.name
    for column in Ending.__table__.columns
    if column.name not in ("id", "gemeente_id", "event_id", "reopened_at")
)


def _is_written(row: Opdracht | Melding, names: Iterable[str]) -> None:
    """Tells the session that these columns of a row are in the database as they are here."""
    for name in names:
        set_committed_value(row, name, getattr(row, name))


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
        ), moved AS (
            UPDATE opdracht SET {", ".join(f"{name} = :moved_{name}" for name in MOVED)}
            WHERE id = :opdracht_id AND gemeente_id = :gemeente_id
        ), derived AS (
            UPDATE melding SET {", ".join(f"{name} = one.{name}" for name in DERIVED)}
            FROM unnest(:changed, {", ".join(f":changed_{name}" for name in DERIVED)}) AS one(id, {", ".join(DERIVED)})
            WHERE melding.id = one.id AND melding.gemeente_id = :gemeente_id
        )
        SELECT id FROM told
    """  # noqa: S608  names of our own columns
    typed: dict[str, Any] = {name: Closure.__table__.c[name].type for name in CLOSURE}
    typed |= {name: sa.DateTime(timezone=True) for name in ("at", "due_at", "now")}
    typed |= {name: sa.Text() for name in ("kind", "actor", "request_id")}
    typed |= {"on_behalf_of": sa.BigInteger(), "facts": JSONB(), "ended": JSONB()}
    typed |= {"to_tell": ARRAY(sa.BigInteger), "kinds": ARRAY(sa.Text)}
    typed |= {f"moved_{name}": Opdracht.__table__.c[name].type for name in MOVED}
    typed |= {"changed": ARRAY(sa.BigInteger)}
    typed |= {f"changed_{name}": ARRAY(Melding.__table__.c[name].type) for name in DERIVED}
    return for_driver(text, typed)
