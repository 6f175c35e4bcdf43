"""`meldingen categorie …`: learning which words belong to which category, and trying what is proposed for a text."""

import click

from . import db
from .cli_beheer import named_gemeente
from .cli_work import refusals, work
from .domain.proposal import Score
from .flow import proposals
from .store.gemeente import Gemeente, served_gemeenten


@click.group()
def categorie() -> None:
    """De soorten die wij voorstellen terwijl een melder typt."""


@categorie.command("leren")
@click.option("--gemeente", "slug", default="", help="alleen deze gemeente; anders allemaal, na elkaar")
def learn(slug: str) -> None:
    """Leer opnieuw van de woorden en voorbeelden van de soorten, en van wat teams van meldingen maakten.

    Het werkt meteen, ook in wat al draait. Een werker doet dit elke week vanzelf.
    """
    with work() as session, refusals():
        homes = [named_gemeente(session, slug)] if slug else list(served_gemeenten(session))
    for home in homes:
        _learn_for(home)


def _learn_for(home: Gemeente) -> None:
    with work() as session:
        material = proposals.material_of(session, home.id)
    lesson = proposals.learn(material)
    if lesson is None:
        click.echo(f"{home.name}: te weinig soorten om uit te kiezen.")
        return
    with work() as session:
        proposals.keep(session, lesson, gemeente_id=home.id, now=db.business_now(session))
    click.echo(f"{home.name}: {lesson.own} woorden en zinnen van soorten, {lesson.cases} meldingen.")
    if lesson.before is None or lesson.after is None:
        click.echo("Nog te weinig meldingen om van te leren: alleen de woorden en zinnen tellen.")
        return
    click.echo("\n".join(table({"zonder meldingen": lesson.before, "met meldingen": lesson.after})))
    if not lesson.with_cases:
        click.echo("Van de meldingen werd het niet beter: alleen de woorden en zinnen tellen.")


def table(scores: dict[str, Score]) -> list[str]:
    """Lines of a table with a row per name: how often right, of which cases."""
    cases = next(iter(scores.values())).cases
    lines = [f"Op {cases} apart gehouden meldingen:   soort eerst  bij de drie   hoofdsoort eerst  bij de drie   stil"]
    for name, one in scores.items():
        shares = (one.first, one.among, one.main_first, one.main_among, one.silent)
        cells = [f"{share:.1%}".replace(".", ",").replace("%", " %") for share in shares]
        lines.append(f"{name:<34} {cells[0]:>12} {cells[1]:>12} {cells[2]:>18} {cells[3]:>12} {cells[4]:>6}")
    return lines


@categorie.command("proef")
@click.argument("text", metavar="TEKST")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def attempt(text: str, slug: str) -> None:
    """Toon welke soorten wij bij een TEKST voorstellen."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        found = proposals.propose_categories(session, text, gemeente_id=home.id)
    for one in found:
        click.echo(f"{one.slug:<32} {one.name}  ({one.main_name or one.name})")
    if not found:
        click.echo("Geen voorstel: wij weten het niet zeker genoeg, of er is nog niets geleerd.")
