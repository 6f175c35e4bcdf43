"""A lot of ordinary new meldingen, read and given their opdrachten by two statements: a storm comes through here too.

The rows are those that `flow/routing.py` makes one by one for every other melding; a test holds the two to each other.
Which team gets one, and so which of these get an opdracht here, is decided there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.danger import SUSPECTED
from ..domain.routing import Area
from ..domain.workflow import NIEUW, ONTVANGEN
from .category import OTHER


@dataclass(frozen=True)
class NewWork:
    """What an ordinary new melding asks of routing. areas: the active ones at its place, by kind and code."""

    melding_id: int
    gemeente_id: int
    flags: Sequence[str]
    promised_on: date
    category_id: int
    category_slug: str
    category_name: str
    main_category_slug: str
    main_category_name: str
    urgency: str
    areas: tuple[Area, ...]


@dataclass(frozen=True)
class Assigned:
    """The opdracht that one of them gets."""

    melding_id: int
    category_id: int
    team_id: int
    rule_id: int
    reason: str
    urgency: str
    priority: int
    due_at: datetime


_LOCK = sa.text(f"""
    SELECT m.id AS melding_id, m.gemeente_id, m.flags, m.promised_on, c.id AS category_id, c.slug AS category_slug,
           c.name AS category_name, coalesce(main.slug, c.slug) AS main_category_slug,
           coalesce(main.name, c.name) AS main_category_name, c.urgency,
           (SELECT jsonb_agg(jsonb_build_array(a.code, a.kind, a.name) ORDER BY a.kind, a.code) FROM area a
            WHERE a.gemeente_id = m.gemeente_id AND a.active AND ST_Covers(a.shape, m.location)) AS areas
    FROM melding m
    JOIN category c ON c.gemeente_id = m.gemeente_id
     AND CASE WHEN m.category_id IS NULL THEN c.slug = '{OTHER}' ELSE c.id = m.category_id END
    LEFT JOIN category main ON main.gemeente_id = c.gemeente_id AND main.id = c.parent_id
    WHERE m.id = ANY(CAST(:ids AS bigint[])) AND m.gemeente_id = ANY(CAST(:scope AS bigint[]))
    AND m.status = '{ONTVANGEN}' AND m.withdrawn_at IS NULL AND m.referred_to = '' AND m.term_days = c.term_days
    AND NOT m.danger AND c.urgency <> 'spoed' AND m.same_as_opdracht_id IS NULL
    AND (m.category_id IS NULL OR c.join_radius_m IS NULL OR c.join_days IS NULL)
    ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED
""")  # noqa: S608  our own words
_ASSIGN = sa.text(f"""
    WITH asked AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('opdracht', 'id')) AS opdracht_id, a.*
        FROM unnest(CAST(:melding_id AS bigint[]), CAST(:category_id AS bigint[]), CAST(:team_id AS bigint[]),
                    CAST(:rule_id AS bigint[]), CAST(:reason AS text[]), CAST(:urgency AS text[]),
                    CAST(:priority AS int[]), CAST(:due_at AS timestamptz[]))
             AS a (melding_id, category_id, team_id, rule_id, reason, urgency, priority, due_at)
        WHERE NOT EXISTS (SELECT 1 FROM melding_opdracht l WHERE l.melding_id = a.melding_id AND l.until_at IS NULL)
    ), made AS (
        INSERT INTO opdracht (id, gemeente_id, status, category_id, team_id, urgency, danger_suspected, priority,
            location, location_note, address, wijk_code, buurt_code, rule_id, routing_reason, received_at, due_at,
            created_at)
        SELECT a.opdracht_id, m.gemeente_id, '{NIEUW}', a.category_id, a.team_id, a.urgency,
            '{SUSPECTED}' = ANY(m.flags), a.priority, m.location, m.location_note, m.address, m.wijk_code,
            m.buurt_code, a.rule_id, a.reason, m.received_at, a.due_at, :now
        FROM asked a JOIN melding m ON m.id = a.melding_id
    ), linked AS (
        INSERT INTO melding_opdracht (gemeente_id, melding_id, opdracht_id, how, from_at, made_by)
        SELECT m.gemeente_id, m.id, a.opdracht_id, :how, :now, :actor FROM asked a JOIN melding m ON m.id = a.melding_id
    )
    INSERT INTO journal (gemeente_id, at, kind, melding_id, opdracht_id, actor, facts)
    SELECT m.gemeente_id, :now, :how, m.id, a.opdracht_id, :actor,
           jsonb_build_object('team_id', a.team_id, 'rule_id', a.rule_id, 'category_id', a.category_id,
                              'status', '{NIEUW}')
    FROM asked a JOIN melding m ON m.id = a.melding_id
""").bindparams(  # noqa: S608  our own words
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    sa.bindparam("how", type_=sa.Text()),
    sa.bindparam("actor", type_=sa.Text()),
)


def lock_ordinary(session: Session, ids: Collection[int], *, scope: Collection[int]) -> list[NewWork]:
    """Locks those of these meldingen that only need a team, by id: without danger or spoed, nothing to join, nothing
    that happened to them since. One that somebody else has locked is passed over, so nothing is waited for."""
    found = session.connection().execute(_LOCK, {"ids": list(ids), "scope": sorted(scope)})
    return [NewWork(**{**row._mapping, "areas": tuple(Area(*area) for area in row.areas or ())}) for row in found]


def assign(session: Session, work: Sequence[Assigned], *, how: str, actor: str, now: datetime) -> None:
    """Makes an opdracht, its link and its event for each of these locked meldingen, unless it has one by now."""
    columns: Mapping[str, list[Any]] = {
        name: [getattr(one, name) for one in work] for name in Assigned.__dataclass_fields__
    }
    session.connection().execute(_ASSIGN, {**columns, "how": how, "actor": actor, "now": now})
