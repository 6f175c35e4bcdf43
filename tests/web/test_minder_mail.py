"""Less mail about one melding: one click of a mail program, or a page that asks first; a link does nothing."""

import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import machine_now
from meldingen.domain import tokens
from meldingen.store.contact import Contact
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from tests import factories

from .conftest import World
from .forms import words

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def made(world: World) -> tuple[Melding, str]:
    with world.session() as session, session.begin():
        melding = factories.melding(session, now=machine_now(), contact={"email": "jan@example.nl"})
    keys = world.app.extensions["meldingen"].settings.secret_keys
    return melding, f"/minder-mail/{tokens.make_token(keys, melding.id, melding.token_generation)}"


def only_when_done(world: World, melding: Melding) -> bool:
    with world.session() as session:
        return session.scalars(sa.select(Contact.only_when_done).where(Contact.melding_id == melding.id)).one()


def test_a_mail_program_needs_one_post_and_nothing_else(world: World, client: FlaskClient) -> None:
    melding, link = made(world)
    for _ in range(2):
        answer = client.post(link, data=ONE_CLICK)
        assert answer.status_code == 200 and "minder mail" in words(answer.text)
    assert only_when_done(world, melding)
    with world.session() as session:
        told = session.scalars(
            sa.select(Event).where(Event.melding_id == melding.id, Event.kind == "contact_gewijzigd")
        ).all()
    assert [(e.actor, e.facts) for e in told] == [(f"melder:{melding.id}", {"fields": ["only_when_done"]})]


def test_following_the_link_asks_and_changes_nothing(world: World, client: FlaskClient) -> None:
    melding, link = made(world)
    answer = client.get(link)
    assert answer.status_code == 200 and "Wilt u minder mail" in words(answer.text)
    assert not only_when_done(world, melding)
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_wrong_link_is_not_there(world: World, client: FlaskClient) -> None:
    _, link = made(world)
    assert client.post("/minder-mail/" + "a" * 30, data=ONE_CLICK).status_code == 404
    assert client.get(link + "x").status_code == 404
