"""Hostile inputs, well over a hundred: each is 4xx with a clear Dutch sentence, nothing stored, nothing echoed."""

import io
import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests import photos
from tests.api.conftest import BASE, World, sent

PLACE = {"type": "Point", "coordinates": [4.7, 52.66]}
GOOD: dict[str, Any] = {"locatie": PLACE, "omschrijving": "Er ligt een tegel los."}
BIG = "9" * 20
SQL = "'; DROP TABLE melding; --"
DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000


def raw(text: str) -> bytes:
    """A body as it is written, with `…` for the good place."""
    return text.replace("…", json.dumps(PLACE)).encode("utf-8", "surrogatepass")


BODIES: dict[str, bytes] = {
    "niets": b"",
    "spaties": b"   ",
    "half": raw('{"locatie": …'),
    "los woord": b"melding",
    "lijst": b"[]",
    "tekst": b'"melding"',
    "getal": b"7",
    "null": b"null",
    "waar": b"true",
    "enkele aanhalingstekens": raw("{'omschrijving': 'x'}"),
    "komma te veel": raw('{"omschrijving": "x",}'),
    "commentaar": raw('{/* x */ "omschrijving": "x"}'),
    "latin-1": '{"omschrijving": "caf\u00e9"}'.encode("latin-1"),
    "utf-16": '{"omschrijving": "x"}'.encode("utf-16"),
    "nul tussen": b'{"omschrijving": "x"\x00}',
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "100.000 diep": DEEP.encode(),
    "100.000 lijsten diep": b"[" * 100_000 + b"]" * 100_000,
    "5.000 diep in een veld": raw('{"locatie": …, "antwoorden": ' + '{"a":' * 5_000 + "1" + "}" * 5_001),
    "20 diep": raw('{"locatie": …, "antwoorden": ' + '{"a":' * 20 + "1" + "}" * 21),
    "NaN als plaats": raw('{"omschrijving": "x", "locatie": {"type": "Point", "coordinates": [NaN, 52.6]}}'),
    "oneindig als plaats": raw('{"omschrijving": "x", "locatie": {"type": "Point", "coordinates": [Infinity, 52.6]}}'),
    "1e999 als plaats": raw('{"omschrijving": "x", "locatie": {"type": "Point", "coordinates": [1e999, 52.6]}}'),
    "getal van 5.000 cijfers": raw('{"locatie": …, "fotosVolgen": ' + "9" * 5_000 + "}"),
    "getal van 400 cijfers als plaats": raw(
        '{"omschrijving": "x", "locatie": {"type": "Point", "coordinates": [4.7, ' + "5" * 400 + "]}}"
    ),
    "half teken in tekst": raw('{"locatie": …, "omschrijving": "a\\ud800b"}'),
    "half teken in naam": raw('{"locatie": …, "omschrijving": "x", "\\udfff": 1}'),
    "half teken in antwoord": raw('{"locatie": …, "omschrijving": "x", "antwoorden": {"a": ["\\ud83d"]}}'),
    "half teken als bytes": b'{"omschrijving": "\xed\xa0\x80"}',
    "nul in tekst": raw('{"locatie": …, "omschrijving": "a\\u0000b"}'),
    "nul in naam": raw('{"locatie": …, "omschrijving": "x", "a\\u0000b": 1}'),
    "2 MB tekst": raw('{"locatie": …, "omschrijving": "' + "x" * 2_000_000 + '"}'),
    "1 MB tekst": raw('{"locatie": …, "omschrijving": "' + "x" * 1_000_000 + '"}'),
    "100.000 velden": json.dumps({f"v{i}": i for i in range(15_000)}).encode(),
}

