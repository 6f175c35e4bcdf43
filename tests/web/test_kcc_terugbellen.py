"""Who must be phoned: a terugbelnotitie from promise to "gesproken", who takes it, and what shouts when it is late."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.flow import kcc
from meldingen.store.callback import Callback
from meldingen.store.contact import ContactView
from meldingen.store.melding import Melding

from .conftest import World
from .desk import Desk, make_desk


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def call(desk: Desk, row: Callback, **form: Any) -> Any:
    return desk.post("kcc", f"/kcc/terugbelnotities/{row.id}", **{"versie": row.version, **form})


def test_a_promise_to_phone(desk: Desk) -> None:
    made, _ = desk.melding(contact={"name": "Bo", "phone": "072 589 12 34"})
    base = f"/kcc/melding/{made.number}"
    page = desk.post("kcc", f"{base}/terugbelnotities", bel_tekst="")
    assert page.status_code == 400 and "Schrijf op wat u wilt vertellen" in page.text
    assert desk.post("kcc", f"{base}/terugbelnotities", bel_tekst="Bel over de tegel.").status_code == 303
    with desk.world.session() as session:
        row = session.scalars(sa.select(Callback).where(Callback.melding_id == made.id)).one()
    listed = desk.get("kcc", "/kcc/terugbelnotities")
    assert f"/kcc/terugbelnotities/{row.id}" in listed and "589" not in listed, "numbers are one tap away, and logged"
    page = desk.get("kcc", f"/kcc/terugbelnotities/{row.id}")
    assert "tel:+31725891234" in page and "Bel over de tegel." in page
    assert call(desk, row).status_code == 400
    assert call(desk, row, uitkomst="niet_bereikt").status_code == 303
    stale = call(desk, row, uitkomst="gesproken", tekst="Mijn woorden blijven staan.")
    assert stale.status_code == 412 and "Een collega was u voor" in stale.text and "Mijn woorden blijven" in stale.text
    with desk.world.session() as session:
        row = session.get_one(Callback, row.id)
    assert call(desk, row, uitkomst="gesproken", tekst="Verteld.").status_code == 303
    assert f"/kcc/terugbelnotities/{row.id}" not in desk.get("kcc", "/kcc/terugbelnotities")
    assert "Deze terugbelnotitie is klaar" in desk.get("kcc", f"/kcc/terugbelnotities/{row.id}")
    assert "gesproken" in desk.get("kcc", base)
    with desk.world.session() as session:
        contexts = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == made.id)).all()
    assert "terugbelnotitie" in contexts
    other = make_desk(desk.world)
    assert other.browsers["kcc"].get(f"/kcc/terugbelnotities/{row.id}").status_code == 404


def test_who_phones_is_seen_by_all(desk: Desk) -> None:
    made, _ = desk.melding(contact={"name": "Bo", "phone": "072 589 12 34"})
    desk.post("kcc", f"/kcc/melding/{made.number}/terugbelnotities", bel_tekst="Bel.")
    with desk.world.session() as session:
        row = session.scalars(sa.select(Callback).where(Callback.melding_id == made.id)).one()
    path = f"/kcc/terugbelnotities/{row.id}"
    assert "Ik bel" in desk.get("kcc", path)
    assert desk.post("kcc", f"{path}/nemen", versie="1").status_code == 303
    assert "U belt" in desk.get("kcc", "/kcc/terugbelnotities") and "Geef terug" in desk.get("kcc", path)
    assert f"k{desk.number} belt" in desk.get("cor", "/kcc/terugbelnotities").lower()
    assert "Neem over van" in desk.get("cor", path)
    mine = desk.post("cor", f"{path}/nemen", versie="2")
    assert mine.status_code == 409 and "Een collega belt al" in mine.text
    assert desk.post("cor", f"{path}/overnemen", versie="2").status_code == 303
    assert desk.post("cor", f"{path}/teruggeven", versie="3").status_code == 303
    assert desk.post("cor", f"{path}/toveren", versie="4").status_code == 404
    for version in (4, 5, 6):
        desk.post("kcc", path, versie=version, uitkomst="niet_bereikt", tekst=f"Poging bij versie {version}")
    page = desk.get("kcc", path)
    assert "3 keer gebeld, niemand nam op" in page and "Poging bij versie 5" in page
    assert desk.post("kcc", f"{path}/stoppen", versie="7", stop_tekst="").status_code == 400
    assert desk.post("kcc", f"{path}/stoppen", versie="7", stop_tekst="Brief gestuurd.").status_code == 303
    assert path not in desk.get("kcc", "/kcc/terugbelnotities")


def test_a_late_promise_shouts(desk: Desk) -> None:
    made, _ = desk.melding(contact={"phone": "072 589 12 34"}, ago=timedelta(days=20))
    with desk.world.session() as session, session.begin():
        moment = business_now(session) - timedelta(days=15)
        kcc.make_callback(session, session.get_one(Melding, made.id), "Bel.", actor=desk.people["kcc"], now=moment)
    assert "Te laat:" in desk.get("kcc", "/kcc/terugbelnotities")
    page = desk.get("kcc", "/kcc")
    assert "1 te laat" in page and "1 terugbelnotitie is te laat" in page
    assert "site-menu__count--late" in page and "site-menu__count--late" in desk.get("cor", "/team")


def test_what_waits_on_the_desk_keeps_itself_up_to_date(world: World) -> None:
    desk = make_desk(world)
    assert 'data-live="/kcc?deel=ja"' in desk.get("kcc", "/kcc?zoek=boom")
    first = desk.browsers["kcc"].get("/kcc?deel=ja")
    assert "<html" not in first.text and 'data-part="wacht"' in first.text and "Terugbelnotities: 0" in first.text
    tag = {"If-None-Match": first.headers["ETag"]}
    assert desk.browsers["kcc"].get("/kcc?deel=ja", headers=tag).status_code == 304
    made, _ = desk.melding(contact={"phone": "0612345678"})
    with world.session() as session, session.begin():
        found, now = session.get_one(Melding, made.id), business_now(session)
        kcc.make_callback(session, found, "Bel terug.", actor=desk.people["kcc"], now=now)
    changed = desk.browsers["kcc"].get("/kcc?deel=ja", headers=tag)
    assert changed.status_code == 200 and "Terugbelnotities: 1" in changed.text
