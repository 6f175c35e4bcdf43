"""The device of a melder: the doors of API and page, and the whole way of a push message into a real browser."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy.orm import Session

from meldingen.adapters.push import Push, WebPush
from meldingen.adapters.push_wire import make_key
from meldingen.db import machine_now
from meldingen.domain import tokens
from meldingen.store.contact import Contact
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.push import PushSubscription
from tests import factories
from tests.standins.push import Device, PushServer, push_server

from .browsing import PHONE, TABLET, assert_accessible, served
from .conftest import World, token_in

WORDS = {"title": "Melding 26 7000 0017", "text": "Het bord is vervangen.", "path": "/volgen"}


@pytest.fixture(scope="module")
def service(world: World) -> Iterator[PushServer]:
    """A push service that this installation calls."""
    held = world.app.extensions["meldingen"]
    with push_server() as server:
        sender = WebPush(key=make_key(), contact="mailto:meldingen@example.nl", services=[server.url])
        before, held.adapters = held.adapters, replace(held.adapters, push=sender)
        yield server
        held.adapters = before


def melding_with(world: World, **contact: Any) -> tuple[Melding, dict[str, str]]:
    """A melding and the header of its melder."""
    with world.session() as session, session.begin():
        made = factories.melding(session, now=machine_now(), **({"contact": contact} if contact else {}))
    keys = world.app.extensions["meldingen"].settings.secret_keys
    return made, {"Volg-Token": tokens.make_token(keys, made.id, made.token_generation)}


def asked(device: Device) -> dict[str, Any]:
    return {"eindpunt": device.endpoint, "sleutels": {"p256dh": device.p256dh, "auth": device.auth}}


def rows(world: World, melding: Melding, kind: type) -> list[Any]:
    with world.session() as session:
        return list(session.scalars(sa.select(kind).where(kind.melding_id == melding.id)))


def events(world: World, melding: Melding) -> list[str]:
    return [event.kind for event in rows(world, melding, Event) if "apparaat" in event.kind]


class TestApi:
    def test_on_again_another_and_off(self, world: World, client: FlaskClient, service: PushServer) -> None:
        melding, token = melding_with(world)
        path = f"/api/v1/meldingen/{melding.number}/apparaat"
        before = client.get(path, headers=token).json
        assert before["aangemeld"] is False and before["sinds"] is None and len(before["sleutel"]) == 87
        first, second = service.device(), service.device()
        for device in (first, first, second):
            assert client.put(path, json=asked(device), headers=token).json["aangemeld"] is True
        (kept,) = rows(world, melding, PushSubscription)
        assert kept.address == second.address and kept.endpoint not in client.get(path, headers=token).text
        (contact,) = rows(world, melding, Contact)
        assert (contact.preference, contact.email, contact.phone) == ("push", "", "")
        for _ in range(2):
            assert client.delete(path, headers=token).status_code == 204
        assert rows(world, melding, PushSubscription) == []
        assert rows(world, melding, Contact)[0].preference is None
        assert events(world, melding) == ["apparaat_aangemeld", "apparaat_afgemeld"]

    @pytest.mark.parametrize("contact", [{"email": "jan@example.nl"}, {"phone": "06 12345678", "preference": "sms"}])
    def test_who_left_another_way_keeps_it(
        self, world: World, client: FlaskClient, service: PushServer, contact: dict[str, str]
    ) -> None:
        melding, token = melding_with(world, **contact)
        path = f"/api/v1/meldingen/{melding.number}/apparaat"
        assert client.put(path, json=asked(service.device()), headers=token).status_code == 200
        assert rows(world, melding, Contact)[0].preference == contact.get("preference")

    def test_a_refused_device_is_not_on(self, world: World, client: FlaskClient, service: PushServer) -> None:
        melding, token = melding_with(world)
        path, device = f"/api/v1/meldingen/{melding.number}/apparaat", service.device()
        client.put(path, json=asked(device), headers=token)
        with world.session() as session, session.begin():
            mine = PushSubscription.melding_id == melding.id
            session.execute(sa.update(PushSubscription).where(mine).values(refused_at=machine_now()))
        assert client.get(path, headers=token).json["aangemeld"] is False
        assert client.put(path, json=asked(device), headers=token).json["aangemeld"] is True
        assert rows(world, melding, PushSubscription)[0].refused_at is None

    def test_what_is_refused(self, world: World, client: FlaskClient, service: PushServer) -> None:
        melding, token = melding_with(world)
        path, device = f"/api/v1/meldingen/{melding.number}/apparaat", service.device()
        good = asked(device)
        for wrong, code in [
            (good | {"eindpunt": "https://10.0.0.1/x"}, "pushdienst_onbekend"),
            (good | {"eindpunt": device.endpoint.replace("http:", "https:")}, "pushdienst_onbekend"),
            (good | {"sleutels": {"p256dh": "AAAA", "auth": device.auth}}, "sleutels_ongeldig"),
            (good | {"sleutels": {"p256dh": device.p256dh, "auth": "AAAA"}}, "sleutels_ongeldig"),
            (good | {"sleutels": {}}, "ongeldige_invoer"),
            (good | {"naam": "Jan"}, "onbekend_veld"),
        ]:
            answer = client.put(path, json=wrong, headers=token)
            assert (answer.status_code, answer.json["code"]) == (400, code), answer.text
        assert client.put(path, json=good, headers={"Volg-Token": "x" * 26}).status_code == 404
        with world.session() as session, session.begin():
            session.execute(sa.update(Melding).where(Melding.id == melding.id).values(withdrawn_at=machine_now()))
        assert client.put(path, json=good, headers=token).json["code"] == "melding_gestopt"
        assert rows(world, melding, PushSubscription) == []

    def test_without_push_here(self, world: World, client: FlaskClient, service: PushServer) -> None:
        held = world.app.extensions["meldingen"]
        with_push, held.adapters = held.adapters, replace(held.adapters, push=None)
        try:
            melding, token = melding_with(world)
            path = f"/api/v1/meldingen/{melding.number}/apparaat"
            assert client.get(path, headers=token).json["code"] == "geen_push"
            assert client.put(path, json=asked(service.device()), headers=token).status_code == 409
            client.get(f"/v/{token['Volg-Token']}")
            assert "data-apparaat" not in client.get(f"/volgen/{melding.number}").text
        finally:
            held.adapters = with_push


class TestPage:
    def test_the_page_carries_what_the_script_needs(
        self, world: World, client: FlaskClient, service: PushServer
    ) -> None:
        melding, token = melding_with(world)
        client.get(f"/v/{token['Volg-Token']}")
        page = client.get(f"/volgen/{melding.number}").text
        assert 'hidden data-apparaat="/volgen/' in page and 'data-aan=""' in page
        device = service.device()
        given = {"eindpunt": device.endpoint, "p256dh": device.p256dh, "auth": device.auth}
        path = f"/volgen/{melding.number}/apparaat"
        assert client.post(path, data=given).status_code == 400  # without the token of the form
        given["csrf_token"] = token_in(page)
        refused = client.post(path, data=given | {"eindpunt": "https://example.nl/x"})
        assert (refused.status_code, refused.text) == (400, "Deze pushdienst kennen wij niet.")
        assert client.post(path, data=given).status_code == 204
        again = client.get(f"/volgen/{melding.number}").text
        assert 'data-aan=""' not in again and device.endpoint not in again
        assert client.post(f"{path}/weg", data=given).status_code == 204
        assert rows(world, melding, PushSubscription) == []

    def test_who_has_e_mail_hears_that_it_goes_first(
        self, world: World, client: FlaskClient, service: PushServer
    ) -> None:
        melding, token = melding_with(world, email="jan@example.nl")
        client.get(f"/v/{token['Volg-Token']}")
        page = client.get(f"/volgen/{melding.number}").text
        assert "als een e-mail of sms niet aankomt?" in page and "bericht over uw melding?" not in page

    def test_the_service_worker_stands_at_the_root(self, client: FlaskClient) -> None:
        answer = client.get("/sw.js")
        assert answer.mimetype == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


SUBSCRIBE = """(device) => {
  // Headless Chromium has no push service of its own: only this one call is the stand-in's.
  const made = { endpoint: device.endpoint, toJSON: () => device };
  PushManager.prototype.subscribe = function (options) {
    window.asked = options;
    PushManager.prototype.getSubscription = async () => made;
    return Promise.resolve(made);
  };
}"""


def registered(page: Page, browser: CDPSession, origin: str) -> str:
    """The number under which Chromium keeps our service worker. It is told as an event, some time after the answer
    to the question."""
    found: list[str] = []
    browser.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(
            one["registrationId"] for one in told["registrations"] if one["scopeURL"].startswith(origin)
        ),
    )
    browser.send("ServiceWorker.enable")
    for _ in range(400):
        if found:
            return found[-1]
        page.wait_for_timeout(50)  # lets events through
    raise AssertionError("the service worker is registered")


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestInABrowser:
    @pytest.fixture
    def context(self, world: World, chromium: Browser) -> Iterator[BrowserContext]:
        with served(world.app) as address:
            context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL")
            yield context
            context.close()

    def test_the_whole_way_to_the_device(self, world: World, context: BrowserContext, service: PushServer) -> None:
        melding, token = melding_with(world)
        device = service.device()
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(f"/v/{token['Volg-Token']}")
        button = page.get_by_role("button", name="ericht")
        expect(button).to_have_text("Bericht op dit apparaat")
        self.refused_by_the_browser(page)
        context.grant_permissions(["notifications"])
        keys = {"p256dh": device.p256dh, "auth": device.auth}
        page.evaluate(SUBSCRIBE, {"endpoint": device.endpoint, "keys": keys})
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Gelukt.")).to_be_visible()
        expect(page.get_by_text("Dit apparaat krijgt bericht over uw melding.")).to_be_visible()
        expect(button).to_have_text("Geen bericht meer op dit apparaat")
        assert page.evaluate("asked.userVisibleOnly && asked.applicationServerKey.length") == 65
        for size in (PHONE, TABLET):
            page.set_viewport_size(size)
            assert_accessible(page, "volgen met apparaat")
        assert self.shown_after_push(world, melding, page, device) == [
            {"title": WORDS["title"], "body": WORDS["text"], "tag": "2670000017-a", "path": "/volgen"}
        ]
        button.click()
        expect(page.get_by_text("U krijgt geen bericht meer op dit apparaat.")).to_be_visible()
        assert rows(world, melding, PushSubscription) == []
        self.in_english(page)
        assert wrong == []

    @staticmethod
    def in_english(page: Page) -> None:
        """What scripts say stands in the page, in its language."""
        page.goto(f"{page.url.partition('?')[0]}?taal=en")
        page.evaluate("() => { PushManager.prototype.subscribe = () => Promise.reject(new Error('none')); }")
        page.get_by_role("button", name="Messages on this device", exact=True).click()
        expect(page.get_by_text("That does not work now. Try again later.")).to_be_visible()
        expect(page.get_by_text("Would you like messages about your report on this device?")).to_be_visible()
        text = page.locator("[data-counted]").first
        text.evaluate("(field) => field.closest('details')?.setAttribute('open', '')")
        for length, said in ((400, "100 characters left"), (499, "1 character left"), (502, "2 characters too many")):
            text.fill("a" * length)
            expect(page.locator(".counter").first).to_have_text(said)

    @staticmethod
    def refused_by_the_browser(page: Page) -> None:
        page.get_by_role("button", name="Bericht op dit apparaat").click()
        expect(page.get_by_text("Uw browser houdt berichten tegen.")).to_be_visible()

    @staticmethod
    def shown_after_push(world: World, melding: Melding, page: Page, device: Device) -> Any:
        """Sends by the real adapter, lets the device decrypt, hands that to the service worker; twice is shown once."""
        with Session(world.engine) as session:
            kept = session.scalars(sa.select(PushSubscription).where(PushSubscription.melding_id == melding.id)).one()
            address = kept.address
        sender = world.app.extensions["meldingen"].adapters.push
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        origin = page.evaluate("location.origin")
        browser = page.context.new_cdp_session(page)
        registration = registered(page, browser, origin)
        for _ in range(2):
            sender.send(Push(to=address, reference="2670000017-a", **WORDS))
            message = {"origin": origin, "registrationId": registration}
            browser.send("ServiceWorker.deliverPushMessage", message | {"data": json.dumps(device.messages[-1])})
        page.wait_for_function(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length > 0"
        )
        return page.evaluate(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => "
            "({title: one.title, body: one.body, tag: one.tag, path: one.data.pad}))"
        )
