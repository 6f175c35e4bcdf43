"""`meldingen …`: serve, worker, migrate, seed, import, account, outbox, klok. `--help` of each tells enough."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from . import db
from .settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent


@click.group()
def main() -> None:
    """Meldingen openbare ruimte: van melding tot gereedmelding."""


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


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="adres om op te luisteren")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="poort")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="processen")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="draden per proces")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Start de API en de pagina's."""
    from granian import Granian  # here: only this command needs the server
    from granian.constants import Interfaces

    settings()
    Granian(
        "meldingen.app:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_access=False,
    ).serve()


@main.command()
@click.option("--terug", "downgrade_to", default="", help="ga terug naar deze revisie (let op: gegevens gaan weg)")
def migrate(downgrade_to: str) -> None:
    """Breng de database naar de nieuwste vorm."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", settings().database_url.replace("%", "%%"))
    if downgrade_to:
        command.downgrade(config, downgrade_to)
    else:
        command.upgrade(config, "head")


@main.command()
def diagram() -> None:
    """Teken de reis van een melding opnieuw in docs/klantreis.md."""
    from .domain.diagram import draw

    (ROOT / "docs" / "klantreis.md").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
