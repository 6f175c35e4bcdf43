"""The pages of an external party and ours about it: whose link opens what, what nobody reads, and who answers."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.domain.deadlines import local_day
from meldingen.domain.privacy import LIMITED
from meldingen.flow import work
from meldingen.flow.party_links import link_for
from meldingen.flow.status import Basis
from meldingen.limits import Rates
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from meldingen.store.team import Team

from .conftest import World, token_in
from .desk import Desk, make_desk

PERSON = {"name": "Sanne de Vries", "email": "sanne@example.nl", "phone": "06 12345678"}
TEXT = "De tegel ligt los, klootzak. Bel 06 12345678, mail sanne@example.nl, auto 12-ABC-3."
SECRETS = ("Sanne de Vries", "sanne@", "12345678", "12-ABC-3", "klootzak")


def at_party(desk: Desk, slug: str = "waterschap", **facts: Any) -> tuple[Melding, Opdracht]:
    """A melding whose opdracht the serviceteam handed over to a party."""
    melding, opdracht = desk.melding(**{"contact": PERSON, "description": TEXT, **facts})
    with desk.world.session() as session, session.begin():
        to = work.HandOver(team_id=int(desk.team_id(slug)))
        basis, now = Basis(version=opdracht.version), business_now(session)
        work.hand_over(session, opdracht.id, to, basis=basis, actor=desk.people["team"], now=now)
    return melding, desk.now_is(opdracht)


def path_to(desk: Desk, opdracht_id: int | None, slug: str = "waterschap") -> str:
    """The path of a signed link."""
    with desk.world.session() as session:
        party = session.get_one(Team, int(desk.team_id(slug)))
    settings = desk.world.app.extensions["meldingen"].settings
    return link_for(settings, party, opdracht_id).removeprefix(settings.public_url)


def other_party(desk: Desk) -> None:
    with desk.world.session() as session, session.begin():
        facts = {"slug": "aannemer", "name": "Aannemer", "kind": "partij", "email": "aannemer@example.nl"}
        session.add(Team(gemeente_id=desk.gemeente_id, active=True, **facts))


def test_a_link_opens_what_is_with_that_party_and_tells_nothing_of_a_person(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    other_party(desk)
    _, mine = at_party(desk)
    _, theirs = at_party(desk, "aannemer")
    answer = client.get(path_to(desk, mine.id))
    assert answer.status_code == 303 and answer.headers["Referrer-Policy"] == "no-referrer"
    seen = [client.get("/partij").text]
    page = client.get(answer.location)
    seen += [page.text, client.get(f"{answer.location}/klaar").text]
    assert page.status_code == 200 and "De tegel ligt los, ▒▒▒" in page.text
    assert not [secret for secret in SECRETS for text in seen if secret in text]
    for path in (f"/partij/opdracht/{theirs.id}", f"/partij/opdracht/{theirs.id}/klaar"):
        assert client.get(path).status_code == 404
    form = {"csrf_token": token_in(page.text), "versie": theirs.version, "vraag": "x", "keuze": "opgelost:0"}
    for step in ("vraag", "verwacht", "foto", "klaar"):
        assert client.post(f"/partij/opdracht/{theirs.id}/{step}", data=form).status_code == 404
    stranger = world.app.test_client()
    assert stranger.get(f"/partij/opdracht/{mine.id}").status_code == 401
    assert stranger.get("/partij").status_code == 401


def test_what_may_not_be_read_is_not_there(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    limited, first = at_party(desk)
    threat, second = at_party(desk)
    with world.session() as session, session.begin():
        session.execute(sa.update(Melding).where(Melding.id == limited.id).values(flags=[LIMITED]))
        session.execute(sa.update(Melding).where(Melding.id == threat.id).values(abuse="bedreiging"))
    for opdracht in (first, second):
        page = client.get(path_to(desk, opdracht.id), follow_redirects=True).text
        assert "De tegel ligt los" not in page and "Vraag ons wat u wilt weten." in page


def test_a_link_dies_with_its_opdracht_its_party_and_its_generation(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    other_party(desk)
    _, opdracht = at_party(desk)
    old, all_of_it = path_to(desk, opdracht.id), path_to(desk, None)
    desk.step("cor", opdracht, "overdrachten", team=desk.team_id("aannemer"))
    gone = client.get(old)
    assert gone.status_code == 410 and "Deze opdracht is klaar" in gone.text
    assert client.get(path_to(desk, opdracht.id, "aannemer")).status_code == 303
    with world.session() as session, session.begin():
        session.execute(sa.update(Team).where(Team.id == int(desk.team_id("aannemer"))).values(link_generation=2))
    assert client.get(f"/partij/opdracht/{opdracht.id}").status_code == 401
    assert client.get(all_of_it).status_code == 303  # that of the other party is as it was
    fresh = path_to(desk, opdracht.id, "aannemer")
    assert client.get(fresh).status_code == 303
    assert client.get(fresh[:-1] + ("A" if fresh[-1] != "A" else "B")).status_code == 404


def test_guesses_are_counted_and_a_new_link_goes_to_the_address_on_file(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(world)
    other_party(desk)
    at_party(desk, "aannemer")
    page = client.get("/partij/link").text

    def ask(address: str) -> Any:
        return client.post("/partij/link", data={"csrf_token": token_in(page), "email": address})

    known, unknown = ask("AANNEMER@example.nl"), ask("iemand@example.nl")
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text  # who has an address with us is nobody's business
    ask("aannemer@example.nl")  # again within ten minutes: nothing more
    with world.session() as session:
        mails = session.scalars(
            sa.select(Notice.kind).where(Notice.team_id == int(desk.team_id("aannemer"))).order_by(Notice.id)
        ).all()
    assert mails == ["opdracht_partij", "opdrachten_partij"]
    assert ask("geen adres").status_code == 400
    strict = Rates("1000 per minute", "1000 per minute", "3 per minute", "1000 per hour")
    monkeypatch.setitem(world.app.extensions, "rates", strict)
    tried = [client.get(f"/partij/{'abcdefgh' * 3}{number}").status_code for number in range(5)]
    assert tried == [404, 404, 404, 429, 429]


def test_who_gave_the_work_answers_and_the_coordinator_writes_down_a_day(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    _, opdracht = at_party(desk)
    assert "Nog niet" in desk.get("team", f"/team/opdracht/{opdracht.id}")
    page = client.get(path_to(desk, opdracht.id), follow_redirects=True).text
    form = {"csrf_token": token_in(page)}
    assert "Nog niet" in desk.get("team", f"/team/opdracht/{opdracht.id}"), "a scanner of mail opens links too"
    assert client.post(f"/partij/opdracht/{opdracht.id}/vraag", data={**form, "vraag": " "}).status_code == 400
    client.post(f"/partij/opdracht/{opdracht.id}/vraag", data={**form, "vraag": "Waar is de kraan?"})
    with world.session() as session:
        (task,) = session.scalars(sa.select(Task).where(Task.opdracht_id == opdracht.id)).all()
    assert "Beantwoord de vraag" in desk.get("cor", f"/taken/{task.id}")
    ours = desk.get("team", f"/team/opdracht/{opdracht.id}")
    assert "Waar is de kraan?" in ours and "De partij wacht op antwoord." in ours and "Nog niet" not in ours
    path = f"/team/opdracht/{opdracht.id}/partij"
    assert desk.post("groen", f"{path}/antwoord", antwoord="Nee").status_code == 403
    assert desk.post("team", f"{path}/antwoord", antwoord="Achter het hek.").status_code == 303
    assert "Achter het hek." in client.get(f"/partij/opdracht/{opdracht.id}").text
    with world.session() as session:
        assert session.get_one(Task, task.id).status == "klaar"
    assert desk.post("cor", f"{path}/link").status_code == 303
    answer = desk.step("cor", opdracht, "verwachtingen", datum="2090-01-01")
    assert answer.status_code == 400 and "binnen een jaar" in answer.text
    with world.session() as session:
        day = local_day(business_now(session)).isoformat()
    assert desk.step("cor", opdracht, "verwachtingen", datum=day).status_code == 303
    assert "denkt klaar te zijn op" in desk.get("cor", f"/team/opdracht/{opdracht.id}")


def test_another_overheid_has_it_and_the_coordinator_closes_it_as_overgedragen(world: World) -> None:
    desk = make_desk(world)
    melding, opdracht = at_party(desk)
    page = desk.get("cor", f"/team/opdracht/{opdracht.id}/afhandelingen")
    assert 'value="Waterschap"' in page  # who has it stands ready; the coordinator adds the address
    done = desk.step("cor", opdracht, "afhandelingen", keuze="overgedragen:", partij="Waterschap, 088 000 00 00")
    assert done.status_code == 303
    with world.session() as session:
        kinds = session.scalars(sa.select(Notice.kind).where(Notice.melding_id == melding.id).order_by(Notice.id)).all()
    assert "doorgezet" in kinds and kinds[-1] == "overgedragen"


def test_a_party_says_that_it_saw_the_work_by_a_press(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    _, opdracht = at_party(desk)
    page = client.get(path_to(desk, opdracht.id), follow_redirects=True).text
    assert "Wij hebben dit gezien" in page
    pressed = client.post(f"/partij/opdracht/{opdracht.id}/gezien", data={"csrf_token": token_in(page)})
    again = client.get(pressed.location).text
    assert "De gemeente weet nu" in again and "Wij hebben dit gezien" not in again
    assert "Nog niet" not in desk.get("team", f"/team/opdracht/{opdracht.id}")
