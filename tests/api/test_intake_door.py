"""Melden through the API: what a melder, a partner app and the KCC send, and what they get back."""

import io
import json

import pytest
import sqlalchemy as sa

from meldingen import db
from meldingen.store.contact import contact_of
from meldingen.store.melding import Melding
from tests import photos
from tests.api.conftest import BASE, World, form


def stored(world: World, number: str) -> Melding:
    """The row of a melding."""
    with db.transaction(world.engine) as session:
        return session.scalars(sa.select(Melding).where(Melding.number == number)).one()


def test_a_place_and_a_text_are_enough(world: World) -> None:
    answer = world.post_melding(categorie=None)
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"{BASE}/meldingen/{made['nummer']}"
    assert made["volgUrl"].endswith("/v/" + made["volgToken"])
    assert made["begrepen"]["locatie"] == {"type": "Point", "coordinates": [4.7, 52.66]}
    assert made["begrepen"]["wijk"] == "WK900101" and made["begrepen"]["categorie"] is None
    assert made["gemeente"]["slug"] == "duinstede" and made["beloofdeDatum"]
    assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    row = stored(world, made["nummer"])
    assert row.intake_channel == "app" and row.description == "Er ligt een tegel los."


def test_the_same_request_twice_is_one_melding(world: World, jpeg: bytes) -> None:
    """KLANTREIS rule 3: same status, number, token and promise; another body is 409."""
    head = {"Idempotency-Key": "telefoon-1"}
    fields = {
        "locatie": {"type": "Point", "coordinates": [4.71, 52.66]},
        "contact": {"naam": "Ans", "telefoon": "06-12 34 56 78"},
        "omschrijving": "Tegel",
    }
    client = world.client()
    first = client.post(f"{BASE}/meldingen", data=form(fields, jpeg), headers=head)
    again = client.post(f"{BASE}/meldingen", data=form(fields, jpeg), headers=head)
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    for other in (
        form({**fields, "omschrijving": "Iets anders"}, jpeg),
        form(fields),
        form(fields, photos.photo("png")),
    ):
        answer = client.post(f"{BASE}/meldingen", data=other, headers=head)
        assert answer.status_code == 409 and answer.json["code"] == "sleutel_hergebruikt"


def test_a_refusal_is_not_remembered(world: World) -> None:
    head = {"Idempotency-Key": "eerst-fout"}
    assert world.post_melding(headers=head, categorie="bestaat-niet").status_code == 400
    assert world.post_melding(headers=head).status_code == 201


def test_photos_never_refuse_a_melding(world: World, jpeg: bytes) -> None:
    """KLANTREIS rule 9."""
    fields = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "Tegel"}
    answer = world.client().post(f"{BASE}/meldingen", data=form(fields, b"geen foto", jpeg))
    assert answer.status_code == 201
    bad, good = answer.json["fotos"]
    assert (bad["uitkomst"], good["uitkomst"]) == ("geweigerd", "ontvangen")
    assert bad["detail"].endswith(".") and good["id"]


def test_a_browser_sends_its_json_as_a_blob(world: World, jpeg: bytes) -> None:
    fields = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "Tegel"}
    body = form(fields, jpeg) | {"melding": (io.BytesIO(json.dumps(fields).encode()), "blob", "application/json")}
    assert world.client().post(f"{BASE}/meldingen", data=body).status_code == 201


def test_only_bad_photos_is_no_melding(world: World) -> None:
    fields = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}}
    before = world.count()
    answer = world.client().post(f"{BASE}/meldingen", data=form(fields, b"geen foto"))
    assert answer.status_code == 400 and answer.json["errors"][0]["field"] == "foto.1"
    assert world.count() == before


