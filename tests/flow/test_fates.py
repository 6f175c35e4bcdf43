"""The fates of local mode, from the melding to the next channel, as README "Een bericht laten mislukken" promises."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.postvak import Postvak, PostvakMail, PostvakSms, business_clock
from meldingen.db import business_now, transaction
from meldingen.flow import receipts
from meldingen.store.outbox import OutboxEntry, Topic
from tests.flow.berichten import SETTINGS, House, statuses


@pytest.fixture
def trial(house: House, tmp_path: Path) -> House:
    """The house with the postvak of local mode, on the clock of its own database."""
    clock = business_clock(house.engine.url.render_as_string(hide_password=False))
    postvak = Postvak(tmp_path, clock)
    house.mail, house.sms = PostvakMail(postvak, "meldingen@example.nl"), PostvakSms(postvak)
    return house


def work_for(house: House, hours: float) -> None:
    """Delivers and asks as the workers would until `hours` later on the business clock."""
    with transaction(house.engine) as session:
        ends = business_now(session) + timedelta(hours=hours)
    while rows := [row for row in house.rows() if row.due_at <= ends]:
        row = min(rows, key=lambda one: (one.due_at, one.id))
        with transaction(house.engine) as session:
            now = business_now(session)
        if row.due_at > now:
            house.set_clock(row.due_at + timedelta(seconds=1))
        if row.topic == Topic.NOTICE:
            try:
                until = house.deliver(row)
            except TemporaryFailure:
                until = row.due_at + timedelta(seconds=5)
        else:
            until = receipts.ask_provider(house.engine, house.adapters, SETTINGS, row.payload)
        with transaction(house.engine) as session:
            done = {"due_at": until} if until else {"done_at": business_now(session)}
            session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == row.id).values(**done))


@pytest.mark.parametrize(
    ("contact", "ends", "flags"),
    [
        ({"email": "laat@proef.example"}, [("email", "bezorgd")], []),
        ({"email": "vol@proef.example", "phone": "06 12345678"}, [("email", "niet_bezorgd"), ("sms", "bezorgd")], []),
        ({"email": "weg@proef.example", "phone": "06 12345678"}, [("email", "niet_bezorgd"), ("sms", "bezorgd")], []),
        ({"email": "stil@proef.example"}, [("email", "bezorgd")], []),
        ({"email": "stuk@proef.example"}, [("email", "niet_bezorgd")], ["niet_bereikbaar"]),
        (
            {"email": "weg@proef.example", "phone": "06 12345672"},
            [("email", "niet_bezorgd"), ("sms", "niet_bezorgd"), ("telefoon", "gepland")],
            ["niet_bereikbaar"],
        ),
        ({"phone": "06 12345675"}, [("sms", "niet_bezorgd"), ("telefoon", "gepland")], ["niet_bereikbaar"]),
    ],
    ids=["laat", "vol", "weg", "stil", "stuk", "weg en vol", "sms stuk"],
)
def test_a_fallback_to_watch(
    trial: House, contact: dict[str, str], ends: list[tuple[str, str]], flags: list[str]
) -> None:
    melding = trial.melding(contact=contact)
    trial.owe("gereed", melding)
    work_for(trial, 5)
    made = trial.deliveries(melding)
    assert statuses(made) == ends and trial.flags(melding) == flags
    refused = contact.get("email", "").startswith(("weg", "stuk"))
    assert (trial.contact(melding).email_refused_at is not None) is refused
    assert not any(delivery.maybe_double for delivery in made)
