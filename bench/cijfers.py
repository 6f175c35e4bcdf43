"""How long /cijfers and the overzicht terugkoppeling take with N meldingen, beside a plain count in the same run.

Run with `python3 -m meldingen.local db python -m bench.cijfers 200000`, or with DATABASE_URL set. Makes and drops a
database of its own, with one gemeente and three years of meldingen, endings, berichten, answers and terugbelnotities.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.outbox import own_database
from meldingen import db
from meldingen.domain.cijfers import Term
from meldingen.flow.cijfers import make_report
from meldingen.store.reports_notices import count_heard, list_heard, speed, traffic

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
YEAR = Term(date(2025, 12, 1), date(2026, 11, 1))
MONTH = Term(date(2026, 10, 1), date(2026, 10, 1))
ROUNDS = 5

TOWN = """
INSERT INTO gemeente (code, slug, name, served, policy) VALUES ('GM9001', 'duinstede', 'Duinstede', true, '{}');
INSERT INTO team (gemeente_id, slug, name, kind, vangnet)
SELECT 1, 'team' || n, 'Team ' || n, 'serviceteam', n = 1 FROM generate_series(1, 12) n;
INSERT INTO category (gemeente_id, slug, parent_id, name, term_days, team_kind, urgency, public)
SELECT 1, 'soort' || n, CASE WHEN n > 13 THEN 1 + n % 13 END, 'Soort ' || n, 5, 'serviceteam', 'normaal', true
FROM generate_series(1, 93) n;
INSERT INTO area (gemeente_id, kind, code, name, year, shape)
SELECT 1, 'wijk', 'WK' || n, 'Wijk ' || n, 2025, ST_Multi(ST_MakeEnvelope(4, 52, 5, 53, 4326))
FROM generate_series(1, 15) n;
"""
HISTORY = """
INSERT INTO melding (gemeente_id, number, status, location, location_source, wijk_code, category_id, intake_channel,
                     received_at, first_promised_on, promised_on, term_days)
SELECT 1, lpad(n::text, 10, '0'), 'afgehandeld', ST_SetSRID(ST_MakePoint(4.7, 52.66), 4326), 'pin',
       'WK' || (1 + n % 15),
       1 + n % 93, (ARRAY['app', 'e_formulier', 'telefoon', 'e_mail'])[1 + n % 4],
       timestamptz '2026-11-15 12:00+00' - interval '3 years' * (1 - n::float / :meldingen),
       '2026-01-01', '2026-01-01', 5
FROM generate_series(1, :meldingen) n;
INSERT INTO journal (gemeente_id, at, kind, melding_id, actor)
SELECT 1, received_at + interval '1 day' * (id % 20), 'afgehandeld', id, 'systeem' FROM melding ORDER BY id;
INSERT INTO ending (gemeente_id, melding_id, event_id, kind, month, at, received_at, closed_at, category_id, wijk_code,
                    team_id, intake_channel, reach, spoed, partner, werkdagen, in_term, in_term_paused, reopened_at)
SELECT 1, m.id, j.id, (ARRAY['gereed', 'gereed', 'niet_opgelost'])[1 + m.id % 3],
       date_trunc('month', j.at AT TIME ZONE 'Europe/Amsterdam')::date, j.at, m.received_at, j.at,
       m.category_id, m.wijk_code,
       1 + m.id % 12, m.intake_channel, CASE WHEN m.id % 5 = 0 THEN 'anoniem' ELSE 'bereikbaar' END, m.id % 11 = 0,
       m.id % 17 = 0, (m.id % 20)::int, m.id % 10 > 0, m.id % 20 > 0,
       CASE WHEN m.id % 29 = 0 THEN j.at + interval '9 days' END
FROM melding m JOIN journal j ON j.melding_id = m.id;
INSERT INTO notice (gemeente_id, event_id, melding_id, kind, at)
SELECT 1, event_id, melding_id, kind, at FROM ending WHERE reach = 'bereikbaar';
INSERT INTO journal (gemeente_id, at, kind, melding_id, actor)
SELECT 1, received_at, 'ontvangen', id, 'anoniem' FROM melding;
INSERT INTO notice (gemeente_id, event_id, melding_id, kind, at)
SELECT 1, id, melding_id, 'ontvangst', at FROM journal WHERE kind = 'ontvangen' AND melding_id % 5 > 0;
INSERT INTO delivery (gemeente_id, notice_id, channel, status, reference, due_at, created_at, sent_at)
SELECT 1, id, CASE WHEN id % 3 = 0 THEN 'sms' ELSE 'email' END,
       CASE WHEN id % 50 = 0 THEN 'niet_bezorgd' ELSE 'bezorgd' END,
       'r' || id, at, at, at + interval '1 second' * (id % 400)
FROM notice;
INSERT INTO terugbelnotitie (gemeente_id, melding_id, kind, reason, words, status, created_at, due_at, finished_at)
SELECT 1, melding_id, 'gereed', 'bel_mij', '', 'gesproken', at, at + interval '3 days', at + interval '1 day' * (id % 5)
FROM ending WHERE id % 9 = 0;
INSERT INTO verdict (gemeente_id, melding_id, event_id, asked, answer, via, at)
SELECT 1, melding_id, event_id, CASE WHEN kind = 'gereed' THEN 'opgelost' ELSE 'uitleg' END, id % 4 > 0, 'volgpagina',
       at + interval '2 days'
FROM ending WHERE id % 6 = 0;
"""


def fill(engine: sa.Engine, meldingen: int) -> None:
    """One gemeente with three years of history."""
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        for statement in (TOWN + HISTORY).split(";\n"):
            if statement.strip():
                values = {"meldingen": meldingen} if ":meldingen" in statement else {}
                connection.execute(sa.text(statement), values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def took_ms(work: Callable[[], object]) -> float:
    """The median of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        rounds.append((time.perf_counter() - began) * 1000)
    return statistics.median(rounds)


def main(meldingen: int) -> None:
    """Fills, measures, and prints each beside the plain count."""
    with own_database(os.environ["DATABASE_URL"]) as address:
        engine = db.make_engine(address, pool_size=2)
        fill(engine, meldingen)
        with Session(engine) as session:
            session.execute(sa.text("SET statement_timeout = 0"))
            scope = [1]
            asked: dict[str, Callable[[], object]] = {
                "cijfers, een maand": lambda: make_report(session, 1, MONTH),
                "cijfers, een jaar": lambda: make_report(session, 1, YEAR),
                "terugkoppeling, een jaar": lambda: count_heard(session, YEAR, now=NOW, scope=scope),
                "terugkoppeling, lijst": lambda: list_heard(
                    session, MONTH.first, "later", now=NOW, scope=scope, limit=100
                ),
                "hoe snel, een jaar": lambda: speed(session, YEAR, scope=scope),
                "kanalen, een jaar": lambda: traffic(session, YEAR, scope=scope),
            }
            plain = took_ms(lambda: session.scalar(sa.text("SELECT count(*) FROM melding WHERE gemeente_id = 1")))
            print(f"{meldingen} meldingen; gewoon tellen {plain:.0f} ms")
            for name, work in asked.items():
                ms = took_ms(work)
                print(f"{name:<26} {ms:>7.0f} ms = {ms / plain:>5.1f} x tellen")
        engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
