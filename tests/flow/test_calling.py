"""A terugbelnotitie under way: "ik bel", giving it back, every try with its words, and writing when nobody answers."""

import itertools
from datetime import timedelta

import pytest

from meldingen.db import business_now, transaction
from meldingen.domain.actor import Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, PreconditionRequired, Stale
from meldingen.flow import calling, kcc
from meldingen.flow.desk import Desk
from meldingen.flow.privacy_export import collect
from meldingen.store.callback import Callback, attempts_of, count_callbacks
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from tests import factories

from .berichten import LANDLINE, House, statuses

_numbers = itertools.count(1)


class Room:
    """A house with two agents and a coordinator, and one melding with a promise to phone."""

    def __init__(self, house: House, **contact: str) -> None:
        self.house = house
        with transaction(house.engine) as session:
            names = [f"bel-{next(_numbers)}" for _ in range(3)]
            self.anna = factories.medewerker(session, house.home, factories.KCC, username=names[0])
            self.bo = factories.medewerker(session, house.home, factories.KCC, username=names[1])
            self.cor = factories.medewerker(session, house.home, factories.COORDINATOR, username=names[2])
        self.melding = house.melding(contact={**LANDLINE, **contact})

    def by_hand(self) -> Callback:
        with transaction(self.house.engine) as session:
            about, now = session.get_one(Melding, self.melding.id), business_now(session)
            return kcc.make_callback(session, about, "Vraag waar het is.", actor=self.anna, now=now)

    def of_bericht(self) -> Callback:
        closed = {"closure_id": self.house.closed(self.melding)}
        self.house.owe("gereed", self.melding, facts=closed)
        self.house.work()
        return self.house.callbacks(self.melding)[-1]

    def take(self, row: Callback, who: Actor, *, version: int | None = None, over: bool = False) -> Callback:
        with transaction(self.house.engine) as session:
            return calling.take_call(self.desk(session), row.id, version=version or row.version, actor=who, over=over)

    def give_back(self, row: Callback, who: Actor) -> Callback:
        with transaction(self.house.engine) as session:
            return calling.give_back(self.desk(session), row.id, version=row.version, actor=who)

    def call(self, row: Callback, outcome: str, words: str = "") -> Callback:
        with transaction(self.house.engine) as session:
            now = business_now(session)
            return kcc.record_call(session, row.id, outcome, words, version=row.version, actor=self.anna, now=now)

    def stop(self, row: Callback, words: str = "", channel: str = "") -> Callback:
        with transaction(self.house.engine) as session:
            return calling.stop_calling(
                self.desk(session), row.id, words, channel, version=row.version, actor=self.anna
            )

    def desk(self, session: object) -> Desk:
        house = self.house
        return Desk(session, house.adapters, house.settings, frozenset(house.scope), business_now(session))  # type: ignore[arg-type]


def test_one_person_phones_and_others_see_who(house: House) -> None:
    room = Room(house)
    row = room.by_hand()
    taken = room.take(row, room.anna)
    assert (taken.owner_id, taken.version) == (room.anna.account_id, 2)
    assert room.take(taken, room.anna).version == 2, "her own already"
    with pytest.raises(Stale):
        room.take(row, room.bo)
    with pytest.raises(Conflict, match="heeft_een_ander"):
        room.take(taken, room.bo)
    with pytest.raises(Conflict, match="niet_van_u"):
        room.give_back(taken, room.bo)
    free = room.give_back(taken, room.anna)
    again = room.take(free, room.bo)
    over = room.take(again, room.anna, over=True)
    assert room.give_back(over, room.cor).owner_id is None, "a coordinator may"
    with transaction(house.engine) as session:
        kinds = [e.kind for e in history_of(session, melding_ids=[room.melding.id], scope=house.scope)]
    assert kinds[-5:] == [
        "terugbelnotitie_genomen",
        "terugbelnotitie_teruggegeven",
        "terugbelnotitie_genomen",
        "terugbelnotitie_genomen",
        "terugbelnotitie_teruggegeven",
    ]


def test_each_try_is_kept_with_what_was_said(house: House) -> None:
    room = Room(house)
    row = room.call(room.by_hand(), "niet_bereikt", "Voicemail.")
    room.call(row, "gesproken", "Het is bij nummer 12.")
    with transaction(house.engine) as session:
        tried = attempts_of(session, [row.id], scope=house.scope)[row.id]
        told = [(one.outcome, one.words, one.account_id) for one in tried]
        exported = collect(session, [session.get_one(Melding, room.melding.id)], now=business_now(session))
    mine = room.anna.account_id
    assert told == [("niet_bereikt", "Voicemail.", mine), ("gesproken", "Het is bij nummer 12.", mine)]
    said = exported["meldingen"][0]["gesprekken"][0]["pogingen"]
    assert [(one["uitkomst"], one["woorden"]) for one in said] == [
        ("niet bereikt", "Voicemail."),
        ("gesproken", "Het is bij nummer 12."),
    ]


def test_after_three_calls_in_vain_the_bericht_goes_in_writing(house: House) -> None:
    room = Room(house)
    row = room.of_bericht()
    assert row.reason == "geen_email_of_mobiel"
    for _ in range(calling.ENOUGH_TRIES):
        with pytest.raises(Conflict, match="nog_bellen"):
            room.stop(row, channel="email")
        row = room.call(row, "niet_bereikt")
    assert calling.may_stop(row)
    with pytest.raises(InvalidInput):
        room.stop(row)
    with pytest.raises(Conflict, match="geen_adres"):
        room.stop(row, channel="email")
    house.change(house.contact(room.melding), email="jan@example.nl")
    assert room.stop(row, channel="email").status == "vervallen"
    house.work()
    assert statuses(house.deliveries(room.melding)) == [("telefoon", "niet_bezorgd"), ("email", "verzonden")]
    assert len(house.mail.sent) == 1


def test_a_promise_by_hand_is_stopped_with_what_was_done(house: House) -> None:
    room = Room(house)
    row = room.by_hand()
    for _ in range(calling.ENOUGH_TRIES):
        row = room.call(row, "niet_bereikt")
    with pytest.raises(InvalidInput):
        room.stop(row)
    done = room.stop(row, "Brief gestuurd.")
    assert (done.status, done.result) == ("vervallen", "Brief gestuurd.")
    with pytest.raises(Conflict, match="al_klaar"):
        room.take(done, room.bo)


def test_how_many_wait_and_how_many_are_late(house: House) -> None:
    room = Room(house)
    row = room.by_hand()
    with transaction(house.engine) as session:
        open_now, late = count_callbacks(session, now=business_now(session), scope=house.scope)
        later = count_callbacks(session, now=row.due_at + timedelta(seconds=1), scope=house.scope)
    assert open_now >= 1 and late == 0 and later == (open_now, open_now)


def test_who_may_not(house: House) -> None:
    room = Room(house)
    row = room.by_hand()
    with transaction(house.engine) as session:
        name = f"team-bel-{next(_numbers)}"
        team = factories.medewerker(session, house.home, factories.TEAM, team_slug="serviceteam", username=name)
        with pytest.raises(Forbidden):
            calling.take_call(room.desk(session), row.id, version=1, actor=team)
        with pytest.raises(PreconditionRequired):
            calling.take_call(room.desk(session), row.id, version=None, actor=room.anna)
        with pytest.raises(NotFound):
            calling.give_back(room.desk(session), 10**9, version=1, actor=room.anna)
