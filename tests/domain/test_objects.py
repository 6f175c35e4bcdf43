"""Files of things with a number, and how a number is written."""

import json

import pytest

from meldingen.domain.errors import InvalidInput
from meldingen.domain.object_files import ReadObject, read_objects
from meldingen.domain.objects import ObjectRef, object_words, read_ref

LAMP = ReadObject("lichtmast", "BRG-0412", "", "lantaarnpaal-brandt-niet", 4.7, 52.66)
HEAD = "soort,code,naam,categorie,lon,lat\n"


@pytest.mark.parametrize(
    "data",
    [
        (HEAD + "lichtmast,BRG-0412,,lantaarnpaal-brandt-niet,4.7,52.66\n").encode(),
        "\ufeffSoort;Mastnummer;Categorie;Lengte;Breedte\r\n"
        "Lichtmast; BRG-0412 ;lantaarnpaal-brandt-niet;4,7;52,66\r\n".encode(),
        "Kind\tNummer\tcategory\tLongitude\tLatitude\nlichtmast\tBRG-0412\tlantaarnpaal-brandt-niet\t4.7\t52.66".encode(
            "cp1252"
        ),
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {
                            "Soort": "lichtmast",
                            "CODE": "BRG-0412",
                            "naam": None,
                            "categorie": "lantaarnpaal-brandt-niet",
                        },
                        "geometry": {"type": "Point", "coordinates": [4.7, 52.66, 3]},
                    }
                ],
            }
        ).encode(),
    ],
    ids=["komma", "excel", "tab", "geojson"],
)
def test_the_spellings_that_go_round(data: bytes) -> None:
    found = read_objects(data)
    assert found.objects == (LAMP,) and not found.refused


def test_rd_becomes_degrees() -> None:
    found = read_objects(b"code;x;y\n12;108530,5;517700\n", kind="container", category="container-vol").objects[0]
    assert (found.kind, found.code, found.category) == ("container", "12", "container-vol")
    assert (round(found.lon, 2), round(found.lat, 2)) == (4.7, 52.64)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("lichtmast,,,,4.7,52.66", "Er staat geen nummer bij."),
        (",12,,,4.7,52.66", "Er staat niet bij wat het is, zoals lichtmast of container."),
        ("licht/mast,12,,,4.7,52.66", "De soort mag alleen letters, cijfers en streepjes hebben."),
        ("lichtmast,a:b,,,4.7,52.66", "In het nummer mag geen dubbele punt staan."),
        ("lichtmast,12,,Geen Slug,4.7,52.66", "De categorie is geen korte naam, zoals lantaarnpaal-brandt-niet."),
        ("lichtmast,12,,,,52.66", "De plaats ontbreekt of is geen getal."),
        ("lichtmast,12,,,nan,52.66", "De lengte en de breedte moeten gewone getallen zijn."),
        ("lichtmast,12", "De plaats ontbreekt of is geen getal."),
        ("lichtmast,12,,,0,0", "De plaats ontbreekt: lengte en breedte zijn allebei 0. Kies de plaats opnieuw."),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_the_rest_is_read(row: str, reason: str) -> None:
    found = read_objects((HEAD + row + "\nlichtmast,BRG-0412,,lantaarnpaal-brandt-niet,4.7,52.66\n").encode())
    assert [one.reason for one in found.refused] == [reason]
    assert found.refused[0].name.startswith("regel 2") and found.objects == (LAMP,)


def test_the_same_number_twice() -> None:
    found = read_objects(
        (HEAD + "lichtmast,a1,,,4.7,52.66\nlichtmast,A1,,,4.8,52.66\ncontainer,a1,,,4.7,52.66").encode()
    )
    assert [one.kind for one in found.objects] == ["lichtmast", "container"]
    assert found.refused[0].name == "regel 3: lichtmast A1" and ("lichtmast", "A1") in found.named


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "kolommen"),
        (b"code,lon\n1,4.7", "kolommen"),
        (b"{", "bestand"),
        (b'{"type": "Feature"}', "type"),
        (b'{"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "EPSG:3857"}}}', "crs"),
    ],
)
def test_a_file_that_cannot_be_used_at_all(data: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_objects(data)
    assert refused.value.fields[0].field == field


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        ("lichtmast:BRG-0412", ObjectRef("lichtmast", "BRG-0412")),
        (" Lichtmast : brg-0412 ", ObjectRef("lichtmast", "brg-0412")),
        ("1234", ObjectRef("", "1234")),
        ("lichtmast:", None),
        (":12", None),
        ("een raar ding:12", None),
        ("x" * 41, None),
        ("1\x002", None),
        ("", None),
    ],
)
def test_what_a_link_names(written: str, ref: ObjectRef | None) -> None:
    assert read_ref(written) == ref


def test_in_words() -> None:
    assert object_words("lichtmast", "12") == "lichtmast 12"
    assert object_words("ondergrondse-container", "C-1", "Glas, Plein") == "ondergrondse container C-1 (Glas, Plein)"
    assert object_words("", "") == "" and str(ObjectRef("lichtmast", "12")) == "lichtmast:12"
