"""When a bericht goes: quiet hours, turns at the provider, and words that are true at the moment of sending."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.push import MemoryPush
from meldingen.db import business_now, transaction
from meldingen.store import pace
from meldingen.store.push import PushSubscription
from tests.flow.berichten import MAIL, MOBILE, SETTINGS, House, statuses

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SLOW = replace(SETTINGS, limit_email=1, limit_sms=1)


class TestNight:
    def test_who_chose_the_night_too_is_told_at_night(self, house: House, now: datetime) -> None:
        house.set_clock(now.replace(hour=23))
        melding = house.melding(contact=MOBILE)
        house.change(house.contact(melding), night_too=True)
        house.owe("gereed", melding)
        house.work()
        assert len(house.sms.sent) == 1

    def test_push_is_quiet_too(self, house: House, now: datetime) -> None:
        house.set_clock(now.replace(hour=21))
        house.push = MemoryPush()
        melding = house.melding()
        with transaction(house.engine) as session:
            keys = {"endpoint": "https://push.example.net/2", "p256dh": "a", "auth": "b"}
            session.add(
                PushSubscription(gemeente_id=melding.gemeente_id, melding_id=melding.id, created_at=now, **keys)
            )
        house.owe("gereed", melding)
        assert house.deliver(house.owed()[0]) == datetime.fromisoformat("2026-04-15T07:00+02:00")
        assert house.push.calls == []


class TestTurns:
    def slots(self, house: House, count: int, per_minute: int, now: datetime) -> list[float]:
        with transaction(house.engine) as session:
            taken = [pace.take_slot(session, "brief", home=1, per_minute=per_minute, now=now) for _ in range(count)]
        return [round((slot - now).total_seconds(), 3) for slot in taken]

    def test_after_a_lull_a_few_go_at_once_then_one_by_one(self, house: House, now: datetime) -> None:
        assert self.slots(house, 5, 30, now) == [-10, -8, -6, -4, -2]
        assert self.slots(house, 4, 30, now) == [0, 2, 4, 6]
        assert self.slots(house, 1, 30, now + timedelta(hours=1)) == [-10]

    def test_no_minute_carries_more_than_the_limit_and_what_was_saved_up(self, house: House, now: datetime) -> None:
        moments = [max(0, at) for at in self.slots(house, 60, 30, now)]
        assert max(sum(1 for at in moments if start <= at < start + 60) for start in range(60)) <= 30 + 5

    def test_whoever_comes_too_soon_is_held_and_goes_at_his_turn(self, house: House, now: datetime) -> None:
        house.settings = SLOW
        first, second, third = [house.melding(contact=MAIL) for _ in range(3)]
        house.owe("gereed", first, second, third)
        rows = house.owed()
        assert house.deliver(rows[0]) is None
        waits = [house.deliver(row) for row in rows[1:]]
        (held,) = house.deliveries(second)
        assert (held.status, held.attempts, held.text, held.slot_at) == ("gepland", 0, "", waits[0])
        assert waits[0] is not None and waits[1] is not None
        assert waits[1] - waits[0] == timedelta(minutes=1)
        assert house.deliver(rows[1]) == waits[0], "asked again it keeps its turn"
        house.set_clock(waits[0])
        assert house.deliver(rows[1]) is None
        assert house.deliveries(second)[0].slot_at is None and len(house.mail.sent) == 2

    def test_a_turn_that_was_missed_is_lost(self, house: House, now: datetime) -> None:
        house.settings = SLOW
        made = [house.melding(contact=MAIL) for _ in range(3)]
        house.owe("gereed", *made)
        rows = house.owed()
        for row in rows:
            house.deliver(row)
        house.set_clock(now + timedelta(hours=4))
        assert house.deliver(rows[1]) is None
        assert house.deliver(rows[2]) is not None, "not all that waited at once"

    def test_danger_does_not_wait_for_its_turn(self, house: House, now: datetime) -> None:
        house.settings = SLOW
        calm, danger = house.melding(contact=MOBILE), house.melding(contact=MOBILE, danger=True)
        house.owe("gereed", calm)
        house.work()
        house.owe("gereed", danger)
        assert house.deliver(house.owed()[0]) is None
        assert statuses(house.deliveries(danger)) == [("sms", "verzonden")]

    def test_a_provider_that_asks_for_quiet_gets_it(self, house: House, now: datetime) -> None:
        house.settings = replace(SETTINGS, limit_email=600)
        first, second = house.melding(contact=MAIL), house.melding(contact=MAIL)
        house.owe("gereed", first, second)
        rows = house.owed()
        house.mail.fail_with = TemporaryFailure("429", retry_after_s=600)
        with pytest.raises(TemporaryFailure):
            house.deliver(rows[0])
        house.mail.fail_with = None
        with Session(house.engine) as session:
            soon = business_now(session) + timedelta(seconds=590)
        until = house.deliver(rows[1])
        assert until is not None and until >= soon
        assert len(house.mail.calls) == 1

    def test_without_a_limit_nothing_is_counted(self, house: House) -> None:
        house.settings = replace(SETTINGS, limit_email=0)
        house.owe("gereed", *[house.melding(contact=MAIL) for _ in range(3)])
        house.work()
        with Session(house.engine) as session:
            assert session.scalars(sa.select(pace.Pace)).first() is None and len(house.mail.sent) == 3


@pytest.mark.parametrize(
    ("reported", "sent", "words"),
    [
        ("2026-04-14T08:47", "2026-04-14T12:30", "vanmorgen om 08.47"),
        ("2026-04-14T08:47", "2026-04-15T00:01", "gisteren"),
        ("2026-04-14T23:58", "2026-04-15T00:03", "gisteren"),
        ("2026-04-14T08:47", "2026-04-17T09:00", "op 14 april"),
        ("2026-03-29T01:55", "2026-03-29T09:00", "vannacht om 01.55"),
        ("2026-03-29T03:05", "2026-03-29T09:00", "vannacht om 03.05"),
        ("2026-10-25T01:55", "2026-10-25T09:00", "vannacht om 01.55"),
        ("2026-12-31T23:59", "2027-01-02T09:00", "op 31 december 2026"),
    ],
)
def test_late_delivery_says_when_it_was(house: House, reported: str, sent: str, words: str) -> None:
    """A provider that was away: the words are those of the moment it is back, over midnight, summer time and years."""
    made_at, sent_at = (datetime.fromisoformat(m).replace(tzinfo=AMSTERDAM).astimezone(UTC) for m in (reported, sent))
    house.set_clock(made_at)
    melding = house.melding(contact=MAIL)
    house.change(melding, received_at=made_at)
    house.owe("gereed", melding)
    house.mail.fail_with = TemporaryFailure("mailserver is weg")
    with pytest.raises(TemporaryFailure):
        house.work()
    house.mail.fail_with = None
    house.set_clock(sent_at)
    house.work()
    (message,) = house.mail.sent.values()
    assert f"U heeft {words} een melding gedaan" in message.text
