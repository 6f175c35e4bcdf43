"""The doors of the tablet: an empty page for anybody, who is signed in, and the day package."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from meldingen.db import business_now
from meldingen.store.account import StaffSession
from meldingen.web.static_files import STATIC
from tests import factories

from .conftest import World

WHO, DAY = "/team/onderweg/wie", "/team/onderweg/dag"
TEXT = "Losse tegel. Bel mij op 06 12 34 56 78."


@pytest.fixture(scope="module")
def work(world: World) -> int:
    """An opdracht of the serviceteam, of a melder with contact data; its id."""
    with world.session() as session, session.begin():
        told = {"email": "anna@example.nl", "name": "Anna"}
        made = factories.melding(session, now=business_now(session), description=TEXT, contact=told)
        return factories.opdracht_of(session, made).id


def test_the_page_is_empty_and_for_anybody(client: FlaskClient) -> None:
    page = client.get("/team/onderweg")
    assert page.status_code == 200 and 'id="onderweg"' in page.text and 'href="/team"' in page.text


def test_the_page_names_every_script_at_once(client: FlaskClient) -> None:
    """A script that only another one names is fetched after it; on a slow tablet that adds up."""
    page = client.get("/team/onderweg").text
    every = {file.stem for file in (STATIC / "js/onderweg").glob("*.js")} - {"werker", "aanmelden"}
    assert {name for name in every if f"/onderweg/{name}.js" in page} == every


def test_a_stranger_hears_so_as_json(client: FlaskClient) -> None:
    """A script that is sent on to a page cannot tell."""
    for path in (WHO, DAY):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (401, "inloggen_nodig")


def test_a_session_that_ran_out_is_not_one_that_was_withdrawn(
    world: World, signed_in: Callable[[str], FlaskClient]
) -> None:
    """The first keeps what the tablet has until it is a day old; the second takes it away at once."""
    browser = signed_in("team")
    assert browser.get(WHO).status_code == 200
    with world.session() as session, session.begin():
        ended = business_now(session) - timedelta(seconds=1)
        session.execute(sa.update(StaffSession).values(expires_at=ended))
    assert browser.get(WHO).json["code"] == "sessie_verlopen"
    with world.session() as session, session.begin():
        session.execute(sa.delete(StaffSession))
    assert browser.get(WHO).json["code"] == "inloggen_nodig"


def test_who_gives_a_key_of_the_account_alone(signed_in: Callable[[str], FlaskClient]) -> None:
    mine, again, other = signed_in("team"), signed_in("team"), signed_in("coordinator")
    told = mine.get(WHO).json
    assert told["account"]["naam"] == "team" and told["nu"].endswith("+00:00")
    assert told["sleutel"] == again.get(WHO).json["sleutel"] != other.get(WHO).json["sleutel"]
    assert told["csrf"] and told["eerdereSleutels"] == []


def test_the_package_has_all_for_the_work_and_nobody_of_it(work: int, signed_in: Callable[[str], FlaskClient]) -> None:
    answer = signed_in("team").get(DAY)
    (mine,) = [one for one in answer.json["opdrachten"] if one["id"] == work]
    assert (mine["status"], mine["soortSlug"], mine["melders"]) == ("nieuw", "losse-tegel", 1)
    assert mine["tekst"] == TEXT and mine["meldingen"][0]["bereikbaar"] is True
    assert "afhandelingen" in mine["stappen"] and "notities" in mine["stappen"]
    assert mine["geschiedenis"][0]["woorden"].startswith("Toegewezen")
    assert "losse-tegel" in answer.json["zinnen"]
    assert {"slug": "kcc", "naam": "KCC", "gemeente": "duinstede", "partij": False} in answer.json["overdrachtTeams"]
    assert answer.json["kaart"]["gebieden"] == ["/gebieden.geojson?gemeente=duinstede"]
    assert (mine["gebied"], mine["nieuwAntwoord"]) == ("Noord", False)
    kinds = {one["slug"]: one["zegt"] for one in answer.json["soorten"]}
    assert kinds["losse-tegel"] == "een losse tegel" and answer.json["gedaanVandaag"] == 0
    assert "anna@example.nl" not in answer.text


def test_an_unchanged_package_is_not_sent_again(work: int, signed_in: Callable[[str], FlaskClient]) -> None:
    browser = signed_in("team")
    first = browser.get(DAY)
    again = browser.get(DAY, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_without_a_team_there_is_nothing_to_take_along(work: int, signed_in: Callable[[str], FlaskClient]) -> None:
    package = signed_in("coordinator").get(DAY).json
    assert (package["teams"], package["opdrachten"]) == ([], [])


def test_two_thousand_opdrachten_take_as_many_queries_as_one(
    world: World, work: int, signed_in: Callable[[str], FlaskClient]
) -> None:
    browser = signed_in("team")
    with _counted(world) as one:
        browser.get(DAY)
    with world.session() as session, session.begin():
        _copy(session, work, 1_999)
    with _counted(world) as many:
        package = browser.get(DAY).json
    assert len(package["opdrachten"]) == 2_000
    assert len(many) == len(one) <= 25


@contextmanager
def _counted(world: World) -> Iterator[list[str]]:
    """The queries of the app while this lasts."""
    asked: list[str] = []
    engine = world.app.extensions["meldingen"].engine

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", count)


def _copy(session: Session, opdracht_id: int, times: int) -> None:
    """The same work once more, so often, each with a melding of its own."""
    for table, own in (("opdracht", "id"), ("melding", "id, number")):
        columns = [c["name"] for c in sa.inspect(session.connection()).get_columns(table) if c["name"] not in own]
        names = ", ".join(columns)
        made = ", number" if table == "melding" else "", ", (9000000000 + n)::text" if table == "melding" else ""
        source = f"(SELECT min(melding_id) FROM melding_opdracht WHERE opdracht_id = {opdracht_id})"
        which = str(opdracht_id) if table == "opdracht" else source
        session.execute(
            sa.text(
                f"INSERT INTO {table} ({names}{made[0]}) SELECT {names}{made[1]} FROM {table}, "
                f"generate_series(1, {times}) n WHERE id = {which}"
            )
        )
    session.execute(
        sa.text(
            "INSERT INTO melding_opdracht (gemeente_id, melding_id, opdracht_id, how, from_at, made_by) "
            "SELECT o.gemeente_id, m.id, o.id, 'toegewezen', o.received_at, 'systeem' FROM "
            "(SELECT *, row_number() OVER (ORDER BY id) n FROM opdracht WHERE id NOT IN "
            " (SELECT opdracht_id FROM melding_opdracht)) o JOIN "
            "(SELECT *, row_number() OVER (ORDER BY id) n FROM melding WHERE id NOT IN "
            " (SELECT melding_id FROM melding_opdracht)) m USING (n)"
        )
    )
