"""How long each hot read takes on databases of bench.vullen, side by side: ten thousand meldingen, or ten million.

Run with DATABASE_URL set and one or more names: `python -m bench.groot --op meldingen_vol_10k meldingen_vol`. Changes
nothing: a turn of the clock is rolled back, and a question ends as in a request, so that a connection keeps its plans
(after a rollback psycopg forgets them). A plain SELECT 1 and one row by its key, in the same run, say what the line
and the machine cost. `--plan "zoek: naam"` shows what PostgreSQL does. A question of which one statement takes longer
than `--hoogstens` is told as such, and the run goes on. Ends with 1 when a number of queries is not constant.
"""

import argparse
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db

from .plannen import Plan, explain
from .vragen import QUESTIONS, Question, Town, find_town

LEAST, MOST = 5, 400
"""How often each question is asked, once it is warm."""
ENOUGH_MS = 5_000
"""A question that took so long in all is not asked again."""


@dataclass(frozen=True)
class Measured:
    """One question on one database. ms: 50th and 95th percentile, without end when a statement took too long. cpu_ms:
    of our own process, per turn."""

    p50: float
    p95: float
    cpu_ms: float
    queries: int
    plans: tuple[Plan, ...]

    @property
    def rows(self) -> int:
        """Touched by all its queries."""
        return sum(plan.rows for plan in self.plans)


def main() -> int:
    """Prints the table; 1 when a question sends more queries in one database than in another."""
    parser = argparse.ArgumentParser(prog="python -m bench.groot", description="Lezen in een volle database.")
    parser.add_argument("--op", nargs="+", default=["meldingen_vol"], help="namen van databases van bench.vullen")
    parser.add_argument("--alleen", default="", help="alleen vragen met deze woorden")
    parser.add_argument("--plan", default="", help="toon wat PostgreSQL doet voor vragen met deze woorden")
    parser.add_argument("--seconden", type=float, default=1.0, help="hoe lang per vraag")
    parser.add_argument("--hoogstens", type=int, default=20, help="seconden voor één opdracht aan de database")
    asked = parser.parse_args()
    questions = [one for one in QUESTIONS if (asked.plan or asked.alleen) in one.name]
    found: dict[str, dict[str, Measured]] = {}
    for name in asked.op:
        url = sa.make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg", database=name)
        engine = db.make_engine(url.render_as_string(hide_password=False), pool_size=1)
        with Session(engine) as session:
            session.execute(sa.text("SET statement_timeout = 0"))
            session.commit()
            ends = session.scalar(sa.text("SELECT max(received_at) FROM melding"))
            count = session.scalar(sa.text("SELECT reltuples::bigint FROM pg_class WHERE relname = 'melding'"))
            if ends is None:
                parser.error(f"{name} is leeg")
            town = find_town(session, ends)
            plain, row = _plain(session), _row(session, town)
            print(f"{name}: {count} meldingen; SELECT 1 {plain:.2f} ms, één rij {row:.2f} ms", end="; ")
            print(f"drukte {os.getloadavg()[0]:.1f}", flush=True)
            session.execute(sa.text(f"SET statement_timeout = '{asked.hoogstens}s'"))
            session.commit()
            found[name] = {one.name: measure(session, one, town, asked.seconden) for one in questions}
        engine.dispose()
    if asked.plan:
        for one in questions:
            for plan in found[asked.op[-1]][one.name].plans:
                print(f"\n{one.name}: {plan.ms:.1f} ms\n{plan.statement}\n{plan.tree}")
        return 0
    print("\n".join(as_table(questions, found)))
    unsteady = [
        one.name for one in questions if not one.name.startswith("zoek")
        and len({found[name][one.name].queries for name in asked.op} - {0}) > 1
    ]  # fmt: skip
    print("\n".join(f"✗ {name}: niet altijd evenveel vragen aan de database" for name in unsteady))
    return 1 if unsteady else 0


def measure(session: Session, question: Question, town: Town, most_s: float) -> Measured:
    """One question, warm, for about so many seconds."""
    try:
        plans = explain(session, lambda: question.ask(session, town))
    except sa.exc.OperationalError:
        session.rollback()
        return Measured(math.inf, math.inf, 0.0, 0, ())
    session.rollback()
    end = session.rollback if question.clock else session.commit
    times = _times(session, lambda: question.ask(session, town), most_s=most_s, end=end)
    began = time.process_time()
    turns = _times(session, lambda: question.ask(session, town), most_s=most_s / 4, end=end)
    cpu_ms = (time.process_time() - began) * 1000 / len(turns)
    return Measured(statistics.median(times), _p95(times), cpu_ms, len(plans), tuple(plans))


def as_table(questions: list[Question], found: dict[str, dict[str, Measured]]) -> list[str]:
    """Markdown: per database the milliseconds, and of the last one the rest; ratio: of the last to the first."""
    names = list(found)
    head = ["vraag", *(f"{name} p50 / p95 ms" for name in names), "keer", "doel", "oordeel", "rijen", "vragen"]
    head += ["CPU ms", "indexen"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in questions:
        last, first = found[names[-1]][one.name], found[names[0]][one.name]
        target = f"≤ {one.most_ms:g} ms" if one.most_ms else f"≥ {one.least_per_s:g}/s" if one.least_per_s else "–"
        reached = last.p95 <= one.most_ms if one.most_ms else 1000 / last.p50 >= one.least_per_s
        judged = "–" if target == "–" else "gehaald" if reached else "niet gehaald"
        whole = sorted({f"⚠ heel {table}" for plan in last.plans for table in plan.scanned})
        used = sorted({index for plan in last.plans for index in plan.indexes if not index.startswith("pk_")})
        cells = [one.name, *(_shown(found[name][one.name]) for name in names)]
        cells += [f"{last.p50 / first.p50:.1f}", target, judged, str(last.rows), str(last.queries)]
        lines.append("| " + " | ".join([*cells, f"{last.cpu_ms:.1f}", ", ".join(whole + used)]) + " |")
    return lines


def _shown(measured: Measured) -> str:
    return "te lang" if math.isinf(measured.p50) else f"{measured.p50:.1f} / {measured.p95:.1f}"


def _times(
    session: Session, ask: Callable[[], object], *, most_s: float, end: Callable[[], None] | None = None
) -> list[float]:
    took: list[float] = []
    until = time.monotonic() + most_s
    while len(took) < LEAST or (time.monotonic() < until and len(took) < MOST):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
        (end or session.rollback)()
        session.expunge_all()
        if sum(took) > ENOUGH_MS:
            break
    return took


def _plain(session: Session) -> float:
    return statistics.median(_times(session, lambda: session.execute(sa.text("SELECT 1")).all(), most_s=0.2))


def _row(session: Session, town: Town) -> float:
    key = sa.text("SELECT * FROM melding WHERE id = :id")
    return statistics.median(_times(session, lambda: session.execute(key, {"id": town.melding_id}).all(), most_s=0.2))


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)] if len(times) > 1 else times[0]


if __name__ == "__main__":
    sys.exit(main())
