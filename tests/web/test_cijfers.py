"""/cijfers, the overzicht terugkoppeling and their CSV: who may read, what stands there, nothing of a neighbour."""

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from meldingen.db import business_now
from meldingen.domain.cijfers import FIGURES
from meldingen.flow import closure
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.category import Category
from meldingen.store.ending import Ending
from meldingen.web.csv_file import harmless

from .conftest import World
from .desk import Desk, make_desk

PATHS = ("/cijfers", "/cijfers/cijfers.csv", "/cijfers/uitleg.csv", "/cijfers/terugkoppeling")


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def close_some(desk: Desk, count: int, **facts: object) -> None:
    """Some meldingen of yesterday, closed now."""
    for _ in range(count):
        melding, work = desk.melding(ago=timedelta(days=1), **facts)
        with desk.world.session() as session, session.begin():
            said = NewClosure("opgelost", "De tegel ligt vast.")
            basis = Basis(version=work.version)
            now = business_now(session)
            closure.close_opdracht(session, work.id, said, basis=basis, actor=desk.people["cor"], now=now)
            ending = session.scalars(sa.select(Ending).where(Ending.melding_id == melding.id)).one()
            assert ending.gemeente_id == desk.gemeente_id


def table_of(page: str, caption: str) -> list[list[str]]:
    """The cells of a table, row by row, without markup."""
    body = page.split(f">{caption}</caption>")[1].split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in body.split("<tr")[1:]]
    return [[re.sub(r"<[^>]+>", " ", cell).split("\n")[0].strip() for cell in row] for row in rows]


def test_who_may_read(desk: Desk) -> None:
    for who in ("team", "kcc", "partij"):
        for path in PATHS:
            assert desk.browsers[who].get(path).status_code == 403, (who, path)
    for path in PATHS:
        assert desk.world.app.test_client().get(path).status_code in (302, 401)
        for who in ("cor", "beheer"):
            assert desk.browsers[who].get(path).status_code == 200
    listed = "/cijfers/terugkoppeling/2026-04/anoniem"
    assert desk.browsers["cor"].get(listed).status_code == 200
    assert desk.browsers["beheer"].get(listed).status_code == 403, "melding by melding is for the coordinator"


def test_nothing_of_another_gemeente(desk: Desk) -> None:
    other = make_desk(desk.world)
    close_some(other, 6)
    for path in PATHS[:2] + PATHS[3:]:
        asked = f"{path}?gemeente=werkdorp{other.number}"
        assert desk.browsers["cor"].get(asked).status_code == 404
        assert other.browsers["cor"].get(asked).status_code == 200
    assert "nog niets te tellen" in desk.get("cor", "/cijfers")
    assert "nog niets te tellen" not in other.get("cor", "/cijfers")


def test_the_definition_stands_beside_each_number(desk: Desk) -> None:
    close_some(desk, 6)
    page = desk.get("cor", "/cijfers")
    for figure in FIGURES:
        assert figure.name.replace("&", "&amp;") in page and figure.definition in page.replace("&#39;", "'")
    months = table_of(page, "Cijfers per maand")
    heads, now = months[0], months[-1]
    told = dict(zip(heads, now, strict=True))
    assert (told["Afgehandeld"], told["Op tijd"], told["Anoniem"]) == ("6", "100 %", "100 %")
    assert told["Terugbelnotities"] == "0" and told["Gebeld op tijd"] == "–"
    assert "Van dezelfde maanden een jaar eerder zijn er geen cijfers" in page


def test_small_numbers_do_not_leave_the_house(desk: Desk) -> None:
    close_some(desk, 6)
    close_some(desk, 2, category_slug="gras-te-hoog")
    page = desk.get("cor", "/cijfers?per=hoofdcategorie")
    parts = {row[0]: row for row in table_of(page, "Cijfers per hoofdsoort")}
    heads = parts["Hoofdsoort"]
    assert parts["Groen"][heads.index("Afgehandeld")] == parts["Straat"][heads.index("Afgehandeld")] == "&lt; 5*"
    assert "2" not in parts["Groen"], "nor anywhere else in its row"


def test_the_csv_is_open_data(desk: Desk) -> None:
    close_some(desk, 7)
    with desk.world.session() as session, session.begin():
        tile = sa.select(Category).where(Category.gemeente_id == desk.gemeente_id, Category.slug == "losse-tegel")
        session.scalars(tile).one().name = "=HYPERLINK(1)"
        main = sa.select(Category).where(Category.gemeente_id == desk.gemeente_id, Category.slug == "straat")
        session.scalars(main).one().name = "@straat"
    answer = desk.browsers["cor"].get("/cijfers/cijfers.csv")
    assert answer.content_type == "text/csv; charset=utf-8" and "attachment" in answer.headers["Content-Disposition"]
    text = answer.data.decode("utf-8")
    assert text.startswith("\ufeffgemeente;maand;indeling;code;naam;ontvangen;afgehandeld;")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert {row["indeling"] for row in rows} == {"totaal", "hoofdcategorie", "categorie", "wijk", "team", "kanaal"}
    (wijk,) = [row for row in rows if row["indeling"] == "wijk" and row["afgehandeld"] == "7"]
    assert (wijk["gemeente"], wijk["naam"], wijk["op_tijd"]) == (f"werkdorp{desk.number}", "Noord", "100")
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@"]
    assert any(row["naam"].startswith("'@straat") for row in rows)
    meaning = desk.browsers["cor"].get("/cijfers/uitleg.csv").data.decode("utf-8-sig")
    columns = {row["kolom"] for row in csv.DictReader(io.StringIO(meaning), delimiter=";")}
    assert columns >= {figure.code for figure in FIGURES}


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}" and harmless("a" + cell) == "a" + cell


@pytest.mark.parametrize(
    "asked",
    [
        "van=2026-13&tot=x",
        "van=9999-12&tot=9999-12",
        "van=2026-04&tot=2020-01",
        "per=niets",
        "van=0001-01",
        "van=²026-01",
    ],
)
def test_any_period_is_answered(desk: Desk, asked: str) -> None:
    assert "Cijfers van" in desk.get("cor", f"/cijfers?{asked}")
    assert "Terugkoppeling in" in desk.get("cor", f"/cijfers/terugkoppeling?{asked}")


def test_the_overzicht_adds_up_and_is_explained(desk: Desk) -> None:
    close_some(desk, 2)
    close_some(desk, 1, contact={"email": "jan@example.nl"})
    page = desk.get("cor", "/cijfers/terugkoppeling")
    rows = table_of(page, "Wat melders hoorden, per maand")
    heads, now = rows[0], rows[1]
    told = dict(zip(heads, (cell.split()[0] if cell else "0" for cell in now), strict=True))
    numbers = [int(told[head]) for head in heads[3:]]
    assert int(told["Afgehandeld"]) == sum(numbers) == 3
    assert (told["Bereikbaar"], told["Anoniem"], told["Onderweg"]) == ("1", "2", "1")
    link = re.search(r'href="(/cijfers/terugkoppeling/[^"]*onderweg[^"]*)"', page)
    assert link
    explained = desk.get("cor", link[1].replace("&amp;", "&"))
    assert explained.count("/kcc/melding/") == 1 and "Wij proberen het weer na" in explained
    assert desk.browsers["cor"].get("/cijfers/terugkoppeling/2026-04/niets").status_code == 404
    assert desk.browsers["cor"].get("/cijfers/terugkoppeling/niets/anoniem?pagina=x").status_code == 404
