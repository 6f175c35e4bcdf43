"""`meldingen beheer balk` and `meldingen beheer gevaar`: a text on every page, and trying a sentence on the words of
danger. The pages of beheer do the same; this works when they do not."""

import click

from . import db
from .cli_beheer import named_gemeente, operator
from .cli_work import refusals, work
from .domain.clock import moment_of
from .domain.danger import hear
from .flow import banner
from .flow.danger import words_of


@click.command("balk")
@click.argument("text", metavar="[TEKST]", default="")
@click.option("--tot", "until", default="", help="wanneer het weg mag, zoals 2026-04-14T18:00")
@click.option("--uit", "off", is_flag=True, help="haal het bericht weg")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def set_banner(text: str, until: str, off: bool, slug: str) -> None:
    """Toon wat boven elke pagina staat, of zet er een TEKST. Werkt meteen."""
    try:
        moment = moment_of(until) if until else None
    except ValueError as error:
        raise click.ClickException(f"--tot: {error}") from error
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        now = db.business_now(session)
        if off:
            banner.end_banner(session, home.id, actor=operator(home), now=now)
        elif text:
            banner.set_banner(session, home.id, text, moment, actor=operator(home), now=now)
        session.refresh(home)
        shown = banner.current_banner(home, now)
        click.echo(f"{shown.text}  (tot {shown.until:%Y-%m-%d %H:%M} UTC)" if shown else "Er staat geen bericht.")


@click.command("gevaar")
@click.argument("sentence", metavar="ZIN")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def try_danger(sentence: str, slug: str) -> None:
    """Probeer een ZIN: vraagt het formulier of het gevaarlijk is, en geeft de zin alarm waar niemand het kan vragen?"""
    with work() as session, refusals():
        heard = hear(sentence, words_of(named_gemeente(session, slug).policy))
        click.echo("Alarm" if heard.alarming else "Gevaar vermoed" if heard.suspected else "Geen gevaar gehoord")
        for entry in dict.fromkeys((*heard.alarming, *heard.asking)):
            click.echo(f"  {entry}")