def test_storage_away(world: World, jpeg: bytes) -> None:
    """KLANTREIS rule 1: with words it goes on, a melding that is only a photo is asked to come back."""
    place = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}}
    world.store.down = True
    try:
        before = world.count()
        alone = world.client().post(f"{BASE}/meldingen", data=form(place, jpeg))
        assert alone.status_code == 503 and int(alone.headers["Retry-After"]) > 0
        assert world.count() == before
        told = world.client().post(f"{BASE}/meldingen", data=form({**place, "omschrijving": "Tegel"}, jpeg))
    finally:
        world.store.down = False
    assert told.status_code == 201 and told.json["fotos"][0]["uitkomst"] == "opnieuw_sturen"
    number, token = told.json["nummer"], told.json["volgToken"]
    later = world.client().post(
        f"{BASE}/meldingen/{number}/fotos", data=form({}, jpeg) | {"melding": b""}, headers={"Volg-Token": token}
    )
    assert later.status_code == 400  # a part that does not belong there
    files = {"foto": form({}, jpeg)["foto"]}
    later = world.client().post(f"{BASE}/meldingen/{number}/fotos", data=files, headers={"Volg-Token": token})
    assert later.status_code == 201 and later.json["fotos"][0]["uitkomst"] == "ontvangen"


def test_the_place_may_be_in_the_photo(world: World) -> None:
    answer = world.client().post(
        f"{BASE}/meldingen", data=form({"omschrijving": "Tegel"}, photos.photo(gps=(4.705, 52.665)))
    )
    assert answer.status_code == 201
    assert answer.json["begrepen"]["locatieBron"] == "foto"
    assert "plaats_uit_foto" in stored(world, answer.json["nummer"]).flags


def test_a_partner_app_is_its_own_kanaal(world: World) -> None:
    contact = {"naam": "Bo", "email": "bo@voorbeeld.nl"}
    answer = world.post_melding("duinstede:machine", contact=contact)
    assert answer.status_code == 201
    row = stored(world, answer.json["nummer"])
    assert (row.intake_channel, row.partner_name) == ("partner", "Buurtapp Duinstede")
    with db.transaction(world.engine) as session:
        person = contact_of(session, row.id, scope=[row.gemeente_id])
    assert person is not None and person.email == "bo@voorbeeld.nl"
    elsewhere = world.post_melding("elders:machine")
    assert elsewhere.status_code == 403 and elsewhere.json["code"] == "andere_gemeente"


def test_staff_report_on_behalf_of_a_caller(world: World) -> None:
    answer = world.post_melding("duinstede:kcc", kanaal="balie", notitie="Mevrouw wacht", contact={"naam": "Bo"})
    assert answer.status_code == 201
    row = stored(world, answer.json["nummer"])
    assert row.intake_channel == "balie" and row.entered_by is not None
    assert world.post_melding("duinstede:kcc", kanaal=None).json["errors"][0]["field"] == "kanaal"
    assert world.post_melding("elders:kcc").status_code == 403
    assert world.post_melding("duinstede:beheer", kanaal="balie").status_code == 403


def test_a_team_reports_what_it_sees_itself(world: World) -> None:
    """Where its device is, who entered it, and nobody to write to; with a caller's number the usual berichten."""
    given = {"kanaal": "eigen_waarneming", "locatieBron": "gps", "nauwkeurigheidMeter": 8}
    for who in ("duinstede:team", "duinstede:piket", "duinstede:coordinator"):
        row = stored(world, world.post_melding(who, **given).json["nummer"])
        assert (row.intake_channel, row.location_source, row.accuracy_m) == ("eigen_waarneming", "gps", 8)
        assert row.entered_by is not None
        with db.transaction(world.engine) as session:
            assert contact_of(session, row.id, scope=[row.gemeente_id]) is None
    asked = world.post_melding("duinstede:team", locatieBron="pin", contact={"telefoon": "06 12345678"})
    row = stored(world, asked.json["nummer"])
    assert (row.intake_channel, row.location_source) == ("telefoon", "pin")
    with db.transaction(world.engine) as session:
        person = contact_of(session, row.id, scope=[row.gemeente_id])
    assert person is not None and person.phone == "+31612345678"
    heard = stored(world, world.post_melding("duinstede:kcc", locatieBron="gps").json["nummer"])
    assert heard.location_source == "kcc"


@pytest.mark.parametrize("field", [{"notitie": "x"}, {"opdracht": 1}, {"kanaal": "telefoon"}])
def test_fields_of_staff_are_for_staff(world: World, field: dict[str, object]) -> None:
    assert world.post_melding(**field).status_code == 403


