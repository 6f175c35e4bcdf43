"""`meldingen backup` and `meldingen restore`: what people see of flow/backup.py and flow/put_back.py.

Why, and how often: docs/herstel.md."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import sqlalchemy as sa

from . import adapters, db
from .adapters import sealing
from .adapters.failures import PermanentFailure, TemporaryFailure
from .cli_work import move_schema, settings, work
from .domain.actor import SYSTEM
from .domain.backup import BadBackup
from .domain.clock import AMSTERDAM
from .flow import backup as making
from .flow import put_back
from .flow import restore as erasures
from .flow.backup_photos import Progress
from .settings import Settings
from .store.gemeente import served_ids

SAY_EVERY_S = 5.0
CAUGHT_UP = ("terms", "questions", "party_dates", "party_mail")
"""Work of the clock that makes berichten about time that went by: done at a restore, so that these wait too."""
FOLDER = click.option("--map", "folder", type=click.Path(path_type=Path, file_okay=False), help="anders dan BACKUP_MAP")
NAME = click.option("--naam", "name", default="", help="welke back-up; anders de nieuwste")


@click.group(invoke_without_command=True)
@FOLDER
@click.option("--bewaar", "keep", type=click.IntRange(0), default=0, help="houd de nieuwste zoveel; 0 = alle")
@click.option("--alleen-wislijst", "only_list", is_flag=True, help="alleen wat is gewist, bijvoorbeeld elk uur")
@click.pass_context
def backup(context: click.Context, folder: Path | None, keep: int, only_list: bool) -> None:
    """Maak een back-up van de database en de foto's, die bij elkaar passen. Alles mag intussen blijven draaien."""
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    chosen = settings()
    place, store = _place(chosen, folder), adapters.patient_photos(chosen)
    with _refused(), _engine(chosen) as engine:
        if only_list:
            click.echo(f"{making.copy_erasures(store, place)} bestanden met wat is gewist.")
            return
        now = db.machine_now()
        name, made = making.make_backup(engine, store, place, release=_release(), now=now, progress=_told("foto's"))
        click.echo(
            f"{name}: {made.rows.get('melding', 0)} meldingen, {made.photos} foto's, " + _sealed(made.sealed_for)
        )
        if made.lost:
            click.echo(f"Let op: van {made.lost} foto's is er geen bestand meer in de opslag.", err=True)
        for old in making.tidy(place, keep=keep):
            click.echo(f"{old} opgeruimd.")


@backup.command("lijst")
@click.pass_obj
def list_backups(folder: Path | None) -> None:
    """Toon welke back-ups er zijn."""
    place = _place(settings(), folder)
    for name in place.names():
        try:
            made = place.manifest(name)
        except BadBackup as bad:
            click.echo(f"{name}  {bad}")
            continue
        size = sum(part.size for part in made.parts) / 1e6
        counts = f"{made.rows.get('melding', 0)} meldingen, database {size:.1f} MB, {made.photos} foto's"
        click.echo(f"{name}  {counts}, {_sealed(made.sealed_for)}")


@backup.command("controleer")
@NAME
@click.option("--vlug", "quick", is_flag=True, help="van de foto's alleen of ze er zijn, niet of elke byte klopt")
@click.pass_obj
def check(folder: Path | None, name: str, quick: bool) -> None:
    """Kijk of een back-up heel is. Dat zij ook terug te zetten is, weet u pas als u dat oefent."""
    place = _place(settings(), folder)
    with _refused():
        name = name or _newest(place)
        making.check_backup(place, name, deep=not quick, progress=_told("foto's"))
    click.echo(f"{name} is heel.")


@backup.command("sleutel")
def make_key() -> None:
    """Maak een sleutelpaar van age. Bewaar het geheim buiten deze machine; zonder is geen back-up te lezen."""
    secret, recipient = sealing.make_pair()
    click.echo(f"# Het geheim, voor --sleutel bij het terugzetten. Publiek, voor BACKUP_ONTVANGERS: {recipient}")
    click.echo(secret)


