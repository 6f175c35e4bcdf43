"""A request about one's own data: who it is, what it is about, and a proof that says nothing of the person."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.pdf import make_pdf
from meldingen.adapters.storage import MemoryStore
from meldingen.db import business_now, transaction
from meldingen.domain import tokens
from meldingen.domain.actor import KCC, SYSTEM, TEAM, Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from meldingen.domain.privacy import answer_before
from meldingen.flow import privacy_export, privacy_requests
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.privacy_request import PrivacyRequest, open_requests
from meldingen.store.worklists import is_public_melding
from tests import factories
from tests.flow.berichten import JAN, SETTINGS, House
from tests.flow.filled import CONTACT, fill, says

KEYS = SETTINGS.secret_keys


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def agent(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, KCC)


def start(session: Session, agent: Actor, now: datetime, kind: str = "inzage", who: str = "jo@example.nl") -> Any:
    (request,) = privacy_requests.start_request(session, kind, who, actor=agent, now=now)
    return request


def checked(session: Session, agent: Actor, now: datetime, kind: str) -> Any:
    request = start(session, agent, now, kind)
    return privacy_requests.check_at_desk(session, request.id, actor=agent, now=now)


@pytest.mark.parametrize(
    ("who", "found_by", "count"),
    [("JO@example.nl", "email", 2), ("06-12 34 56 78", "telefoon", 3), ("nummer", "nummer", 1)],
)
def test_found_by_what_fits_exactly(
    session: Session, home: Gemeente, agent: Actor, now: datetime, who: str, found_by: str, count: int
) -> None:
    made = [factories.melding(session, now=now, contact=one) for one in (CONTACT, CONTACT, JAN)]
    request = start(session, agent, now, who=made[0].number if who == "nummer" else who)
    assert (request.found_by, len(request.melding_ids), request.status) == (found_by, count, "open")
    assert list(open_requests(session, scope=[home.id])) == [request]
    assert says(session, "jo@example.nl") == {"contact.email"}, "a request keeps ids, no address"


@pytest.mark.parametrize("who", ["", "Jansen", "niemand@example.nl", "example.nl", "2612345678"])
def test_who_is_not_known(session: Session, agent: Actor, now: datetime, who: str) -> None:
    factories.melding(session, now=now, contact=CONTACT)
    with pytest.raises(InvalidInput):
        start(session, agent, now, who=who)


def test_each_gemeente_has_its_own_request_and_others_none(session: Session, agent: Actor, now: datetime) -> None:
    factories.melding(session, now=now, contact=CONTACT)
    other = factories.gemeente(session, name="Elders", code="GM9002", west=5.0)
    factories.melding(session, now=now, contact=CONTACT, at=(5.1, 52.66))
    request = start(session, agent, now)
    assert len(request.melding_ids) == 1
    both = replace(agent, roles={**agent.roles, other.id: frozenset({KCC})})
    assert len(privacy_requests.start_request(session, "inzage", "jo@example.nl", actor=both, now=now)) == 2
    stranger = replace(agent, roles={other.id: frozenset({KCC})})
    with pytest.raises(NotFound):
        privacy_requests.check_at_desk(session, request.id, actor=stranger, now=now)
    team = replace(agent, roles={request.gemeente_id: frozenset({TEAM})})
    with pytest.raises(Forbidden):
        privacy_requests.check_at_desk(session, request.id, actor=team, now=now)


@pytest.mark.parametrize(
    ("asked", "before"),
    [((2026, 1, 31), (2026, 2, 28)), ((2026, 12, 5), (2027, 1, 5)), ((2028, 1, 30), (2028, 2, 29))],
)
def test_an_answer_within_a_month(asked: tuple[int, int, int], before: tuple[int, int, int]) -> None:
    assert answer_before(datetime(*asked, tzinfo=UTC)) == datetime(*before, tzinfo=UTC)


class TestCode:
    """The code goes to the address we have, and only that proves who asks."""

    def asked(self, session: Session, agent: Actor, now: datetime) -> Any:
        factories.melding(session, now=now, contact=CONTACT)
        request = start(session, agent, now)
        return privacy_requests.ask_code(session, request.id, actor=agent, now=now)

    def check(self, session: Session, request: Any, code: str, agent: Actor, now: datetime) -> bool:
        return privacy_requests.check_code(session, request.id, code, KEYS, actor=agent, now=now)

    def test_the_right_one(self, session: Session, agent: Actor, now: datetime) -> None:
        request = self.asked(session, agent, now)
        code = tokens.request_code(KEYS, request.id, 1)
        assert says(session, code) == set(), "it stands nowhere"
        assert not self.check(session, request, "00000000", agent, now)
        assert self.check(session, request, f"{code[:4]} {code[4:]}", agent, now + timedelta(hours=23))
        assert (request.status, request.checked_how, request.checked_by) == ("gecontroleerd", "email", agent.account_id)

    def test_five_tries_then_another_code(self, session: Session, agent: Actor, now: datetime) -> None:
        request = self.asked(session, agent, now)
        for _ in range(5):
            assert not self.check(session, request, "1", agent, now)
        first = tokens.request_code(KEYS, request.id, 1)
        with pytest.raises(Conflict, match="te_vaak"):
            self.check(session, request, first, agent, now)
        privacy_requests.ask_code(session, request.id, actor=agent, now=now)
        assert not self.check(session, request, first, agent, now), "the one before ended"
        for _ in range(3):
            privacy_requests.ask_code(session, request.id, actor=agent, now=now)
        with pytest.raises(Conflict, match="te_veel_codes"):
            privacy_requests.ask_code(session, request.id, actor=agent, now=now)

    def test_a_day_old(self, session: Session, agent: Actor, now: datetime) -> None:
        request = self.asked(session, agent, now)
        with pytest.raises(Conflict, match="code_verlopen"):
            self.check(session, request, "1", agent, now + timedelta(days=1, seconds=1))

    def test_none_under_way_or_nowhere_to_send_it(self, session: Session, agent: Actor, now: datetime) -> None:
        factories.melding(session, now=now, contact={"name": "Jo", "phone": "072 888 00 00"})
        request = start(session, agent, now, who="072 8880000")
        with pytest.raises(Conflict, match="geen_code"):
            self.check(session, request, "1", agent, now)
        assert privacy_requests.way_to_check(session, request) == ""
        with pytest.raises(Conflict, match="geen_adres"):
            privacy_requests.ask_code(session, request.id, actor=agent, now=now)

    @pytest.mark.parametrize(("who", "channel"), [("jan@example.nl", "mail"), ("0612345678", "sms")])
    def test_it_goes_to_the_address_he_was_found_by(self, house: House, who: str, channel: str) -> None:
        house.melding(contact=JAN)
        with transaction(house.engine) as session:
            session.execute(sa.delete(PrivacyRequest))
            name = f"kcc-{channel}"
            agent = factories.medewerker(session, house.home, KCC, username=name)
            now = business_now(session)
            request = start(session, agent, now, who=who)
            privacy_requests.ask_code(session, request.id, actor=agent, now=now)
        payload: Mapping[str, Any] = next(row.payload for row in house.rows() if "number" in row.payload)
        assert set(payload) == {"task", "request_id", "gemeente_id", "number"}
        privacy_requests.send_code(house.engine, house.adapters, SETTINGS, payload)
        sent = {"mail": house.mail.sent, "sms": house.sms.sent}
        code = tokens.request_code(KEYS, request.id, 1)
        (message,) = sent.pop(channel).values()
        assert f"{code[:4]} {code[4:]}" in message.text and not any(sent.values())
        privacy_requests.send_code(house.engine, house.adapters, SETTINGS, {**payload, "number": 2})
        assert len({"mail": house.mail.sent, "sms": house.sms.sent}[channel]) == 1, "an old job sends nothing"


def test_nothing_is_done_before_the_identity_is_checked(session: Session, agent: Actor, now: datetime) -> None:
    factories.melding(session, now=now, contact=CONTACT)
    request = start(session, agent, now, "verwijdering")
    with pytest.raises(Conflict, match="niet_gecontroleerd"):
        privacy_requests.erase(session, request.id, sentences=False, actor=agent, now=now)
    privacy_requests.check_at_desk(session, request.id, actor=agent, now=now)
    with pytest.raises(Conflict, match="andere_soort"):
        privacy_requests.limit(session, request.id, actor=agent, now=now)


def test_inzage_is_everything_of_him_and_nothing_of_others(
    session: Session, home: Gemeente, agent: Actor, now: datetime
) -> None:
    store = MemoryStore()
    melding = factories.melding(session, now=now, contact=CONTACT)
    work = fill(session, melding, agent.account_id or 0, now, store=store)
    factories.melding(session, now=now, contact={"name": "Ander Mens", "email": "ander@example.nl"},
                      description="Geheim van een ander", join_opdracht_id=work.id)  # fmt: skip
    request = checked(session, agent, now, "inzage")
    meldingen = privacy_requests.meldingen_of_request(session, request)
    whole, digest, counts = privacy_export.pack(session, meldingen, store=store, now=now)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = sorted(archive.namelist())
        told = archive.read("gegevens.json").decode()
        assert archive.read("gegevens.pdf").startswith(b"%PDF-")
    photo = names[0]
    assert names == [photo, "gegevens.json", "gegevens.pdf"] and photo.startswith(f"fotos/{melding.number}-")
    for own in ("Jo Jansen", "jo@example.nl", "+31612345678", "Bij Jo Jansen voor de deur.", "Beste Jo Jansen"):
        assert own in told
    for other in ("Ander Mens", "ander@", "Geheim", agent.name, "Bel Jo Jansen"):
        assert other not in told, "other melders, colleagues and their notes on the work stay out"
    assert counts == {"meldingen": 1, "fotos": 1, "berichten": len(json.loads(told)["meldingen"][0]["berichten"])}
    with pytest.raises(Conflict, match="nog_te_doen"):
        privacy_requests.finish(session, request.id, actor=agent, now=now)
    privacy_requests.note_export(request, digest, counts, now=now)
    privacy_requests.finish(session, request.id, actor=agent, now=now)
    proof = json.dumps(privacy_requests.proof_of(request))
    assert digest in proof and "jansen" not in proof.lower() and melding.number not in proof
    assert request.melding_ids == [] and request.status == "uitgevoerd"
    with pytest.raises(Conflict, match="al_klaar"):
        privacy_requests.refuse(session, request.id, "wet", actor=agent, now=now)


def test_verwijdering_is_all_or_nothing(session: Session, agent: Actor, now: datetime) -> None:
    made = [factories.melding(session, now=now, contact=CONTACT) for _ in range(2)]
    made[0].frozen_at, made[0].frozen_reason = now, "bezwaar"
    request = checked(session, agent, now, "verwijdering")
    with pytest.raises(Conflict, match="bevroren"), session.begin_nested():
        privacy_requests.erase(session, request.id, sentences=False, actor=agent, now=now)
    session.expire_all()
    assert says(session, "jo@example.nl") == {"contact.email"}
    made[0].frozen_at = None
    privacy_requests.erase(session, request.id, sentences=False, actor=agent, now=now)
    assert request.proof["counts"]["meldingen"] == 2 and request.melding_ids == []
    assert says(session, "jo@example.nl") == set() and all(melding.erased_at for melding in made)
    kinds = [event.kind for event in session.scalars(sa.select(Event).order_by(Event.id)) if "privacy" in event.kind]
    assert kinds == ["privacy_gevraagd", "privacy_gecontroleerd", "privacy_klaar"]


def test_beperking_and_a_refusal(session: Session, agent: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, contact=CONTACT)
    request = checked(session, agent, now, "beperking")
    privacy_requests.limit(session, request.id, actor=agent, now=now)
    assert melding.flags == ["beperkt"] and request.status == "uitgevoerd"
    privacy_requests.set_limited(session, melding, False, actor=agent, now=now)
    assert melding.flags == []
    refused = start(session, agent, now)
    with pytest.raises(InvalidInput):
        privacy_requests.refuse(session, refused.id, "zomaar", actor=agent, now=now)
    privacy_requests.refuse(session, refused.id, "identiteit", actor=agent, now=now)
    assert (refused.status, refused.reason, refused.melding_ids) == ("afgewezen", "identiteit", [])


def test_a_document_with_letters_no_font_has_is_made_all_the_same() -> None:
    data = {"title": "Uw gegevens", "gemeente": "X", "intro": ["#u *x* $y$ 你好"], "parts": []}
    made = make_pdf("inzage", data)
    assert made.startswith(b"%PDF-") and b"StructTreeRoot" in made


def test_of_limited_use_nothing_is_sent_or_shown(house: House) -> None:
    melding = house.melding(contact=JAN, description="Jan woont hier")
    house.owe("heropend", melding)
    with transaction(house.engine) as session:
        held, now = session.get_one(Melding, melding.id), business_now(session)
        agent = replace(SYSTEM, roles={house.home.id: frozenset({KCC})})
        privacy_requests.set_limited(session, held, True, actor=agent, now=now)
        privacy_requests.set_limited(session, held, True, actor=agent, now=now)
        assert not is_public_melding(session, melding.id, scope=house.scope)
    house.owe("heropend", melding)
    house.work()
    assert house.mail.sent == {} and house.sms.sent == {}
