"""Every form and address of our pages with one odd value at a time: a page with a sentence, never a 5xx, nothing kept.

Not every field with every value, which proved nothing more in twice the time: the values go round the fields, so that
each door meets all of them; a field that is read as a number or a choice meets all odd numbers or choices itself.
What the API refuses stands in tests/api/test_hostile.py.
"""

import itertools
import secrets
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.exceptions import ClientDisconnected

from meldingen.domain import tokens
from meldingen.store.melding import Melding

from .conftest import World, token_in
from .desk import Desk, make_desk

ODD = (
    "\x00",
    "a\x00b",
    "²",
    "٣",
    "9" * 20,
    "9" * 5000,
    "-1",
    "1e400",
    "nan",
    "{{7*7}}${7*7}",
    "'; drop table melding; --",
    "../../../../etc/passwd",
    "\u202e\u200b",
    "\ufffe",
    "opgelost:²",
    "opgelost:" + "9" * 5000,
    "niet_opgelost:\x00",
    "é" * 70_000,
)
NUMBERS = ("\x00", "²", "٣", "9" * 20, "9" * 5000, "-1", "1e400", "nan")
CHOICES = ("opgelost:²", "opgelost:" + "9" * 5000, "niet_opgelost:\x00")
READ = {
    **dict.fromkeys(("lon", "lat", "opdracht", "melding", "team", "aansluiten", "zelfde_als"), NUMBERS),
    **dict.fromkeys(("nummer", "bladzijde"), NUMBERS),
    "keuze": CHOICES,
}
"""What a field is read as, beyond text: the values that reader must know."""
TABLES = ("melding", "contact", "note", "closure", "terugbelnotitie", "opdracht", "photo", "idempotency")


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    return make_desk(world)


def count(world: World) -> dict[str, int]:
    with world.engine.connect() as connection:
        return {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in TABLES}


