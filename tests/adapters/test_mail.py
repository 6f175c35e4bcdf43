"""E-mail: the same promises over real SMTP, in the postvak and in memory; and what a mail server may say to us."""

import json
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from meldingen.adapters import mail as adapter
from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.mail import Mail, MailSender, MemoryMail, SmtpSender
from meldingen.adapters.postvak import Postvak, PostvakMail, PostvakSms
from meldingen.adapters.sms import Sms
from tests.standins.smtp import PASSWORD, USER, MailServer, mail_server, trusting

FROM = "Meldingen <meldingen@gemeente.example.nl>"


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(params=[False, True], ids=["", "pipelining"])
def server(running: MailServer, request: pytest.FixtureRequest) -> MailServer:
    """The mail server, empty and well-behaved; it takes the steps of a message one by one, or several at once."""
    running.pipelining = request.param
    for kept in (running.accepted, running.raw, running.senders, running.peers, running.refuse, running.tried):
        kept.clear()
    running.greylist = running.break_off = False
    running.wait_s = running.slow_s = 0.0
    return running


@pytest.fixture
def mail(now: datetime) -> Mail:
    return Mail(
        to="jan@example.nl",
        subject="Opgelost: een vernield verkeersbord",
        text="U heeft vanmorgen om 08.47 een melding gedaan.\nHet bord is vervangen. Groeten aan Zoë – ✓",
        html="<p>Het bord is vervangen.</p>",
        reference="2670000017-abc",
        at=now,
        sender_name="Gemeente Bergen (NH)",
        reply_to="info@gemeente.example.nl",
    )


@pytest.fixture(params=["smtp", "postvak", "geheugen"])
def sender(request: pytest.FixtureRequest, tmp_path: Path, server: MailServer) -> MailSender:
    senders: dict[str, MailSender] = {
        "smtp": SmtpSender(server.url, FROM),
        "postvak": PostvakMail(Postvak(tmp_path / "postvak"), FROM),
        "geheugen": MemoryMail(),
    }
    return senders[request.param]


class TestEverySender:
    def test_the_same_reference_is_the_same_message(self, sender: MailSender, mail: Mail) -> None:
        first = sender.send(mail)
        assert "2670000017-abc" in first
        assert sender.send(mail) == first
        assert sender.send(replace(mail, reference="2670000017-abd")) != first

    @pytest.mark.parametrize("to", ["", "geen adres", "a@", "jan@example.nl\nBcc: piet@example.nl", "a@b@c.nl"])
    def test_what_is_no_address_is_refused_for_good(self, sender: MailSender, mail: Mail, to: str) -> None:
        with pytest.raises(AddressRefused):
            sender.send(replace(mail, to=to))

    def test_a_reference_cannot_bring_a_header(self, sender: MailSender, mail: Mail) -> None:
        with pytest.raises(PermanentFailure):
            sender.send(replace(mail, reference="x\r\nBcc: piet@example.nl"))

    def test_many_at_once(self, sender: MailSender, mail: Mail) -> None:
        ids: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: ids.append(sender.send(replace(mail, reference=f"ref-{n}"))))
            for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(ids)) == 6


class TestTheMessage:
    def test_headers_and_both_parts(self, server: MailServer, mail: Mail, now: datetime) -> None:
        SmtpSender(server.url, FROM).send(mail)
        message, receivers = server.accepted[0]
        assert receivers == ["jan@example.nl"]
        assert message["From"] == '"Gemeente Bergen (NH)" <meldingen@gemeente.example.nl>'
        assert message["Reply-To"] == "info@gemeente.example.nl"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"] == "<2670000017-abc@gemeente.example.nl>"
        assert parsedate_to_datetime(message["Date"]) == now
        assert message.get_content_type() == "multipart/alternative"
        text, html = message.iter_parts()
        assert text["Content-Type"].params["charset"] == "utf-8"
        assert text.get_content().splitlines() == mail.text.splitlines()
        assert html.get_content().strip() == mail.html

    def test_a_subject_over_two_lines_stays_one_header(self, server: MailServer, mail: Mail) -> None:
        SmtpSender(server.url, FROM).send(replace(mail, subject="Opgelost\r\nBcc: piet@example.nl"))
        message, receivers = server.accepted[0]
        assert message["Subject"] == "Opgelost Bcc: piet@example.nl"
        assert message["Bcc"] is None and receivers == ["jan@example.nl"]

    def test_a_line_with_one_dot_and_very_long_lines_arrive_whole(self, server: MailServer, mail: Mail) -> None:
        text = "een\n.\ntwee\n" + "woord " * 400
        SmtpSender(server.url, FROM).send(replace(mail, text=text))
        arrived = next(server.accepted[0][0].iter_parts()).get_content()
        assert arrived.splitlines() == text.splitlines()

    def test_a_domain_in_other_letters_is_sent_as_dns_knows_it(self, server: MailServer, mail: Mail) -> None:
        SmtpSender(server.url, FROM).send(replace(mail, to="jan@köln.example"))
        assert server.accepted[0][1] == ["jan@xn--kln-sna.example"]

    def test_a_name_in_other_letters_needs_a_server_that_knows_them(self, server: MailServer, mail: Mail) -> None:
        SmtpSender(server.url, FROM).send(replace(mail, to="zoë@example.nl"))
        assert server.accepted[0][1] == ["zoë@example.nl"]


