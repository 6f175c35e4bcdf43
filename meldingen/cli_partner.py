"""`meldingen webhook …`: partners that hear of events at their own address."""

from datetime import datetime

import click

from . import db
from .cli_beheer import named_gemeente, operator
from .cli_work import refusals, work
from .domain.cloudevents import TYPES
from .domain.deadlines import AMSTERDAM
from .flow import exchange
from .store.webhook import count_unsent, webhooks_of

KINDS = f"mag vaker; zonder: alles. {', '.join(TYPES.values())}"
GEMEENTE = click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")


@click.group()
def webhook() -> None:
    """Partners die van gebeurtenissen horen op hun eigen adres."""


@webhook.command("nieuw")
@click.argument("name", metavar="NAAM")
@click.argument("url", metavar="ADRES")
@click.option("--soort", "kinds", multiple=True, metavar="SOORT", help=KINDS)
@click.option("--alles", "everything", is_flag=True, help="ook meldingen die niet via de app van deze partner kwamen")
@GEMEENTE
def webhook_new(name: str, url: str, kinds: tuple[str, ...], everything: bool, slug: str) -> None:
    """Vertel de partner NAAM voortaan op ADRES wat er met zijn meldingen gebeurt.

    NAAM is die van zijn sleutel. Zet de host van ADRES ook in WEBHOOK_HOSTS. Het geheim voor de handtekening staat één
    keer in het antwoord.
    """
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        now = db.business_now(session)
        hook = exchange.add_webhook(
            session, home, name, url, kinds=kinds, own_only=not everything, actor=operator(home), now=now
        )
        secret = hook.secret
    click.echo(secret)


@webhook.command("lijst")
@GEMEENTE
def webhook_list(slug: str) -> None:
    """Toon de webhooks, zonder hun geheim, en hoeveel gebeurtenissen nog wachten."""
    with work() as session, refusals():
        scope = [named_gemeente(session, slug).id]
        waiting = count_unsent(session, scope=scope)
        for hook in webhooks_of(session, scope=scope):
            off = "" if hook.active else "  [uit]"
            click.echo(f"{hook.name}  {hook.url}  wacht: {waiting.get(hook.id, 0)}{off}")


@webhook.command("uit")
@click.argument("name", metavar="NAAM")
@GEMEENTE
def webhook_off(name: str, slug: str) -> None:
    """Vertel deze partner niets meer. Werkt meteen."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        exchange.stop_webhook(session, home, name, actor=operator(home), now=db.business_now(session))
        click.echo(f"'{name}' hoort niets meer.")


@webhook.command("herhaal")
@click.argument("name", metavar="NAAM")
@click.option("--vanaf", "since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="onze tijd")
@GEMEENTE
def webhook_again(name: str, since: datetime, slug: str) -> None:
    """Vertel opnieuw wat er sinds een moment gebeurde, met dezelfde kenmerken. Tot 90 dagen terug."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        now = db.business_now(session)
        start = since.replace(tzinfo=AMSTERDAM)
        again = exchange.replay(session, home, name, start, actor=operator(home), now=now)
        click.echo(f"{again} gebeurtenissen gaan opnieuw.")
