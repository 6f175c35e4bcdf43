"""Mail that comes in: an answer lands at its melding, everything else has its own place, and nothing is lost."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import OperationalError

from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import transaction
from meldingen.domain.numbers import show_number
from meldingen.domain.return_address import reply_address
from meldingen.flow import answers, replies
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from tests.flow.berichten import House
from tests.flow.post import POST, IncomingMail, Photo, Post, Task, answer
from tests.photos import photo
from workers.stopping import timed_out

ELSEWHERE = "info@duinstede.nl"


@pytest.fixture
def post(house: House, now: datetime) -> Post:
    with transaction(house.engine) as session:
        for table in (Task, IncomingMail):
            session.execute(sa.delete(table))
    return Post(house, now)


def answer_to(melding: Melding) -> str:
    return reply_address(POST.mail_answer, POST.secret_keys, melding.id, melding.token_generation)


class TestAnAnswer:
    def test_lands_at_its_melding_and_the_opdracht_goes_on(self, post: Post) -> None:
        melding, opdracht = post.asked()
        sent = next(iter(post.mail.sent.values()))
        assert sent.reply_to == answer_to(melding)
        mail = answer(
            sent.reply_to, "Ja, zie de foto.\n\nOp di 14 apr schreef Gemeente Duinstede:\n> Staat de paal er nog?"
        )
        mail.add_attachment(photo(size=(1200, 900)), maintype="image", subtype="jpeg", filename="IMG_1.jpg")
        mail.add_attachment(b"\x89PNG\r\n\x1a\n" + b"x" * 900, maintype="image", subtype="png", filename="logo.png")
        post.come(mail.as_bytes())
        assert post.supplements(melding) == [("e_mail", "Ja, zie de foto.")]
        assert len(post.rows(Photo, melding_id=melding.id)) == 1, "the logo under the mail is no photo"
        assert post.rows(Opdracht, id=opdracht.id)[0].status == "nieuw"
        row = post.rows(IncomingMail)[0]
        assert (row.kind, row.melding_id) == ("antwoord", melding.id)
        assert (row.sender, row.subject, row.text, row.raw_key) == ("", "", "", ""), "its words are at the melding"
        assert post.tasks() == [] and post.box.waiting == []

    def test_the_same_message_is_handled_once(self, post: Post) -> None:
        melding, _ = post.asked()
        raw = answer(answer_to(melding)).as_bytes()
        post.come(raw, raw)
        post.come(raw)
        assert len(post.supplements(melding)) == 1 and post.kinds() == ["antwoord"]

    def test_is_found_by_what_it_answers(self, post: Post) -> None:
        melding, _ = post.asked()
        reference = post.question(melding).reference
        post.come(answer(ELSEWHERE, In_Reply_To=f"<{reference}@duinstede.nl>").as_bytes())
        post.come(answer(ELSEWHERE, "En nog iets.", References=f"<a@b> <{reference}@duinstede.nl>").as_bytes())
        assert [words for _, words in post.supplements(melding)] == ["Ja, hij staat er nog.", "En nog iets."]

    def test_is_found_by_the_number_only_from_the_melders_own_address(self, post: Post) -> None:
        melding, _ = post.asked()
        subject = f"Melding {show_number(melding.number)}"
        post.come(answer(ELSEWHERE, "Van mij.", sender="JAN@example.nl", Subject=subject).as_bytes())
        post.come(answer(ELSEWHERE, "Niet van mij.", sender="piet@example.nl", Subject=subject).as_bytes())
        assert post.supplements(melding) == [("e_mail", "Van mij.")]
        assert post.kinds() == ["antwoord", "onbekend"]

    def test_from_another_address_lands_and_says_so(self, post: Post) -> None:
        melding, _ = post.asked()
        post.come(answer(answer_to(melding), sender="dochter@example.nl").as_bytes())
        assert post.supplements(melding) == [("e_mail_ander_adres", "Ja, hij staat er nog.")]

    def test_a_forged_answer_address_finds_nothing(self, post: Post) -> None:
        melding, _ = post.asked()
        post.come(answer(f"antwoord+{melding.id}.aaaaaaaaaaaaaaaa@duinstede.nl", sender="x@example.nl").as_bytes())
        assert post.supplements(melding) == [] and post.kinds() == ["onbekend"]

    def test_a_long_answer_is_kept_whole(self, post: Post) -> None:
        melding, _ = post.asked()
        text = " ".join(f"Zin nummer {n} van een heel verhaal." for n in range(60))
        post.come(answer(answer_to(melding), text).as_bytes())
        words = [words for _, words in post.supplements(melding)]
        assert len(words) > 1 and all(len(piece) <= 500 for piece in words)
        assert " ".join(words) == text and post.tasks() == []

    def test_an_endless_answer_is_read_by_the_kcc(self, post: Post) -> None:
        melding, _ = post.asked()
        post.come(answer(answer_to(melding), "woord " * 5000).as_bytes())
        assert len(post.supplements(melding)) == answers.MOST_PORTIONS
        assert post.tasks() == [("mail_lezen", melding.id)]
        assert len(post.rows(IncomingMail)[0].text) > 20_000

    def test_a_photo_without_words_is_an_answer(self, post: Post) -> None:
        melding, opdracht = post.asked()
        mail = answer(answer_to(melding), "\n")
        mail.add_attachment(photo(size=(1200, 900)), maintype="application", subtype="octet-stream", filename="x")
        post.come(mail.as_bytes())
        assert post.supplements(melding) == [("e_mail", answers.ONLY_PHOTOS)]
        assert post.rows(Opdracht, id=opdracht.id)[0].status == "nieuw"

    def test_what_is_no_photo_is_left_for_the_kcc(self, post: Post) -> None:
        melding, _ = post.asked()
        mail = answer(answer_to(melding))
        mail.add_attachment(b"PK\x03\x04" + b"0" * 9000, maintype="image", subtype="jpeg", filename="foto.jpg")
        raw = mail.as_bytes()
        post.come(raw)
        assert len(post.supplements(melding)) == 1 and post.rows(Photo, melding_id=melding.id) == []
        assert post.tasks() == [("mail_lezen", melding.id)]
        assert post.store.get(post.rows(IncomingMail)[0].raw_key) == raw

    def test_no_more_than_five_photos(self, post: Post) -> None:
        melding, _ = post.asked()
        mail = answer(answer_to(melding))
        for n in range(7):
            mail.add_attachment(photo(size=(1000 + n, 800)), maintype="image", subtype="jpeg", filename="f.jpg")
        post.come(mail.as_bytes())
        assert len(post.rows(Photo, melding_id=melding.id)) == 5
        assert post.tasks() == [("mail_lezen", melding.id)]


class TestWhatIsNoAnswer:
    @pytest.mark.parametrize("header", [{"Auto_Submitted": "auto-replied"}, {"Subject": "Afwezig: vraag"}])
    def test_a_machine_says_nothing_to_a_team(self, post: Post, header: dict[str, str]) -> None:
        melding, opdracht = post.asked()
        post.come(answer(answer_to(melding), **header).as_bytes())
        assert post.kinds() == ["automatisch"] and post.supplements(melding) == [] and post.tasks() == []
        assert post.rows(Opdracht, id=opdracht.id)[0].status == "wacht_op_melder"
        assert post.rows(IncomingMail)[0].melding_id == melding.id

    def test_a_mail_without_a_match_is_work_of_the_kcc(self, post: Post) -> None:
        raw = answer(ELSEWHERE, "Er ligt een boom op de weg.", Subject="Boom").as_bytes()
        post.come(raw)
        row = post.rows(IncomingMail)[0]
        assert (row.kind, row.sender, row.subject) == ("onbekend", "jan@example.nl", "Boom")
        assert row.text == "Er ligt een boom op de weg." and post.store.get(row.raw_key) == raw
        task = post.rows(Task)[0]
        assert (task.kind, task.role, task.mail_id) == ("mail_zonder_melding", "kcc", row.id)
        assert task.due_at - task.created_at > timedelta(days=1)

    @pytest.mark.parametrize("gone", ["withdrawn_at", "erased_at"])
    def test_nothing_is_added_to_what_is_gone(self, post: Post, gone: str) -> None:
        melding, _ = post.asked()
        post.house.change(melding, **{gone: melding.received_at})
        post.come(answer(answer_to(melding)).as_bytes())
        assert post.supplements(melding) == [] and post.kinds() == ["onbekend"]
        assert post.rows(IncomingMail)[0].melding_id is None

    @pytest.mark.parametrize("raw", [b"geen mail", b"\x00\xff" * 500, b""], ids=range(3))
    def test_what_cannot_be_read_is_kept(self, post: Post, raw: bytes) -> None:
        post.come(raw)
        row = post.rows(IncomingMail)[0]
        assert row.kind == "onbekend" and row.text == replies.UNREADABLE and post.store.get(row.raw_key) == raw
        assert post.tasks() == [("mail_zonder_melding", None)]

    def test_a_mail_that_breaks_us_holds_up_nobody(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        melding, _ = post.asked()
        real = answers.land

        def land(*args: object) -> str:
            monkeypatch.setattr(answers, "land", real)
            raise ZeroDivisionError

        monkeypatch.setattr(answers, "land", land)
        post.come(answer(answer_to(melding), "Breekt.").as_bytes(), answer(answer_to(melding), "Komt aan.").as_bytes())
        assert post.kinds() == ["onbekend", "antwoord"]
        assert post.supplements(melding) == [("e_mail", "Komt aan.")]

    def test_time_that_is_up_is_no_fault_of_the_mail(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        melding, _ = post.asked()
        real = answers.land

        def land(*_: object) -> str:
            monkeypatch.setattr(answers, "land", real)
            try:
                raise JobTimeoutException
            except JobTimeoutException as struck:
                raise ZeroDivisionError from struck

        monkeypatch.setattr(answers, "land", land)
        post.box.waiting.append(answer(answer_to(melding), "Komt aan.").as_bytes())
        with pytest.raises(ZeroDivisionError):
            replies.poll_mailbox(post.engine, post.adapters, post.settings, timed_out=timed_out)
        assert len(post.box.waiting) == 1 and post.kinds() == []
        post.come()
        assert post.supplements(melding) == [("e_mail", "Komt aan.")]

    def test_a_clash_in_the_database_is_no_fault_of_the_mail(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        melding, _ = post.asked()
        real, states = answers.land, ["40P01", "08006"]

        def land(*args: Any) -> str:
            if not states:
                return real(*args)
            clash = Exception()
            clash.sqlstate = states.pop(0)  # type: ignore[attr-defined]
            raise OperationalError("", {}, clash)

        monkeypatch.setattr(answers, "land", land)
        with pytest.raises(OperationalError):
            post.come(answer(answer_to(melding), "Komt aan.").as_bytes())
        assert len(post.box.waiting) == 1 and post.kinds() == [] and states == []
        post.come()
        assert post.supplements(melding) == [("e_mail", "Komt aan.")]

    def test_storage_that_is_away_leaves_the_mail(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*_: object) -> None:
            raise TemporaryFailure("opslag weg")

        monkeypatch.setattr(post.store, "put", away)
        with pytest.raises(TemporaryFailure):
            post.come(answer(ELSEWHERE).as_bytes())
        assert len(post.box.waiting) == 1 and post.kinds() == []
        monkeypatch.undo()
        post.come()
        assert post.kinds() == ["onbekend"]


class TestLoops:
    def test_our_own_mail_coming_back(self, post: Post) -> None:
        melding, _ = post.asked()
        reference = post.question(melding).reference
        own = answer(answer_to(melding), Message_ID=f"<{reference}@duinstede.nl>", Auto_Submitted="auto-generated")
        post.come(own.as_bytes(), answer(ELSEWHERE, sender="meldingen@duinstede.nl").as_bytes())
        post.come(answer(ELSEWHERE, sender="retour+x.y@duinstede.nl").as_bytes())
        assert post.kinds() == ["lus"] * 3 and post.supplements(melding) == []
        assert post.tasks() == [("mail_lezen", None)], "one task, however many come"

    def test_answers_that_do_not_stop(self, post: Post, now: datetime) -> None:
        melding, _ = post.asked()
        sent = len(post.mail.sent)
        for n in range(replies.MOST_AN_HOUR + 3):
            post.come(answer(answer_to(melding), f"Antwoord {n}").as_bytes())
        assert len(post.supplements(melding)) == replies.MOST_AN_HOUR
        assert post.kinds()[-3:] == ["lus"] * 3 and post.tasks() == [("mail_lezen", melding.id)]
        assert len(post.mail.sent) == sent, "a mail is never answered by mail"
        post.at(now + timedelta(hours=3))
        post.come(answer(answer_to(melding), "Een uur later").as_bytes())
        assert post.kinds()[-1] == "antwoord"

    def test_a_stranger_that_does_not_stop(self, post: Post) -> None:
        for n in range(replies.MOST_AN_HOUR + 2):
            post.come(answer(ELSEWHERE, f"Bericht {n}", sender="bot@example.com").as_bytes())
        assert post.kinds()[-2:] == ["lus", "lus"]
        assert len(post.tasks()) == replies.MOST_AN_HOUR + 1


def test_a_file_without_a_row_goes_after_a_day(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.come(answer(ELSEWHERE).as_bytes())
    kept = post.rows(IncomingMail)[0]
    post.store.put(f"post/{post.house.home.id}/0000.eml", b"x")
    scope = [post.house.home.id]
    assert replies.sweep_mail(post.engine, post.store, scope=scope) == 0
    monkeypatch.setattr(replies, "SWEEP_AFTER_S", -1)
    assert replies.sweep_mail(post.engine, post.store, scope=scope) == 1
    assert post.store.exists(kept.raw_key)


def test_without_an_answer_address_the_rest_still_works(house: House, now: datetime) -> None:
    post = Post(house, now, settings=replace(POST, mail_answer="", mail_bounce=""))
    melding, _ = post.asked()
    post.come(answer(ELSEWHERE, In_Reply_To=f"<{post.question(melding).reference}@duinstede.nl>").as_bytes())
    assert post.supplements(melding) == [("e_mail", "Ja, hij staat er nog.")]
