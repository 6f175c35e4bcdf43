"""The region before its first melding: gemeenten with wijken, teams, categories and rules, and how work is dealt out.

The tables of the schema `vullen` are scaffolding: they live while the story is written, and go at the end.
"""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import SYSTEM
from meldingen.flow.seed import seed_gemeente
from meldingen.store.gemeente import Gemeente

from . import laden
from .verhaal import read_sql

YEARS = 5
"""How long a melding is kept (domain/retention.py): a full database is this many years of them."""
PER_ROW = 8
WIDE, HIGH = 0.18, 0.11
"""A gemeente is a rectangle of so many degrees, about twelve kilometres each way."""
WEST, SOUTH = 3.6, 50.9
STREETS = (
    "Dorp,Kerk,Molen,School,Station,Burgemeester,Koning,Wilhelmina,Juliana,Beatrix,Emma,Oranje,Nassau,Linden,Eiken,"
    "Beuken,Kastanje,Berken,Iepen,Esdoorn,Wilgen,Populier,Rozen,Tulpen,Anjer,Lelie,Merel,Lijster,Nachtegaal,Zwaluw,Reiger,"
    "Vondel,Rembrandt,Vermeer,Jan-Steen,Frans-Hals,Spinoza,Erasmus,Thorbecke,Troelstra,Drees,Sport,Haven,Kade,Zee,Duin,Strand,"
    "Polder,Dijk,Gracht,Markt,Industrie,Ambacht,Handel,Noord,Zuid,Ooster,Wester,Hof,Tuin,Park,Bos,Heide,Veld,Akker"
)
ENDINGS = "straat,weg,laan,plein,hof,singel,dreef,pad,steeg,kade"
STORM_KINDS = "boom-omgevallen,losse-tak,riool-verstopt,straat-onder-water,wateroverlast"

WIJKEN = """
INSERT INTO area (gemeente_id, kind, code, name, year, shape)
SELECT id, 'wijk', 'WK' || substr(code, 3) || lpad(n::text, 2, '0'), 'Wijk ' || n, 2025,
       ST_Multi(ST_MakeEnvelope(ST_XMin(border) + {wide} / 4 * (n % 4), ST_YMin(border) + {high} / 4 * (n / 4),
                                ST_XMin(border) + {wide} / 4 * (n % 4 + 1), ST_YMin(border) + {high} / 4 * (n / 4 + 1),
                                4326))
FROM gemeente, generate_series(0, 15) n
"""
WIJKTEAMS = """
INSERT INTO team (gemeente_id, slug, name, kind)
SELECT id, kind || '-' || n, initcap(kind) || ' ' || (ARRAY['west', 'oost', 'zuid', 'noord'])[n + 1], kind
FROM gemeente, unnest(ARRAY['serviceteam', 'groen', 'afval']) kind, generate_series(0, 3) n
"""


def make_world(engine: sa.Engine, *, meldingen: int, gemeenten: int, seed: int, now: datetime) -> None:
    """The gemeenten as `meldingen seed` fills them, with wijken, and a team per quarter for common work;
    and the scaffolding: days with their share, places and categories with theirs. now: the end of the years."""
    first = date(now.year - YEARS, now.month, min(now.day, 28))
    last = now.date() - timedelta(days=1)
    with db.transaction(engine) as session:
        for number in range(gemeenten):
            _gemeente(session, number, now)
    with engine.begin() as connection:
        connection.execute(sa.text(WIJKEN.format(wide=WIDE, high=HIGH)))
        connection.execute(sa.text(WIJKTEAMS))
        scaffold = read_sql(
            "wereld.sql",
            seed=seed,
            first_day=first,
            last_day=last,
            days=(last - first).days + 1,
            last=meldingen,
            storm_kinds=STORM_KINDS,
            streets=STREETS,
            endings=ENDINGS,
        )
        for statement in scaffold["vullen"]:
            laden.run(connection, statement)


def _gemeente(session: Session, number: int, now: datetime) -> None:
    west, south = WEST + number % PER_ROW * WIDE, SOUTH + number // PER_ROW * HIGH
    border = sa.func.ST_Multi(sa.func.ST_MakeEnvelope(west, south, west + WIDE, south + HIGH, 4326))
    made = Gemeente(
        code=f"GM{9000 + number}", slug=f"gemeente{number}", name=f"Gemeente {number}", served=True, border=border
    )
    session.add(made)
    session.flush()
    seed_gemeente(session, made, actor=SYSTEM, now=now)
