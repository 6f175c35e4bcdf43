"""What is really a klacht, schadeclaim, bezwaar or handhavingsverzoek goes to its desk; the street is mended anyway."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.domain.actor import BEHEER, Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput
from meldingen.domain.loketten import sentence_of
from meldingen.flow import loketten
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding, meldingen_at_desks
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories

from .berichten import MAIL, House

_numbers = itertools.count(1)
TO = {"naam": "de klachtencoördinator", "email": "klachten@duinstede.nl", "contact": "www.duinstede.nl/klacht"}


class Room:
    """A house whose gemeente has a desk for klachten and none for the rest, with undo for a minute."""

    def __init__(self, house: House, undo_s: int = 0) -> None:
        self.house = house
        house.mail.fail_with = None
        with transaction(house.engine) as session:
            name = f"loket-{next(_numbers)}"
            self.agent = factories.medewerker(session, house.home, factories.KCC, username=name)
            self.beheer = factories.medewerker(session, house.home, BEHEER, username=f"{name}-b")
            home = session.get_one(Gemeente, house.home.id)
            home.policy = {**home.policy, "undo_s": undo_s}
            loketten.put_loket(session, home, "klacht", TO, actor=self.beheer, now=business_now(session))
        self.melding = house.melding(contact=MAIL, description="Zo'n slechte service!")

    def do(self, act: Any, *given: str, actor: Actor | None = None) -> None:
        with transaction(self.house.engine) as session:
            about, now = session.get_one(Melding, self.melding.id), business_now(session)
            act(session, about, *given, actor=actor or self.agent, now=now)

    def tell(self) -> None:
        """What the worker does with what is due for desks."""
        with transaction(self.house.engine) as session:
            now = business_now(session)
        due = [r for r in self.house.rows() if r.topic == Topic.UPKEEP and r.due_at <= now]
        for row in due:
            loketten.tell_desk(self.house.engine, self.house.adapters, self.house.settings, row.payload)
            with transaction(self.house.engine) as session:
                session.delete(session.get_one(OutboxEntry, row.id))
        self.house.work()

    def to(self, address: str) -> list[Any]:
        return [mail for mail in self.house.mail.sent.values() if mail.to == address]

    def kinds(self) -> list[str]:
        with transaction(self.house.engine) as session:
            return [e.kind for e in history_of(session, melding_ids=[self.melding.id], scope=self.house.scope)]


def test_the_desk_gets_the_facts_and_the_melder_hears_who_handles_it(house: House) -> None:
    room = Room(house)
    room.do(loketten.hand_to_desk, "klacht")
    room.do(loketten.hand_to_desk, "klacht")
    room.tell()
    desk, melder = room.to("klachten@duinstede.nl"), room.to("jan@example.nl")
    assert len(desk) == len(melder) == 1, "the same mark twice is one"
    assert "Zo'n slechte service!" in desk[0].text and "jan@example.nl" in desk[0].text
    assert "De klachtencoördinator behandelt dat." in melder[0].text and "www.duinstede.nl/klacht" in melder[0].text
    assert room.kinds()[-2:] == ["ander_loket", "loket_gemaild"]
    with transaction(house.engine) as session:
        assert room.melding.id in [m.id for m in meldingen_at_desks(session, scope=house.scope, desk="klacht")]
        assert meldingen_at_desks(session, scope=house.scope, desk="bezwaar") == []
    payload = {"gemeente_id": house.home.id, "melding_id": room.melding.id, "event_id": _marked(room)}
    loketten.tell_desk(house.engine, house.adapters, house.settings, payload)
    assert len(room.to("klachten@duinstede.nl")) == 1, "a second delivery of the same work sends nothing"


def _marked(room: Room) -> int:
    with transaction(room.house.engine) as session:
        past = history_of(session, melding_ids=[room.melding.id], scope=room.house.scope)
        return next(e.id for e in past if e.kind == "ander_loket")


def test_a_wrong_mark_taken_back_in_time_is_never_told(house: House) -> None:
    room = Room(house, undo_s=60)
    room.do(loketten.hand_to_desk, "klacht")
    room.do(loketten.take_back)
    with transaction(house.engine) as session:
        later = business_now(session) + timedelta(minutes=2)
        assert session.get_one(Melding, room.melding.id).desk == ""
    house.set_clock(later)
    room.tell()
    assert room.to("klachten@duinstede.nl") == room.to("jan@example.nl") == []
    assert house.ended(room.melding, "ander_loket") == ["ongedaan"]
    with pytest.raises(Conflict):
        room.do(loketten.take_back)


def test_a_desk_that_knows_already_hears_it_was_not_meant(house: House) -> None:
    room = Room(house)
    room.do(loketten.hand_to_desk, "klacht")
    room.tell()
    room.do(loketten.take_back)
    room.tell()
    _first, second = room.to("klachten@duinstede.nl")
    assert second.subject.startswith("Niet voor u") and "slechte service" not in second.text


def test_without_an_address_people_bring_it_there(house: House) -> None:
    room = Room(house)
    room.do(loketten.hand_to_desk, "bezwaar")
    room.tell()
    assert [(one.kind, one.role, one.status) for one in house.tasks(room.melding)] == [("ander_loket", "kcc", "open")]
    room.do(loketten.take_back)
    assert [one.status for one in house.tasks(room.melding)] == ["vervallen"]


def test_a_mail_server_that_is_down_is_asked_again(house: House) -> None:
    room = Room(house)
    room.do(loketten.hand_to_desk, "klacht")
    house.mail.fail_with = TemporaryFailure("weg")
    with pytest.raises(TemporaryFailure):
        room.tell()
    house.mail.fail_with = None
    room.tell()
    assert len(room.to("klachten@duinstede.nl")) == 1


def test_who_may_and_what_is_refused(house: House) -> None:
    room = Room(house)
    with transaction(house.engine) as session:
        name = f"team-loket-{next(_numbers)}"
        team = factories.medewerker(session, house.home, factories.TEAM, team_slug="serviceteam", username=name)
    with pytest.raises(Forbidden):
        room.do(loketten.hand_to_desk, "klacht", actor=team)
    with pytest.raises(InvalidInput):
        room.do(loketten.hand_to_desk, "tovenaar")
    with transaction(house.engine) as session:
        home, now = session.get_one(Gemeente, house.home.id), business_now(session)
        with pytest.raises(Forbidden):
            loketten.put_loket(session, home, "klacht", TO, actor=room.agent, now=now)
        for desk, given in (("tovenaar", TO), ("klacht", {"email": "geen adres"})):
            with pytest.raises(InvalidInput):
                loketten.put_loket(session, home, desk, given, actor=room.beheer, now=now)


def test_the_sentence_says_who_also_when_nobody_named_it() -> None:
    assert sentence_of({}, "schade", phone="072 888 00 00") == (
        "Dit is een verzoek om schadevergoeding. Een ander loket van de gemeente behandelt dat. "
        "Vragen daarover: 072 888 00 00."
    )
