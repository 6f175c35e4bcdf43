"""The second factor, the lock, one's own account and what beheer arranges: told as a new medewerker lives it."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.app import App, create_app
from meldingen.db import business_now, machine_now
from meldingen.domain.second_factor import seal, step_of, unseal
from meldingen.flow import sign_in
from meldingen.store.account import Account, AccountRole, StaffSession
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from tests import factories
from tests.factories import PASSWORD

from .conftest import World, token_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NAMES = iter(range(1, 1000))
HTTPS = {"base_url": "https://localhost"}


@pytest.fixture
def strict(world: World) -> Iterator[App]:
    """The same database, as an installation outside local mode: everybody needs a second factor."""
    settings = world.app.extensions["meldingen"].settings
    app = create_app(
        dataclasses.replace(settings, local_mode=False, public_url="https://localhost"),
        world.app.extensions["meldingen"].adapters,
    )
    app.testing = True
    yield app
    app.extensions["meldingen"].engine.dispose()


@pytest.fixture
def worker(world: World) -> str:
    """A medewerker of the KCC, nobody else's."""
    name = f"kim{next(NAMES)}"
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, world.gemeente_id)
        factories.medewerker(session, home, "kcc", username=name)
        session.execute(
            sa.update(Account).where(Account.username == name).values(password_hash=factories.password_hash())
        )
    return name


def post(browser: FlaskClient, path: str, page: str = "", **fields: str) -> object:
    token = token_in(browser.get(page or path, **HTTPS, follow_redirects=True).text)
    return browser.post(path, data={"csrf_token": token, **fields}, **HTTPS)


def enter(browser: FlaskClient, name: str, password: str = PASSWORD) -> object:
    return post(browser, "/inloggen", gebruikersnaam=name, wachtwoord=password)


def key_on(page: str) -> str:
    return re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page).group(1).replace(" ", "")  # type: ignore[union-attr]


def row_of(world: World, name: str) -> Account:
    with world.session() as session, session.begin():
        found = session.scalars(sa.select(Account).where(Account.username == name)).one()
        session.expunge(found)
        return found


def test_a_first_day_sets_the_phone_up_and_every_next_day_asks_for_a_code(
    world: World, strict: App, worker: str
) -> None:
    browser = strict.test_client()
    answer = enter(browser, worker)
    assert answer.location == "/inloggen/instellen"
    assert browser.get("/kcc", **HTTPS).location.startswith("/inloggen"), "half in is not in"
    page = browser.get("/inloggen/instellen", **HTTPS).text
    assert "<svg" in page and "QR-code" in page
    secret = key_on(page)
    assert post(browser, "/inloggen/instellen", code="000000").status_code == 400
    code = pyotp.TOTP(secret).at(machine_now())
    assert post(browser, "/inloggen/instellen", code=code).location == "/kcc"
    assert browser.get("/kcc", **HTTPS).status_code == 200

    tomorrow = strict.test_client()
    assert enter(tomorrow, worker).location == "/inloggen/code"
    assert post(tomorrow, "/inloggen/code", code=code).status_code == 401, "a code works once"
    later = pyotp.TOTP(secret).at(machine_now() + timedelta(seconds=30))
    assert post(tomorrow, "/inloggen/code", code=f"{later[:3]} {later[3:]}").location == "/kcc"
    assert secret not in row_of(world, worker).totp_secret, "sealed"


def test_without_the_password_no_page_of_the_second_step_opens(strict: App, worker: str) -> None:
    browser = strict.test_client()
    for path in ("/inloggen/code", "/inloggen/instellen", "/inloggen/wachtwoord"):
        assert browser.get(path, **HTTPS).location == "/inloggen"
    enter(browser, worker)
    assert browser.get("/inloggen/code", **HTTPS).location == "/inloggen/instellen", "nothing is skipped"


def test_half_in_ends_with_another_password(world: World, strict: App, worker: str) -> None:
    browser = strict.test_client()
    enter(browser, worker)
    with world.session() as session, session.begin():
        session.execute(sa.update(Account).where(Account.username == worker).values(password_hash="anders"))
    assert browser.get("/inloggen/instellen", **HTTPS).location == "/inloggen"