@click.group(invoke_without_command=True)
@FOLDER
@NAME
@click.option("--sleutel", "key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="geheim van age")
@click.option("--overschrijf", "overwrite", is_flag=True, help="wat nu in de database staat, gaat weg")
@click.option("--vlug", "quick", is_flag=True, help="kijk niet eerst van elke foto of elke byte klopt")
@click.option("--niet-stil", "aloud", is_flag=True, help="stuur ook berichten die misschien al verstuurd zijn")
@click.pass_context
def restore(
    context: click.Context, folder: Path | None, name: str, key: Path | None, overwrite: bool, quick: bool, aloud: bool
) -> None:
    """Zet een back-up terug, in de database en de foto-opslag van de instellingen. Stop eerst website en werkers."""
    if context.invoked_subcommand is not None:
        return
    chosen = settings()
    place, store = _place(chosen, folder), adapters.patient_photos(chosen)
    with _refused(), _engine(chosen) as engine:
        name = name or _newest(place)
        click.echo(f"{name} controleren.")
        manifest = making.check_backup(place, name, deep=not quick, progress=_told("foto's bekeken"))
        opened = put_back.opening(manifest, place, name, put_back.key_file(key))
        put_back.check_room(engine, overwrite=overwrite)
        click.echo("Database terugzetten. Dit kan lang duren.")
        before = put_back.load_database(engine, place, name, manifest, opened)
        move_schema(chosen.database_url)
        returned = put_back.return_photos(store, place, name, manifest, opened, progress=_told("foto's"))
        settled = put_back.settle(engine, manifest.moment, before)
        again = _erase_again(chosen, engine)
        held = settled.held + _catch_up(chosen, engine)
    at = manifest.moment.astimezone(AMSTERDAM)
    click.echo(
        f"Teruggezet: zoals het was op {at:%Y-%m-%d %H:%M}, met {manifest.rows.get('melding', 0)} meldingen.\n"
        f"{returned} foto's stonden niet meer in de opslag en zijn teruggezet. Ook in de back-up ontbraken er "
        f"{manifest.lost}.\n"
        f"Opnieuw gewist: {again.destroyed} vernietigd, {again.erased} gewist, {again.contacts} contactgegevens.\n"
        f"Nummers gaan verder bij {settled.next_number}. Iedereen moet opnieuw inloggen. Volglinks blijven werken."
    )
    if aloud:
        with work() as session:
            ids = [row[0] for row in put_back.held(session)]
            held -= put_back.release_held(session, ids, now=db.business_now(session))
    click.echo(
        f"{held} berichten wachten, want misschien zijn ze al verstuurd: meldingen restore nawerk.\n"
        "Wat na dat moment is gedaan is weg. Doe zelf opnieuw: ingetrokken sleutels en accounts, gewijzigde "
        "wachtwoorden, beperkingen en correcties (docs/herstel.md, Nawerk). Start daarna de website en de werkers."
    )


@restore.command("nawerk")
@click.option("--verstuur", "send", is_flag=True, help="verstuur wat u noemt alsnog")
@click.option("--vervallen", "drop", is_flag=True, help="verstuur wat u noemt niet: het was al verstuurd")
@click.option("--alle", "all_of_them", is_flag=True, help="alles wat wacht")
@click.argument("ids", nargs=-1, type=int)
def aftercare(send: bool, drop: bool, all_of_them: bool, ids: tuple[int, ...]) -> None:
    """Toon welke berichten na het terugzetten wachten, en verstuur ze of laat ze vervallen."""
    if send and drop:
        raise click.UsageError("Kies --verstuur of --vervallen.")
    if (send or drop) and all_of_them == bool(ids):
        raise click.UsageError("Noem de nummers uit `meldingen restore nawerk`, of kies --alle.")
    with work() as session:
        now, waiting = db.business_now(session), put_back.held(session)
        wanted = [row[0] for row in waiting if all_of_them or row[0] in ids]
        if send:
            click.echo(f"{put_back.release_held(session, wanted, now=now)} worden verstuurd.")
        elif drop:
            click.echo(f"{put_back.drop_held(session, wanted, now=now)} vervallen.")
        else:
            for entry_id, since, kind, number, channel in waiting:
                at = since.astimezone(AMSTERDAM)
                click.echo(
                    f"{entry_id:>8}  {at:%Y-%m-%d %H:%M}  {kind:<20} {number or '(team)':<12} {channel}".rstrip()
                )
            click.echo(f"{len(waiting)} wachten.")


@restore.command("bijwerken")
@click.option("--moment", "moment", required=True, type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="tot wanneer zij telt")
def after_recovery(moment: datetime) -> None:
    """Doe na een terugkeer naar een moment (WAL-archief) wat `restore` anders zelf doet. Eén keer, vóór alles start."""
    chosen = settings()
    with _refused(), _engine(chosen) as engine:
        settled = put_back.settle(engine, moment.replace(tzinfo=AMSTERDAM), {})
        again = _erase_again(chosen, engine)
        held = settled.held + _catch_up(chosen, engine)
    erased = again.destroyed + again.erased + again.contacts
    click.echo(
        f"Nummers gaan verder bij {settled.next_number}; {erased} keer opnieuw gewist; {held} berichten wachten: "
        "meldingen restore nawerk."
    )


def _erase_again(chosen: Settings, engine: sa.Engine) -> erasures.Repeated:
    with db.transaction(engine) as session:
        now, scope = db.business_now(session), served_ids(session)
    lines = erasures.read_lines(adapters.patient_photos(chosen), scope=scope)
    return erasures.repeat(engine, lines, actor=SYSTEM, now=now)


def _catch_up(chosen: Settings, engine: sa.Engine) -> int:
    """What the clock makes of the time that went by, made now and held with the rest."""
    from workers.context import Context  # here: the only command that works as a worker does
    from workers.schedule import PERIODIC

    context = Context(chosen, engine, adapters.build(chosen))
    with db.transaction(engine) as session:
        now = db.business_now(session)
    for task in CAUGHT_UP:
        PERIODIC[task].work(context, now)
    return put_back.hold_again(engine)


def _place(chosen: Settings, folder: Path | None) -> making.Place:
    where = folder or chosen.backup_dir
    if where is None:
        raise click.ClickException("Noem een map: --map, of de instelling BACKUP_MAP.")
    return making.Place(where, chosen.secret_keys, chosen.backup_recipients)


def _newest(place: making.Place) -> str:
    names = place.names()
    if not names:
        raise BadBackup(f"Er is geen back-up in {place.folder}.")
    return names[-1]


def _sealed(recipients: tuple[str, ...]) -> str:
    return f"versleuteld voor {len(recipients)}" if recipients else "niet versleuteld"


def _release() -> str:
    try:
        return version("meldingen")
    except PackageNotFoundError:
        return "onbekend"


def _told(what: str) -> Progress:
    """Says how far it is, once in a while and at the end of something long."""
    said = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SAY_EVERY_S:
            said = time.monotonic()
            click.echo(f"{what}: {done} van {total}", err=True)

    return tell


@contextmanager
def _engine(chosen: Settings) -> Iterator[sa.Engine]:
    """One that keeps no connection open: pg_restore wants the database for itself."""
    engine = sa.create_engine(
        chosen.database_url, poolclass=sa.NullPool, hide_parameters=True, connect_args={"options": "-c timezone=UTC"}
    )
    yield engine
    engine.dispose()


@contextmanager
def _refused() -> Iterator[None]:
    """Says in one line why it cannot be."""
    try:
        yield
    except (BadBackup, PermanentFailure, TemporaryFailure) as error:
        raise click.ClickException(str(error)) from error