FIELDS: dict[str, dict[str, Any]] = {
    "assen verwisseld": {"locatie": {"type": "Point", "coordinates": [52.66, 4.7]}},
    "nulpunt": {"locatie": {"type": "Point", "coordinates": [0, 0]}},
    "midden van het land": {"locatie": {"type": "Point", "coordinates": [5.2913, 52.1326]}},
    "500,500": {"locatie": {"type": "Point", "coordinates": [500, 500]}},
    "Parijs": {"locatie": {"type": "Point", "coordinates": [2.35, 48.85]}},
    "Groningen": {"locatie": {"type": "Point", "coordinates": [6.57, 53.22]}},
    "RD zonder het te zeggen": {"locatie": {"type": "Point", "coordinates": [108_471, 518_894]}},
    "drie getallen": {"locatie": {"type": "Point", "coordinates": [4.7, 52.66, 1]}},
    "een getal": {"locatie": {"type": "Point", "coordinates": [4.7]}},
    "geen getallen": {"locatie": {"type": "Point", "coordinates": ["4.7", "52.66"]}},
    "waar en onwaar": {"locatie": {"type": "Point", "coordinates": [True, False]}},
    "lege plaats": {"locatie": {}},
    "null als plaats": {"locatie": None},
    "tekst als plaats": {"locatie": "POINT(4.7 52.66)"},
    "lijn als plaats": {"locatie": {"type": "LineString", "coordinates": [[4.7, 52.6], [4.8, 52.6]]}},
    "feature als plaats": {"locatie": {"type": "Feature", "geometry": PLACE, "properties": {}}},
    "punt met meer": {"locatie": {**PLACE, "crs": {"type": "name"}}},
    "plaats zonder punt": {"locatie": {"type": "Point", "coordinates": None}},
    "tekst is een getal": {"omschrijving": 7},
    "tekst is een lijst": {"omschrijving": ["x"]},
    "tekst is een object": {"omschrijving": {"$ne": ""}},
    "tekst is waar": {"omschrijving": True},
    "tekst is null": {"omschrijving": None},
    "501 tekens": {"omschrijving": "é" * 501},
    "leeg": {"omschrijving": ""},
    "alleen spaties": {"omschrijving": " \n\t "},
    "alleen onzichtbaar": {"omschrijving": "\u200b\u200d\ufeff"},
    "stuurteken": {"omschrijving": "a\x07b"},
    "slug met SQL": {"categorie": SQL},
    "slug met pad": {"categorie": "../../etc/passwd"},
    "slug onbekend": {"categorie": "bestaat-niet"},
    "slug is een getal": {"categorie": 3},
    "slug van 1.000 tekens": {"categorie": "a" * 1000},
    "gemeente onbekend": {"gemeente": "nergens"},
    "gemeente met SQL": {"gemeente": SQL},
    "antwoorden als lijst": {"categorie": "losse-tegel", "antwoorden": []},
    "antwoorden zonder categorie": {"antwoorden": {"kleur": "rood"}},
    "antwoord op een andere vraag": {"categorie": "losse-tegel", "antwoorden": {SQL: SQL}},
    "gevaar als tekst": {"gevaar": "true"},
    "gevaar als getal": {"gevaar": 1},
    "fotosVolgen negatief": {"fotosVolgen": -1},
    "fotosVolgen te veel": {"fotosVolgen": 6},
    "fotosVolgen half": {"fotosVolgen": 1.5},
    "fotosVolgen als tekst": {"fotosVolgen": "2"},
    "fotosVolgen 20 cijfers": {"fotosVolgen": int(BIG)},
    "contact als tekst": {"contact": "Jan"},
    "contact als lijst": {"contact": []},
    "contact null": {"contact": None},
    "email met regeleinde": {"contact": {"email": "a@b.nl\nBcc: c@d.nl"}},
    "email zonder apenstaart": {"contact": {"email": "jan.voorbeeld.nl"}},
    "email te lang": {"contact": {"email": "a" * 400 + "@voorbeeld.nl"}},
    "email als object": {"contact": {"email": {"a": 1}}},
    "telefoon als getal": {"contact": {"telefoon": 612345678}},
    "telefoon te kort": {"contact": {"telefoon": "06 12"}},
    "telefoon duur": {"contact": {"telefoon": "0900 1234"}},
    "telefoon met script": {"contact": {"telefoon": "<script>alert(1)</script>"}},
    "naam te lang": {"contact": {"naam": "a" * 101}},
    "voorkeur onbekend": {"contact": {"email": "a@voorbeeld.nl", "voorkeur": "duif"}},
    "voorkeur sms zonder nummer": {"contact": {"email": "a@voorbeeld.nl", "voorkeur": "sms"}},
    "bsn als veld": {"contact": {"bsn": "111222333"}},
    "onbekend veld": {"isAdmin": True},
    "prototype": {"__proto__": {"admin": True}},
    "klasse": {"__class__": "x"},
    "status zetten": {"status": "afgehandeld"},
    "nummer zetten": {"nummer": "2600000017"},
    "zelfdeAls onbekend": {"zelfdeAls": BIG[:18]},
    "zelfdeAls met SQL": {"zelfdeAls": "1 OR 1=1"},
    "kanaal onbekend": {"kanaal": "fax"},
    "locatieBron onbekend": {"locatieBron": "foto"},
    "adres te lang": {"adres": "a" * 201},
    "toelichting is een lijst": {"locatieToelichting": []},
}

