"""A desk for tests of staff pages: a gemeente of one test alone, and the browsers of its people, signed in."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.domain.actor import BEHEER, COORDINATOR, KCC, TEAM, Actor
from meldingen.flow.sign_in import STAFF_PREFIX, hash_secret
from meldingen.store.account import StaffSession
from meldingen.store.area import Area
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from tests import factories

from .conftest import World, token_in

TEXT = "Er ligt een tegel los. Bel 06 12345678. \u202eomgekeerd"
_numbers = itertools.count(1)


@dataclass
class Desk:
    """Who works here, and where. lon, lat: a point in its wijk, of no other gemeente."""

    world: World
    gemeente_id: int
    number: int
    people: Mapping[str, Actor]
    browsers: Mapping[str, FlaskClient]
    lon: float
    lat: float
    tokens: dict[str, str] = field(default_factory=dict)
    """The form token of each browser, once it posted something."""

    def melding(self, **facts: Any) -> tuple[Melding, Opdracht]:
        """A melding of this gemeente and its opdracht."""
        with self.world.session() as session, session.begin():
            now = business_now(session) - facts.pop("ago", timedelta())
            made = factories.melding(session, now=now, **{"at": (self.lon, self.lat), "description": TEXT, **facts})
            return made, factories.opdracht_of(session, made)

    def lost_melding(self, ago: timedelta) -> Melding:
        """A melding that no worker routed."""
        with self.world.session() as session, session.begin():
            now = business_now(session) - ago
            return factories.melding(session, now=now, route=False, at=(self.lon, self.lat))

    def get(self, who: str, path: str) -> str:
        """The page somebody sees."""
        answer = self.browsers[who].get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, who: str, path: str, /, **form: Any) -> Any:
        """What somebody's form gets for an answer."""
        browser = self.browsers[who]
        if who not in self.tokens:
            self.tokens[who] = token_in(browser.get("/").text)  # the form to sign out is on every page
        return browser.post(path, data={"csrf_token": self.tokens[who], **form}, content_type="multipart/form-data")

    def step(self, who: str, work: Opdracht, action: str, /, **form: Any) -> Any:
        """One step with an opdracht, based on the version in `work`."""
        return self.post(who, f"/team/opdracht/{work.id}/{action}", **{"versie": work.version, **form})

    def now_is(self, opdracht: Opdracht) -> Opdracht:
        """The opdracht as it is in the database."""
        with self.world.session() as session:
            return session.get_one(Opdracht, opdracht.id)

    def team_id(self, slug: str) -> str:
        """The id of a team here, as a form carries it."""
        with self.world.session() as session:
            return str(factories.team(session, session.get_one(Gemeente, self.gemeente_id), slug).id)


def make_desk(world: World) -> Desk:
    """A new gemeente with a team, a party, a KCC, a coordinator and beheer."""
    number = next(_numbers)
    west, north = 5.0 + 0.3 * (number // 25), -1.9 + 0.11 * (number % 25)
    with world.session() as session, session.begin():
        home = factories.gemeente(session, name=f"Werkdorp{number}", code=f"GM7{number:03}", west=west)
        for table, column in ((Gemeente, Gemeente.border), (Area, Area.shape)):
            mine = Gemeente.id == home.id if table is Gemeente else Area.gemeente_id == home.id
            moved = {column.key: sa.func.ST_Translate(column, 0, north)}
            session.execute(sa.update(table).where(mine).values(moved))
        people = {
            "team": factories.medewerker(session, home, TEAM, team_slug="serviceteam", username=f"t{number}"),
            "groen": factories.medewerker(session, home, TEAM, team_slug="groen", username=f"g{number}"),
            "partij": factories.medewerker(session, home, TEAM, team_slug="waterschap", username=f"p{number}"),
            "kcc": factories.medewerker(session, home, KCC, username=f"k{number}"),
            "cor": factories.medewerker(session, home, COORDINATOR, username=f"c{number}"),
            "beheer": factories.medewerker(session, home, BEHEER, username=f"b{number}"),
        }
        gemeente_id = home.id
    browsers = {who: browser_of(world, actor) for who, actor in people.items()}
    return Desk(world, gemeente_id, number, people, browsers, west + 0.1, 52.66 + north)


def browser_of(world: World, actor: Actor) -> FlaskClient:
    """The browser of somebody who signed in; without the password check, which is slow on purpose."""
    secret = STAFF_PREFIX + secrets.token_hex(16)
    with world.session() as session, session.begin():
        now = business_now(session)
        session.add(
            StaffSession(
                account_id=actor.account_id,
                secret_hash=hash_secret(secret),
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
    browser = world.app.test_client()
    with browser.session_transaction() as cookie:
        cookie["medewerker"] = secret
    return browser
