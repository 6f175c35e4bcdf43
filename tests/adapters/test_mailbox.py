"""The mailbox: what waits is handed over once and put away after it was handled; what breaks leaves it there."""

from collections.abc import Iterator

import pytest

from meldingen.adapters import mailbox as adapter
from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.mailbox import DONE_FOLDER, TOO_LARGE_FOLDER, ImapMailbox, MemoryMailbox
from tests.standins.imap import MailboxServer, mailbox_server
from tests.standins.smtp import trusting

ONE = b"From: jan@example.nl\r\nSubject: een\r\n\r\nHallo\r\n"
TWO = b"From: jan@example.nl\r\nSubject: twee\r\n\r\n\xe9\x00 {3}\r\nx)\r\n"


@pytest.fixture
def server() -> Iterator[MailboxServer]:
    with mailbox_server() as running:
        yield running


@pytest.fixture
def box(server: MailboxServer) -> ImapMailbox:
    return ImapMailbox(server.url, tls=trusting())


@pytest.mark.parametrize("can_move", [True, False])
def test_each_message_comes_whole_and_is_put_away(server: MailboxServer, box: ImapMailbox, can_move: bool) -> None:
    server.can_move = can_move
    server.receive(ONE)
    server.receive(TWO)
    got: list[tuple[bytes, bool]] = []
    assert box.collect(lambda raw, whole: got.append((raw, whole)), limit=10) == 2
    assert got == [(ONE, True), (TWO, True)]
    assert server.waiting() == [] and list(server.folders[DONE_FOLDER].values()) == [ONE, TWO]
    assert box.collect(lambda raw, whole: got.append((raw, whole)), limit=10) == 0


def test_what_could_not_be_handled_stays(server: MailboxServer, box: ImapMailbox) -> None:
    server.receive(ONE)
    server.receive(TWO)

    def handle(raw: bytes, _whole: bool) -> None:
        if raw == TWO:
            raise TemporaryFailure("opslag weg")

    with pytest.raises(TemporaryFailure, match="opslag"):
        box.collect(handle, limit=10)
    assert server.waiting() == [TWO]


def test_a_connection_that_breaks_before_putting_away_brings_it_back(server: MailboxServer, box: ImapMailbox) -> None:
    server.receive(ONE)
    server.break_at = "UID MOVE"
    got: list[bytes] = []
    with pytest.raises(TemporaryFailure):
        box.collect(lambda raw, whole: got.append(raw), limit=10)
    assert got == [ONE] and server.waiting() == [ONE]


def test_of_what_is_too_large_only_the_headers_come(
    server: MailboxServer, box: ImapMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "MAX_BYTES", 100)
    server.receive(ONE + b"x" * 100)
    got: list[tuple[bytes, bool]] = []
    box.collect(lambda raw, whole: got.append((raw, whole)), limit=10)
    assert got == [(ONE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", False)]
    assert len(server.folders[TOO_LARGE_FOLDER]) == 1


def test_no_more_than_a_lot_at_once(server: MailboxServer, box: ImapMailbox) -> None:
    for _ in range(3):
        server.receive(ONE)
    assert box.collect(lambda raw, whole: None, limit=2) == 2
    assert len(server.waiting()) == 1


def test_a_wrong_password_or_nobody_home_is_temporary(server: MailboxServer) -> None:
    wrong = ImapMailbox(server.url.replace("heim", "fout"), tls=trusting())
    with pytest.raises(TemporaryFailure) as told:
        wrong.collect(lambda raw, whole: None, limit=1)
    assert "fout" not in str(told.value)
    with pytest.raises(TemporaryFailure):
        ImapMailbox("imaps://a:b@127.0.0.1:9").collect(lambda raw, whole: None, limit=1)


def test_a_certificate_nobody_vouches_for_gets_no_password(server: MailboxServer) -> None:
    with pytest.raises(TemporaryFailure):
        ImapMailbox(server.url).collect(lambda raw, whole: None, limit=1)
    assert server.commands == []


def test_memory_does_the_same() -> None:
    box, got = MemoryMailbox(ONE, TWO), list[bytes]()
    assert box.collect(lambda raw, whole: got.append(raw), limit=1) == 1
    assert got == [ONE] and box.done == [ONE] and box.waiting == [TWO]
    box.fail_with = TemporaryFailure("weg")
    with pytest.raises(TemporaryFailure):
        box.collect(lambda raw, whole: None, limit=1)
