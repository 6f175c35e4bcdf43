"""The pages as an app: what a phone asks of the server before anybody is without coverage."""

import io
import json
import re

import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import machine_now
from meldingen.domain import tokens
from meldingen.store.melding import Melding
from meldingen.web.static_files import modules_version, release, static_url
from tests import factories
from tests.photos import photo

from .conftest import World, token_in


def test_scripts_that_import_each_other_share_one_version(world: World, client: FlaskClient) -> None:
    with world.app.test_request_context():
        address = static_url("js/melden/concept.js")
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Encoding"] == "gzip"
    imported = re.findall(r'from "\./(\w+\.js)"', client.get(address).text)
    assert imported, "concept.js stands on another script"
    for name in imported:
        assert "export" in client.get(address.replace("concept.js", name)).text
    assert client.get(address.replace(modules_version(), "0123456789")).status_code == 404


def test_the_manifest_is_that_of_the_gemeente(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page and 'rel="apple-touch-icon"' in page
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    told = json.loads(answer.text)
    assert told["name"] == "Meldingen Duinstede" and told["start_url"] == told["id"] == "/melden"
    assert [one["url"] for one in told["shortcuts"]] == ["/melden", "/mijn-meldingen"]
    assert told["share_target"]["action"] == "/melden/delen"
    assert {one["purpose"] for one in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        assert client.get(icon["src"], buffered=True).mimetype == "image/png"
    policy = answer.headers["Content-Security-Policy"]
    assert "manifest-src 'self'" in policy and "worker-src 'self'" in policy


def test_the_service_worker_knows_its_release_and_language(client: FlaskClient) -> None:
    script = client.get("/sw.js?taal=en").text
    given = json.loads(script.split("} = ", 1)[1].split(";\n", 1)[0])
    assert given["store"] == f"schil-{release()}-duinstede-en"
    assert given["shells"]["/melden/wat"] == "/melden/wat?leeg=ja&taal=en"
    assert f'from "/static/modules/{modules_version()}/melden/uitbak.js"' in script and '"./melden/' not in script


def test_an_empty_page_holds_nothing_of_this_browser(client: FlaskClient) -> None:
    page = client.get("/melden/waar").text
    key = page.split('name="sleutel" value="')[1].split('"')[0]
    client.post("/melden/waar", data={"sleutel": key, "toelichting": "Achter de kerk"})
    assert "Achter de kerk" in client.get("/melden/waar").text
    for step in ("waar", "wat", "foto", "contact", "controleren"):
        empty = client.get(f"/melden/{step}?leeg=ja").text
        assert 'name="sleutel" value=""' in empty and "Achter de kerk" not in empty, step
        assert f'data-release="{release()}"' in empty


def test_a_shared_photo_lands_in_the_form(client: FlaskClient) -> None:
    shared = {"foto": (io.BytesIO(photo()), "gedeeld.jpg"), "tekst": "Kijk eens"}
    answer = client.post("/melden/delen", data=shared, headers={"Sec-Fetch-Site": "none"})
    assert (answer.status_code, answer.location) == (303, "/melden/foto")
    assert "gedeeld.jpg" in client.get("/melden/foto").text and "Kijk eens" in client.get("/melden/wat").text
    stranger = client.post("/melden/delen", data={"tekst": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert stranger.status_code == 403


def test_mine_are_the_meldingen_that_this_browser_follows(world: World, client: FlaskClient) -> None:
    assert "geen verstuurde meldingen bekend" in client.get("/mijn-meldingen").text
    with world.session() as session, session.begin():
        made = [factories.melding(session, now=machine_now(), description=f"Tegel {n}") for n in (1, 2)]
    keys = world.app.extensions["meldingen"].settings.secret_keys
    for one in made:
        client.get(f"/v/{tokens.make_token(keys, one.id, one.token_generation)}")
    page = client.get("/mijn-meldingen").text
    assert "Tegel 1" in page and "Tegel 2" in page and "Ontvangen" in page
    forget = {"csrf_token": token_in(page), "nummer": made[0].number}
    assert client.post("/mijn-meldingen/vergeten", data=forget).status_code == 303
    with world.session() as session, session.begin():
        session.execute(sa.update(Melding).where(Melding.id == made[1].id).values(token_generation=2))
    page = client.get("/mijn-meldingen").text
    assert "Tegel 1" not in page and "Tegel 2" not in page, "forgotten, and revoked"