def test_ten_wrong_guesses_lock_and_beheer_opens(
    world: World, worker: str, signed_in: Callable[[str], FlaskClient]
) -> None:
    with world.session() as session, session.begin():
        now = business_now(session)
        session.execute(sa.update(Account).where(Account.username == worker).values(failures=sign_in.GUESSES - 1))
        assert sign_in.check_password(session, worker, "mis-mis-mis", now=now) is None
        assert sign_in.check_password(session, worker, PASSWORD, now=now) is None, "also the right one"
        assert sign_in.check_password(session, worker, PASSWORD, now=now + sign_in.LOCKED_FOR) is not None
    locked = row_of(world, worker)
    assert "op slot" in enter(world.app.test_client(), worker).text
    beheer = signed_in("beheer")
    page = beheer.get(f"/beheer/accounts/{locked.id}").text
    assert "Op slot na verkeerde pogingen" in page
    opened = beheer.post(f"/beheer/accounts/{locked.id}/slot", data={"csrf_token": token_in(page)})
    assert opened.status_code == 303
    assert enter(world.app.test_client(), worker).location == "/kcc"


def test_beheer_makes_an_account_and_its_owner_chooses_a_password(
    world: World, signed_in: Callable[[str], FlaskClient]
) -> None:
    beheer = signed_in("beheer")
    name = f"nieuw{next(NAMES)}"
    token = token_in(beheer.get("/beheer/accounts/nieuw").text)
    empty = beheer.post("/beheer/accounts/nieuw", data={"csrf_token": token, "telefoon": "12"})
    assert empty.status_code == 400
    assert all(f'href="#veld-{field}"' in empty.text for field in ("naam", "gebruikersnaam", "rol", "telefoon"))
    fields = {"naam": "Sam", "gebruikersnaam": name, "rol": ["kcc", "team:serviceteam"], "telefoon": "06 12345678"}
    made = beheer.post("/beheer/accounts/nieuw", data={"csrf_token": token, **fields}).text
    first = re.search(r'<code class="key">([^<]+)</code>', made).group(1)  # type: ignore[union-attr]
    account = row_of(world, name)
    assert account.phone == "+31612345678" and first not in beheer.get(f"/beheer/accounts/{account.id}").text

    browser = world.app.test_client()
    assert enter(browser, name, first).location == "/inloggen/wachtwoord"
    assert post(browser, "/inloggen/wachtwoord", wachtwoord="kort").status_code == 400
    assert post(browser, "/inloggen/wachtwoord", wachtwoord=first).status_code == 400, "not the same again"
    assert post(browser, "/inloggen/wachtwoord", wachtwoord="vier woorden op rij").status_code == 303
    assert browser.get("/account").status_code == 200

    token = token_in(beheer.get("/beheer/accounts").text)
    changed = beheer.post(f"/beheer/accounts/{account.id}/rollen", data={"csrf_token": token, "rol": "coordinator"})
    assert changed.status_code == 303
    with world.session() as session, session.begin():
        roles = session.scalars(sa.select(AccountRole.role).where(AccountRole.account_id == account.id)).all()
        told = session.scalars(sa.select(Event).where(Event.kind == "account_gewijzigd").order_by(Event.id)).all()
    assert roles == ["coordinator"]
    assert [e.facts["what"] for e in told if e.facts["account_id"] == account.id] == ["gemaakt", "rollen"]
    off = beheer.post(f"/beheer/accounts/{account.id}/gebruik", data={"csrf_token": token, "staat": "uit"})
    assert off.status_code == 303 and browser.get("/account").location.startswith("/inloggen")


def test_beheer_does_not_lock_itself_out_nor_walk_into_another_gemeente(
    world: World, worker: str, signed_in: Callable[[str], FlaskClient]
) -> None:
    beheer = signed_in("beheer")
    token = token_in(beheer.get("/beheer/accounts").text)
    own = row_of(world, "beheer").id
    for path, fields in (("gebruik", {"staat": "uit"}), ("rollen", {"rol": "kcc"})):
        answer = beheer.post(f"/beheer/accounts/{own}/{path}", data={"csrf_token": token, **fields})
        assert answer.status_code == 400 and "Vraag een collega" in answer.text
    shared = row_of(world, worker).id
    with world.session() as session, session.begin():
        other = factories.gemeente(session, name="Veldhuizen", code="GM9003", west=4.80)
        session.add(AccountRole(gemeente_id=other.id, account_id=shared, role="kcc"))
        stranger = factories.medewerker(session, other, "kcc").account_id
    for path in ("wachtwoord", "tweede-stap", "gebruik"):
        answer = beheer.post(f"/beheer/accounts/{shared}/{path}", data={"csrf_token": token})
        assert answer.status_code == 400 and "andere gemeente" in answer.text
    assert beheer.get(f"/beheer/accounts/{stranger}").status_code == 404
    assert signed_in("kcc").get("/beheer/accounts").status_code == 403


