"""`meldingen …`: every command but those in the other cli files. `--help` of each tells enough."""

import json
from pathlib import Path

import click
from sqlalchemy.orm import Session

from . import cli_backup, cli_balk, cli_beheer, cli_categorie, cli_gemeente, cli_partner, cli_privacy, cli_taal, db
from .cli_work import move_schema, refusals, settings, work
from .domain.actor import SYSTEM
from .domain.clock import AMSTERDAM, offset_of
from .domain.errors import InvalidInput
from .settings import Settings, table
from .store import leases
from .store import outbox as entries
from .store.gemeente import gemeente_by_slug, served_gemeenten

ROOT = Path(__file__).resolve().parent.parent


@click.group()
def main() -> None:
    """Meldingen openbare ruimte: van melding tot gereedmelding."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="adres om op te luisteren")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="poort")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="processen; /metrics en de limieten tellen per proces",
)
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="draden per proces")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Start de API en de pagina's."""
    from . import server

    start_clock(settings())
    server.serve("meldingen.app:create_app", factory=True, host=host, port=port, processes=workers, threads=threads)


@main.command()
@click.option("--alleen", type=click.Choice(["relay", "klok", "werker"]), help="start alleen dit deel")
@click.option(
    "--werkers", default=1, show_default=True, type=click.IntRange(1, 64), help="processen voor het gewone werk"
)
@click.option("--fotowerkers", default=2, show_default=True, type=click.IntRange(1, 64), help="processen voor foto's")
def worker(alleen: str | None, werkers: int, fotowerkers: int) -> None:
    """Start relay, klok en werkers: alles wat na het antwoord gebeurt."""
    from workers import main as workers  # here: only this command needs RQ
    from workers.stopping import Stop

    from .app import configure_logging

    chosen = settings()
    configure_logging(chosen.log_level)
    start_clock(chosen)
    parts = workers.parts_of(chosen, only=alleen or "", text_workers=werkers, heavy_workers=fotowerkers)
    workers.keep_alive(parts, Stop().listen())


@main.group()
def outbox() -> None:
    """Wat nog te doen is, en wat is opgegeven."""


@outbox.command("lijst")
def outbox_list() -> None:
    """Toon hoeveel werk er wacht, en elke opgegeven regel met de reden."""
    with work() as session:
        now = db.business_now(session)
        for line in entries.backlog(session, now=now):
            click.echo(
                f"{line.topic:<10} wacht {line.waiting} · nu te doen {line.due} (oudste {line.oldest_due_s:.0f} s)"
                f" · opgegeven {line.parked}"
            )
        for entry in entries.parked_entries(session):
            assert entry.parked_at is not None
            at = entry.parked_at.astimezone(AMSTERDAM)
            click.echo(f"{entry.id:>8}  {at:%Y-%m-%d %H:%M}  {entry.topic}  {entry.attempts} pogingen  {entry.reason}")


@outbox.command("opnieuw")
@click.argument("ids", nargs=-1, type=int)
@click.option("--alle", is_flag=True, help="alles wat is opgegeven")
def outbox_again(ids: tuple[int, ...], alle: bool) -> None:
    """Probeer opgegeven regels opnieuw. Mag vaker: wat al loopt of klaar is, verandert niet."""
    if not ids and not alle:
        raise click.UsageError("Noem de nummers uit `meldingen outbox lijst`, of kies --alle.")
    missed = []
    with work() as session:
        now = db.business_now(session)
        wanted = [entry.id for entry in entries.parked_entries(session)] if alle else list(ids)
        missed = [entry_id for entry_id in wanted if not leases.again(session, entry_id, now=now)]
        click.echo(f"{len(wanted) - len(missed)} opnieuw.")
    if missed:
        raise click.ClickException(f"Niet opgegeven, dus niets veranderd: {', '.join(map(str, missed))}.")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("stand", required=False)
