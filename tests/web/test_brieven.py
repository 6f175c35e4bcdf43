"""Letters: who has nothing digital and no phone hears the end on paper, and a person says that it was posted."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.flow import closure
from meldingen.flow.closure import NewClosure
from meldingen.flow.notices import deliver_notice
from meldingen.flow.status import Basis
from meldingen.store.contact import ContactView
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, DeliveryStep
from meldingen.store.outbox import OutboxEntry, Topic

from .conftest import World
from .desk import Desk, make_desk

ADDRESS = "Dorpsstraat 1\n1861 KT Werkdorp"


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def closed_by_post(desk: Desk, world: World, name: str = "Mevrouw De Vries") -> Melding:
    """A melding that is solved, of somebody who can only be reached by post; its letter waits."""
    made, work = desk.melding(contact={"name": name, "postal_address": ADDRESS})
    with world.session() as session, session.begin():
        said = NewClosure("opgelost", sentence="De tegel ligt weer vast.")
        now = business_now(session)
        closure.close_opdracht(
            session, work.id, said, basis=Basis(version=work.version), actor=desk.people["cor"], now=now
        )
        owed = session.scalars(
            sa.select(OutboxEntry).where(
                OutboxEntry.topic == Topic.NOTICE.value,
                OutboxEntry.order_key == f"melding:{made.id}",
                OutboxEntry.done_at.is_(None),
            )
        ).all()
    for row in owed:
        deliver_notice(
            world.engine,
            world.app.extensions["meldingen"].adapters,
            world.app.extensions["meldingen"].settings,
            row.payload,
        )
    return made


def letters(client: FlaskClient) -> bytes:
    answer = client.get("/kcc/brieven.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    return answer.data


def test_only_the_desk_and_the_coordinator_see_letters(desk: Desk) -> None:
    assert desk.browsers["team"].get("/kcc/brieven").status_code == 403
    assert "Er hoeft geen brief op de post." in desk.get("kcc", "/kcc/brieven")


def test_a_letter_is_printed_posted_and_counts_as_sent(desk: Desk, world: World) -> None:
    made = closed_by_post(desk, world)
    page = desk.get("kcc", "/kcc/brieven")
    assert "Opgelost, melding" in page
    assert "Brieven: 1" in desk.get("kcc", "/kcc")
    pdf = letters(desk.browsers["kcc"])
    assert pdf.startswith(b"%PDF-")
    assert b"/Count 1/" in pdf
    with world.session() as session:
        looked = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == made.id)).all()
        assert looked == ["brief"]
        waiting = session.scalars(sa.select(Delivery).where(Delivery.address == ADDRESS)).one()
    assert "opgelost" in waiting.subject
    assert "De tegel ligt weer vast." in waiting.text
    for expected in ("1 brief staat als gepost", "Er is niets gewijzigd"):
        answer = desk.post("kcc", "/kcc/brieven", brief=str(waiting.id))
        assert expected in desk.get("kcc", answer.headers["Location"])
    with world.session() as session:
        steps = session.scalars(sa.select(DeliveryStep.status).where(DeliveryStep.delivery_id == waiting.id)).all()
        assert list(steps) == ["gepland", "verzonden"]
    assert "Brief op de post gedaan." in desk.get("kcc", f"/kcc/melding/{made.number}")


def test_another_gemeente_sees_none_of_it(desk: Desk, world: World) -> None:
    closed_by_post(desk, world)
    elsewhere = make_desk(world)
    assert "Er hoeft geen brief op de post." in elsewhere.get("kcc", "/kcc/brieven")
    with world.session() as session:
        waiting = session.scalars(
            sa.select(Delivery.id).where(Delivery.address == ADDRESS).order_by(-Delivery.id)
        ).all()
    assert elsewhere.browsers["kcc"].get(f"/kcc/brieven.pdf?brief={waiting[0]}").status_code == 404
    elsewhere.post("kcc", "/kcc/brieven", brief=str(waiting[0]))
    with world.session() as session:
        assert session.get_one(Delivery, waiting[0]).status == "gepland"


def test_several_letters_are_one_document(desk: Desk, world: World) -> None:
    closed_by_post(desk, world)
    closed_by_post(desk, world, name="Иван 😀")
    assert b"/Count 2/" in letters(desk.browsers["kcc"])
