"""What PostgreSQL does for a call of ours: its statements, and of each the plan with the rows that were touched."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy.orm import Session

SMALL = {
    "account", "account_role", "area", "bulk", "category", "category_model", "closing_day", "duty", "gemeente", "klok",
    "notice_text", "object", "pace", "retention_confirmation", "routing_rule", "team", "webhook",
}  # fmt: skip
"""Tables that do not grow with the meldingen: reading one whole is the quickest way."""


@dataclass
class Plan:
    """One statement. scanned: big tables that were read whole. rows: touched by all scans, kept or thrown away.

    thrown: rows that were read and did not fit. ms: by EXPLAIN's own clock. blocks: of 8 kB, in memory or not.
    """

    statement: str
    ms: float = 0.0
    rows: int = 0
    thrown: int = 0
    blocks: int = 0
    scanned: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    tree: str = ""


@contextmanager
def listening(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """The statements sent meanwhile with their parameters, by SQLAlchemy or by the driver itself (`db.by_driver`)."""
    sent: list[tuple[str, Any]] = []
    execute, ours = psycopg.Cursor.execute, session.connection().connection.driver_connection

    def note(cursor: psycopg.Cursor[Any], statement: Any, parameters: Any = None, **how: Any) -> psycopg.Cursor[Any]:
        if cursor.connection is ours:
            sent.append((str(statement), parameters))
        return execute(cursor, statement, parameters, **how)

    psycopg.Cursor.execute = note  # type: ignore[assignment, method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def explain(session: Session, ask: Callable[[], object]) -> list[Plan]:
    """The plans of all that this call sends, really executed; settings and locks aside."""
    with listening(session) as sent:
        ask()
    plans = []
    for statement, parameters in sent:
        if not statement.lstrip().upper().startswith(("SET", "LOCK")):
            raw = session.connection().exec_driver_sql(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement, parameters
            )
            plans.append(_read(statement, raw.scalar_one()[0]))
    return plans


def _read(statement: str, told: Mapping[str, Any]) -> Plan:
    plan = Plan(statement, ms=float(told["Execution Time"]))
    top = told["Plan"]
    plan.blocks = int(top.get("Shared Hit Blocks", 0)) + int(top.get("Shared Read Blocks", 0))
    lines: list[str] = []
    for depth, node in _nodes(top, 0):
        loops = int(node.get("Actual Loops", 1))
        kept = int(node.get("Actual Rows", 0)) * loops
        thrown = (
            sum(int(node.get(f"Rows Removed by {why}", 0)) for why in ("Filter", "Index Recheck", "Join Filter"))
            * loops
        )
        table, index = node.get("Relation Name"), node.get("Index Name")
        if "Scan" in node["Node Type"] and (table or index):
            plan.rows += kept + thrown
        plan.thrown += thrown
        if index and index not in plan.indexes:
            plan.indexes.append(index)
        if node["Node Type"] == "Seq Scan" and table not in SMALL and loops:
            plan.scanned.append(str(table))
        about = " ".join(str(part) for part in (index, table) if part)
        ms = float(node.get("Actual Total Time", 0)) * loops
        lines.append(f"{'  ' * depth}{node['Node Type']} {about}: {kept} rijen, {thrown} weg, {ms:.1f} ms")
    plan.tree = "\n".join(lines)
    return plan


def _nodes(node: Mapping[str, Any], depth: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    yield depth, node
    for child in node.get("Plans", ()):
        yield from _nodes(child, depth + 1)
