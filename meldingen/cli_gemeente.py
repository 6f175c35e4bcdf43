"""`meldingen beheer gemeente|team` and `meldingen sleutel …`: what pages say of a gemeente, its teams, partner apps."""

import secrets
from dataclasses import asdict

import click

from . import auth, db
from .cli_beheer import beheer, named_gemeente, operator
from .cli_work import refusals, work
from .domain.deadlines import office_hours_words
from .domain.loketten import WORDS, loket_of
from .domain.spoed import NAMES, spoed_times
from .flow import household, loketten
from .flow.sign_in import hash_secret
from .store.account import keys_of
from .store.team import AT_ONCE, KINDS, PER_DAY


@beheer.command("gemeente")
@click.option("--naam", "name", help="naam op elke pagina en in elk bericht, zonder 'gemeente' ervoor")
@click.option("--telefoon", "phone", help="zoals mensen het lezen: 072 888 00 00")
@click.option("--openingstijden", "hours", help="bijvoorbeeld: maandag tot en met vrijdag van 9.00 tot 17.00 uur")
@click.option("--email", help="adres voor vragen, privacy en security.txt")
@click.option("--website", help="https://…")
@click.option("--klacht", "complaint", help="waar een klacht heen kan, zoals het in een zin past: een adres of nummer")
@click.option("--verklaring", "statement", help="https://… van de toegankelijkheidsverklaring in het register")
@click.option("--kleur", "colour", help="kleur van de balk boven de app, als #14506b")
@click.option("--ongedaan", "undo", help="seconden dat afhandelen ongedaan kan; zo lang wacht het bericht (0: niet)")
@click.option("--host", help="eigen adres van de pagina's, als er meer gemeenten zijn: meldingen.voorbeeld.nl")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def change_gemeente(slug: str, **given: str | None) -> None:
    """Toon de gegevens van een gemeente, of wijzig wat u noemt. Werkt meteen."""
    facts = {field: value for field, value in given.items() if value is not None}
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        if facts:
            household.change_gemeente(session, home, facts, actor=operator(home), now=db.business_now(session))
        for words in ("name", "phone", "hours", "email", "website", "host"):
            click.echo(f"{words:<8} {getattr(home, words) or '-'}")
        for name in ("klacht", "kleur", "toegankelijkheidsverklaring", "undo_s"):
            click.echo(f"{name:<8} {home.policy.get(name) or '-'}")


@beheer.command("spoed")
@click.option("--kantooruren", "hours", help="ma-vr 07:30-16:30; daarbuiten is spoed voor de piketdienst")
@click.option("--opnieuw", "again_min", type=int, help="minuten tussen twee alarmen")
@click.option("--beurten", "turns", type=int, help="alarmen voor de eerste in het rooster, daarna de volgende")
@click.option("--aannemen", "accept_min", type=int, help="minuten tot de melder leest: bel ons nu")
@click.option("--veilig", "safe_min", type=int, help="minuten tot het veilig moet zijn")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def change_spoed(slug: str, hours: str | None, **given: int | None) -> None:
    """Toon de tijden van spoed en de kantooruren, of wijzig wat u noemt. Werkt meteen."""
    times = {name: value for name, value in given.items() if value is not None}
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        if times or hours is not None:
            household.change_spoed(session, home, times, hours, actor=operator(home), now=db.business_now(session))
        for name, value in asdict(spoed_times(home.policy)).items():
            click.echo(f"{NAMES[name]:<13} {value}")
        click.echo(f"{'kantooruren':<13} {office_hours_words(home.policy.get('office_hours'))}")


