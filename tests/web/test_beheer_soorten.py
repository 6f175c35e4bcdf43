"""/beheer/soorten, /beheer/gevaar and /beheer/balk: what a gemeente says first, its words of danger, its banner."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.domain.deadlines import AMSTERDAM
from meldingen.flow.banner import set_banner
from meldingen.store.category import Category
from meldingen.store.gemeente import Gemeente

from .conftest import World
from .desk import Desk, make_desk
from .forms import errors_in, fields_of, words
from .test_beheer import run  # noqa: F401  a fixture


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


def home(desk: Desk) -> str:
    return f"werkdorp{desk.number}"


def category(desk: Desk, slug: str) -> Category:
    with desk.world.session() as session:
        return session.scalars(
            sa.select(Category).where(Category.slug == slug, Category.gemeente_id == desk.gemeente_id)
        ).one()


def send(desk: Desk, path: str, who: str = "beheer", **changes: str) -> Any:
    """The form of a page as it stands, with some fields changed; None takes one away (an unticked box)."""
    page = desk.get(who, path)
    action = path.split("?")[0]
    fields = {name: values[0] for name, values in fields_of(page, action=action).items()} | changes
    return desk.post(who, path, **{name: value for name, value in fields.items() if value is not None})


def test_who_may_not_come_in(desk: Desk) -> None:
    other = make_desk(desk.world)
    for path in ("/beheer/soorten", f"/beheer/soorten/{home(desk)}/losse-tegel", "/beheer/gevaar"):
        for who in ("team", "kcc", "cor"):
            assert desk.browsers[who].get(path).status_code == 403
    for who in ("team", "kcc"):
        assert desk.browsers[who].get("/beheer/balk").status_code == 403
    assert other.browsers["beheer"].get(f"/beheer/soorten/{home(desk)}/losse-tegel").status_code == 404
    assert other.post("beheer", "/beheer/balk", gemeente=home(desk), tekst="x").status_code == 404
    assert desk.browsers["beheer"].get(f"/beheer/soorten/{home(desk)}/bestaat-niet").status_code == 404


def test_a_category_is_changed_and_says_who_did(desk: Desk) -> None:
    assert "Losse tegel" in desk.get("beheer", "/beheer/soorten")
    path = f"/beheer/soorten/{home(desk)}/losse-tegel"
    before = desk.get("beheer", path)
    assert "Nog niemand" in before
    answer = send(
        desk, path, tekst="Ligt de tegel in uw tuin?\nBel dan ons.", telefoon="14 072", link="website",
        raad="Loop erom heen.", woorden="klinker\nstoeptegel\nklinker\n\n", voorbeelden="de tegel wiebelt",
        openbaar=None,
    )  # fmt: skip
    assert answer.status_code == 303, words(answer.text)
    row = category(desk, "losse-tegel")
    assert row.hint == "Loop erom heen." and row.synonyms == ["klinker", "stoeptegel"] and not row.public
    assert row.beforehand == {
        "text": "Ligt de tegel in uw tuin?\nBel dan ons.", "link": "website", "phone": "14 072", "stops": False,
        "link_words": "Website van de gemeente",
    }  # fmt: skip
    page = words(desk.get("beheer", path + "?gedaan=ja"))
    assert "Bewaard. Dit geldt meteen." in page and f"door b{desk.number}" in page
    assert "Gewijzigd: raad, gewone woorden, voorbeelden, eerst dit, openbaar" in page
    assert send(desk, path).status_code == 303
    assert desk.get("beheer", path).count("Gewijzigd:") == 1, "the same words change nothing"
    stale = desk.post("beheer", path, **{n: v[0] for n, v in fields_of(before, action=path).items()})
    assert stale.status_code == 412 and "intussen gewijzigd" in stale.text
    ours = words(desk.get("beheer", path + "?onze=ja"))
    assert "Zij gelden pas als u ze bewaart" in ours and category(desk, "losse-tegel").hint == "Loop erom heen."


@pytest.mark.parametrize(
    ("slug", "changes", "field"),
    [
        ("losse-tegel", {"link": "http://x.nl", "tekst": "x"}, "link"),
        ("losse-tegel", {"telefoon": "bel ons", "tekst": "x"}, "telefoon"),
        ("losse-tegel", {"stopt": "ja", "tekst": ""}, "tekst"),
        ("losse-tegel", {"raad": "x" * 301}, "raad"),
        ("losse-tegel", {"woorden": "w" * 61}, "woorden"),
        ("losse-tegel", {"voorbeelden": "\n".join(map(str, range(201)))}, "voorbeelden"),
        ("ander-probleem", {"in_gebruik": None}, "in_gebruik"),
        ("ander-probleem", {"stopt": "ja", "tekst": "x"}, "stopt"),
        ("straat", {"in_gebruik": None}, "in_gebruik"),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field_and_stays(
    desk: Desk, slug: str, changes: dict[str, Any], field: str
) -> None:
    path = f"/beheer/soorten/{home(desk)}/{slug}"
    answer = send(desk, path, **changes)
    assert answer.status_code == 400 and list(errors_in(answer.text)) == [field]
    told = {name: value for name, value in changes.items() if value}
    shown = {name: values[0] for name, values in fields_of(answer.text, action=path).items()}
    assert {name: shown[name] for name in told} == told


def test_words_of_danger_are_tried_kept_and_given_back(desk: Desk) -> None:
    path = "/beheer/gevaar"
    tried = send(desk, path, actie="probeer", zin="Een wild zwijn!", alarm="wild zwijn", vragen="beest")
    assert tried.status_code == 200 and "meteen alarm voor de piketdienst" in words(tried.text)
    assert "Wij horen in deze zin geen gevaar" in words(send(desk, path, actie="probeer", zin="Losse tegel").text)
    assert "bovenaan als gevaar vermoed" in words(send(desk, path, actie="probeer", zin="Dit is onveilig").text)
    assert "U gebruikt onze lijsten" in desk.get("beheer", path), "trying keeps nothing"
    before = desk.get("beheer", path)
    wrong = send(desk, path, actie="bewaar", vragen="goed\nfo*ut")
    assert wrong.status_code == 400 and list(errors_in(wrong.text)) == ["vragen"] and "fo*ut" in wrong.text
    assert send(desk, path, actie="bewaar", alarm="wild zwijn", vragen="beest").status_code == 303
    made, _ = desk.melding(intake_channel="app", description="Een wild zwijn!")
    assert made.danger
    fields = {name: values[0] for name, values in fields_of(before, action=path).items()}
    assert desk.post("beheer", path, **fields, actie="bewaar").status_code == 412
    assert "Gebruik onze lijsten" in desk.get("beheer", path)
    assert send(desk, path, actie="onze").status_code == 303
    assert "U gebruikt onze lijsten" in desk.get("beheer", path)


def test_a_banner_stands_on_every_page_until_its_end(world: World, client: FlaskClient) -> None:
    desk = make_desk(world)
    with world.session() as session, session.begin():
        now = business_now(session)
        session.execute(sa.update(Gemeente).values(host=None))
        session.execute(sa.update(Gemeente).where(Gemeente.id == desk.gemeente_id).values(host="localhost"))
    ends = (now + timedelta(hours=3)).astimezone(AMSTERDAM)
    until = {"dag": ends.date().isoformat(), "uur": f"{ends:%H:%M}"}
    try:
        wrong = send(desk, "/beheer/balk", "cor", tekst="", dag="2020-01-01", uur="10:00", actie="aan")
        assert wrong.status_code == 400 and list(errors_in(wrong.text)) == ["tekst", "dag"]
        text = "Er is een <storing>. Bel ons."
        assert send(desk, "/beheer/balk", tekst=text, **until, actie="aan").status_code == 303
        shown = re.compile(r'class="site-banner".*?role="status".*?Er is een &lt;storing&gt;\. Bel ons\.', re.S)
        for path in ("/", "/melden/waar", "/bestaat-niet", "/privacy"):
            assert shown.search(client.get(path).text), path
        assert shown.search(desk.get("team", "/team"))
        told = client.get("/api/v1/gemeenten").json["gemeenten"]
        assert next(one for one in told if one["slug"] == home(desk))["mededeling"]["tekst"] == text
        client.get("/")
        engine = world.app.extensions["meldingen"].engine
        broken = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
        held = world.app.extensions["meldingen"]
        object.__setattr__(held, "engine", broken)
        try:
            answer = client.get("/")
            assert answer.status_code >= 500 and shown.search(answer.text), "the database is away, the text is not"
        finally:
            object.__setattr__(held, "engine", engine)
        assert send(desk, "/beheer/balk", actie="uit").status_code == 303
        assert "site-banner" not in client.get("/").text
        with world.session() as session, session.begin():
            earlier = now - timedelta(hours=2)
            set_banner(
                session, desk.gemeente_id, text, now - timedelta(hours=1), actor=desk.people["beheer"], now=earlier
            )
        assert "site-banner" not in client.get("/").text, "what is over is not shown"
    finally:
        with world.session() as session, session.begin():
            session.execute(sa.update(Gemeente).values(host=None))


def test_the_same_on_the_command_line(desk: Desk, run: Any) -> None:  # noqa: F811
    here = ("--gemeente", home(desk))
    assert "Er staat geen bericht" in run("beheer", "balk", *here).output
    assert "wat iedereen" not in run("beheer", "balk", "Storing", "--tot", "2020-01-01T10:00", *here).output
    assert run("beheer", "balk", "Storing", "--tot", "gisteren", *here).exit_code == 1
    with desk.world.session() as session:
        until = (business_now(session) + timedelta(hours=2)).isoformat(timespec="minutes")
    assert "Storing  (tot" in run("beheer", "balk", "Storing", "--tot", until, *here).output
    assert "Er staat geen bericht" in run("beheer", "balk", "--uit", *here).output
    assert run("beheer", "gevaar", "Sterke gaslucht", *here).output == "Alarm\n  gaslucht\n"
    assert run("beheer", "gevaar", "Losse tegel", *here).output == "Geen gevaar gehoord\n"
