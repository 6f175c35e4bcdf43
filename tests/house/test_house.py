"""The rules of HUIS.md that a machine can hold: sizes, scopes, one place for status, models equal migrations."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers

from meldingen import store
from meldingen.db import Base

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = sorted([*(ROOT / "meldingen").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])
PAGES = [
    p for p in (ROOT / "meldingen/web").rglob("*") if p.suffix in (".html", ".js", ".css") and "vendor" not in p.parts
]
STORE = sorted((ROOT / "meldingen/store").glob("*.py"))
WITHOUT_SCOPE = {
    # Tables that belong to no gemeente, or questions that decide the scope itself.
    "served_gemeenten", "shown_gemeenten", "served_ids", "gemeente_by_slug", "gemeente_by_id", "gemeenten_at",
    "nearest_served", "gemeente_by_code", "account_by_username", "roles_of", "session_account", "has_expired",
    "held_by", "end_session", "end_sessions", "end_session_by_id", "sessions_of", "touch_session", "lock_account",
    "lock_by_username", "key_by_hash", "names_of",
    "assign_area", "assign", "begin_mail", "wait_for_turn", "homes_at", "home_of", "store_melding", "store_closing",
    "claim_key", "remember_resource", "forget_key",
    "record", "log_view", "add_photo", "put", "keep_subscription", "followed_melding", "followed_row",
    "dossier_of",
    "devices_of", "device_by_id", "keep_device", "delete_device", "delete_device_by_id",
}  # fmt: skip
INFRASTRUCTURE = {"outbox.py", "leases.py", "retention.py", "table.py", "clock.py", "pace.py", "whole.py", "turns.py"}


@pytest.mark.parametrize("file", [*CODE, *PAGES], ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400, "two rooms: split it by meaning"


@pytest.mark.parametrize("file", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_and_public_function_says_what_it_is_for(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), "a module opens with what it is for"
    public = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [n.name for n in public if not ast.get_docstring(n)] == []


def test_every_query_asks_for_whom() -> None:
    missing = []
    for file in STORE:
        if file.name in INFRASTRUCTURE:
            continue
        for node in ast.parse(file.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or node.name in WITHOUT_SCOPE:
                continue
            arguments = [a.arg for a in node.args.args]
            if "session" in arguments and "scope" not in [a.arg for a in node.args.kwonlyargs]:
                missing.append(f"{file.name}: {node.name}")
    assert missing == []


def test_every_row_of_a_gemeente_says_whose_it_is() -> None:
    no_gemeente = {"gemeente", "account", "staff_session", "staff_push", "idempotency", "klok", "outbox", "pace"}
    loose = [t.name for t in Base.metadata.sorted_tables if t.name not in no_gemeente and not _owned(t)]
    assert loose == []


def _owned(table: sa.Table) -> bool:
    column = table.columns.get("gemeente_id")
    return column is not None and not column.nullable


def test_references_between_gemeenten_cannot_exist() -> None:
    loose = []
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if _owned(table) and _owned(key.referred_table) and "gemeente_id" not in key.column_keys:
                loose.append(f"{table.name}.{key.column_keys}")
    assert loose == []


def test_only_one_module_sets_a_status() -> None:
    """derive_statuses and set_opdracht_status in flow/status.py; making a row with its first status is no change."""
    setters = [
        str(file.relative_to(ROOT))
        for file in CODE
        if re.search(r"\b(melding|opdracht|into|again|second)\.status = ", file.read_text())
    ]
    assert setters == ["meldingen/flow/status.py"]


def test_only_the_chain_sets_the_status_of_a_delivery() -> None:
    """Of all who know deliveries, flow/chain.py alone sets a status; kcc and calling set that of a terugbelnotitie."""
    setters = set()
    for file in CODE:
        text = file.read_text()
        if not re.search(r"store\.notice import|store import [^\n]*\bnotice\b|\bDelivery\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            named = [t for target in targets for t in ast.walk(target) if isinstance(t, ast.Attribute)]
            setters |= {f"{file.name}: {ast.unparse(t)}" for t in named if t.attr == "status"}
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".values"):
                setters |= {f"{file.name}: values" for keyword in node.keywords if keyword.arg == "status"}
    assert setters == {"chain.py: delivery.status", "kcc.py: row.status", "calling.py: row.status"}


def test_no_query_asks_the_database_for_the_time() -> None:
    asking = [
        str(file.relative_to(ROOT))
        for file in CODE
        if re.search(r"func\.now\(|CURRENT_TIMESTAMP", file.read_text()) and file.name not in ("leases.py",)
    ]
    assert asking == []


def test_models_and_migrations_are_the_same(engine: sa.Engine) -> None:
    assert store.__doc__
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda thing, name, kind, reflected, other: (
                    name != "spatial_ref_sys" and alembic_helpers.include_object(thing, name, kind, reflected, other)
                ),
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_journal_cannot_be_rewritten(session: sa.orm.Session) -> None:
    from tests import factories

    home = factories.gemeente(session)
    session.execute(
        sa.text("INSERT INTO journal (gemeente_id, at, kind, actor) VALUES (:g, '2026-01-01', 'proef', 'systeem')"),
        {"g": home.id},
    )
    for change in ("UPDATE journal SET kind = 'anders'", "DELETE FROM journal"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), session.begin_nested():
            session.execute(sa.text(change))
    session.execute(sa.text("SET LOCAL meldingen.upkeep = 'on'"))
    session.execute(sa.text("DELETE FROM journal"))


def test_browser_tests_share_one_chromium() -> None:
    """Ask for the fixture `chromium` of tests/conftest.py: one way to start it, and two beside each other fail."""
    starting = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests").rglob("*.py"))
        if re.search(r"import .*\bsync_playwright\b", file.read_text())
    ]
    assert starting == ["tests/conftest.py"]


def test_the_bootstrap_needs_nothing_installed() -> None:
    """`python3 -m meldingen.local` runs before there is a virtual environment: isolated from site-packages here."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import meldingen.local.__main__"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
