"""What every command stands on: the settings of the environment, one transaction, and a refusal said in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from . import db
from .domain.errors import DomainError
from .settings import Settings, SettingsError


def settings() -> Settings:
    """The settings of the environment, or a clear end with every mistake at once."""
    try:
        return Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def work() -> Iterator[Session]:
    """One transaction on the configured database."""
    engine = db.make_engine(settings().database_url, pool_size=1)
    try:
        with db.transaction(engine) as session:
            yield session
    finally:
        engine.dispose()


def move_schema(database_url: str, downgrade_to: str = "") -> None:
    """Brings the schema to the newest revision, or back to this one."""
    from alembic import command  # here: only who migrates needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent.parent / "migrations"))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    if downgrade_to:
        command.downgrade(config, downgrade_to)
    else:
        command.upgrade(config, "head")


@contextmanager
def refusals() -> Iterator[None]:
    """Says a refusal of the domain as the command line does: one line, exit code 1."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(" ".join(one.detail for one in error.fields) or error.detail) from error
