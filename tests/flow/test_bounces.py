"""Mail of ours that came back: the next channel gets its turn, a delay is noted, and nobody can forge it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa

from meldingen.adapters.mail import SmtpSender
from meldingen.adapters.mailbox import ImapMailbox
from meldingen.db import transaction
from meldingen.flow import replies
from meldingen.store.melding import Melding
from tests.flow.berichten import JAN, House, statuses
from tests.flow.post import POST, DeliveryStep, IncomingMail, Post, answer
from tests.standins.imap import mailbox_server
from tests.standins.smtp import MailServer, delivery_report, mail_server, trusting


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def post(house: House, now: datetime, server: MailServer) -> Post:
    with transaction(house.engine) as session:
        session.execute(sa.delete(IncomingMail))
    server.fates.clear()
    server.returned.clear()
    return Post(house, now, sender=SmtpSender(server.url, POST.mail_from))


def owed(post: Post) -> Melding:
    """A melding whose gereedmelding went by mail."""
    melding = post.house.melding(contact=JAN)
    closure = post.house.closed(melding)
    post.house.owe("gereed", melding, facts={"closure_id": closure})
    post.work()
    return melding


def test_a_gereedmelding_that_comes_back_goes_by_sms(post: Post, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "terug 5.1.1"
    melding = owed(post)
    assert statuses(post.house.deliveries(melding)) == [("email", "verzonden")]
    post.come(*server.returned)
    post.work()
    assert statuses(post.house.deliveries(melding)) == [("email", "niet_bezorgd"), ("sms", "verzonden")]
    failed = post.house.deliveries(melding)[0]
    assert failed.reason == "teruggekomen: 5.1.1"
    assert post.house.contact(melding).email_refused_at is not None
    assert len(post.sms.sent) == 1
    row = post.rows(IncomingMail)[0]
    assert (row.kind, row.delivery_id, row.text) == ("bounce", failed.id, "")


def test_a_full_mailbox_is_used_again_next_time(post: Post, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "terug 5.2.2"
    melding = owed(post)
    post.come(*server.returned)
    assert statuses(post.house.deliveries(melding))[0] == ("email", "niet_bezorgd")
    assert post.house.contact(melding).email_refused_at is None


def test_a_delay_is_only_noted(post: Post, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "later 4.2.2"
    melding = owed(post)
    post.come(*server.returned)
    assert statuses(post.house.deliveries(melding)) == [("email", "verzonden")]
    delivery = post.house.deliveries(melding)[0]
    assert [s.reason for s in post.rows(DeliveryStep, delivery_id=delivery.id) if s.reason] == [
        "vertraagd bij de ontvanger: 4.2.2"
    ]


def test_given_up_after_days_is_final(post: Post, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "terug 4.4.7"
    melding = owed(post)
    post.come(*server.returned)
    assert statuses(post.house.deliveries(melding))[0] == ("email", "niet_bezorgd")
    assert post.house.contact(melding).email_refused_at is None


def test_a_forged_bounce_does_nothing(post: Post, server: MailServer) -> None:
    melding = owed(post)
    reference = post.house.deliveries(melding)[0].reference
    forged = [
        delivery_report(server.raw[-1], to, "jan@example.nl", "5.1.1")
        for to in (f"retour+{reference}.aaaaaaaaaaaaaaaa@duinstede.nl", "retour@duinstede.nl", "meldingen@duinstede.nl")
    ]
    post.come(*forged)
    assert post.kinds() == ["bounce"] * 3
    assert statuses(post.house.deliveries(melding)) == [("email", "verzonden")]


def test_without_return_addresses_our_message_id_is_believed(house: House, now: datetime, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "terug 5.1.1"
    plain = replace(POST, mail_bounce="")
    post = Post(house, now, sender=SmtpSender(server.url, POST.mail_from), settings=plain)
    melding = owed(post)
    assert server.senders[-1] == "meldingen@duinstede.nl"
    post.come(server.returned[-1])
    assert statuses(post.house.deliveries(melding))[0] == ("email", "niet_bezorgd")


def test_an_older_server_says_it_in_words(post: Post, server: MailServer) -> None:
    melding = owed(post)
    words = answer(server.senders[-1], "<jan@example.nl>: no mailbox here (#5.1.1)", sender="MAILER-DAEMON@mx.nl")
    words["Return-Path"] = "<>"
    post.come(words.as_bytes())
    assert statuses(post.house.deliveries(melding))[0] == ("email", "niet_bezorgd")


def test_out_of_office_at_a_return_address_is_no_bounce(post: Post, server: MailServer) -> None:
    melding = owed(post)
    away = answer(server.senders[-1], "Ik ben er niet. Bel 550 55 50.", Auto_Submitted="auto-replied")
    post.come(away.as_bytes())
    assert post.kinds() == ["automatisch"]
    assert statuses(post.house.deliveries(melding)) == [("email", "verzonden")]


def test_by_a_real_mailbox_from_end_to_end(post: Post, server: MailServer) -> None:
    server.fates["jan@example.nl"] = "terug 5.1.1"
    melding = owed(post)
    with mailbox_server() as mailbox:
        mailbox.receive(server.returned[-1])
        adapters = replace(post.adapters, mailbox=ImapMailbox(mailbox.url, tls=trusting()))
        assert replies.poll_mailbox(post.engine, adapters, POST) == 1
        assert mailbox.waiting() == []
    post.work()
    assert statuses(post.house.deliveries(melding)) == [("email", "niet_bezorgd"), ("sms", "verzonden")]
