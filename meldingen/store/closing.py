"""What a closing locks and needs to know, and all rows it leaves, by one statement: it is what teams do all day.

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

from ..db import by_driver, for_driver
from ..domain.actor import Actor
from . import task
from .contact import Contact
from .ending import Ending
from .melding import Melding
from .opdracht import Closure, Opdracht
from .outbox import Topic, Urgency
from .push import PushSubscription
from .table import as_read, written_elsewhere
from .team import PARTY

OPDRACHT = (
    "id", "gemeente_id", "status", "version", "category_id", "team_id", "urgency", "danger", "danger_suspected",
    "received_at", "due_at", "planned_on", "taken_up_at", "taken_up_by", "paused_at", "paused_days", "warned_due_at",
    "automatic_delays", "party_since_at", "party_days", "party_expected_on", "party_told_at", "safe_at", "undo_until",
    "reopened_from_id", "last_closed_by", "outcome", "closed_at",
)  # fmt: skip
"""What a closing looks at, of the opdracht that is closed and of each of its meldingen."""
MELDING = (
    "id", "gemeente_id", "status", "flags", "withdrawn_at", "erased_at", "referred_to", "received_at", "closed_at",
    "category_id", "wijk_code", "intake_channel", "partner_name", "danger", "term_days",
)  # fmt: skip
_LOCK = f"""
    SELECT {", ".join(OPDRACHT)} FROM opdracht
    WHERE id = %(opdracht_id)s AND gemeente_id = ANY(CAST(%(scope)s AS bigint[]))
    FOR NO KEY UPDATE
"""  # noqa: S608  names of our own columns
_LOCK_LINKED = f"""
    SELECT {", ".join(MELDING)} FROM melding
    WHERE id = ANY(ARRAY(SELECT melding_id FROM melding_opdracht WHERE opdracht_id = %(opdracht_id)s
                         AND until_at IS NULL AND gemeente_id = %(gemeente_id)s))
    AND gemeente_id = %(gemeente_id)s
    ORDER BY id
    FOR NO KEY UPDATE
"""  # noqa: S608  names of our own columns


def lock_to_close(
    session: Session, opdracht_id: int, *, scope: Collection[int]
) -> tuple[Opdracht | None, Sequence[Melding]]:
    """Locks one opdracht and then the meldingen linked to it, as `lock_opdrachten` and `lock_linked` do.

    The rows are not of the session: what changes in them is written by `store_closing`.
    """
    session.flush()
    found = by_driver(session, _LOCK, {"opdracht_id": opdracht_id, "scope": list(scope)})
    if not found:
        return None, []
    opdracht = as_read(Opdracht, dict(zip(OPDRACHT, found[0], strict=True)))
    linked = by_driver(session, _LOCK_LINKED, {"opdracht_id": opdracht_id, "gemeente_id": opdracht.gemeente_id})
    return opdracht, [as_read(Melding, dict(zip(MELDING, row, strict=True))) for row in linked]


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
    "id", "email", "phone", "mobile", "preference", "only_when_done", "night_too", "postal_address", "email_refused_at",
)  # fmt: skip
_KNOWN = f"""
    SELECT m.id, c.id IS NOT NULL, p.id, p.refused_at,
           EXISTS (SELECT FROM melding_opdracht l WHERE l.melding_id = m.id AND l.gemeente_id = g.id
                   AND l.until_at IS NULL AND l.opdracht_id <> %(opdracht_id)s),
           ARRAY(SELECT day FROM closing_day WHERE gemeente_id = g.id),
           ARRAY(SELECT id FROM team WHERE gemeente_id = g.id AND kind = '{PARTY}'),
           g.policy, {", ".join(f"c.{name}" for name in _CONTACT)}
    FROM opdracht o
    JOIN gemeente g ON g.id = o.gemeente_id
    LEFT JOIN melding m ON m.gemeente_id = g.id AND m.id = ANY((SELECT CAST(%(melding_ids)s AS bigint[]))::bigint[])
    LEFT JOIN contact c ON c.melding_id = m.id AND c.gemeente_id = m.gemeente_id
    LEFT JOIN push_subscription p ON p.melding_id = m.id AND p.gemeente_id = m.gemeente_id
    WHERE o.id = %(opdracht_id)s AND o.gemeente_id = ANY(CAST(%(scope)s AS bigint[]))