HEADERS: dict[str, dict[str, str]] = {
    "sleutel leeg": {"Idempotency-Key": ""},
    "sleutel te lang": {"Idempotency-Key": "x" * 101},
    "sleutel met spatie": {"Idempotency-Key": "a b"},
    "stelsel onbekend": {"Content-Crs": "EPSG:3857"},
    "stelsel met SQL": {"Content-Crs": SQL},
    "bearer verzonnen": {"Authorization": "Bearer ms_x"},
    "sleutel van een ander": {"Authorization": "Bearer mk_x"},
    "verkeerde soort": {"Content-Type": "text/plain"},
    "soort met onzin": {"Content-Type": "application/json2"},
    "antwoord als html": {"Accept": "text/html"},
}

GETS = [
    "/opdrachten?bbox=1,2,3",
    "/opdrachten?bbox=a,b,c,d",
    "/opdrachten?bbox=nan,nan,nan,nan",
    "/opdrachten?bbox=inf,0,1,1",
    "/opdrachten?bbox=4.8,52.6,4.6,52.7",
    "/opdrachten?bbox=52.6,4.6,52.7,4.8,9",
    "/opdrachten?bbox=500,500,600,600",
    f"/opdrachten?bbox={'1' * 5000}",
    "/opdrachten?bbox=",
    "/opdrachten?bbox=4.6,52.6,4.8,52.7&bbox-crs=EPSG:3857",
    f"/opdrachten?page={BIG}",
    f"/opdrachten?pageSize={BIG}",
    "/opdrachten?pageSize=101",
    "/opdrachten?page=0",
    "/opdrachten?page=-1",
    "/opdrachten?page=1.5",
    "/opdrachten?page=%00",
    "/opdrachten?status=weg",
    "/opdrachten?page_size=5",
    f"/opdrachten?team={SQL}",
    "/opdrachten?team=%00",
    "/opdrachten?gevaar=ja",
    "/opdrachten?volgorde=id;--",
    "/opdrachten?x=1",
    "/opdrachten?gebied=%00",
    "/opdrachten?crs=x",
    f"/opdrachten/{BIG}",
    "/opdrachten/0",
    "/opdrachten/-1",
    "/opdrachten/1e3",
    "/opdrachten/%00",
    "/meldingen/1%27%20OR%201=1",
    f"/meldingen/{BIG}",
    "/meldingen/%00",
    "/fotos/..%2f..%2fetc%2fpasswd",
    "/fotos/%00",
    f"/fotos/{'a' * 65}",
    "/locaties",
    "/locaties?lon=4.7",
    "/locaties?lon=nan&lat=52.6",
    "/locaties?lon=1e999&lat=52",
    "/locaties?lon=52.66&lat=4.7",
    "/locaties?lon=a&lat=b",
    f"/locaties?lon={'4' * 400}&lat=52",
    "/locaties?lon=%00&lat=%00",
    "/locaties?lon=4.7&lat=52.66&straal=5",
    "/meldingen-nabij?lon=4.7&lat=52.66&straal=5000",
    "/meldingen-nabij?lon=4.7&lat=52.66&straal=x",
    "/meldingen-nabij?lon=4.7&lat=52.66&categorie=%27",
    "/objecten",
    "/objecten?lon=4.7",
    "/objecten?lon=4.7&lat=52.66&code=1",
    "/objecten?bbox=1,2,3",
    "/objecten?code=%00",
    f"/objecten?code={'9' * 41}",
    "/objecten?code=1&soort=%27",
    "/adressen",
    "/adressen?zoek=%00",
    f"/adressen?zoek={'a' * 101}",
    "/adressen?zoek=breelaan&gemeente=nergens",
    "/categorieen?gemeente=nergens",
    "/categorieen?gemeente=%00",
    "/crss?x=1",
    "/gemeenten?callback=alert(1)",
    "/../../etc/passwd",
    "/%2e%2e/openapi.json",
    "/openapi.json/",
    "/openapi.yaml",
]