def test_ones_own_devices_password_and_phone(world: World, worker: str) -> None:
    here, lost = world.app.test_client(), world.app.test_client()
    for browser, system in ((here, "Windows NT 10.0"), (lost, "Linux; Android 14")):
        browser.environ_base["HTTP_USER_AGENT"] = f"Mozilla/5.0 ({system}) Chrome/130"
        enter(browser, worker)
    page = here.get("/account").text
    assert "Chrome op Windows (dit apparaat)" in page and "Chrome op Android" in page
    device = re.search(r'name="apparaat" value="(\d+)"', page).group(1)  # type: ignore[union-attr]
    assert post(here, "/account/apparaten", "/account", apparaat=device).status_code == 303
    assert lost.get("/account").location.startswith("/inloggen") and here.get("/account").status_code == 200
    assert post(here, "/account/bereik", "/account", telefoon="06-12345678", email="kim@example").status_code == 400
    assert post(here, "/account/bereik", "/account", telefoon="06-12345678", email="kim@example.nl").status_code == 303
    assert row_of(world, worker).email == "kim@example.nl"

    enter(lost, worker)
    wrong = post(here, "/account/wachtwoord", "/account", oud="mis", wachtwoord="vier woorden op rij")
    assert wrong.status_code == 400 and "niet uw wachtwoord van nu" in wrong.text
    right = post(here, "/account/wachtwoord", "/account", oud=PASSWORD, wachtwoord="vier woorden op rij")
    assert right.status_code == 303
    assert lost.get("/account").location.startswith("/inloggen") and here.get("/account").status_code == 200

    assert post(here, "/account/nieuwe-telefoon", "/account", oud="vier woorden op rij").status_code == 303
    secret = key_on(here.get("/account").text)
    code = pyotp.TOTP(secret).at(machine_now())
    assert post(here, "/account/code", "/account", code=code).status_code == 303
    assert enter(lost, worker, "vier woorden op rij").location == "/inloggen/code", "also on one machine, once set up"


def test_an_app_signs_in_with_the_code(world: World, strict: App, worker: str) -> None:
    api = strict.test_client()
    body = {"gebruikersnaam": worker, "wachtwoord": PASSWORD}

    def ask(**more: str) -> tuple[int, str]:
        answer = api.post("/api/v1/sessies", json={**body, **more}, **HTTPS)
        return answer.status_code, answer.json.get("code", "")  # type: ignore[union-attr]

    assert ask() == (403, "tweede_stap_nodig")
    with world.session() as session, session.begin():
        account = session.scalars(sa.select(Account).where(Account.username == worker)).one()
        keys = strict.extensions["meldingen"].settings.secret_keys
        secret = sign_in.begin_factor(account, keys=keys, now=machine_now())
        account.totp_confirmed_at = machine_now()
    assert ask() == (401, "code_nodig")
    assert ask(code="12345") == (401, "code_onjuist")
    assert row_of(world, worker).failures == 1, "a refusal keeps its count"
    assert ask(code=pyotp.TOTP(secret).at(machine_now()))[0] == 201
    assert row_of(world, worker).failures == 0


def test_a_device_says_when_it_was_used_but_not_at_every_request(world: World, worker: str) -> None:
    browser = world.app.test_client()
    enter(browser, worker)
    with world.session() as session, session.begin():
        mine = session.scalars(
            sa.select(StaffSession)
            .join(Account, Account.id == StaffSession.account_id)
            .where(Account.username == worker)
        ).one()
        first = mine.seen_at
        mine.seen_at = mine.seen_at - timedelta(minutes=11)  # type: ignore[operator]
        session_id = mine.id

    def seen() -> datetime | None:
        with world.session() as session, session.begin():
            return session.get_one(StaffSession, session_id).seen_at

    browser.get("/account")
    touched = seen()
    assert touched is not None and first is not None and touched >= first
    browser.get("/account")
    assert seen() == touched


def test_a_secret_is_read_with_an_older_key_and_not_without_it() -> None:
    old, new = "o" * 32, "n" * 32
    moment = machine_now()
    sealed = seal([old], SECRET, moment)
    assert unseal([new, old], sealed) == SECRET
    assert unseal([new], sealed) == "" and unseal([new], "") == ""
    code = pyotp.TOTP(SECRET).at(moment - timedelta(seconds=30))
    step = step_of(SECRET, code, moment, after=0)
    assert step is not None, "a phone half a minute behind"
    assert step_of(SECRET, code, moment, after=step) is None
    assert step_of(SECRET, code, moment + timedelta(minutes=2), after=0) is None
    assert step_of(SECRET, "١٢٣٤٥٦", moment, after=0) is None
