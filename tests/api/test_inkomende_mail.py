"""The door for mail that came in: only with our token, not larger than we read, and each message once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from meldingen.adapters import build
from meldingen.adapters.failures import TemporaryFailure
from meldingen.app import create_app
from meldingen.db import machine_now, make_engine
from meldingen.domain import incoming
from meldingen.domain.return_address import reply_address
from meldingen.store.incoming_mail import IncomingMail
from meldingen.store.journal import Note
from tests import factories
from tests.flow.post import answer
from tests.web.conftest import settings_for

TOKEN = "een-token-van-ten-minste-32-tekens-lang"
SIGNED = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "message/rfc822"}


@pytest.fixture(scope="module")
def app(clone: Callable[[], sa.URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = replace(
        settings_for(clone(), tmp_path_factory.mktemp("post")),
        mail_incoming_token=TOKEN,
        mail_answer="antwoord@duinstede.nl",
    )
    app = create_app(settings, replace(build(settings), wake=lambda: None))
    engine = make_engine(settings.database_url, pool_size=2)
    with Session(engine) as session, session.begin():
        factories.gemeente(session)
    yield app
    engine.dispose()
    app.extensions["meldingen"].engine.dispose()


@pytest.fixture
def client(app: Any) -> FlaskClient:
    return app.test_client()


def rows(app: Any, table: Any) -> list[Any]:
    with Session(app.extensions["meldingen"].engine, expire_on_commit=False) as session:
        return list(session.scalars(sa.select(table)))


def test_an_answer_lands_and_twice_is_once(app: Any, client: FlaskClient) -> None:
    settings = app.extensions["meldingen"].settings
    with Session(app.extensions["meldingen"].engine, expire_on_commit=False) as session, session.begin():
        melding = factories.melding(session, now=machine_now(), contact={"email": "jan@example.nl"})
    to = reply_address(settings.mail_answer, settings.secret_keys, melding.id, melding.token_generation)
    raw = answer("lijst@duinstede.nl", "Via de envelop gevonden.").as_bytes()
    for _ in range(2):
        got = client.post("/ontvangst/mail", data=raw, headers={**SIGNED, "Envelope-To": to})
        assert (got.status_code, got.json) == (200, {"soort": "antwoord"})
    assert [note.text for note in rows(app, Note) if note.melding_id == melding.id] == ["Via de envelop gevonden."]


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer fout", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"])
def test_without_our_token_nothing_comes_in(app: Any, client: FlaskClient, given: str) -> None:
    before = len(rows(app, IncomingMail))
    got = client.post("/ontvangst/mail", data=b"From: a@b.nl\r\n\r\nx", headers={"Authorization": given})
    assert got.status_code == 401 and got.mimetype == "application/problem+json"
    assert len(rows(app, IncomingMail)) == before


def test_nothing_and_too_much_are_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    got = client.post("/ontvangst/mail", data=b" \r\n", headers=SIGNED)
    assert got.status_code == 422 and got.json["code"] == "geen_mail"
    got = client.post("/ontvangst/mail", data=b"x" * (incoming.MAX_BYTES + 1), headers=SIGNED)
    assert got.status_code == 413 and got.mimetype == "application/problem+json"


def test_what_is_no_mail_is_kept_for_the_kcc(app: Any, client: FlaskClient) -> None:
    got = client.post("/ontvangst/mail", data=b"\x00\xff geen mail", headers=SIGNED)
    assert got.json == {"soort": "onbekend"}
    assert any(row.raw_key for row in rows(app, IncomingMail))


def test_storage_away_asks_to_come_again(app: Any, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise TemporaryFailure("opslag weg")

    store = app.extensions["meldingen"].adapters.photos
    monkeypatch.setattr(type(store), "put", away)
    raw = answer("info@duinstede.nl", "Straks nog eens.").as_bytes()
    got = client.post("/ontvangst/mail", data=raw, headers=SIGNED)
    assert got.status_code == 503 and got.headers["Retry-After"] == "60"
    monkeypatch.undo()
    assert client.post("/ontvangst/mail", data=raw, headers=SIGNED).json == {"soort": "onbekend"}


def test_without_a_token_there_is_no_door(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held = app.extensions["meldingen"]
    monkeypatch.setattr(held, "settings", replace(held.settings, mail_incoming_token=""))
    assert app.test_client().post("/ontvangst/mail", data=b"x", headers=SIGNED).status_code == 404
