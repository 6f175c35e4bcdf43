"""/beheer and its commands: a rule given to another team works at once, accounts are made and ended."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from meldingen.cli import main
from meldingen.store.account import Account, StaffSession
from meldingen.store.gemeente import Gemeente
from meldingen.store.opdracht import Opdracht
from meldingen.store.team import RoutingRule
from tests.factories import PASSWORD

from .conftest import World, token_in
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs `meldingen …` on the world's database; `--gemeente` is added where it is asked."""
    settings = desk.world.app.extensions["meldingen"].settings
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEYS": "geheim-voor-de-tests-van-commandos-0123456789",
        "FOTO_MAP": str(settings.photo_dir),
        "LOKALE_MODUS": "1",
    }.items():
        monkeypatch.setenv(name, value)

    def invoke(*words: str, given: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=given)

    return invoke


def rule_of(desk: Desk) -> RoutingRule:
    with desk.world.session() as session:
        query = sa.select(RoutingRule).where(RoutingRule.gemeente_id == desk.gemeente_id, RoutingRule.moment.is_(None))
        return session.scalars(query.order_by(RoutingRule.id)).first() or pytest.fail("no rule")


def test_a_rule_given_to_another_team_works_from_the_next_melding(desk: Desk) -> None:
    page = desk.get("beheer", "/beheer")
    assert "Wijkteam groen" in page
    assert f"t{desk.number}" in desk.get("beheer", "/beheer/accounts")
    rule = rule_of(desk)
    answer = desk.post("beheer", f"/beheer/regels/{rule.id}", team="groen")
    assert answer.status_code == 303
    assert "De regel is gewijzigd" in desk.get("beheer", f"/beheer?regel={rule.id}")
    _, tile = desk.melding()
    assert str(tile.team_id) == desk.team_id("groen")


def test_who_may_not_and_what_does_not_exist(desk: Desk) -> None:
    rule = rule_of(desk)
    for who in ("team", "kcc", "cor"):
        assert desk.browsers[who].get("/beheer").status_code == 403
        assert desk.post(who, f"/beheer/regels/{rule.id}", team="groen").status_code == 403
    assert desk.post("beheer", f"/beheer/regels/{rule.id}", team="bestaat-niet").status_code == 400
    assert desk.post("beheer", "/beheer/regels/99999999", team="groen").status_code == 404
    other = make_desk(desk.world)
    assert other.post("beheer", f"/beheer/regels/{rule.id}", team="groen").status_code == 404
    assert rule_of(desk).team_id == rule.team_id


def test_rules_on_the_command_line(desk: Desk, run: object) -> None:
    assert callable(run)
    here = ("--gemeente", f"werkdorp{desk.number}")
    rule = rule_of(desk)
    listed = run("beheer", "regel", "lijst", *here)
    assert f"{rule.id}  categorie straat  → serviceteam" in listed.output
    assert run("beheer", "regel", "team", str(rule.id), "groen", *here).exit_code == 0
    assert str(rule_of(desk).team_id) == desk.team_id("groen")
    made = run("beheer", "regel", "nieuw", "piket", "--categorie", "losse-tegel", "--gevaar", *here)
    assert made.exit_code == 0, made.output
    number = made.output.split()[1]
    assert f"{number}  categorie losse-tegel, gevaar ja  → piket" in run("beheer", "regel", "lijst", *here).output
    assert run("beheer", "regel", "weg", number, *here).exit_code == 0
    wrong = run("beheer", "regel", "nieuw", "niemand", "--categorie", "niets", *here)
    assert wrong.exit_code == 1 and "Dit team kennen wij niet. Deze categorie kennen wij niet." in wrong.output
    assert "serviceteam  Serviceteam" in run("beheer", "teams", *here).output
    assert "Noem met --gemeente" in run("beheer", "regel", "lijst", "--gemeente", "nergens").output


def test_accounts_on_the_command_line(desk: Desk, run: object) -> None:
    assert callable(run)
    here = ("--gemeente", f"werkdorp{desk.number}")
    name = f"jan{desk.number}"
    new = ("account", "nieuw", name.upper(), "--naam", "Jan", "--rol", "kcc", "--rol", "team:groen", *here)
    assert "12 tekens" in run(*new, given="kort\n").output
    assert run(*new, given=PASSWORD + "\n").exit_code == 0
    assert "Er is al een account" in run(*new, given=PASSWORD + "\n").output
    bad = run("account", "nieuw", "x y", "--naam", " ", "--rol", "team", "--rol", "baas", *here, given=PASSWORD + "\n")
    assert bad.exit_code == 1 and "geen spaties" in bad.output and "Kies een rol" in bad.output
    assert f"{name}  Jan  kcc (werkdorp{desk.number}), team:groen" in run("account", "lijst").output
    browser = desk.world.app.test_client()
    token = token_in(browser.get("/inloggen").text)
    form = {"csrf_token": token, "gebruikersnaam": name, "wachtwoord": PASSWORD}
    assert browser.post("/inloggen", data=form).location == "/team"
    assert browser.get("/team").status_code == 200
    assert run("account", "wachtwoord", name, given="heel ander wachtwoord\n").exit_code == 0
    assert browser.get("/team").status_code == 302, "every device is signed out"
    assert run("account", "uit", name).exit_code == 0
    assert "[uit]" in run("account", "lijst").output
    assert run("account", "aan", name).exit_code == 0
    assert "Er is geen account" in run("account", "uit", "niemand").output
    with desk.world.session() as session:
        known = session.scalars(sa.select(Account).where(Account.username == name)).one()
        assert not session.scalars(sa.select(StaffSession).where(StaffSession.account_id == known.id)).all()
        assert session.get_one(Gemeente, desk.gemeente_id) and Opdracht.__tablename__ == "opdracht"