def check(answer: TestResponse) -> None:
    """4xx, a problem document, a sentence for people, and nothing of the caller's in it."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert answer.content_type == "application/problem+json"
    said = [answer.json["detail"], *(error["detail"] for error in answer.json.get("errors", []))]
    assert all(
        len(sentence) > 10 and sentence[0].isupper() and sentence.rstrip(")").endswith((".", "?")) for sentence in said
    ), said
    assert len(answer.data) < 20_000
    for secret in ("DROP TABLE", "Traceback", "psycopg", "alert(1)", "passwd"):
        assert secret not in " ".join(said)


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies(world: World, name: str) -> None:
    before = world.count()
    check(world.client().post(f"{BASE}/meldingen", data=BODIES[name], content_type="application/json"))
    assert world.count() == before


@pytest.mark.parametrize("name", FIELDS)
def test_hostile_fields(world: World, name: str) -> None:
    before = world.count()
    check(world.client().post(f"{BASE}/meldingen", json=GOOD | FIELDS[name]))
    assert world.count() == before


@pytest.mark.parametrize("name", HEADERS)
def test_hostile_headers(world: World, name: str) -> None:
    before = world.count()
    headers = {"Content-Type": "application/json"} | HEADERS[name]
    check(world.client().post(f"{BASE}/meldingen", data=json.dumps(GOOD), headers=headers))
    assert world.count() == before


@pytest.mark.parametrize("path", GETS)
def test_hostile_addresses(world: World, path: str) -> None:
    check(world.client().get(f"{BASE}{path}", headers=world.headers("duinstede:coordinator")))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_same_inside_a_form(world: World, name: str) -> None:
    """One way of reading: multipart refuses what JSON refuses."""
    before = world.count()
    data = {"melding": json.dumps(GOOD | FIELDS[name])}
    check(world.client().post(f"{BASE}/meldingen", data=data, content_type="multipart/form-data"))
    assert world.count() == before


FORMS: dict[str, Any] = {
    "zonder deel melding": {"omschrijving": "x"},
    "melding is geen json": {"melding": "x"},
    "onbekend deel": {"melding": json.dumps(GOOD), "bijlage": (io.BytesIO(b"x"), "x.txt")},
    "melding als bestand met onzin": {"melding": (io.BytesIO(b"\xff\xfe"), "melding.json")},
    "deel van 3 MB": {"melding": "x" * 3_000_000},
}


@pytest.mark.parametrize("name", FORMS)
def test_hostile_forms(world: World, name: str) -> None:
    before = world.count()
    check(world.client().post(f"{BASE}/meldingen", **sent(FORMS[name])))
    assert world.count() == before


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x"]
)
def test_a_form_without_form(world: World, kind: str) -> None:
    check(world.client().post(f"{BASE}/meldingen", data=b"--x\r\nonzin", headers={"Content-Type": kind}))


def files() -> dict[str, tuple[bytes, str]]:
    """Photos that are none, or half, or too big, and names that are no names."""
    good = photos.photo()
    return {
        "html": (b"<html><script>alert(1)</script></html>", "foto.jpg"),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "foto.svg"),
        "tekst": (b"dit is geen foto", "foto.jpg"),
        "leeg": (b"", "foto.jpg"),
        "400 bytes": (good[:400], "foto.jpg"),
        "zip": (b"PK\x03\x04" + b"\x00" * 500, "foto.jpg"),
        "gif": (b"GIF89a" + b"\x01\x00\x01\x00" + b"\x00" * 50, "foto.gif"),
        "21 MB": (good + b"\x00" * (21 * 2**20), "foto.jpg"),
        "1,6 Gpx": (photos.raw_png(40_000, 40_000, body=b""), "foto.png"),
        "144 Mpx": (photos.raw_png(12_000, 12_000, body=b""), "foto.png"),
    }


@pytest.mark.parametrize("name", files())
def test_a_bad_photo_costs_no_melding(world: World, name: str) -> None:
    data, filename = files()[name]
    both = {"melding": json.dumps(GOOD), "foto": (io.BytesIO(data), filename)}
    answer = world.client().post(f"{BASE}/meldingen", **sent(both))
    assert answer.status_code == 201
    if name == "400 bytes":  # its head is right: the worker finds out, and the melder reads it
        return
    assert [photo["uitkomst"] for photo in answer.json["fotos"]] == ["geweigerd"]
    assert answer.json["fotos"][0]["detail"].endswith(".")
    before = world.count()
    alone = {"melding": json.dumps({"locatie": PLACE}), "foto": (io.BytesIO(data), filename)}
    check(world.client().post(f"{BASE}/meldingen", **sent(alone)))
    assert world.count() == before


@pytest.mark.parametrize(
    "filename", ["../../x.jpg", "x\x00.jpg", "x" * 5000 + ".jpg", "con.jpg", "' OR 1=1.jpg", "é\u202egpj.exe", ""]
)
def test_a_file_name_means_nothing(world: World, filename: str) -> None:
    both = {"melding": json.dumps(GOOD), "foto": (io.BytesIO(photos.photo()), filename)}
    answer = world.client().post(f"{BASE}/meldingen", data=both)
    assert answer.status_code in (201, 400), answer.text
    assert filename == "" or answer.json["fotos"][0]["uitkomst"] == "ontvangen"
    assert all(".." not in file.key and file.key.split("/")[-1].isalnum() for file in world.store.listing("upload"))


@pytest.mark.parametrize(
    "move", ["inbehandelingnames", "planningen", "vragen", "overdrachten", "splitsingen", "afhandelingen"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        DEEP.encode(),
        b'{"x": 1}',
        b'{"basisversie": 99999999999999999999}',
        b'{"apparaattijd": "gisteren"}',
        b'{"plandatum": "0000-00-00", "uitkomst": "x", "reden": 3}',
    ],
)
def test_hostile_moves(world: World, move: str, body: bytes) -> None:
    _, opdracht_id = world.routed()
    before = world.count()
    check(
        world.client().post(
            f"{BASE}/opdrachten/{opdracht_id}/{move}",
            data=body,
            headers={**world.headers("duinstede:coordinator"), "Content-Type": "application/json", "If-Match": '"1"'},
        )
    )
    assert world.count() == before


@pytest.mark.parametrize("version", ["x", "", "*", BIG, '"-1"', 'W/"1"', "1.0"])
def test_hostile_versions(world: World, version: str) -> None:
    _, opdracht_id = world.routed()
    headers = {**world.headers("duinstede:coordinator"), "If-Match": version}
    check(world.client().post(f"{BASE}/opdrachten/{opdracht_id}/inbehandelingnames", json={}, headers=headers))