class TestWhatAServerMaySay:
    @pytest.mark.parametrize(
        ("step", "reply", "failure"),
        [
            ("RCPT", "550 5.1.1 onbekend", AddressRefused),
            ("RCPT", "550 onbekend", AddressRefused),
            ("RCPT", "553 5.1.3 vreemd adres", AddressRefused),
            ("RCPT", "550 5.2.1 opgeheven", AddressRefused),
            ("RCPT", "552 5.2.2 vol", PermanentFailure),
            ("RCPT", "550 5.7.1 wij nemen niets van u aan", PermanentFailure),
            ("RCPT", "450 4.2.1 even niet", TemporaryFailure),
            ("MAIL", "550 5.7.1 deze afzender niet", TemporaryFailure),
            ("MAIL", "530 5.7.0 eerst inloggen", TemporaryFailure),
            ("DATA", "554 5.7.1 dit lijkt op spam", PermanentFailure),
            ("DATA", "451 4.3.0 even niet", TemporaryFailure),
        ],
    )
    def test_each_refusal_has_its_word(
        self, server: MailServer, mail: Mail, step: str, reply: str, failure: type[Exception]
    ) -> None:
        server.refuse[step] = reply
        with pytest.raises(failure) as told:
            SmtpSender(server.url, FROM).send(mail)
        assert type(told.value) is failure
        assert "jan@" not in str(told.value)

    def test_greylisting_passes_at_the_second_try(self, server: MailServer, mail: Mail) -> None:
        server.greylist = True
        sender = SmtpSender(server.url, FROM)
        with pytest.raises(TemporaryFailure) as told:
            sender.send(mail)
        assert not isinstance(told.value, UncertainFailure)
        sender.send(mail)
        assert len(server.accepted) == 1

    def test_hanging_up_after_the_message_leaves_us_in_doubt(self, server: MailServer, mail: Mail) -> None:
        server.break_off = True
        with pytest.raises(UncertainFailure):
            SmtpSender(server.url, FROM).send(mail)
        assert len(server.accepted) == 1

    def test_silence_after_the_message_leaves_us_in_doubt(
        self, server: MailServer, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapter, "TIMEOUT_S", 0.2)
        server.wait_s = 1.0
        with pytest.raises(UncertainFailure):
            SmtpSender(server.url, FROM).send(mail)

    def test_a_server_that_talks_slowly_does_not_hold_a_worker(
        self, server: MailServer, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(adapter, "TOTAL_S", 0.3)
        server.slow_s = 0.2
        with pytest.raises(TemporaryFailure) as told:
            SmtpSender(server.url, FROM).send(mail)
        assert not isinstance(told.value, UncertainFailure)
        assert server.accepted == []

    def test_what_goes_together_shares_a_connection_until_something_goes_wrong(
        self, server: MailServer, mail: Mail
    ) -> None:
        sender = SmtpSender(server.url, FROM)
        with sender.together():
            sender.send(mail)
            sender.send(mail)
            server.refuse["RCPT"] = "550 5.1.1 onbekend"
            with pytest.raises(AddressRefused):
                sender.send(mail)
            server.refuse.clear()
            sender.send(mail)
        sender.send(mail)
        first, second, third, fourth = server.peers
        assert first == second and len({second, third, fourth}) == 3

    def test_where_the_server_can_a_message_takes_two_round_trips(
        self, server: MailServer, mail: Mail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sender = SmtpSender(server.url, FROM)
        with sender.together():
            sender.send(mail)
            kept = sender._kept.server
            assert kept is not None
            said: list[bytes] = []
            send = kept.send
            monkeypatch.setattr(kept, "send", lambda words: said.append(words) or send(words))
            sender.send(mail)
            assert len(said) == (2 if server.pipelining else 4)

    def test_a_refused_receiver_gets_no_text(self, server: MailServer, mail: Mail) -> None:
        server.refuse["RCPT"] = "550 5.1.1 onbekend"
        with pytest.raises(AddressRefused):
            SmtpSender(server.url, FROM).send(mail)
        assert server.accepted == []

    def test_a_server_that_left_meanwhile_is_dialled_again(self, server: MailServer, mail: Mail) -> None:
        sender = SmtpSender(server.url, FROM)
        with sender.together():
            sender.send(mail)
            kept = sender._kept.server
            assert kept is not None and kept.sock is not None
            kept.sock.shutdown(socket.SHUT_RDWR)
            sender.send(mail)
        assert len(server.accepted) == 2

    def test_nobody_home_is_temporary_and_certain(self, mail: Mail) -> None:
        with pytest.raises(TemporaryFailure) as told:
            SmtpSender("smtp://127.0.0.1:9", FROM).send(mail)
        assert not isinstance(told.value, UncertainFailure)


class TestSecurely:
    def test_starttls_and_signing_in(self, mail: Mail) -> None:
        with mail_server(tls="starttls", auth=True) as server:
            url = f"smtp://{USER}:ge%3Aheim%40@127.0.0.1:{server.port}?starttls=1"
            SmtpSender(url, FROM, tls=trusting()).send(mail)
            assert server.signed_in == [USER] and len(server.accepted) == 1
            assert PASSWORD == "ge:heim@"

    def test_smtps(self, mail: Mail) -> None:
        with mail_server(tls="smtps") as server:
            SmtpSender(f"smtps://127.0.0.1:{server.port}", FROM, tls=trusting()).send(mail)
            assert len(server.accepted) == 1

    def test_a_wrong_password_is_mended_by_people(self, mail: Mail) -> None:
        with mail_server(tls="starttls", auth=True) as server, pytest.raises(TemporaryFailure) as told:
            SmtpSender(f"smtp://{USER}:fout@127.0.0.1:{server.port}?starttls=1", FROM, tls=trusting()).send(mail)
        assert "fout" not in str(told.value)

    def test_a_certificate_nobody_vouches_for_is_not_trusted(self, mail: Mail) -> None:
        with mail_server(tls="starttls") as server, pytest.raises(TemporaryFailure):
            SmtpSender(f"smtp://127.0.0.1:{server.port}?starttls=1", FROM).send(mail)
        assert server.accepted == []

    def test_no_starttls_there_means_no_mail(self, server: MailServer, mail: Mail) -> None:
        with pytest.raises(TemporaryFailure):
            SmtpSender(server.url + "?starttls=1", FROM).send(mail)
        assert server.accepted == []

    def test_a_password_never_goes_in_the_clear(self, server: MailServer, mail: Mail) -> None:
        with pytest.raises(TemporaryFailure, match="TLS"):
            SmtpSender(f"smtp://{USER}:x@127.0.0.1:{server.port}", FROM).send(mail)
        assert server.accepted == []


class TestPostvak:
    def test_a_resend_is_the_same_file(self, tmp_path: Path, mail: Mail) -> None:
        postvak = Postvak(tmp_path / "a" / "postvak")
        sender = PostvakMail(postvak, FROM)
        sender.send(mail)
        sender.send(mail)
        files = list((tmp_path / "a" / "postvak").iterdir())
        assert [file.name for file in files] == ["2670000017-abc.json"]
        assert json.loads(files[0].read_text())["times"] == 2
        assert stat.S_IMODE(files[0].stat().st_mode) == 0o600

    def test_newest_first_and_nothing_half(self, tmp_path: Path, mail: Mail) -> None:
        postvak = Postvak(tmp_path)
        PostvakMail(postvak, FROM).send(mail)
        PostvakSms(postvak).send(Sms("+31612345678", "Hallo ✓", "2670000017-sms"))
        (tmp_path / "kapot.json").write_text("{")
        (tmp_path / "vreemd.json").write_text('{"iets": 1}')
        (tmp_path / ".half").write_text("{")
        assert [(kept.channel, kept.reference) for kept in postvak.list()] == [
            ("sms", "2670000017-sms"),
            ("email", "2670000017-abc"),
        ]
        assert postvak.list()[1].text == mail.text
        assert len(postvak.list(limit=1)) <= 1

    def test_no_folder_is_an_empty_postvak(self, tmp_path: Path) -> None:
        assert Postvak(tmp_path / "nog-niet").list() == []

    def test_a_place_that_cannot_be_used_is_temporary(self, tmp_path: Path, mail: Mail) -> None:
        (tmp_path / "postvak").write_text("een bestand waar een map hoort")
        with pytest.raises(TemporaryFailure):
            PostvakMail(Postvak(tmp_path / "postvak"), FROM).send(mail)

    @pytest.mark.parametrize("reference", ["../x", "", "a/b", ".verborgen", "a\x00b"])
    def test_a_reference_is_no_path(self, tmp_path: Path, reference: str) -> None:
        with pytest.raises(PermanentFailure):
            Postvak(tmp_path).get(reference)


def test_memory_can_be_away(mail: Mail) -> None:
    sender = MemoryMail()
    sender.fail_with = TemporaryFailure("weg")
    with pytest.raises(TemporaryFailure):
        sender.send(mail)
    sender.fail_with = None
    sender.send(mail)
    assert list(sender.sent) == ["2670000017-abc"] and len(sender.calls) == 2