def by_turns(names: Sequence[str], values: Sequence[str] = ODD) -> Iterator[tuple[str, str]]:
    """Each name with its share of the values, at least two, and with all that its reader must know."""
    turn, share = itertools.cycle(values), max(2, -(-len(values) // len(names)))
    for name in names:
        for value in dict.fromkeys([*itertools.islice(turn, share), *READ.get(name, ())]):
            yield name, value


def odd_forms(plain: dict[str, str], values: Sequence[str], door: int | None) -> Iterator[dict[str, Any]]:
    """The form with one field odd, missing, twice, or a file. door: of doors with the same form, each has one of those
    last three for a field, and three in a row have them all."""
    for name, value in by_turns(list(plain), values):
        yield {**plain, name: value}
    for place, name in enumerate(plain):
        wrong: list[dict[str, Any]] = [
            {n: v for n, v in plain.items() if n != name},
            {**plain, name: [plain[name], "\x00"]},
            {**plain, name: (BytesIO(b"\xff\x00\xd8"), "a\x00\r\nb: c.jpg")},
        ]
        yield from wrong if door is None else [wrong[(place + door) % 3]]


def all_are_pages(
    browser: FlaskClient, path: str, plain: dict[str, str], values: Sequence[str] = ODD, *, door: int | None = None
) -> set[int]:
    """Sends every odd form; the statuses that came. Each answer is a page in Dutch or a redirect."""
    seen = set()
    token = token_in(browser.get("/volgen").text)
    for form in odd_forms(plain, values, door):
        answer = browser.post(path, data={"csrf_token": token, **form}, content_type="multipart/form-data")
        odd = {name: repr(value)[:60] for name, value in form.items() if plain.get(name) != value}
        assert answer.status_code < 500, (path, odd, answer.status_code)
        assert answer.status_code < 400 or 'lang="nl"' in answer.text, (path, odd)
        seen.add(answer.status_code)
    return seen


def sleutel() -> str:
    return secrets.token_hex(8)


STEPS: dict[str, dict[str, str]] = {
    "inbehandelingnames": {},
    "planningen": {"plandatum": "2020-01-01", "dag": ""},
    "vragen": {"vraag": ""},
    "overdrachten": {"team": "", "categorie": "", "reden": "x"},
    "teruggaven": {"reden": ""},
    "splitsingen": {"categorie": "weg", "team": "", "lon": "4", "lat": "52", "reden": "x"},
    "samenvoegingen": {"opdracht": "1"},
    "losmaken": {"melding": "1"},
    "afhandelingen": {"keuze": "opgelost:0", "zin": "", "partij": "", "tekst": ""},
    "notities": {"tekst": ""},
    "fotos": {"foto": ""},
    "intrekkingen": {"melding": "1", "besluit": "ja"},
}


@pytest.mark.parametrize("action", STEPS)
def test_the_steps_of_a_team(desk: Desk, action: str) -> None:
    _, work = desk.melding()
    plain = {"versie": "999", "sleutel": sleutel(), **STEPS[action]}
    door = list(STEPS).index(action)
    values = ODD if door == 0 else ODD[door % 2 :: 2]  # the first has only what all have; then at every other step
    seen = all_are_pages(desk.browsers["team"], f"/team/opdracht/{work.id}/{action}", plain, values)
    assert seen & {400, 403, 404, 409, 412}


FORM = {
    "gemeente": "werkdorp1", "lon": "4.7", "lat": "52.66", "bron": "pin", "adres": "", "buurt": "", "toelichting": "",
    "omschrijving": "", "categorie": "", "gevaar": "", "naam": "", "email": "", "telefoon": "", "voorkeur": "",
    "alleen_gereed": "", "zelfde_als": "", "vragen_van": "", "nabij_van": "", "onderwerp": "", "foto_bewaard": "",
    "foto_weg": "", "sleutel": "x", "antwoord_x": "y",
}  # fmt: skip


FORM_STEPS = ("waar", "wat", "bekend", "foto", "contact", "versturen")


@pytest.mark.parametrize("step", FORM_STEPS)
def test_the_form_of_a_melding(world: World, client: FlaskClient, step: str) -> None:
    before = count(world)
    with world.engine.connect() as connection:
        slug = connection.scalar(sa.text("SELECT slug FROM gemeente WHERE id = :id"), {"id": world.gemeente_id})
    plain = {**FORM, "gemeente": str(slug), "actie": ""}
    all_are_pages(client, f"/melden/{step}", plain, door=FORM_STEPS.index(step))
    after = count(world)
    made = after["melding"] - before["melding"]
    assert made == 0 or step == "versturen"  # an odd but writable text may be a melding of its own
    with world.session() as session:
        kept = session.scalars(sa.select(Melding.description).order_by(Melding.id.desc()).limit(made)).all()
    assert all("\x00" not in text and len(text) <= 500 for text in kept)


def test_staff_who_report_on_the_form_get_its_receipt(world: World, desk: Desk) -> None:
    form = {**FORM, "gemeente": f"werkdorp{desk.number}", "lon": str(desk.lon), "lat": str(desk.lat)}
    answer = desk.post(
        "team", "/melden/versturen", **{**form, "omschrijving": "Een gat.", "sleutel": secrets.token_hex(16)}
    )
    assert answer.status_code == 303, answer.text
    assert "Een gat." in desk.get("team", answer.location)


def test_a_key_with_nul_is_refused_with_a_sentence(world: World, client: FlaskClient) -> None:
    before = count(world)
    with world.engine.connect() as connection:
        slug = connection.scalar(sa.text("SELECT slug FROM gemeente WHERE id = :id"), {"id": world.gemeente_id})
    form = {**FORM, "gemeente": str(slug), "omschrijving": "Een gat.", "sleutel": "a\x00b"}
    answer = client.post("/melden/versturen", data=form)
    assert answer.status_code in (303, 400)
    assert answer.status_code == 303 or count(world) == before


def test_the_forms_of_a_melder(world: World, desk: Desk, client: FlaskClient) -> None:
    melding, _ = desk.melding()
    held = world.app.extensions["meldingen"].settings
    client.get("/v/" + tokens.make_token(held.secret_keys, melding.id, 1))
    for path, plain in (
        ("/volgen", {"nummer": melding.number, "code": "1234"}),
        (f"/volgen/{melding.number}/aanvullen", {"tekst": "", "foto": ""}),
        (f"/volgen/{melding.number}/niet-opgelost", {"tekst": ""}),
    ):
        assert 400 in all_are_pages(client, path, plain)


KCC = {
    "aanvullingen": {"tekst": ""},
    "heropeningen": {"tekst": ""},
    "terugbelnotities": {"tekst": ""},
    "fotos": {"foto": ""},
    "aansluitingen": {"opdracht": "1", "aansluiten": "1"},
}


@pytest.mark.parametrize("action", KCC)
def test_what_the_kcc_adds(desk: Desk, action: str) -> None:
    melding, _ = desk.melding(contact={"phone": "0612345678"})
    all_are_pages(desk.browsers["kcc"], f"/kcc/melding/{melding.number}/{action}", KCC[action])


KCC_STEPS = ("controleren", "opslaan", "wijzigen")


@pytest.mark.parametrize("action", KCC_STEPS)
def test_the_form_of_the_kcc(desk: Desk, action: str) -> None:
    plain = {**FORM, "kanaal": "telefoon", "notitie": "", "aansluiten": "", "gevaar": "nee", "actie": action}
    all_are_pages(desk.browsers["kcc"], "/kcc/nieuw", plain, door=KCC_STEPS.index(action))


def test_a_call_and_a_rule(desk: Desk) -> None:
    with desk.world.engine.connect() as connection:
        rule = connection.scalar(
            sa.text("SELECT id FROM routing_rule WHERE gemeente_id = :id LIMIT 1"), {"id": desk.gemeente_id}
        )
    all_are_pages(desk.browsers["kcc"], "/kcc/terugbelnotities/1", {"versie": "1", "uitkomst": "x", "tekst": "x"})
    all_are_pages(desk.browsers["beheer"], f"/beheer/regels/{rule}", {"team": "x"})


def test_signing_in(world: World, client: FlaskClient) -> None:
    all_are_pages(client, "/inloggen", {"gebruikersnaam": "", "wachtwoord": "", "naar": "/team"})


@pytest.mark.parametrize(
    ("who", "path", "names"),
    [
        ("", "/melden", "gemeente categorie object lon lat omschrijving"),
        ("", "/melden/waar", "gemeente categorie object lon lat omschrijving leeg controle terug"),
        ("", "/melden/wat", "gemeente categorie"),
        ("", "/melden/plek", "lon lat gemeente"),
        ("", "/melden/vragen", "categorie gemeente"),
        ("", "/gebieden.geojson", "gemeente"),
        ("", "/volgen", "nummer"),
        ("", "/inloggen", "naar"),
        ("cor", "/team", "team status categorie volgorde bladzijde lijst zoek laat gemeente gedaan"),
        ("kcc", "/kcc", "zoek nummer telefoon naam gemeente bladzijde lijst"),
        ("kcc", "/kcc/zoeken", "zoek q nummer gemeente bladzijde"),
        ("kcc", "/kcc/terugbelnotities", "bladzijde gemeente"),
        ("kcc", "/kcc/nabij", "lon lat categorie telefoon email naam"),
        ("beheer", "/beheer", "gemeente team categorie gebied"),
    ],
)
def test_addresses(desk: Desk, client: FlaskClient, who: str, path: str, names: str) -> None:
    browser = desk.browsers[who] if who else client
    for name, value in by_turns(names.split(), (*ODD[:-1], "%ED%A0%80", "%FF")):
        written = value if value.startswith("%") else quote(value)
        more = "&lon=4.7&lat=52.66" if name not in ("lon", "lat") else ""
        answer = browser.get(f"{path}?{name}={written}{more}")
        assert answer.status_code < 500, (path, name, repr(value)[:60], answer.status_code)


@pytest.mark.parametrize("part", ["%00", "..%2f..%2fetc", "9" * 20, "%ED%A0%80", "%FF%FE", "{{7*7}}", "²"])
def test_paths(desk: Desk, part: str) -> None:
    for base in ("/volgen/", "/v/", "/team/", "/team/opdracht/", "/postvak/", "/kcc/melding/", "/melden/", "/static/"):
        for tail in ("", "/html", "/ontvangen", "/intrekken"):
            answer = desk.browsers["cor"].get(base + part + tail)
            assert answer.status_code in (302, 303, 404, 405), (base + part + tail, answer.status_code)


class Broken(BytesIO):
    """A body that breaks off."""

    def readinto(self, buffer: Any) -> int:
        raise ClientDisconnected

    def read(self, size: int | None = -1) -> bytes:
        raise ClientDisconnected


@pytest.mark.parametrize("path", ["/melden/foto/bewaren", "/melden/foto", "/melden/versturen"])
@pytest.mark.parametrize(("length", "status"), [(5000, 400), (120 * 2**20, 413)])
def test_an_upload_that_breaks_off_or_never_ends_is_no_accident(
    client: FlaskClient, path: str, length: int, status: int
) -> None:
    answer = client.post(
        path,
        input_stream=Broken(),
        environ_overrides={"CONTENT_LENGTH": str(length)},
        content_type="multipart/form-data; boundary=x",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == status