def test_warnings_come_with_the_answer(world: World) -> None:
    answer = world.post_melding(omschrijving="Mijn bsn is 111222333", gevaar=True)
    assert {warning["code"] for warning in answer.json["waarschuwingen"]} == {"bsn", "gevaar"}


@pytest.mark.parametrize(
    "words",
    ["👩‍👩‍👧‍👦 عربى 中文", "e\u0301" * 500, "regel 1\r\nregel 2", "😀" * 500, "'; DROP TABLE melding; -- {{7*7}} <b>"],
)
def test_any_script_comes_back(world: World, words: str) -> None:
    """KLANTREIS rule 7: 500 code points after NFC, CRLF becomes LF."""
    answer = world.post_melding(omschrijving=words)
    assert answer.status_code == 201, answer.text
    shown = answer.json["begrepen"]["omschrijving"]
    assert shown == words.replace("e\u0301", "é").replace("\r\n", "\n")


def test_places_in_rd_and_etrs89(world: World) -> None:
    """ADR-42, ADR-46: RD by RDNAPTRANS; in EPSG:4258 the latitude comes first."""
    rd = "http://www.opengis.net/def/crs/EPSG/0/28992"
    etrs89 = "http://www.opengis.net/def/crs/EPSG/0/4258"
    for crs, pair in [(rd, [108_471.0, 518_894.0]), (etrs89, [52.66, 4.70])]:
        answer = world.post_melding(headers={"Content-Crs": crs}, locatie={"type": "Point", "coordinates": pair})
        assert answer.status_code == 201, answer.text
        lon, lat = answer.json["begrepen"]["locatie"]["coordinates"]
        assert abs(lon - 4.70) < 0.02 and abs(lat - 52.66) < 0.01
    here = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}}
    seen = world.client().get(f"{BASE}/locaties?lon=4.7&lat=52.66&crs={rd}")
    x, y = seen.json["locatie"]["coordinates"]
    assert 100_000 < x < 120_000 and 510_000 < y < 530_000 and seen.headers["Content-Crs"] == f"<{rd}>"
    back = world.post_melding(headers={"Content-Crs": rd}, locatie={"type": "Point", "coordinates": [x, y]})
    assert back.json["begrepen"]["locatie"]["coordinates"] == pytest.approx([4.7, 52.66], abs=1e-6)
    unknown = world.post_melding(headers={"Content-Crs": "EPSG:3857"}, **here)
    assert unknown.status_code == 400 and unknown.json["code"] == "crs_onbekend"
    assert world.client().get(f"{BASE}/crss?crs=EPSG:3857").status_code == 400
    assert world.client().get(f"{BASE}/crss").json["crs"][0].endswith("CRS84")


def test_words_that_come_twice_are_kept_once(world: World) -> None:
    made, opdracht_id = world.routed()
    doors = [
        (f"/meldingen/{made['nummer']}/aanvullingen", {"Volg-Token": made["volgToken"]}),
        (f"/opdrachten/{opdracht_id}/notities", world.headers("duinstede:team")),
    ]
    for path, headers in doors:
        before = world.count()["note"]
        with_key = {**headers, "Idempotency-Key": "nog-eens"}
        answers = [world.client().post(BASE + path, json={"tekst": "Ook links."}, headers=with_key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json == answers[1].json and world.count()["note"] == before + 1
        other = world.client().post(BASE + path, json={"tekst": "Iets anders."}, headers=with_key)
        assert other.status_code == 409 and other.json["code"] == "sleutel_hergebruikt"


def test_withdrawing(world: World) -> None:
    made, opdracht_id = world.routed()
    token = {"Volg-Token": made["volgToken"]}
    for _ in range(2):
        answer = world.client().post(
            f"{BASE}/meldingen/{made['nummer']}/intrekkingen", json={"reden": "Is al weg"}, headers=token
        )
        assert answer.status_code == 201 and answer.json["resultaat"] == "ingetrokken"
    gone = world.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=world.headers("duinstede:kcc")).json
    assert gone["status"] == "vervallen"