@beheer.command("team")
@click.argument("team", metavar="TEAM")
@click.option("--naam", "name", help="naam, zoals de melder die leest")
@click.option("--soort", "kind", type=click.Choice(KINDS), help="soort team; partij is een externe partij")
@click.option("--email", help="adres voor alarm")
@click.option("--telefoon", "phone", help="mobiel nummer voor alarm per sms")
@click.option("--nieuws", "news", type=click.Choice([AT_ONCE, PER_DAY]), help="hoe een partij van opdrachten hoort")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def put_team(team: str, slug: str, **given: str | None) -> None:
    """Maak een TEAM (korte naam, zoals serviceteam-noord), of wijzig wat u noemt.

    Een nieuw team krijgt werk zodra een regel of een teamgebied het noemt.
    """
    facts = {field: value for field, value in given.items() if value is not None}
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        new = household.put_team(session, home, team, facts, actor=operator(home), now=db.business_now(session))
        click.echo(f"Team '{team}' is {'gemaakt' if new else 'gewijzigd'}.")


@beheer.command("loket")
@click.argument("loket", metavar="LOKET", type=click.Choice(list(WORDS)))
@click.option("--naam", help="wie het behandelt, zoals het in een zin past: de klachtencoördinator")
@click.option("--email", help="waar wij de feiten heen mailen; leeg: een taak voor het KCC")
@click.option("--contact", help="waar de melder terechtkan: een adres, nummer of link")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def change_loket(loket: str, slug: str, **given: str | None) -> None:
    """Toon of wijzig waar een klacht, schadeclaim, bezwaar of handhavingsverzoek heen gaat. Werkt meteen."""
    facts = {field: value for field, value in given.items() if value is not None}
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        if facts:
            loketten.put_loket(session, home, loket, facts, actor=operator(home), now=db.business_now(session))
        for name, value in asdict(loket_of(home.policy, loket)).items():
            click.echo(f"{name:<8} {value or '-'}")


@beheer.command("partijlinks")
@click.argument("team", metavar="PARTIJ")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def renew_links(team: str, slug: str) -> None:
    """Trek alle links van een externe PARTIJ in. Werkt meteen. Zij kan op de pagina van de link een nieuwe vragen."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        household.renew_links(session, home, team, actor=operator(home), now=db.business_now(session))
        click.echo(f"De links van '{team}' werken niet meer.")


@click.group()
def sleutel() -> None:
    """Sleutels van partner-apps die melden via de API, en van systemen van externe partijen."""


@sleutel.command("nieuw")
@click.argument("name", metavar="NAAM")
@click.option("--partij", "party", default="", metavar="TEAM", help="voor het systeem van deze externe partij")
@click.option("--categorie", "categories", multiple=True, help="alleen deze soorten werk van de partij; mag vaker")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def key_new(name: str, party: str, categories: tuple[str, ...], slug: str) -> None:
    """Maak een sleutel. NAAM is de naam van de app: zo staat het kanaal bij elke melding.

    Met --partij ziet de sleutel alleen de opdrachten van die partij, zonder gegevens van melders, en meldt zij niets.

    De sleutel staat één keer in het antwoord. Wij bewaren alleen een afdruk ervan.
    """
    secret = auth.KEY_PREFIX + secrets.token_urlsafe(32)
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        now = db.business_now(session)
        household.add_key(
            session,
            home,
            name,
            hash_secret(secret),
            party_slug=party,
            category_slugs=categories,
            actor=operator(home),
            now=now,
        )
    click.echo(secret)


@sleutel.command("lijst")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def key_list(slug: str) -> None:
    """Toon de sleutels, zonder hun geheim."""
    with work() as session, refusals():
        for key in keys_of(session, scope=[named_gemeente(session, slug).id]):
            limited = "  [partij]" if key.team_id is not None else ""
            off = "" if key.active else "  [ingetrokken]"
            click.echo(f"{key.name}  sinds {key.created_at:%Y-%m-%d}{limited}{off}")


@sleutel.command("weg")
@click.argument("name", metavar="NAAM")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def key_gone(name: str, slug: str) -> None:
    """Trek een sleutel in. Werkt meteen."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        household.withdraw_key(session, home, name, actor=operator(home), now=db.business_now(session))
        click.echo(f"De sleutel van '{name}' werkt niet meer.")
