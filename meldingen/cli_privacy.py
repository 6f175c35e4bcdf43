"""`meldingen privacy …`: the dry run of retention, a term, the list outside the database, repeating it after a restore,
and who was hit by a data breach."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

import click

from . import adapters, db
from .cli_beheer import named_gemeente, operator
from .cli_work import refusals, settings, work
from .domain.actor import SYSTEM
from .domain.clock import AMSTERDAM
from .flow import restore, retention, terms
from .store.gemeente import served_gemeenten, served_ids
from .store.search import contacts_between


@click.group()
def privacy() -> None:
    """Bewaartermijnen, de lijst van wat is gewist, en een datalek."""


@privacy.command()
@click.option("--proef", is_flag=True, help="laat alleen zien wat er weg zou gaan; verandert niets")
@click.option("--gemeente", "slug", default="", help="alleen deze gemeente")
def opruimen(proef: bool, slug: str) -> None:
    """Laat weggaan wat zijn termijn heeft gehad, zoals elke nacht vanzelf gebeurt.

    Meldingen en foto's gaan pas weg als de archivaris de termijnen heeft bevestigd (/beheer/bewaartermijnen).
    """
    engine = db.make_engine(settings().database_url, pool_size=1)
    try:
        with db.transaction(engine) as session:
            now = db.business_now(session)
            scope = [named_gemeente(session, slug).id] if slug else sorted(served_ids(session))
            names = {one.id: one.name for one in served_gemeenten(session)}
            due = retention.preview(session, scope=scope, now=now)
        for one in due:
            oldest = one.oldest.astimezone(AMSTERDAM)
            waits = "  (wacht op de archivaris)" if one.waits else ""
            click.echo(
                f"{names[one.gemeente_id]}  {one.category}  {one.term}: {one.rows}, oudste {oldest:%Y-%m-%d}{waits}"
            )
        if not due:
            click.echo("Er is niets dat weg moet.")
        if not proef:
            done = retention.tidy(engine, now=now, scope=scope)
            click.echo(", ".join(f"{term}: {rows}" for term, rows in done.rows.items() if rows) or "Niets gewist.")
    finally:
        engine.dispose()


@privacy.command()
@click.argument("categorie")
@click.argument("naam", metavar="TERMIJN")
@click.argument("dagen", type=int, required=False)
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def termijn(categorie: str, naam: str, dagen: int | None, slug: str) -> None:
    """Zet één TERMIJN van een CATEGORIE op een aantal DAGEN; zonder dagen geldt weer de gewone termijn."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        terms.set_term(session, home.id, categorie, naam, dagen, actor=operator(home), now=db.business_now(session))
        asked = "" if terms.is_confirmed(session, home.id) else " De archivaris moet de termijnen bevestigen."
        click.echo(f"De termijn is gewijzigd.{asked}")


@privacy.command()
def lijst() -> None:
    """Schrijf de lijst van wat is vernietigd en gewist: alleen nummers en data. Bewaar haar buiten de database."""
    with work() as session:
        for line in restore.lines_in_database(session):
            click.echo(json.dumps(line, sort_keys=True))


@privacy.command()
@click.option(
    "--lijst",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="lijst van `privacy lijst`",
)
def herhaal(file: Path | None) -> None:
    """Wis na het terugzetten van een back-up opnieuw wat al was gewist. Doe dit vóór de website weer open gaat.

    De lijst staat in de opslag van de foto's. Is die ook teruggezet, geef dan met --lijst een bewaarde lijst mee. De
    bestanden gaan weg zodra de werkers weer draaien.
    """
    chosen = settings()
    engine = db.make_engine(chosen.database_url, pool_size=1)
    try:
        with db.transaction(engine) as session:
            now, scope = db.business_now(session), served_ids(session)
        lines = list(restore.read_lines(adapters.build(chosen).photos, scope=scope))
        if file is not None:
            written = restore.parse_lines(file.read_text(encoding="utf-8").splitlines())
            lines += [(int(line["gemeente_id"]), line) for line in written if line.get("gemeente_id") in scope]
        done = restore.repeat(engine, lines, actor=SYSTEM, now=now)
    finally:
        engine.dispose()
    click.echo(
        f"{done.destroyed} opnieuw vernietigd, {done.erased} opnieuw gewist, {done.contacts} keer opnieuw de "
        f"contactgegevens, {done.gone} was al weg."
    )


@privacy.command()
@click.option("--van", "since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="meldingen vanaf deze dag")
@click.option("--tot", "until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="tot en met deze dag")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def betrokken(since: datetime, until: datetime, slug: str) -> None:
    """Schrijf na een datalek wie er geraakt kan zijn, als CSV: nummer, dag, naam, e-mailadres en telefoonnummer.

    Dit zijn persoonsgegevens: bewaar het bestand veilig en wis het na het berichten.
    """
    out = csv.writer(sys.stdout)
    out.writerow(["meldingnummer", "ontvangen", "naam", "e-mailadres", "telefoonnummer", "postadres"])
    with work() as session:
        home = named_gemeente(session, slug)
        first = since.replace(tzinfo=AMSTERDAM)
        last = until.replace(hour=23, minute=59, second=59, microsecond=999999, tzinfo=AMSTERDAM)
        for melding, known in contacts_between(session, first, last, scope=[home.id]):
            day = melding.received_at.astimezone(AMSTERDAM)
            values = (known.name, known.email, known.phone, known.postal_address)
            out.writerow([melding.number, f"{day:%Y-%m-%d}", *(_harmless(value) for value in values)])


def _harmless(value: str) -> str:
    """A cell that a spreadsheet does not run (SEC-15); a phone number keeps its plus behind a quote."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
