"""Reading a mail as it came in: who, about what, what was written; whatever it looks like."""
# ruff: noqa: E501  mail as it is written

import contextlib
import time
from email.message import EmailMessage

import pytest

from meldingen.domain.incoming import Unreadable, read_letter
from meldingen.domain.reports import Failure, read_plain_bounce
from tests.standins.smtp import delivery_report

HEAD = b"From: Jan <Jan@Example.nl>\r\nTo: antwoord@duinstede.nl\r\nSubject: Re: vraag\r\n"


def letter(**headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Jan de Vries <Jan@Example.nl>"
    made["To"] = "antwoord+17.abc@duinstede.nl"
    made["Subject"] = "Re: Een vraag"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made


def test_an_answer_with_a_photo_and_a_logo() -> None:
    made = letter(Message_ID="<1@example.nl>", In_Reply_To="<ref@duinstede.nl>", References="<a@b> <ref@duinstede.nl>")
    made.set_content("Ja, hij staat er nog. Zoë\n")
    made.add_alternative("<p>Ja, hij staat er nog. Zoë</p><img src=cid:logo>", subtype="html")
    made.get_payload()[1].add_related(b"logo", "image", "png", cid="<logo>")
    made.add_attachment(b"\xff\xd8\xff foto", maintype="image", subtype="jpeg", filename="foto.jpg")
    read = read_letter(made.as_bytes())
    assert (read.sender, read.receivers) == ("jan@example.nl", ("antwoord+17.abc@duinstede.nl",))
    assert (read.subject, read.message_id) == ("Re: Een vraag", "<1@example.nl>")
    assert read.refers_to == ("<ref@duinstede.nl>", "<a@b>")
    assert read.text == "Ja, hij staat er nog. Zoë"
    assert sorted(read.files) == [b"logo", b"\xff\xd8\xff foto"]
    assert not read.automatic and not read.report


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (HEAD + b"\r\nHallo\r\n", "Hallo"),
        (HEAD + b"Content-Type: text/html\r\n\r\n<p>Hallo</p><p>Jan</p>", "Hallo\n\nJan"),
        (HEAD + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nZo\xeb", "Zoë"),
        (HEAD + b"Content-Type: text/plain; charset=bestaat-niet\r\n\r\nZo\xc3\xab", "Zoë"),
        (HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\nZo\xeb \x80", "Zoë €"),
        (HEAD + b"Content-Type: text/plain; charset=utf-16\r\n\r\nZo\xeb", "Zoë"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nSGFsbG8=", "Hallo"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\nSGFsbG8=====!!", "Hallo"),
        (HEAD + b"\r\nA\x00B\x1bC\r\nD", "ABC\nD"),
        (HEAD + b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\n \r\n--x\r\nContent-Type: text/html\r\n\r\n<b>Ja</b>\r\n--x--", "Ja"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nEen\r\n--x\r\n\r\nTwee\r\n--x--", "Een\n\nTwee"),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\nzonder grens", "zonder grens"),
        (HEAD + b"Content-Type: \xff\xff; \x00\r\n\r\nHallo", "Hallo"),
        (HEAD, ""),
    ],
)  # fmt: skip
def test_whatever_the_form_something_is_read(raw: bytes, text: str) -> None:
    assert read_letter(raw).text == text


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (b"Subject: =?utf-8?q?Zo=C3=AB_en?= =?utf-8?b?IEphbg==?=", "Zoë en Jan"),
        (b"Subject: Zo\xc3\xab", "Zoë"),
        (b"Subject: Zo\xeb", "Zoë"),
        (b"Subject: =?bestaat-niet?q?Zo=EB?=", "Zoë"),
        (b"Subject: =?utf-8?b?a?=", "=?utf-8?b?a?="),
        (b"Subject: a\x00b\r\n c\r\n\td", "ab c d"),
        (b"Subject: " + b"x" * 100_000, "x" * 300),
        (b"SUBJECT:Hallo", "Hallo"),
    ],
)
def test_subjects_as_people_read_them(header: bytes, subject: str) -> None:
    read = read_letter(b"From: a@b.nl\r\n" + header + b"\r\n\r\nx")
    assert read.subject == subject


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation); x",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "List-Id: <nieuws.example.nl>",
        "Return-Path: <>",
        "Subject: Automatisch antwoord: vraag",
        "Subject: Out of Office: vraag",
        "Subject: =?utf-8?q?Afwezigheidsbericht?=",
        "Subject: Afwezig: vraag",
        "Subject: Automatic reply: x",
    ],
)
def test_machines_are_recognised(header: str) -> None:
    assert read_letter(f"{header}\r\nFrom: jan@example.nl\r\n\r\nIk ben er niet.".encode()).automatic


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Subject: Re: afwezig bord", "Subject: Afwezig bord bij de school", "Precedence: normal"]
)  # fmt: skip
def test_people_are_no_machines(header: str) -> None:
    assert not read_letter(f"{header}\r\nFrom: jan@example.nl\r\n\r\nHallo".encode()).automatic