"""  # noqa: S608  names of our own columns; (SELECT …): see `_statement`


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
        contacts={row[0]: as_read(Contact, dict(zip(_CONTACT, row[8:], strict=True))) for row in found if row[1]},
        devices={row[0]: as_read(PushSubscription, {"id": row[2], "refused_at": row[3]}) for row in found if row[2]},
        elsewhere=any(row[4] for row in found),
        closing_days=frozenset(days),
        parties=frozenset(parties),
        policy=policy,
    )


@dataclass(frozen=True)
class Closed:
    """The rows of a closing. opdracht: locked, as it must become. changed: its locked meldingen with another status.

    closure, ends: by column, as named in CLOSURE and ENDING.
    """

    opdracht: Opdracht
    changed: Collection[Melding]
    closure: Mapping[str, Any]
    ends: Iterable[Mapping[str, Any]]


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

    Of the locked rows it writes MOVED and DERIVED: all that a closing changes. Who has these rows of the session in
    hand reads them anew.
    """
    opdracht, changed = closed.opdracht, closed.changed
    ended = [{name: _written(end[name]) for name in ENDING} for end in closed.ends]
    facts: dict[str, Any] = {
        **closed.closure,
        "gemeente_id": opdracht.gemeente_id,
        "opdracht_id": opdracht.id,
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
    facts["changed_flags"] = [" ".join(melding.flags) for melding in changed]
    by_driver(session, _statement(), facts)
    written_elsewhere(session, Opdracht, [opdracht.id])
    written_elsewhere(session, Melding, facts["changed"])
    if told.owed:
        session.info["outbox"] = True  # the door wakes the relay after its commit


CLOSURE = ("outcome", "reason", "sentence", "partner", "closed_at", "closed_by")
MOVED = (
    "status", "version", "outcome", "closed_at", "taken_up_at", "undo_until", "due_at", "paused_at", "paused_days",
    "party_since_at", "party_days",
)  # fmt: skip
DERIVED = ("status", "closed_at")
"""And the flags, which are codes: they travel as words."""
ENDING = tuple(
    column.name
    for column in Ending.__table__.columns
    if column.name not in ("id", "gemeente_id", "event_id", "reopened_at")
)


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@cache
def _statement() -> str:
    """The one statement, as the driver takes it.

    What a list holds is asked by a SELECT of its own: PostgreSQL then guesses its length alike whether it knows the
    values or not, and keeps one plan. Else it took the sight of one melding for a reason to plan anew at each closing,
    which took longer than closing.
    """
    names = ("gemeente_id", "opdracht_id", *CLOSURE)
    closure, values = ", ".join(names), ", ".join(f":{name}" for name in names)
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
            FROM told, unnest((SELECT :to_tell), (SELECT :kinds)) AS one(melding_id, kind)
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
            UPDATE melding SET {", ".join(f"{name} = one.{name}" for name in DERIVED)},
                   flags = string_to_array(one.flags, ' ')
            FROM unnest((SELECT :changed), (SELECT :changed_flags),
                        {", ".join(f"(SELECT :changed_{name})" for name in DERIVED)})
                 AS one(id, flags, {", ".join(DERIVED)})
            WHERE melding.id = one.id AND melding.gemeente_id = :gemeente_id
        )
        SELECT id FROM told
    """  # noqa: S608  names of our own columns
    typed: dict[str, Any] = {name: Closure.__table__.c[name].type for name in names}
    typed |= {name: sa.DateTime(timezone=True) for name in ("at", "due_at", "now")}
    typed |= {name: sa.Text() for name in ("kind", "actor", "request_id")}
    typed |= {"on_behalf_of": sa.BigInteger(), "facts": JSONB(), "ended": JSONB()}
    typed |= {"to_tell": ARRAY(sa.BigInteger), "kinds": ARRAY(sa.Text), "changed_flags": ARRAY(sa.Text)}
    typed |= {f"moved_{name}": Opdracht.__table__.c[name].type for name in MOVED}
    typed |= {"changed": ARRAY(sa.BigInteger)}
    typed |= {f"changed_{name}": ARRAY(Melding.__table__.c[name].type) for name in DERIVED}
    return for_driver(text, typed)
