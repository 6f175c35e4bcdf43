"""POST /categorievoorstellen: the same proposals for other apps."""

from meldingen.db import transaction
from meldingen.flow import proposals
from meldingen.store.gemeente import gemeente_by_slug

from .conftest import BASE, World

PATH = f"{BASE}/categorievoorstellen"


def test_at_most_three_for_the_gemeente_that_is_named(world: World) -> None:
    with transaction(world.engine) as session:
        home = gemeente_by_slug(session, "duinstede")
        assert home is not None
        lesson = proposals.learn(proposals.material_of(session, home.id))
        assert lesson is not None
        proposals.keep(session, lesson, gemeente_id=home.id, now=world.now())
    client = world.client()
    asked = {"tekst": "de stoeptegel ligt los", "gemeente": "duinstede"}
    found = client.post(PATH, json=asked).get_json()["categorieen"]
    assert 1 <= len(found) <= 3
    assert found[0] == {
        "slug": "losse-tegel", "naam": "Losse tegel", "hoofdcategorie": "straat", "hoofdnaam": "Straat",
    }  # fmt: skip
    assert client.post(PATH, json={**asked, "tekst": "goedemorgen"}).get_json() == {"categorieen": []}
    assert client.post(PATH, json={**asked, "gemeente": "elders"}).get_json() == {"categorieen": []}, "nothing learned"


def test_what_is_missing_is_named_and_a_text_is_never_in_an_address(world: World) -> None:
    client = world.client()
    for body, code in [({"tekst": "x"}, "ontbreekt"), ({"tekst": "x", "gemeente": "nergens"}, "onbekend")]:
        answer = client.post(PATH, json=body)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "gemeente")
        assert answer.get_json()["errors"][0]["code"] == code
    assert client.get(f"{PATH}?tekst=tegel").status_code == 405
