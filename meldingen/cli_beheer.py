"""`meldingen account …` and `meldingen beheer …`: who may sign in, and which team gets what. Works at once."""

import sys

import click
from sqlalchemy.orm import Session

from . import db
from .cli_work import refusals, work
from .domain.actor import BEHEER, ROLES, Actor
from .flow import accounts, rules, sign_in
from .flow.accounts import NewRole, Reach
from .flow.rules import NewRule
from .store import account as stored
from .store.area import areas_of
from .store.category import all_categories_of
from .store.gemeente import Gemeente, gemeente_by_slug, served_gemeenten
from .store.team import every_team, rule_rows, teams_of


@click.group()
def account() -> None:
    """Accounts van medewerkers."""


@account.command("nieuw")
@click.argument("username", metavar="GEBRUIKERSNAAM")
@click.option("--naam", "name", required=True, help="naam van de medewerker")
@click.option("--gemeente", "slug", default="", help="gemeente van de rollen; niet nodig als er één is")
@click.option(
    "--rol", "roles", multiple=True, required=True, metavar="ROL[:TEAM]", help=f"{', '.join(ROLES)}; mag vaker"
)
@click.option("--email", default="", help="waar een alarm heen mag")
@click.option("--telefoon", "phone", default="", help="waar een alarm heen mag, per sms")
def account_new(username: str, name: str, slug: str, roles: tuple[str, ...], email: str, phone: str) -> None:
    """Maak een account. Het wachtwoord wordt gevraagd, of gelezen van de invoer.

    De rollen team en piket noemen hun team: --rol team:serviceteam-noord.
    """
    password = _ask_password()
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        held = [NewRole(home, role, team) for role, _, team in (one.partition(":") for one in roles)]
        now = db.business_now(session)
        hashed, reach = sign_in.hash_password(password), Reach(email, phone)
        who = operator(home)
        made = accounts.add_account(session, username, name, hashed, held, reach=reach, actor=who, now=now)
        click.echo(f"Account '{made.username}' is gemaakt.")


@account.command("wachtwoord")
@click.argument("username", metavar="GEBRUIKERSNAAM")
def account_password(username: str) -> None:
    """Geef een account een ander wachtwoord; alle apparaten worden uitgelogd."""
    password = _ask_password()
    with work() as session, refusals():
        known = accounts.set_password(session, username, sign_in.hash_password(password))
        click.echo(f"Account '{known.username}' heeft een nieuw wachtwoord.")


@account.command("ontkoppel")
@click.argument("username", metavar="GEBRUIKERSNAAM")
def account_factor(username: str) -> None:
    """Ontkoppel de telefoon van een account (de tweede stap). De volgende keer wordt er een nieuwe ingesteld."""
    with work() as session, refusals():
        click.echo(f"Account '{accounts.forget_factor(session, username).username}' heeft geen tweede stap meer.")


@account.command("uit")
@click.argument("username", metavar="GEBRUIKERSNAAM")
def account_off(username: str) -> None:
    """Zet een account uit; alle apparaten worden uitgelogd."""
    with work() as session, refusals():
        click.echo(f"Account '{accounts.set_active(session, username, active=False).username}' staat uit.")


@account.command("aan")
@click.argument("username", metavar="GEBRUIKERSNAAM")
def account_on(username: str) -> None:
    """Zet een account weer aan."""
    with work() as session, refusals():
        click.echo(f"Account '{accounts.set_active(session, username, active=True).username}' staat aan.")


@account.command("lijst")
def account_list() -> None:
    """Toon de accounts met hun rollen."""
    with work() as session:
        scope = [g.id for g in served_gemeenten(session)]
        slugs = {g.id: g.slug for g in served_gemeenten(session)}
        teams = {t.id: t.slug for t in every_team(session, scope=scope)}
        held: dict[int, list[str]] = {}
        for row in stored.role_rows(session, scope=scope):
            role = f"{row.role}:{teams[row.team_id]}" if row.team_id else row.role
            held.setdefault(row.account_id, []).append(f"{role} ({slugs[row.gemeente_id]})")
        for known in stored.accounts_of(session, scope=scope):
            off = "" if known.active else "  [uit]"
            click.echo(f"{known.username}  {known.name}{off}  {', '.join(held[known.id])}")


@click.group()
def beheer() -> None:
    """Teams en routeringsregels van een gemeente."""


