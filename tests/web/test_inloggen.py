"""Signing in and out: one sentence for every mistake, the right start page, no open redirect, a token in forms."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from argon2 import extract_parameters
from flask.testing import FlaskClient

from meldingen.flow.sign_in import NOBODY, hash_password
from meldingen.store.account import StaffSession
from tests.factories import PASSWORD

from .conftest import World, token_in


def sign_in(client: FlaskClient, username: str, password: str, **extra: str) -> object:
    token = token_in(client.get("/inloggen", query_string=extra).text)
    return client.post(
        "/inloggen", data={"csrf_token": token, "gebruikersnaam": username, "wachtwoord": password, **extra}
    )


@pytest.mark.parametrize(
    ("role", "start"),
    [("team", "/team/onderweg"), ("kcc", "/kcc"), ("coordinator", "/coordinator"), ("beheer", "/beheer")],
)
def test_each_role_starts_at_its_own_page(client: FlaskClient, role: str, start: str) -> None:
    answer = sign_in(client, role.upper(), PASSWORD)
    assert (answer.status_code, answer.location) == (303, start)
    assert client.get("/inloggen").location == start


@pytest.mark.parametrize(
    ("username", "password"), [("team", "mis-mis"), ("niemand", PASSWORD), ("\x00niemand", "x" * 10**5)]
)
def test_every_wrong_try_gets_the_same_sentence(client: FlaskClient, username: str, password: str) -> None:
    answer = sign_in(client, username, password)
    assert answer.status_code == 401
    assert "horen niet bij elkaar" in answer.text
    assert "<title>Fout: Inloggen" in answer.text
    assert password not in answer.text


def test_an_unknown_name_is_refused_as_slowly_as_a_known_one() -> None:
    """Passwords of tests are cheap; those of people cost what NOBODY costs."""
    assert extract_parameters(NOBODY) == extract_parameters(hash_password(PASSWORD))


def test_empty_fields_are_named(client: FlaskClient) -> None:
    page = sign_in(client, " ", "").text
    assert 'href="#veld-gebruikersnaam"' in page and 'href="#veld-wachtwoord"' in page
    assert 'aria-describedby="veld-wachtwoord-fout" aria-invalid="true"' in page


@pytest.mark.parametrize(
    ("onward", "goes_to"),
    [
        ("/team?bladzijde=2", "/team?bladzijde=2"),
        ("//evil.example", "/team/onderweg"),
        ("/\\evil.example", "/team/onderweg"),
        ("https://evil.example", "/team/onderweg"),
        ("/a\\b", "/team/onderweg"),
        ("/x\r\nSet-Cookie: a=b", "/team/onderweg"),
    ],
)
def test_onward_is_a_page_of_ours(client: FlaskClient, onward: str, goes_to: str) -> None:
    assert sign_in(client, "team", PASSWORD, naar=onward).location == goes_to


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/inloggen", data={"gebruikersnaam": "team", "wachtwoord": PASSWORD})
    assert answer.status_code == 400
    assert "verlopen" in answer.text


def test_signing_out_ends_the_session_on_our_side(world: World, signed_in: Callable[[str], FlaskClient]) -> None:
    browser = signed_in("kcc")
    count = sa.select(sa.func.count()).select_from(StaffSession)
    with world.engine.connect() as connection:
        before = connection.scalar(count)
    assert browser.get("/uitloggen").status_code == 405, "a link must not sign anybody out"
    token = token_in(browser.get("/privacy").text)
    assert browser.post("/uitloggen", data={"csrf_token": token}).location == "/inloggen"
    with world.engine.connect() as connection:
        assert connection.scalar(count) == before - 1
    assert "Uitloggen" not in browser.get("/privacy").text
