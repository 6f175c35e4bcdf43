"""/piket: the roster is filled, its holes shown, a duty swapped, and one's own number kept."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from meldingen.db import business_now
from meldingen.domain.actor import ANTWOORDDIENST, PIKET
from meldingen.domain.deadlines import local_day
from meldingen.store.account import Account
from meldingen.store.duty import Duty
from meldingen.store.gemeente import ClosingDay, Gemeente
from meldingen.store.journal import Event
from tests import factories

from .conftest import World, token_in
from .desk import Desk, browser_of, make_desk


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    """A desk with two people of the piketdienst and one who answers the phone after hours."""
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        for name in ("an", "bo"):
            made.people = {**made.people, name: factories.medewerker(
                session, home, PIKET, team_slug="piket", username=f"{name}{made.number}")}  # fmt: skip
        made.people = {**made.people, "dienst": factories.medewerker(
            session, home, ANTWOORDDIENST, username=f"d{made.number}")}  # fmt: skip
    made.browsers = {**made.browsers, **{who: browser_of(world, made.people[who]) for who in ("an", "bo", "dienst")}}
    return made


def fill(desk: Desk, who: str, **form: str) -> tuple[int, str]:
    answer = desk.post("cor", "/piket/diensten", **{
        "team": desk.team_id("piket"), "wie": str(desk.people[who].account_id), "plaats": "1",
        "van_dag": day(desk, 0), "van_tijd": "00:00", "tot_dag": day(desk, 1), "tot_tijd": "00:00",
        "herhaal_tot": "", "om_de": "1", **form,
    })  # fmt: skip
    return answer.status_code, answer.text


def day(desk: Desk, ahead: int) -> str:
    with desk.world.session() as session:
        return (local_day(business_now(session)) + timedelta(days=ahead)).isoformat()


def test_a_roster_from_empty_to_swapped(desk: Desk) -> None:
    page = desk.get("cor", "/piket")
    assert "Niemand in het rooster" in page and "piket@example.nl" in page and "Niemand:" in page
    assert "Niemand in het rooster" in desk.get("beheer", "/beheer")
    told = desk.world.app.test_client().get("/metrics").text
    assert f'meldingen_piket_gap_hours{{gemeente="werkdorp{desk.number}",team="piket"}}' in told
    assert "vullen" not in desk.get("an", "/piket") and desk.browsers["an"].get("/piket").status_code == 200

    assert fill(desk, "an", herhaal_tot=day(desk, 21))[0] == 303, "today, and each week until in three weeks"
    assert fill(desk, "bo", plaats="2", tot_dag=day(desk, 3))[0] == 303
    with desk.world.session() as session:
        held = session.scalars(sa.select(Duty).where(Duty.gemeente_id == desk.gemeente_id).order_by(Duty.id)).all()
        assert len(held) == 5 and {one.place for one in held} == {1, 2}
        home = session.get_one(Gemeente, desk.gemeente_id)
        session.add(ClosingDay(gemeente_id=home.id, day=local_day(business_now(session)), name="Dag na Hemelvaart"))
        session.commit()
    page = desk.get("cor", "/piket")
    assert "Gaten in het rooster" in page and "Dag na Hemelvaart" in page
    now_on_duty = page.split('id="rooster"')[0]
    assert f"an{desk.number}" in now_on_duty and f"bo{desk.number}" in now_on_duty and "Geen nummer bekend" in page

    for field, words in [
        ({"tot_dag": day(desk, 0)}, "eindigt vóór hij begint"),
        ({"tot_dag": day(desk, 40)}, "hoogstens 14 dagen"),
        ({"herhaal_tot": day(desk, 800)}, "meer dan 60"),
        ({}, "Plaats 1 is dan al van"),
        ({"plaats": "3"}, "heeft dan al dienst"),
        ({"plaats": "9"}, "Kies een plaats"),
        ({"wie": "1"}, "Kies iemand van dit team"),
        ({"van_dag": "x", "om_de": "0"}, "Schrijf een aantal weken"),
        ({"van_dag": day(desk, -9), "tot_dag": day(desk, -8)}, "al voorbij"),
    ]:
        status, told = fill(desk, "an", **field)
        assert status == 400 and words in told, words

    tomorrow = held[1].id
    assert desk.post("bo", f"/piket/diensten/{tomorrow}/overnemen").status_code == 409, "nobody asks yet"
    assert desk.post("bo", f"/piket/diensten/{tomorrow}/ruilen").status_code == 403, "not his"
    desk.post("an", f"/piket/diensten/{tomorrow}/ruilen")
    assert "U vroeg om te ruilen" in desk.get("an", "/piket") and "Wie neemt over?" in desk.get("bo", "/piket")
    desk.post("an", f"/piket/diensten/{tomorrow}/ruil-terug")
    assert "Wie neemt over?" not in desk.get("bo", "/piket")
    desk.post("an", f"/piket/diensten/{tomorrow}/ruilen")
    assert desk.post("team", f"/piket/diensten/{tomorrow}/overnemen").status_code == 403, "of another team"
    assert desk.post("bo", f"/piket/diensten/{tomorrow}/overnemen").status_code == 303
    assert f"overgenomen van an{desk.number}" in desk.get("cor", "/piket")
    first = held[0].id
    desk.post("an", f"/piket/diensten/{first}/ruilen")
    assert "U heeft dan zelf al dienst" in desk.post("bo", f"/piket/diensten/{first}/overnemen").text

    assert desk.post("cor", f"/piket/diensten/{first}/weg").status_code == 303
    assert desk.post("an", f"/piket/diensten/{tomorrow}/weg").status_code == 403
    assert desk.post("cor", "/piket/diensten/999999/weg").status_code == 404
    with desk.world.session() as session:
        of = sa.select(Event.kind).where(Event.gemeente_id == desk.gemeente_id, Event.kind.like("dienst_%"))
        assert session.scalars(of.order_by(Event.id)).all() == [
            "dienst_gemaakt", "dienst_gemaakt", "dienst_ruil_gevraagd", "dienst_ruil_terug", "dienst_ruil_gevraagd",
            "dienst_overgenomen", "dienst_ruil_gevraagd", "dienst_weg",
        ]  # fmt: skip
        row = session.get_one(Duty, first)
        assert row.until_at <= business_now(session) and row.until_at > row.from_at, "the hours that were served stay"


def test_my_own_number_is_for_who_must_call(desk: Desk) -> None:
    assert "mobiel nummer" in desk.post("bo", "/piket/nummer", telefoon="072 888 00 00").text
    assert desk.post("bo", "/piket/nummer", telefoon="06 12345678", email="bo@example.nl").status_code == 303
    with desk.world.session() as session:
        account = session.get_one(Account, desk.people["bo"].account_id)
        assert (account.phone, account.email) == ("+31612345678", "bo@example.nl")
    page = desk.get("dienst", "/piket")
    assert "tel:+31612345678" in page and "bo@example.nl" not in page
    assert desk.browsers["partij"].get("/piket").status_code in (200, 404)
    other = make_desk(desk.world)
    assert "+31612345678" not in other.get("cor", f"/piket?team={desk.team_id('piket')}")


def test_a_gap_that_begins_soon_is_told_to_who_can_mend_it(world: World) -> None:
    """A roster that ran out is a gap of now; one that nobody ever filled is how that gemeente works."""
    desk = make_desk(world)
    monitor = world.app.test_client()
    told = f'meldingen_piket_gap_in_seconds{{gemeente="werkdorp{desk.number}",team="piket"}}'
    assert 'id="piket_gaten"' in desk.get("cor", "/coordinator")
    assert "day__list--some" not in desk.get("cor", "/coordinator") and told not in monitor.get("/metrics").text

    def filled_until(hours: int) -> str:
        """What the coordinator sees of a roster that ends so many hours from now, with an office that is never open."""
        with world.session() as session, session.begin():
            home, now = session.get_one(Gemeente, desk.gemeente_id), business_now(session)
            home.policy = {**home.policy, "office_hours": {"days": []}}
            session.execute(sa.delete(Duty).where(Duty.gemeente_id == home.id))
            an = factories.medewerker(session, home, PIKET, team_slug="piket", username=f"a{hours}-{desk.number}")
            who = {"account_id": an.account_id, "first_account_id": an.account_id}
            since, until = now - timedelta(days=2), now + timedelta(hours=hours)
            piket = int(desk.team_id("piket"))
            session.add(Duty(gemeente_id=home.id, team_id=piket, place=1, from_at=since, until_at=until, **who))
        return desk.get("cor", "/piket")

    assert "Niemand in het rooster binnen 24 uur" in filled_until(-1)
    assert "Gaten in het rooster binnen 24 uur" in filled_until(20)
    assert monitor.get("/gezond/piket").json["status"] == "gat_binnen_24_uur"
    assert told in monitor.get("/metrics").text and monitor.get("/gezond/klaar").status_code == 200
    assert "Gaten in het rooster binnen 7 dagen" in filled_until(30)
    assert 'day__list--some" id="piket_gaten" href="/piket"' in desk.get("cor", "/coordinator")
    assert monitor.get("/gezond/piket").json["gaten"]["7dagen"] >= 1
    page = filled_until(24 * 8)
    assert "Gaten in het rooster" in page and "binnen" not in page.split("Gaten in het rooster")[1][:12]
    assert "day__list--some" not in desk.get("cor", "/coordinator")
    assert monitor.get("/gezond/piket", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 404


def test_the_roster_in_ones_own_calendar(world: World) -> None:
    desk = make_desk(world)
    anybody = world.app.test_client()
    with world.session() as session, session.begin():
        home, now = session.get_one(Gemeente, desk.gemeente_id), business_now(session)
        people = [factories.medewerker(session, home, PIKET, team_slug="piket", username=f"{name}{desk.number}")
                  for name in ("ed", "fay")]  # fmt: skip
        for place, one in enumerate(people, 1):
            begin = now + timedelta(days=place)
            session.add(Duty(
                gemeente_id=home.id, team_id=int(desk.team_id("piket")), place=place, account_id=one.account_id,
                first_account_id=one.account_id, from_at=begin, until_at=begin + timedelta(hours=12),
            ))  # fmt: skip
    ed = browser_of(world, people[0])

    def links(page: str) -> list[str]:
        return [one.split('"')[0] for one in page.split('value="') if "/piket/rooster/" in one.split('"')[0]]

    def events(address: str) -> list[str]:
        answer = anybody.get("/piket/rooster/" + address.rsplit("/", 1)[1])
        assert answer.content_type == "text/calendar; charset=utf-8" and "no-store" in answer.headers["Cache-Control"]
        assert all(len(line) <= 75 for line in answer.data.split(b"\r\n")), "RFC 5545 section 3.1"
        return [str(one["summary"]) for one in Calendar.from_ical(answer.data).walk("VEVENT")]

    (mine,) = links(ed.get("/piket").text)
    assert len(events(mine)) == 1 and events(mine)[0].startswith("Piketdienst")
    own, whole = links(desk.get("cor", "/piket"))
    assert events(own) == [] and [one.split(":")[0] for one in events(whole)] == [
        f"ed{desk.number}", f"fay{desk.number}",
    ]  # fmt: skip
    assert len({mine, own, whole}) == 3
    token = token_in(ed.get("/piket").text)
    assert ed.post("/piket/agenda", data={"csrf_token": token}).status_code == 303
    (renewed,) = links(ed.get("/piket").text)
    for gone in (mine, "/piket/rooster/verzonnen.ics", mine.replace(".ics", "x.ics")):
        assert anybody.get("/piket/rooster/" + gone.rsplit("/", 1)[1]).status_code == 404, gone
    assert len(events(renewed)) == 1
    with world.session() as session, session.begin():
        session.get_one(Account, people[0].account_id).active = False
    assert anybody.get("/piket/rooster/" + renewed.rsplit("/", 1)[1]).status_code == 404, "no longer works here"