@beheer.command("teams")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def beheer_teams(slug: str) -> None:
    """Toon de teams."""
    with work() as session, refusals():
        for team in teams_of(session, scope=[named_gemeente(session, slug).id]):
            click.echo(f"{team.slug}  {team.name}  {team.kind}{'  vangnet' if team.vangnet else ''}")


@beheer.group()
def regel() -> None:
    """Routeringsregels: welk team wat krijgt."""


@regel.command("lijst")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def rule_list(slug: str) -> None:
    """Toon de regels. De bijzonderste regel die past wint; het vangnet komt het laatst."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        scope = [home.id]
        teams = {t.id: t.slug for t in every_team(session, scope=scope)}
        categories = {c.id: c.slug for c in all_categories_of(session, scope=scope)}
        names = {a.code: a.name for a in areas_of(session, scope=scope)}
        for row in rule_rows(session, scope=scope):
            asked = [
                f"categorie {categories[row.category_id]}" if row.category_id else "",
                f"gebied {row.area_code} ({names.get(row.area_code, 'vervallen')})" if row.area_code else "",
                f"moment {row.moment}" if row.moment else "",
                "" if row.danger is None else f"gevaar {'ja' if row.danger else 'nee'}",
            ]
            click.echo(f"{row.id}  {', '.join(part for part in asked if part) or 'alles'}  → {teams[row.team_id]}")


@regel.command("nieuw")
@click.argument("team", metavar="TEAM")
@click.option("--categorie", "category_slug", default=None, help="categorie of hoofdcategorie")
@click.option("--gebied", "area_code", default=None, help="code van een teamgebied, buurt of wijk")
@click.option("--moment", type=click.Choice(["kantooruren", "piket"]), default=None)
@click.option("--gevaar/--geen-gevaar", "danger", default=None, help="alleen met, of alleen zonder gevaar")
@click.option("--plaats", "position", default=100, show_default=True, help="lager gaat voor bij gelijke regels")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def rule_new(
    team: str,
    category_slug: str | None,
    area_code: str | None,
    moment: str | None,
    danger: bool | None,
    position: int,
    slug: str,
) -> None:
    """Maak een regel: dit TEAM krijgt wat aan alle voorwaarden voldoet. Werkt vanaf de volgende melding."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        new = NewRule(team, category_slug, area_code, moment, danger, position)
        made = rules.add_rule(session, home.id, new, actor=operator(home), now=db.business_now(session))
        click.echo(f"Regel {made.id} is gemaakt.")


@regel.command("team")
@click.argument("rule_id", metavar="REGEL", type=click.IntRange(1))
@click.argument("team", metavar="TEAM")
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def rule_team(rule_id: int, team: str, slug: str) -> None:
    """Geef wat een REGEL vangt aan een ander TEAM. Werkt vanaf de volgende melding."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        rules.give_rule(session, rule_id, team, actor=operator(home), now=db.business_now(session))
        click.echo(f"Regel {rule_id} is gewijzigd.")


@regel.command("weg")
@click.argument("rule_id", metavar="REGEL", type=click.IntRange(1))
@click.option("--gemeente", "slug", default="", help="gemeente; niet nodig als er één is")
def rule_gone(rule_id: int, slug: str) -> None:
    """Haal een REGEL weg. Opdrachten die er al zijn houden hun team."""
    with work() as session, refusals():
        home = named_gemeente(session, slug)
        rules.remove_rule(session, rule_id, actor=operator(home), now=db.business_now(session))
        click.echo(f"Regel {rule_id} is weg.")


def operator(home: Gemeente) -> Actor:
    """Who runs the installation: the system, with the rights of beheer in this one gemeente."""
    return Actor(kind="systeem", name="beheerder", roles={home.id: frozenset({BEHEER})})


def named_gemeente(session: Session, slug: str) -> Gemeente:
    """The served gemeente of that slug, or the only one. Ends the command with the names there are."""
    served = served_gemeenten(session)
    if not slug and len(served) == 1:
        return served[0]
    found = gemeente_by_slug(session, slug) if slug else None
    if found is None:
        names = ", ".join(one.slug for one in served) or "nog geen enkele"
        raise click.ClickException(f"Noem met --gemeente een gemeente die wij bedienen: {names}.")
    return found


def _ask_password() -> str:
    """Twice at a terminal, unseen; else the first line of the input."""
    if sys.stdin.isatty():
        password: str = click.prompt("Wachtwoord", hide_input=True, confirmation_prompt="Nog een keer")
    else:
        password = sys.stdin.readline().rstrip("\n")
    with refusals():
        accounts.check_password(password)
    return password
