"""What anybody sees of the neighbourhood: problems and where they are, to ten metres; no words, no persons."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from meldingen.adapters.geocoder import FixedGeocoder
from meldingen.db import machine_now
from meldingen.domain.actor import COORDINATOR
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.status import Basis
from meldingen.store.area import Area
from meldingen.store.gemeente import gemeente_by_id
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht, melding_ids_of
from meldingen.store.photo import add_photo
from tests import factories

from .conftest import World
from .forms import fields_of, press, words
from .melder import walk

EXACT = (4.701234, 52.661234)


@pytest.fixture(scope="module")
def town(world: World) -> dict[str, int]:
    """Opdrachten by name: open and closed ones, of kinds that are public, that are not, and that never are."""
    now = machine_now()
    made: dict[str, int] = {}
    with world.session() as session, session.begin():
        home = gemeente_by_id(session, world.gemeente_id)
        for code, name, west in (("BU1", "Duinbuurt", 4.65), ("BU2", "Strandbuurt", 4.75)):
            shape = factories.square(west, 52.63, west + 0.1, 52.70)
            session.add(
                Area(gemeente_id=home.id, kind="buurt", code=code, name=name, year=2025, active=True, shape=shape)
            )
        factories.category(session, home, "autowrak", public=False)
        never = factories.category(session, home, "overlast", public=True)
        factories.category(session, home, "geluid", parent=never, public=True)
        boss = factories.medewerker(session, home, COORDINATOR, username="chef-buurt")

        def report(name: str, ago: int = 0, **facts: Any) -> Opdracht:
            contact = {"name": "Jo Geheim", "email": "jo@geheim.example"}
            told = {"description": "Geheime woorden", "contact": contact, "at": EXACT} | facts
            work = factories.opdracht_of(session, factories.melding(session, now=now - timedelta(days=ago), **told))
            made[name] = work.id
            return work

        def close(work: Opdracht, ago: int, closure: NewClosure) -> None:
            basis = Basis(version=work.version)
            close_opdracht(session, work.id, closure, basis=basis, actor=boss, now=now - timedelta(days=ago))

        report("open", 3)
        close(report("solved", 20), 10, NewClosure("opgelost", sentence="Geheime zin"))
        close(report("not", 20), 9, NewClosure("niet_opgelost", reason="eigen-terrein"))
        close(report("old", 50), 40, NewClosure("opgelost"))
        report("far", 1, at=(4.76, 52.66), category_slug="gras-te-hoog")
        for _ in range(2):
            report("wreck", 1, category_slug="autowrak")
        for _ in range(6):
            report("wrecks", 1, category_slug="autowrak", at=(4.76, 52.66))
            report("noise", 1, category_slug="geluid")
        left = report("left", 1, at=(4.71, 52.66))
        session.execute(sa.update(Melding).where(Melding.id == _melding_of(session, left)).values(flags=["beperkt"]))
        for public in (False, True):
            made[f"photo {public}"] = _photo(session, made["open"], public, now)
    return made


def _melding_of(session: Session, work: Opdracht) -> int:
    return next(iter(melding_ids_of(session, [work.id], scope=[work.gemeente_id])))


def _photo(session: Session, opdracht_id: int, public: bool, now: datetime) -> int:
    row = session.get_one(Opdracht, opdracht_id)
    name = f"{'openbaar' if public else 'gesloten'}0123"
    made = add_photo(
        session, gemeente_id=row.gemeente_id, public_id=name, melding_id=None, opdracht_id=opdracht_id, kind="team",
        sha256=name.encode(), size_bytes=1, upload_key="", now=now,
    )  # fmt: skip
    assert made is not None
    made.status, made.public, made.small_key = "klaar", public, "x"
    return int(made.id)


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="m-(\d+)"', page)]


def test_the_list_shows_problems_and_nothing_of_people(client: FlaskClient, town: dict[str, int]) -> None:
    page = client.get("/in-de-buurt").text
    assert ids(page) == [town[name] for name in ("far", "open", "solved", "not")]
    assert "Geheim" not in page and "geheim" not in page and "chef" not in page
    told = words(page)
    assert "Gemeld: 3 dagen geleden" in told and "Opgelost Klaar: 10 dagen geleden" in told and "Niet opgelost" in told
    assert "openbaar0123" in page and "gesloten0123" not in page
    assert page.count("Dit heb ik ook") == 2, "only what is open"
    rows = re.findall(r'scope="row">.*?>([^<]+)</a></th>.*?>(\d+)</td>.*?>([^<]+)</td>', page)
    assert rows == [("Duinbuurt", "3", "minder dan 5"), ("Strandbuurt", "1", "6")], "noise is in no count"


def test_the_map_has_the_same_to_ten_metres(client: FlaskClient, town: dict[str, int]) -> None:
    answer = client.get("/in-de-buurt.geojson?soort=straat")
    places = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in answer.json["features"]}
    assert places == {town[name]: [4.7012, 52.6612] for name in ("open", "solved", "not")}
    assert set(answer.json["features"][0]["properties"]) == {"id", "soort", "stand", "teken"}
    again = client.get("/in-de-buurt.geojson?soort=straat", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and "max-age=60" in answer.headers["Cache-Control"]


def test_it_can_be_narrowed_by_buurt_kind_place_and_address(
    world: World, client: FlaskClient, town: dict[str, int]
) -> None:
    assert ids(client.get("/in-de-buurt?buurt=BU2").text) == [town["far"]]
    assert ids(client.get("/in-de-buurt?soort=gras-te-hoog").text) == [town["far"]]
    page = client.get("/in-de-buurt?lon=4.7012&lat=52.6650").text
    assert ids(page)[:1] == [town["open"]] and "ongeveer 420 meter verderop" in words(page)
    assert "Binnen 1 kilometer is nu niets gemeld" in words(client.get("/in-de-buurt?lon=4.62&lat=52.61").text)
    for wrong in ("lon=x&lat=1", "lon=NaN&lat=52", "lon=0&lat=0", "buurt=%00&soort=%00", "pagina=-1", "pagina=x"):
        assert client.get(f"/in-de-buurt?{wrong}").status_code == 200
    held = world.app.extensions["meldingen"]
    before = held.adapters
    held.adapters = replace(before, geocoder=FixedGeocoder({EXACT: "Dorpsstraat 12, 1861 KT Duinstede"}))
    try:
        page = client.get("/in-de-buurt?adres=dorpsstraat").text
        assert "Rond Dorpsstraat 12" in words(page) and ids(page)[0] == town["open"]
        assert 'id="veld-adres-fout"' in client.get("/in-de-buurt?adres=nergens").text
    finally:
        held.adapters = before


def test_i_have_this_too_fills_in_the_form_and_joins(world: World, client: FlaskClient, town: dict[str, int]) -> None:
    link = re.findall(rf'href="(/melden\?[^"]*zelfde_als={town["open"]}[^"]*)"', client.get("/in-de-buurt").text)[0]
    page = client.get(link.replace("&amp;", "&"), follow_redirects=True).text
    seen = fields_of(page, action="/melden/waar")
    assert (seen["categorie"], seen["zelfde_als"], seen["lon"]) == (["losse-tegel"], [str(town["open"])], ["4.7012"])
    answer = walk(client, page, omschrijving="Hier ook.")
    assert answer is not None
    page = client.get("/melden/controleren").text
    sent = press(client, page, "/melden/versturen")
    assert sent.status_code == 303
    with world.session() as session:
        newest = session.scalars(sa.select(Melding).order_by(Melding.id.desc()).limit(1)).one()
    assert newest.same_as_opdracht_id == town["open"]