def klok(stand: str | None) -> None:
    """Toon of verzet de tijd waarmee gewerkt wordt: +3h, -2d, 2026-04-14T08:47 of echt. Alleen in lokale modus."""
    with work() as session:
        if stand is not None:
            set_clock(settings(), session, stand, counted_from_s=db.clock_offset_s(session))
        now = db.business_now(session).astimezone(AMSTERDAM)
        click.echo(f"{now:%Y-%m-%d %H:%M:%S}")


def set_clock(chosen: Settings, session: Session, stand: str, *, counted_from_s: int) -> None:
    """Moves business time for doors and workers alike, while they run. Only in local mode.

    counted_from_s: the offset that a shift such as +3h is added to.
    """
    if not chosen.local_mode:
        raise click.ClickException("De klok verzetten kan alleen in lokale modus (LOKALE_MODUS=1).")
    try:
        offset = offset_of(stand, machine_now=db.machine_now(), offset_s=counted_from_s)
    except ValueError as error:
        raise click.ClickException(f"Ik begrijp {stand!r} niet: {error}.") from error
    db.set_clock_offset(session, offset)


def start_clock(chosen: Settings) -> None:
    """KLOK sets the clock when a command that keeps running starts; without it the clock stays as it was.

    A shift counts from the real time: every process does this at each start, and together they shift once.
    """
    if chosen.clock:
        with work() as session:
            set_clock(chosen, session, chosen.clock, counted_from_s=0)


@main.command()
@click.option("--terug", "downgrade_to", default="", help="ga terug naar deze revisie (let op: gegevens gaan weg)")
def migrate(downgrade_to: str) -> None:
    """Breng de database naar de nieuwste vorm."""
    move_schema(settings().database_url, downgrade_to)


@main.command()
@click.option("--naar", "target", default="api_spec/openapi.json", show_default=True, type=click.Path(path_type=Path))
def openapi(target: Path) -> None:
    """Schrijf de beschrijving van de API."""
    target.write_text(api_description(), encoding="utf-8")
    click.echo(f"{target} geschreven.")


def api_description() -> str:
    """The description of the API as this code serves it, whatever the environment says."""
    from .api.openapi import text
    from .app import create_app

    anywhere = {
        "LOKALE_MODUS": "1",
        "DATABASE_URL": "postgresql://nergens/niets",
        "REDIS_URL": "redis://nergens",
        "SECRET_KEYS": "-" * 32,
        "FOTO_MAP": "nergens",
        "LOG_NIVEAU": "ERROR",
    }
    return text(create_app(Settings.from_env(anywhere)))


@main.command()
def instellingen() -> None:
    """Toon alle instellingen (omgevingsvariabelen) als tabel, zoals in README.md."""
    click.echo(table(), nl=False)


@main.group()
def push() -> None:
    """Berichten op het apparaat van de melder (Web Push)."""


@push.command("sleutel")
def push_key() -> None:
    """Maak een sleutel voor PUSH_SLEUTEL. Met een andere sleutel moet elk apparaat zich opnieuw aanmelden."""
    from .adapters.push_wire import make_key  # here: only this command makes one

    click.echo(make_key())


@main.command()
def diagram() -> None:
    """Teken de reis van een melding opnieuw in docs/klantreis.md."""
    from .domain.diagram import draw

    (ROOT / "docs" / "klantreis.md").write_text(draw(), encoding="utf-8")


@main.command()
@click.option("--demo", is_flag=True, help="een demo-gemeente met meldingen en accounts (alleen met LOKALE_MODUS=1)")
@click.option("--gemeente", "slug", default="", help="vul deze gemeente met teams, categorieën en regels")
def seed(demo: bool, slug: str) -> None:
    """Vul een gemeente met wat zij nodig heeft om te beginnen; wat er al is, blijft zoals het is."""
    from .flow.demo import DEMO_CODE, seed_demo
    from .flow.seed import seed_gemeente
    from .flow.sign_in import hash_password

    if demo == bool(slug):
        raise click.UsageError("Kies --demo of --gemeente SLUG.")
    if demo and not settings().local_mode:
        raise click.ClickException("De demo heeft bekende wachtwoorden. Zij mag alleen met LOKALE_MODUS=1.")
    with work() as session:
        now = db.business_now(session)
        others = [g.name for g in served_gemeenten(session) if g.code != DEMO_CODE]
        if demo and others:
            # Somebody's real database: known passwords have no place there.
            lines = [f"De demo is overgeslagen: deze database is van {', '.join(others)}."]
        elif demo:
            lines = seed_demo(session, hash_password=hash_password, actor=SYSTEM, now=now).lines()
        else:
            gemeente = gemeente_by_slug(session, slug)
            if gemeente is None:
                raise click.ClickException(f"De gemeente '{slug}' bedienen wij niet. Laad eerst haar gebieden.")
            made = seed_gemeente(session, gemeente, actor=SYSTEM, now=now)
            lines = [f"{what}: {count} toegevoegd" for what, count in made.items()]
    click.echo("\n".join(lines))


