"""What a door may hand over, without a database: place, contact, completeness, answers."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meldingen.domain.contact import Contact, check_email, parse_contact
from meldingen.domain.errors import InvalidInput
from meldingen.domain.intake import Location, NewMelding, check_answers, check_complete, danger_answered, parse_location
from meldingen.domain.phone import Phone

BERGEN = Location(4.7009, 52.6702)
MOBILE = Phone("+31612345678", True)


def codes(refused: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refused.value.fields]


@pytest.mark.parametrize(
    ("lon", "lat", "place"),
    [
        (4.7009, 52.6702, (4.7009, 52.6702)),
        (5, 52, (5.0, 52.0)),
        (4.700912345678, 52.670298765432, (4.7009123, 52.6702988)),
        (3.0, 50.6, (3.0, 50.6)),
        (7.4, 53.8, (7.4, 53.8)),
        (5.3872, 52.1553, (5.3872, 52.1553)),  # Amersfoort, a few metres from a default pin
    ],
)
def test_places_in_the_netherlands(lon: float, lat: float, place: tuple[float, float]) -> None:
    found = parse_location(lon, lat)
    assert (found.lon, found.lat) == place


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("4.7", "52.6", "geen_coordinaten"),
        (4.7, None, "geen_coordinaten"),
        (True, 52.6, "geen_coordinaten"),
        (4.7, False, "geen_coordinaten"),
        ([4.7], 52.6, "geen_coordinaten"),
        ({}, [], "geen_coordinaten"),
        (4.7 + 1j, 52.6, "geen_coordinaten"),
        (math.nan, 52.6, "geen_eindig_getal"),
        (4.7, math.inf, "geen_eindig_getal"),
        (-math.inf, math.nan, "geen_eindig_getal"),
        (json.loads("1e999"), 52.6, "geen_eindig_getal"),
        (10**400, 52.6, "geen_eindig_getal"),
        (0, 0, "nulpunt"),
        (-0.0, 0.0, "nulpunt"),
        (52.6702, 4.7009, "assen_verwisseld"),
        (108000, 520000, "rd_coordinaten"),
        (155000.0, 463000.0, "rd_coordinaten"),
        (500, 500, "geen_plaats_op_aarde"),
        (4.7, 91, "geen_plaats_op_aarde"),
        (13.4, 52.5, "buiten_nederland"),
        (2.99, 52.0, "buiten_nederland"),
        (5.291266, 52.132633, "midden_van_het_land"),
        (5.2912660001, 52.1326330001, "midden_van_het_land"),
        (5.75, 52.5, "midden_van_het_land"),
        (5.6343227, 52.2434979, "midden_van_het_land"),
    ],
)
def test_a_place_that_cannot_be_is_refused_by_name(lon: object, lat: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_location(lon, lat)
    assert codes(refused) == [("locatie.coordinates", code)]


def test_swapped_axes_are_told_in_so_many_words() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_location(52.6702, 4.7009)
    assert "U heeft lengte en breedte verwisseld" in refused.value.detail


@given(st.one_of(st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=3)), st.floats())
def test_any_pair_is_a_place_or_a_refusal(lon: object, lat: float) -> None:
    try:
        found = parse_location(lon, lat)
    except InvalidInput:
        return
    assert 3.0 <= found.lon <= 7.4
    assert 50.6 <= found.lat <= 53.8


def test_a_place_keeps_its_words() -> None:
    found = parse_location(4.7, 52.67, source="kcc", note=" achter de kerk ", address="Dorpsstraat 1")
    assert (found.source, found.note, found.address) == ("kcc", "achter de kerk", "Dorpsstraat 1")
    with pytest.raises(InvalidInput) as refused:
        parse_location(4.7, 52.67, note="a\x00")
    assert refused.value.fields[0].field == "locatieToelichting"


def new(**facts: Any) -> NewMelding:
    return NewMelding(**{"location": BERGEN, "intake_channel": "app", "description": "Losse tegel", **facts})


@pytest.mark.parametrize(
    ("melding", "photos"),
    [
        (new(), 0),
        (new(description=""), 1),
        (new(description="", photos_expected=2), 0),
        (new(location=None), 1),
        (new(location=None, description=""), 1),
    ],
)
def test_a_place_and_one_of_text_or_photo_are_enough(melding: NewMelding, photos: int) -> None:
    check_complete(melding, photos)


@pytest.mark.parametrize(
    ("melding", "wrong"),
    [
        (new(description=""), [("omschrijving", "tekst_of_foto_ontbreekt")]),
        (new(location=None), [("locatie", "plaats_ontbreekt")]),
        (new(location=None, photos_expected=1), [("locatie", "plaats_ontbreekt")]),
        (
            new(location=None, description=""),
            [("locatie", "plaats_ontbreekt"), ("omschrijving", "tekst_of_foto_ontbreekt")],
        ),
        (new(photos_expected=6), [("fotosVolgen", "aantal_fotos")]),
        (new(photos_expected=-1), [("fotosVolgen", "aantal_fotos")]),
        (new(intake_channel="rooksignaal"), [("kanaal", "onbekend_kanaal")]),
    ],
)
def test_what_is_missing_is_told_all_at_once(melding: NewMelding, wrong: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_complete(melding, 0)
    assert codes(refused) == wrong


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("jan@voorbeeld.nl", "jan@voorbeeld.nl"),
        (" Jan.de.Vries+x@VOORBEELD.NL\n", "Jan.de.Vries+x@voorbeeld.nl"),
        ("jos@bücher.nl", "jos@xn--bcher-kva.nl"),
        ("o'brien@voorbeeld.nl", "o'brien@voorbeeld.nl"),
    ],
)
def test_email_addresses(written: str, kept: str) -> None:
    assert check_email(written, "contact.email") == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "jan", "jan@", "@voorbeeld.nl", "jan@voorbeeld", "jan@@voorbeeld.nl", "jan@voor beeld.nl",
        "jan\n@voorbeeld.nl", "jan@voorbeeld.nl\nBcc: x@y.nl", "j\x00n@voorbeeld.nl", "jan@voorbeeld.nl,piet@x.nl",
        "Jan <jan@voorbeeld.nl>", "jan@localhost", "jan@[127.0.0.1]", "jösé@voorbeeld.nl", "\ud800@voorbeeld.nl",
        "jan@\ud800.nl", "a" * 65 + "@voorbeeld.nl", "x" * 100_000, "jan@" + "a." * 200 + "nl", None, 5, ["a@b.nl"],
    ],
)  # fmt: skip
def test_broken_email_addresses_are_refused_by_name(written: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_email(written, "contact.email")
    assert codes(refused) == [("contact.email", "email_onjuist")]
    assert "naam@voorbeeld.nl" in refused.value.detail


def test_a_contact_as_written() -> None:
    assert parse_contact(
        name=" Jan ", email="jan@voorbeeld.nl", phone="06-12345678", preference="sms", only_when_done=True
    ) == Contact("Jan", "jan@voorbeeld.nl", MOBILE, "sms", True)


@pytest.mark.parametrize(
    "nothing",
    [{}, {"name": " ", "email": "", "phone": None}, {"preference": "email"}, {"only_when_done": True}],
)
def test_nothing_given_is_anonymous(nothing: dict[str, Any]) -> None:
    assert parse_contact(**nothing) is None


@pytest.mark.parametrize(
    ("given_contact", "wrong"),
    [
        (
            {"name": "a\x00", "email": "jan@", "phone": "06", "preference": "duif"},
            ["contact.naam", "contact.email", "contact.telefoon", "contact.voorkeur"],
        ),
        ({"name": 5, "email": 5, "phone": 5}, ["contact.naam", "contact.email", "contact.telefoon"]),
        ({"email": "jan@voorbeeld.nl", "preference": ["sms"]}, ["contact.voorkeur"]),
        ({"email": "jan@voorbeeld.nl", "preference": "sms"}, ["contact.voorkeur"]),
        ({"phone": "072-8880000", "preference": "sms"}, ["contact.voorkeur"]),
        ({"phone": "06-12345678", "preference": "email"}, ["contact.voorkeur"]),
        ({"email": "jan@voorbeeld.nl", "preference": "bellen"}, ["contact.voorkeur"]),
        ({"name": "x" * 101}, ["contact.naam"]),
    ],
)
def test_contact_errors_come_all_at_once(given_contact: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_contact(**given_contact)
    assert [error.field for error in refused.value.fields] == wrong


QUESTIONS: list[dict[str, Any]] = [
    {"id": "wat", "label": "Wat ziet u?", "type": "tekst"},
    {"id": "aantal", "label": "Hoeveel?", "type": "getal"},
    {"id": "gevaarlijk", "label": "Is het gevaarlijk?", "type": "janee", "danger_answer": "ja"},
    {"id": "soort", "label": "Welke soort?", "type": "keuze", "options": ["rest", "glas"], "required": True},
    {"id": "waar", "label": "Waar?", "type": "meerkeuze", "options": ["stoep", "weg", "gras"]},
]


@pytest.mark.parametrize(
    ("name", "written", "kept"),
    [
        ("wat", "  een plas ", "een plas"),
        ("aantal", 3, 3),
        ("aantal", 3.0, 3),
        ("aantal", "3", 3),
        ("aantal", " 1,5 ", 1.5),
        ("aantal", -2.5, -2.5),
        ("gevaarlijk", True, "ja"),
        ("gevaarlijk", False, "nee"),
        ("gevaarlijk", "Ja", "ja"),
        ("waar", ["weg", "stoep", "weg"], ["stoep", "weg"]),
        ("waar", "gras", ["gras"]),
    ],
)
def test_answers_come_out_clean(name: str, written: object, kept: object) -> None:
    found = check_answers(QUESTIONS, {"soort": "glas", name: written})
    assert found == {"soort": "glas", name: kept}
    assert type(found[name]) is type(kept)


@pytest.mark.parametrize("empty", [None, "", "  ", []])
def test_an_empty_answer_is_no_answer(empty: object) -> None:
    assert check_answers(QUESTIONS, {"soort": "glas", "wat": empty, "waar": empty}) == {"soort": "glas"}


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("wat", 5, "geen_tekst"),
        ("wat", "x" * 501, "te_lang"),
        ("wat", "a\x00", "nul_teken"),
        ("aantal", "drie", "geen_getal"),
        ("aantal", True, "geen_getal"),
        ("aantal", math.nan, "geen_getal"),
        ("aantal", [3], "geen_getal"),
        ("aantal", 10**20, "getal_te_groot"),
        ("aantal", 10**400, "geen_getal"),
        ("gevaarlijk", "misschien", "geen_ja_of_nee"),
        ("gevaarlijk", 1, "geen_ja_of_nee"),
        ("gevaarlijk", {}, "geen_ja_of_nee"),
        ("soort", "papier", "onbekende_keuze"),
        ("soort", ["glas"], "onbekende_keuze"),
        ("waar", ["weg", "lucht"], "onbekende_keuze"),
        ("waar", [["weg"]], "onbekende_keuze"),
        ("waar", {"weg": 1}, "onbekende_keuze"),
        ("kleur", "rood", "onbekend_veld"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(name: str, written: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(QUESTIONS, {"soort": "glas", name: written})
    assert codes(refused) == [(f"antwoorden.{name}", code)]


def test_everything_wrong_is_told_at_once_and_no_value_is_repeated() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(QUESTIONS, {"geheim": "wachtwoord123", "aantal": "drie", "ra\x00\ud800r": 1})
    assert codes(refused) == [
        ("antwoorden.geheim", "onbekend_veld"),
        ("antwoorden.ra??r", "onbekend_veld"),
        ("antwoorden.aantal", "geen_getal"),
        ("antwoorden.soort", "antwoord_ontbreekt"),
    ]
    assert "wachtwoord123" not in repr(refused.value.fields)


def test_a_thousand_unknown_names_give_a_short_answer() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers([], {f"veld{n}": n for n in range(1000)})
    assert len(refused.value.fields) == 10


@pytest.mark.parametrize("answers", ["tekst", 5, ["wat"], True])
def test_answers_that_are_no_object_are_refused(answers: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(QUESTIONS, answers)
    assert codes(refused) == [("antwoorden", "geen_antwoorden")]


@pytest.mark.parametrize(
    ("answers", "danger"),
    [({"gevaarlijk": "ja"}, True), ({"gevaarlijk": "nee"}, False), ({}, False), ({"wat": "ja"}, False)],
)
def test_an_answer_may_mean_danger(answers: dict[str, Any], danger: bool) -> None:
    assert danger_answered(QUESTIONS, answers) is danger


def test_one_of_several_choices_may_mean_danger() -> None:
    question: dict[str, Any] = {"id": "waar", "type": "meerkeuze", "danger_answer": "weg"}
    assert danger_answered([question], {"waar": ["gras", "weg"]})
    assert not danger_answered([question], {"waar": ["gras"]})


def test_no_questions_and_no_answers() -> None:
    assert check_answers([], None) == {}
    assert check_answers([], {}) == {}
