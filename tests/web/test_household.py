"""`meldingen beheer gemeente|team` and `meldingen sleutel`: what a first gemeente needs, without a line of SQL."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from meldingen.cli import main
from meldingen.store.team import Team

from .conftest import World
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


class Line:
    """Runs `meldingen …` for the gemeente of the desk."""

    def __init__(self, slug: str) -> None:
        self.here = ("--gemeente", slug)

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, *self.here])


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Line:
    settings = desk.world.app.extensions["meldingen"].settings
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEYS": "geheim-voor-de-tests-van-commandos-0123456789",
        "FOTO_MAP": str(settings.photo_dir),
        "LOKALE_MODUS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return Line(f"werkdorp{desk.number}")


def test_what_every_page_says_of_the_gemeente(desk: Desk, run: Line) -> None:
    changed = run("beheer", "gemeente", "--telefoon", "072 888 00 11", "--openingstijden", "op werkdagen", "--host", "",
                  "--klacht", "klachten@voorbeeld.nl")  # fmt: skip
    assert changed.exit_code == 0 and "072 888 00 11" in changed.output and "klachten@voorbeeld.nl" in changed.output
    assert "072 888 00 11" in desk.get("kcc", f"/melden/waar?gemeente=werkdorp{desk.number}")
    wrong = run("beheer", "gemeente", "--email", "geen adres", "--website", "gemeente.nl", "--naam", " ")
    assert wrong.exit_code == 1
    assert "e-mailadres klopt niet" in wrong.output and "https://" in wrong.output and "een naam" in wrong.output
    assert "072 888 00 11" in run("beheer", "gemeente").output, "without a word it only shows"


def test_the_times_of_spoed_and_the_office_hours(desk: Desk, run: Line) -> None:
    assert "opnieuw_min   5" in run("beheer", "spoed").output
    changed = run("beheer", "spoed", "--beurten", "3", "--veilig", "60", "--kantooruren", "ma-za 8.00-17.00")
    assert changed.exit_code == 0
    for line in ("beurten       3", "veilig_min    60", "aannemen_min  15", "kantooruren   ma-za 08:00-17:00"):
        assert line in changed.output
    wrong = run("beheer", "spoed", "--opnieuw", "0", "--kantooruren", "altijd")
    assert wrong.exit_code == 1 and "1 tot en met 60" in wrong.output and "07:30-16:30" in wrong.output
    for hours in ("vr-ma 08:00-17:00", "ma-vr 17:00-08:00", "ma-vr 25:00-26:00"):
        assert run("beheer", "spoed", "--kantooruren", hours).exit_code == 1


def test_a_team_is_made_and_changed(desk: Desk, run: Line) -> None:
    assert "naam en een soort" in run("beheer", "team", "duinwacht").output
    made = run("beheer", "team", "duinwacht", "--naam", "Duinwacht", "--soort", "groen", "--telefoon", "06 12345678")
    assert "gemaakt" in made.output
    assert "gewijzigd" in run("beheer", "team", "duinwacht", "--naam", "De Duinwacht").output
    assert "streepjes" in run("beheer", "team", "Duin Wacht", "--naam", "x", "--soort", "groen").output
    with desk.world.session() as session:
        query = sa.select(Team).where(Team.gemeente_id == desk.gemeente_id, Team.slug == "duinwacht")
        team = session.scalars(query).one()
    assert (team.name, team.phone, team.vangnet) == ("De Duinwacht", "+31612345678", False)


def test_a_key_works_until_it_is_withdrawn(desk: Desk, run: Line) -> None:
    name = f"BuitenApp{desk.number}"
    secret = run("sleutel", "nieuw", name).output.strip()
    assert secret.startswith("mk_")
    browser = desk.world.app.test_client()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert browser.post("/api/v1/meldingen", json={}, headers=bearer).status_code == 400, "known, but nothing to report"
    assert "Er is al een sleutel" in run("sleutel", "nieuw", name).output
    assert name in run("sleutel", "lijst").output and secret not in run("sleutel", "lijst").output
    assert "werkt niet meer" in run("sleutel", "weg", name).output
    assert browser.post("/api/v1/meldingen", json={}, headers=bearer).status_code == 401
    assert "[ingetrokken]" in run("sleutel", "lijst").output
    again = run("sleutel", "nieuw", name).output.strip()
    assert again.startswith("mk_") and again != secret
    assert run("sleutel", "weg", "nooit").exit_code == 1
