"""The page that stays loud: what rings for whom, in a real browser until somebody accepts; devices and the trial."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, expect

from meldingen.adapters.failures import AddressRefused, PermanentFailure
from meldingen.adapters.push import MemoryPush
from meldingen.adapters.sms import MemorySms
from meldingen.db import machine_now, set_clock_offset
from meldingen.domain.actor import PIKET
from meldingen.store.account import Account
from meldingen.store.duty import Duty
from meldingen.store.gemeente import Gemeente
from meldingen.store.staff_push import StaffPush, keep_device
from tests import factories

from .browsing import TABLET, assert_accessible, served, visitors
from .conftest import World
from .desk import Desk, browser_of, make_desk

NIGHT = timedelta(hours=13)
P256DH = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
AUTH = "tBHItJI5svbpez7KI4CCXg"


@pytest.fixture(scope="module")
def desk(world: World, now: datetime) -> Desk:
    """An evening with an at place 1 and bo at place 2; the clock runs on from there."""
    set_clock(world, now + NIGHT)
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        piket = factories.team(session, home, "piket")
        for place, name in enumerate(("an", "bo"), 1):
            actor = factories.medewerker(session, home, PIKET, team_slug="piket", username=f"{name}{made.number}")
            made.people = {**made.people, name: actor}
            session.get_one(Account, actor.account_id).phone = f"+3161234567{place}"
            session.add(
                Duty(
                    gemeente_id=home.id, team_id=piket.id, account_id=actor.account_id, place=place,
                    first_account_id=actor.account_id, from_at=now, until_at=now + timedelta(days=2),
                )
            )  # fmt: skip
    made.browsers = {**made.browsers, **{name: browser_of(world, made.people[name]) for name in ("an", "bo")}}
    return made


def set_clock(world: World, moment: datetime) -> None:
    with world.session() as session, session.begin():
        set_clock_offset(session, math.ceil((moment - machine_now()).total_seconds()))


def rings(desk: Desk, who: str) -> list[int]:
    return [one["id"] for one in desk.browsers[who].get("/team/alarm").get_json()["alarmen"]]


def test_it_rings_for_who_was_called_until_somebody_accepts(desk: Desk, now: datetime) -> None:
    set_clock(desk.world, now + NIGHT)
    _, work = desk.melding(danger=True)
    assert {who: rings(desk, who) == [work.id] for who in ("an", "bo", "cor", "team", "kcc")} == {
        "an": True, "bo": False, "cor": False, "team": False, "kcc": False,
    }  # fmt: skip
    set_clock(desk.world, now + NIGHT + timedelta(minutes=11))
    assert rings(desk, "an") == rings(desk, "bo") == [work.id], "who was called goes on hearing it"
    set_clock(desk.world, now + NIGHT + timedelta(minutes=21, seconds=40))
    assert rings(desk, "cor") == [work.id]
    assert "Nog niet aangenomen, sinds 21 minuten" in desk.get("an", f"/team/opdracht/{work.id}")
    assert desk.post("team", f"/team/alarm/{work.id}/aannemen").status_code == 303
    assert "Deze opdracht is van een ander team" in desk.get("team", "/team")
    assert rings(desk, "an") == [work.id]
    assert desk.post("bo", f"/team/alarm/{work.id}/aannemen").status_code == 303
    page = desk.get("bo", f"/team/opdracht/{work.id}")
    assert "U gaat." in page and "Aangenomen na 21 minuten, te laat" in page and "om veilig te stellen" in page
    desk.post("an", f"/team/alarm/{work.id}/aannemen")
    assert "Een collega nam deze opdracht net aan" in desk.get("an", "/team")
    assert rings(desk, "an") == rings(desk, "cor") == []
    assert desk.browsers["an"].post("/team/alarm/1/aannemen").status_code == 400, "without the token of a form"


def test_my_devices_and_a_trial(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    held = desk.world.app.extensions["meldingen"]
    push, sms = MemoryPush(), MemorySms()
    monkeypatch.setattr(held, "adapters", replace(held.adapters, push=push, sms=sms))
    device = {"eindpunt": "https://push.example.nl/an", "p256dh": P256DH, "auth": AUTH}
    wrong = desk.post("an", "/piket/apparaat", **{**device, "auth": "x"})
    assert wrong.status_code == 422 or wrong.status_code == 400
    for _ in range(2):
        assert desk.post("an", "/piket/apparaat", **device).status_code == 204
    assert "Eén apparaat van u krijgt alarm" in desk.get("an", "/piket")
    desk.post("an", "/piket/proefalarm")
    assert len(push.sent) == len(sms.sent) == 1 and "De sms is verstuurd" in desk.get("an", "/piket")
    push.fail_with, sms.fail_with = AddressRefused("410"), PermanentFailure("nee")
    desk.post("an", "/piket/proefalarm")
    page = desk.get("an", "/piket")
    assert "is er niet meer" in page and "De sms kon niet weg" in page
    with desk.world.session() as session, session.begin():
        assert session.scalars(sa.select(StaffPush)).all() == []
        mine = desk.people["cor"].account_id or 0
        keep_device(session, mine, endpoint="https://push.example.nl/c", p256dh="p", auth="a", now=machine_now())
    desk.post("cor", "/piket/apparaat/weg", eindpunt="https://push.example.nl/c")
    desk.post("cor", "/piket/proefalarm")
    assert "kan u niet bereiken" in desk.get("cor", "/piket")


@pytest.fixture(scope="module")
def an(world: World, desk: Desk, chromium: Browser) -> Iterator[BrowserContext]:
    """The browser of an, signed in."""
    cookie = desk.browsers["an"].get_cookie(world.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    with served(world.app) as address, visitors(chromium, address) as come:
        context = come(viewport=TABLET)
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        yield context


ONCE = """() => { window.said = 0; new MutationObserver(() => { window.said += 1 })
  .observe(document.querySelector('.alarm [role=alert]'), {childList: true, characterData: true, subtree: true}) }"""


@pytest.mark.browser
def test_a_page_stays_loud_until_it_is_accepted(an: BrowserContext, desk: Desk, now: datetime) -> None:
    set_clock(desk.world, now + NIGHT + timedelta(minutes=30))
    page = an.new_page()
    page.clock.install()
    page.goto("/team")
    expect(page.locator("section.alarm")).to_be_hidden()
    page.evaluate(ONCE)
    _, work = desk.melding(danger=True)
    page.clock.run_for(15_000)
    bar = page.get_by_role("region", name="Alarm")
    expect(bar).to_contain_text("SPOED: Losse tegel")
    assert page.get_by_role("alert").filter(has_text="Neem het aan").count() == 1
    page.clock.run_for(4_000)
    titles = {page.evaluate("document.title")}
    page.clock.run_for(2_000)
    assert {title.startswith("SPOED!") for title in titles | {page.evaluate("document.title")}} == {True, False}
    sound = bar.get_by_role("button", name="Geluid")
    expect(sound).to_have_text("Geluid staat uit. Zet aan")
    page.clock.run_for(30_000)
    assert page.evaluate("window.said") == 1, "said once, not at each look"
    sound.click()
    expect(sound).to_have_text("Geluid uit")
    assert_accessible(page, "alarm on the list")
    page.set_viewport_size({"width": 360, "height": 740})
    assert_accessible(page, "alarm on a phone")
    tablet = an.new_page()
    tablet.goto("/team/onderweg")
    expect(tablet.get_by_role("region", name="Alarm")).to_contain_text("SPOED: Losse tegel")
    page.keyboard.press("Tab")
    bar.get_by_role("button", name="Aannemen").focus()
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("U gaat. Maak eerst de plek veilig.")
    expect(bar.get_by_role("button", name="Aannemen")).to_have_count(0)
    page.clock.run_for(2_000)
    assert not page.evaluate("document.title").startswith("SPOED!")
    assert desk.now_is(work).taken_up_by == desk.people["an"].account_id


@pytest.mark.browser
def test_the_roster_page_at_every_width(an: BrowserContext) -> None:
    page = an.new_page()
    page.goto("/piket")
    for width in (360, 820, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page, f"piket at {width}")
        expect(page.get_by_role("heading", name="Piket", exact=True)).to_be_visible()
