"""All rows of one new melding, written by one statement: intake is the door that a storm comes through.

The rows are those that `journal.record`, `flow/notices` and `outbox.put` make one by one elsewhere; a test holds them
to each other. Which of them are made, and what is in them, is decided by flow/intake.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, make_transient_to_detached

from ..db import by_driver, for_driver
from .contact import Contact
from .melding import Melding
from .outbox import Topic

MELDING = (
    "gemeente_id", "number", "status", "description", "location_source", "location_note", "accuracy_m", "address",
    "wijk_code", "buurt_code", "area_year", "category_id", "answers", "questions_version", "danger", "flags",
    "intake_channel", "partner_name", "entered_by", "same_as_opdracht_id", "photos_expected", "received_at",
    "first_promised_on", "promised_on", "term_days", "referred_to", "object_kind", "object_code",
)  # fmt: skip
"""The rest begins as the database says. psycopg reads a statement of more than 50 values anew each time."""
CONTACT = ("name", "email", "phone", "mobile", "preference", "only_when_done", "night_too", "postal_address")


@dataclass(frozen=True)
class Promised:
    """What a new melding sets in motion. event, facts, actor: of the journal. notice: the kind of bericht, or empty.

    for_melder: staff reported it on behalf of its melder. route: whether it is to get a team. urgency: of both.
    """

    event: str
    facts: Mapping[str, Any]
    actor: str
    for_melder: bool
    notice: str
    route: bool
    urgency: int


def store_melding(
    session: Session,
    melding: Melding,
    contact: Contact | None,
    promised: Promised,
    *,
    at: tuple[float, float],
    key: tuple[str, str] | None,
) -> None:
    """Writes a new melding with all that belongs to it; afterwards it is a row of this session as any other.

    at: longitude and latitude. key: scope and value of the idempotency key that was claimed for it.
    """
    facts: dict[str, Any] = {name: getattr(melding, name) for name in MELDING}
    facts |= {f"contact_{name}": getattr(contact, name) if contact else None for name in CONTACT}
    facts |= {
        "answers": Jsonb(melding.answers),
        "lon": at[0],
        "lat": at[1],
        "key_scope": key[0] if key else None,
        "key": key[1] if key else None,
        "event": promised.event,
        "facts": Jsonb(dict(promised.facts)),
        "actor": promised.actor,
        "for_melder": promised.for_melder,
        "notice": promised.notice,
        "route": promised.route,
        "urgency": promised.urgency,
        "request_id": session.info.get("request_id", ""),
    }
    ((melding.id,),) = by_driver(session, _statement(), facts)
    make_transient_to_detached(melding)
    session.add(melding)
    if promised.notice or promised.route:
        session.info["outbox"] = True  # as outbox.put says


@cache
def _statement() -> str:
    """As the driver takes it: to have it compiled at each melding would take longer than to answer it."""
    columns, values = ", ".join(MELDING), ", ".join(f":{name}" for name in MELDING)
    reached, how = ", ".join(CONTACT), ", ".join(f":contact_{name}" for name in CONTACT)
    text = f"""
        WITH made AS (
            INSERT INTO melding ({columns}, location)
            VALUES ({values}, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))
            RETURNING id
        ), kept AS (
            UPDATE idempotency SET resource_id = made.id FROM made WHERE scope = :key_scope AND key = :key
        ), reached AS (
            INSERT INTO contact (gemeente_id, melding_id, {reached})
            SELECT :gemeente_id, id, {how} FROM made WHERE :contact_name IS NOT NULL
        ), told AS (
            INSERT INTO journal (gemeente_id, at, kind, melding_id, actor, on_behalf_of, facts)
            SELECT :gemeente_id, :received_at, :event, id, :actor, CASE WHEN :for_melder THEN id END, :facts FROM made
            RETURNING id, melding_id
        ), owed AS (
            INSERT INTO notice (gemeente_id, event_id, melding_id, kind, at)
            SELECT :gemeente_id, id, melding_id, :notice, :received_at FROM told WHERE :notice <> ''
            RETURNING id, melding_id
        ), due AS (
            SELECT '{Topic.NOTICE}' AS topic, :urgency AS urgency, 'melding:' || melding_id AS order_key,
                   jsonb_build_object('notice_id', id, 'gemeente_id', :gemeente_id) AS payload
            FROM owed
            UNION ALL
            SELECT '{Topic.ROUTE}', :urgency, 'toewijzen:' || id,
                   jsonb_build_object('melding_id', id, 'gemeente_id', :gemeente_id)
            FROM made WHERE :route
        ), put AS (
            INSERT INTO outbox (gemeente_id, topic, urgency, payload, request_id, order_key, due_at, created_at)
            SELECT :gemeente_id, topic, urgency, payload, :request_id, order_key, :received_at, :received_at FROM due
        )
        SELECT id FROM made
    """  # noqa: S608  names of our own columns
    typed = {name: Melding.__table__.c[name].type for name in MELDING}
    typed |= {f"contact_{name}": Contact.__table__.c[name].type for name in CONTACT}
    typed |= {"facts": JSONB(), "for_melder": sa.Boolean(), "route": sa.Boolean()}
    typed |= {"urgency": sa.SmallInteger(), "lon": sa.Double(), "lat": sa.Double()}
    typed |= {name: sa.Text() for name in ("key_scope", "key", "event", "actor", "notice", "request_id")}
    return for_driver(text, typed)
