"""The language of a page: chosen, kept, offered, and never lost on the way (KLANTREIS rule 12, A11Y-01)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from meldingen.domain.notices import date_words
from meldingen.domain.sentence import say, say_together
from meldingen.web import taal

from .conftest import World
from .forms import press

OTHER = """
msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Zo gaat het"
msgstr "{said}"

msgid "Ingepland voor %(dag)s"
msgstr "{planned}"
"""


@pytest.fixture
def languages(world: World, tmp_path: Path) -> Iterator[Callable[[str, str, str], None]]:
    """Adds a language as a file, and takes it out of the app again."""
    before = taal.read_languages(taal.FOLDER)

    def add(code: str, said: str, planned: str) -> None:
        (tmp_path / f"{code}.po").write_text(OTHER.format(code=code, said=said, planned=planned), encoding="utf-8")
        taal.read_languages.cache_clear()
        world.app.extensions["meldingen_talen"] = {**before, **taal.read_languages(tmp_path)}

    yield add
    world.app.extensions["meldingen_talen"] = before


def test_a_link_chooses_a_language_and_a_cookie_keeps_it(client: FlaskClient) -> None:
    first = client.get("/privacy?gemeente=x")
    assert '<html lang="nl"' in first.text
    assert 'href="/privacy?gemeente=x&amp;taal=en" lang="en"' in first.text
    english = client.get("/privacy?taal=en")
    assert '<html lang="en"' in english.text
    assert english.headers["Content-Language"] == "en"
    kept = english.headers["Set-Cookie"]
    assert kept.startswith("taal=en;")
    assert "HttpOnly" in kept and "SameSite=Lax" in kept
    assert '<html lang="en"' in client.get("/cookies").text
    assert '<html lang="nl"' in client.get("/cookies?taal=nl").text
    assert '<html lang="nl"' in client.get("/cookies").text


def test_what_we_do_not_speak_is_no_choice(client: FlaskClient) -> None:
    answer = client.get("/privacy?taal=../../x")
    assert '<html lang="nl"' in answer.text
    assert "Set-Cookie" not in answer.headers or "taal=" not in answer.headers["Set-Cookie"]


def test_the_browser_only_makes_an_offer(client: FlaskClient) -> None:
    offered = client.get("/privacy", headers={"Accept-Language": "en-GB,nl;q=0.5"}).text
    assert '<html lang="nl"' in offered
    assert 'class="offer" lang="en"' in offered
    assert 'class="offer"' not in client.get("/privacy", headers={"Accept-Language": "nl,en;q=0.5"}).text
    assert 'class="offer"' not in client.get("/privacy", headers={"Accept-Language": "fr"}).text
    client.get("/privacy?taal=nl")
    assert 'class="offer"' not in client.get("/privacy", headers={"Accept-Language": "en"}).text


def test_an_answer_to_a_form_leads_to_the_page_it_belongs_to(client: FlaskClient, world: World) -> None:
    with world.app.test_request_context("/volgen/123/aanvulling", method="POST"):
        assert taal.choose_language("en").endswith("?taal=en")
        assert not taal.choose_language("en").startswith("/volgen/123/aanvulling")


def test_another_language_keeps_what_is_typed_also_without_scripts(client: FlaskClient) -> None:
    page = client.get("/melden", follow_redirects=True).text
    assert 'form="stap" name="taal" value="en"' in page
    chosen = press(client, page, "/melden/waar", taal="en", toelichting="Achter de bushalte")
    assert (chosen.status_code, chosen.location) == (303, "/melden/waar?taal=en")
    again = client.get(chosen.location).text
    assert '<html lang="en"' in again
    assert "Achter de bushalte" in again
    assert "veld-plaats-fout" not in again and 'role="alert"' not in again, "nothing was asked yet"


def test_medewerkers_read_dutch(signed_in: Callable[[str], FlaskClient], client: FlaskClient) -> None:
    coordinator = signed_in("coordinator")
    for path in ("/team?taal=en", "/privacy?taal=en"):
        page = coordinator.get(path).text
        assert '<html lang="nl"' in page
        assert "taal=en" not in page
    assert '<html lang="nl"' in client.get("/inloggen?taal=en").text


def test_a_third_language_is_one_file(
    languages: Callable[[str, str, str], None], client: FlaskClient, world: World
) -> None:
    languages("tr", "Şöyle olur", "%(dag)s için planlandı")
    page = client.get("/?taal=tr").text
    assert '<html lang="tr"' in page
    assert "Şöyle olur" in page
    assert ">Türkçe</a>" in client.get("/?taal=nl").text


def test_a_script_from_right_to_left_turns_the_page(
    languages: Callable[[str, str, str], None], client: FlaskClient
) -> None:
    languages("ar", "هكذا", "%(dag)s")
    assert '<html lang="ar" dir="rtl"' in client.get("/?taal=ar").text


def test_sentences_of_the_domain_are_said_at_the_door(
    languages: Callable[[str, str, str], None], world: World, now: taal.datetime
) -> None:
    """With their values, days among them, and one sentence inside another."""
    languages("fr", "x", "Prévu pour le %(dag)s")
    planned = say("Ingepland voor %(dag)s", dag=date_words(now.date(), now.date()))
    assert planned == "Ingepland voor 14 april"
    with world.app.test_request_context("/?taal=fr"):
        assert taal.translate(planned) == "Prévu pour le 14 avril"
        assert taal.translate(say_together("", planned, "100 % klaar.")) == "Prévu pour le 14 avril 100 % klaar."
        assert taal.date_words(now) == "14 avril 2026"
        assert taal.own_words("<b>Eigen tekst</b>") == '<span lang="nl" dir="ltr">&lt;b&gt;Eigen tekst&lt;/b&gt;</span>'
    with world.app.test_request_context("/"):
        assert taal.translate(planned) == "Ingepland voor 14 april"
        assert taal.moment_words(now) == "14 april 2026 om 08.47 uur"
        assert taal.own_words("<b>") == "<b>"
