"""A mail nobody could place: the desk reads it as text, saves it as it came, and joins it to a melding."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.domain.numbers import show_number
from meldingen.flow import replies
from meldingen.flow.desk import Desk as Counter
from meldingen.store.gemeente import Gemeente
from meldingen.store.incoming_mail import IncomingMail
from meldingen.store.journal import Event, Note
from meldingen.store.photo import Photo
from meldingen.store.task import Task
from tests.flow.post import answer
from tests.photos import photo

from .conftest import World
from .desk import Desk, make_desk
from .forms import words

TEXT = "De paal staat er nog. <script>alert(1)</script>"


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def come(desk: Desk, raw: bytes) -> IncomingMail:
    """A mail comes in for this gemeente."""
    held = desk.world.app.extensions["meldingen"]
    with desk.world.session() as session, session.begin():
        session.get_one(Gemeente, desk.gemeente_id).email = f"info{desk.gemeente_id}@example.nl"
        session.flush()
        scope = frozenset(session.scalars(sa.select(Gemeente.id)))
        replies.take_mail(Counter(session, held.adapters, held.settings, scope, business_now(session)), raw)
        return session.scalars(sa.select(IncomingMail).order_by(IncomingMail.id.desc()).limit(1)).one()


def stray(desk: Desk, text: str = TEXT) -> bytes:
    made = answer(f"info{desk.gemeente_id}@example.nl", text, sender="bo@example.nl", Subject="Die paal")
    made.add_attachment(photo(size=(1200, 900)), maintype="image", subtype="jpeg", filename="p.jpg")
    return made.as_bytes()


def test_it_is_read_as_text_and_saved_as_it_came(desk: Desk) -> None:
    raw = stray(desk)
    mail = come(desk, raw)
    page = desk.get("kcc", f"/kcc/post/{mail.id}")
    assert "bo@example.nl" in page and "Die paal" in page and "De paal staat er nog." in words(page)
    assert "<script>alert" not in page
    saved = desk.browsers["kcc"].get(f"/kcc/post/{mail.id}/bericht.eml")
    assert saved.data == raw and saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.mimetype == "application/octet-stream"


def test_joined_it_stands_at_the_melding_and_the_task_is_done(desk: Desk) -> None:
    mail = come(desk, stray(desk))
    melding, _ = desk.melding(contact={"email": "bo@example.nl"})
    got = desk.post("kcc", f"/kcc/post/{mail.id}", nummer=show_number(melding.number))
    assert got.status_code == 303 and got.location == f"/kcc/melding/{melding.number}?gedaan=aanvullingen"
    page = words(desk.get("kcc", got.location))
    assert "per e-mail" in page and "De paal staat er nog." in page
    with desk.world.session() as session:
        note = session.scalars(sa.select(Note).where(Note.melding_id == melding.id)).one()
        event = session.scalars(
            sa.select(Event).where(Event.melding_id == melding.id, Event.kind == "aanvulling")
        ).one()
        row = session.get_one(IncomingMail, mail.id)
        assert note.text == TEXT and event.on_behalf_of == melding.id and event.facts["came_by"] == "e_mail"
        assert (row.kind, row.melding_id, row.sender, row.text, row.raw_key) == ("antwoord", melding.id, "", "", "")
        assert session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).one()
        task = session.scalars(sa.select(Task).where(Task.mail_id == mail.id)).one()
        assert task.status == "klaar" and task.finished_by == desk.people["kcc"].account_id
    again = desk.post("kcc", f"/kcc/post/{mail.id}", nummer=melding.number)
    assert again.status_code == 409 and "hoort al bij een melding" in words(again.text)


@pytest.mark.parametrize("number", ["", "12", "2600001234", "26 9999 9990"])
def test_a_wrong_number_says_so_and_keeps_what_was_typed(desk: Desk, number: str) -> None:
    mail = come(desk, stray(desk, f"Voor {number}"))
    got = desk.post("kcc", f"/kcc/post/{mail.id}", nummer=number)
    assert got.status_code == 400 and "Fout" in words(got.text) and f'value="{number}"' in got.text


def test_nothing_is_joined_to_what_is_withdrawn_or_of_others(desk: Desk) -> None:
    mail = come(desk, stray(desk))
    melding, _ = desk.melding()
    with desk.world.session() as session, session.begin():
        session.merge(melding).withdrawn_at = melding.received_at + timedelta(hours=1)
    assert desk.post("kcc", f"/kcc/post/{mail.id}", nummer=melding.number).status_code == 409
    other, _ = make_desk(desk.world).melding()
    assert desk.post("kcc", f"/kcc/post/{mail.id}", nummer=other.number).status_code == 400


def test_only_the_desk_of_its_own_gemeente_reads_it(desk: Desk) -> None:
    mail = come(desk, stray(desk))
    for path in (f"/kcc/post/{mail.id}", f"/kcc/post/{mail.id}/bericht.eml"):
        assert desk.browsers["team"].get(path).status_code == 403
        assert make_desk(desk.world).browsers["kcc"].get(path).status_code == 404
        assert desk.world.app.test_client().get(path).status_code == 302
    assert desk.browsers["kcc"].get("/kcc/post/999999").status_code == 404