def test_a_read_receipt_is_automatic() -> None:
    raw = HEAD + b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n--x\r\n\r\nGelezen\r\n" \
        b"--x\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: x\r\n--x--"  # fmt: skip
    assert read_letter(raw).automatic


class TestReports:
    SENT = b"From: a@duinstede.nl\r\nMessage-ID: <ref@duinstede.nl>\r\n\r\nx"

    @pytest.mark.parametrize(
        ("status", "delayed", "final", "gone"),
        [
            ("5.1.1", False, True, True),
            ("5.2.1", False, True, True),
            ("5.2.2", False, True, False),
            ("5.7.1", False, True, False),
            ("5.0.0", False, True, True),
            ("4.4.7", False, True, False),
            ("4.2.2", True, False, False),
        ],
    )
    def test_what_they_mean(self, status: str, delayed: bool, final: bool, gone: bool) -> None:
        read = read_letter(
            delivery_report(self.SENT, "retour+x@duinstede.nl", "jan@example.nl", status, delayed=delayed)
        )
        assert read.report and read.returned_id == "<ref@duinstede.nl>" and read.receivers == ("retour+x@duinstede.nl",)
        assert [(f.status, f.final, f.address_gone) for f in read.failures] == [(status, final, gone)]
        assert read.text == "", "the words of a server may quote the address"

    def test_an_international_report(self) -> None:
        raw = delivery_report(self.SENT, "retour+x@duinstede.nl", "zoë@example.nl", "5.1.1")
        raw = raw.replace(b"message/delivery-status", b"message/global-delivery-status")
        raw = raw.replace(b"text/rfc822-headers", b"message/global-headers")
        read = read_letter(raw)
        assert [f.status for f in read.failures] == ["5.1.1"] and read.returned_id == "<ref@duinstede.nl>"

    @pytest.mark.parametrize(
        ("words", "failure"),
        [
            ("<jan@example.nl>: Sorry, no mailbox here by that name. (#5.1.1)", Failure("failed", "5.1.1")),
            ("Remote host said: 550 no such user", Failure("failed", "", 550)),
            ("This is a warning. Will retry: 4.2.2", Failure("delayed", "4.2.2")),
            ("Iets anders", Failure("delayed", "")),
        ],
    )
    def test_plain_words_of_older_servers(self, words: str, failure: Failure) -> None:
        assert read_plain_bounce(words) == failure


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"geen mail",
        b"\x00" * 1000,
        b"PK\x03\x04" + b"x" * 1000,
        b"X-Iets: x\r\n\r\nzonder afzender of datum",
        HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000)),
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    ],
    ids=range(7),
)
def test_what_is_no_mail_is_refused_quickly(raw: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(Unreadable):
        read_letter(raw)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(95)) + b"x\r\n" * 20_000,
        b"From: " + b"<" * 100_000 + b"\r\nTo: " + b"a@b.nl, " * 20_000 + b"\r\n\r\nx",
        b"From: a@b.nl\r\nReferences: " + b"<a@b> " * 50_000 + b"\r\n\r\nx",
        b"From: a@b.nl\r\n" + b"X: y\r\n" * 50_000 + b"\r\nx",
        b"From: a@b.nl\r\nSubject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nx",
        HEAD + b"Content-Type: text/plain; " + b"x*0*=y; " * 10_000 + b"\r\n\r\nx",
        HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * 10_000,
    ],
    ids=range(7),
)  # fmt: skip
def test_hostile_mail_takes_no_time(raw: bytes) -> None:
    began = time.perf_counter()
    with contextlib.suppress(Unreadable):
        read_letter(raw)
    assert time.perf_counter() - began < 4