@main.group("import")
def import_() -> None:
    """Neem gegevens over uit een bestand."""


@import_.command()
@click.argument("file", metavar="BESTAND", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bedienen", "serve", is_flag=True, help="de gemeenten in dit bestand gaan hier meldingen ontvangen")
@click.option("--gemeente", "slug", default=None, help="van welke gemeente gebieden zonder CBS-code zijn")
@click.option(
    "--jaar", "year", type=click.IntRange(1900, 2200), help="jaar van de indeling, als het bestand dat niet zegt"
)
def gebieden(file: Path, serve: bool, slug: str | None, year: int | None) -> None:
    """Laad gemeenten, wijken, buurten, teamgebieden en water uit GeoJSON (WGS 84 of RD).

    Nog eens laden kan altijd. Een gebied dat niet klopt wordt met naam geweigerd (exitcode 1); de rest is dan geladen.
    """
    from .flow.areas import import_areas  # here: only this command needs shapely

    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} is geen JSON-bestand.") from error
    with work() as session:
        try:
            report = import_areas(
                session,
                document,
                gemeente=slug,
                year=year,
                serve=serve,
                actor=SYSTEM,
                now=db.business_now(session),
            )
        except InvalidInput as error:
            raise click.ClickException(error.detail) from error
    click.echo("\n".join(report.lines()))
    if report.refused:
        raise SystemExit(1)


main.add_command(cli_backup.backup)
main.add_command(cli_backup.restore)
main.add_command(cli_beheer.account)
main.add_command(cli_beheer.beheer)
cli_beheer.beheer.add_command(cli_balk.set_banner)
cli_beheer.beheer.add_command(cli_balk.try_danger)
main.add_command(cli_categorie.categorie)
main.add_command(cli_privacy.privacy)
main.add_command(cli_taal.taal)
main.add_command(cli_gemeente.sleutel)
main.add_command(cli_partner.webhook)


if __name__ == "__main__":
    main()


@import_.command()
@click.argument("file", metavar="BESTAND", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--soort", "kind", default="", help="wat het zijn, als het bestand dat niet zegt: lichtmast, container")
@click.option("--categorie", "category", default="", help="korte naam van hun categorie, als het bestand die niet zegt")
@click.option("--ontbrekende-uit", "retire", is_flag=True, help="wat niet in het bestand staat, gaat uit gebruik")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def objecten(file: Path, kind: str, category: str, retire: bool, slug: str) -> None:
    """Laad dingen met een nummer (lichtmasten, containers) uit CSV of GeoJSON (WGS 84 of RD).

    Kolommen: soort, code, naam, categorie, lon en lat (of x en y). Nog eens laden kan altijd. Wat niet klopt wordt met
    naam geweigerd (exitcode 1); de rest is dan geladen.
    """
    from .flow.objects import import_objects  # here: only this command needs shapely

    with work() as session, refusals():
        home = cli_beheer.named_gemeente(session, slug)
        report = import_objects(
            session,
            home,
            file.read_bytes(),
            kind=kind,
            category=category,
            retire_missing=retire,
            actor=SYSTEM,
            now=db.business_now(session),
        )
    click.echo("\n".join(report.lines()) or "In dit bestand staat niets.")
    if report.refused:
        raise SystemExit(1)
