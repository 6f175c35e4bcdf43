"""How a text with merge fields is filled: what falls away, what is a button, and that values are only data."""

import pytest

from meldingen.domain.errors import InvalidInput
from meldingen.domain.merge_fields import FIELDS, channels_of, fields_for, required_for
from meldingen.domain.notices import NoticeKind
from meldingen.domain.text_rules import check_wording
from meldingen.domain.wording import Wording, as_html, as_text, fill, fill_line, loose_signs, one_after_another

VALUES = {
    "wat": "een kapotte lamp", "wanneer": "vanmorgen om 08.47", "zin": "De lamp brandt weer.", "datum": "16 april",
    "link": "https://x.nl/v/a", "reden": "", "plaats": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (
            "U meldde {wanneer} {wat}. {zin|Klaar.}",
            "U meldde vanmorgen om 08.47 een kapotte lamp. De lamp brandt weer.",
        ),
        ("Het is klaar. {reden}", "Het is klaar."),
        ("De reden: {reden}", ""),
        ("De reden: {reden} Meer: {link}", "Meer: https://x.nl/v/a"),
        ("{zin} {reden} {link}", "De lamp brandt weer. https://x.nl/v/a"),
        ("Nummer. Plaats: {plaats}. Daarna", "Nummer. Daarna"),
        ("Plaats: {plaats|zie de kaart}", "Plaats: zie de kaart"),
        ("{ wat } is stuk? Ja! {wat}.", "Een kapotte lamp is stuk? Ja! Een kapotte lamp."),
        ("{onbekend} valt weg. Dit blijft.", "Dit blijft."),
        ("Lamp\nPlaats: {plaats}\nPaal", "Lamp\nPaal"),
        ("Eerst.\n\n{reden}\n\n\nLaatst.", "Eerst.\n\nLaatst."),
        ("[Volg uw melding] {link}", "Volg uw melding: https://x.nl/v/a"),
        ("[Geen adres] {link_ja}", ""),
        ("Zonder veld.", "Zonder veld."),
        ("", ""),
    ],
)
def test_a_text_is_filled(text: str, filled: str) -> None:
    assert as_text(fill(text, VALUES)) == filled


def test_a_value_is_never_read_as_text() -> None:
    values = VALUES | {"zin": "{link} {reden|x}\n\n[Klik] {link}. Weg? {wat}"}
    assert as_text(fill("Voor: {zin}", values)) == "Voor: " + values["zin"]
    (inside,) = as_html(fill("{zin}", VALUES | {"zin": '<a href="x">&'}))
    assert inside == '&lt;a href="x"&gt;&amp;'
    (inside,) = as_html(fill("[Klik <b>] {link}", VALUES | {"link": 'https://x.nl/"><script>'}))
    assert inside == '<a href="https://x.nl/&quot;&gt;&lt;script&gt;">Klik &lt;b&gt;</a>'


def test_other_scripts_stand_apart_and_lines_stay() -> None:
    said = {"zin": "اللافتة جديدة"}
    assert as_text(fill("Zin: {zin}", said)) == "Zin: \u2068اللافتة جديدة\u2069"
    assert as_html(fill("Zin: {zin}", said)) == ["Zin: <bdi>اللافتة جديدة</bdi>"]
    assert as_html(fill("{zin}", {"zin": "Eén.\nTwee."})) == ["Eén.<br>\nTwee."]
    assert fill_line("{zin} Meer.", {"zin": "Eén.\nTwee"}) == "Eén. Twee. Meer."


def test_parts_of_one_message_say_nothing_twice() -> None:
    late = fill("U meldde {wat}. Het is later klaar.\n\n[Volg] {link}", VALUES)
    done = fill("U meldde {wat}. {zin}\n\n[Volg] {link}", VALUES)
    told = [as_text(part) for part in one_after_another([late, done])]
    assert told == [
        "U meldde een kapotte lamp. Het is later klaar.",
        "De lamp brandt weer.\n\nVolg: https://x.nl/v/a",
    ]


@pytest.mark.parametrize("text", ["{wat", "wat}", "{{wat}}", "[Volg] hier", "{wat|{zin}}", "{", "Zie ] daar"])
def test_a_sign_that_stands_alone_is_found(text: str) -> None:
    assert loose_signs(text)


def refused(kind: str, channel: str, wording: Wording) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        check_wording(kind, channel, wording, sender="Duinstede 0720000000")
    return {one.field: one.code for one in error.value.fields}


GOOD = Wording("U meldde {wat}. {zin}\n[Ja] {link_ja}\n[Nee] {link_nee}", subject="Klaar {nummer}", heading="Klaar")


@pytest.mark.parametrize(
    ("kind", "channel", "wording", "faults"),
    [
        ("gereed", "email", Wording("", "", ""), {"onderwerp": "veld_mist", "kop": "leeg", "tekst": "leeg"}),
        ("gereed", "email", Wording(GOOD.body, "Klaar", "Kop"), {"onderwerp": "veld_mist"}),
        ("gereed", "email", Wording(GOOD.body, "Klaar\n{nummer}", "Kop"), {"onderwerp": "meer_regels"}),
        ("gereed", "email", Wording("{zin} [Ja] {link_ja}", "{nummer}", "Kop"), {"tekst": "veld_mist"}),
        ("gereed", "email", Wording(GOOD.body + "\n\n{naam}", "{nummer}", "Kop"), {"tekst": "onbekend_veld"}),
        ("gereed", "sms", Wording("Klaar. {link}\nKlaar: {zin} {link}"), {"tekst": "veld_mist"}),
        ("gereed", "sms", Wording("Klaar: {zin} " + "heel " * 40 + "{link}"), {"tekst": "te_lang"}),
        ("gereed", "sms", Wording("Klaar: {zin} {reden} {link}"), {"tekst": "onbekend_veld"}),
        ("vertraagd", "telefoon", Wording("Vertel: later. {zin}"), {"tekst": "veld_mist"}),
        ("vertraagd", "telefoon", Wording("Klaar op {datum} bij {plaats}."), {"tekst": "veld_valt_weg"}),
        ("gereed", "sms", Wording("Klaar: {zin} Zie {link} voor {plaats}."), {"tekst": "veld_valt_weg"}),
        ("niet_opgelost", "brief", Wording("Niet. {zin}", "Niet opgelost"), {"tekst": "veld_mist"}),
        ("ontvangst", "push", Wording("Gelukt {wat", "Titel"), {"tekst": "los_teken"}),
        ("ontvangst", "push", Wording("Gelukt\x00", "Titel"), {"tekst": "nul_teken"}),
        ("ontvangst", "email", Wording("{zin} {storm} {link}", "{nummer}", "Kop"), {"tekst": "onbekend_veld"}),
    ],
)
def test_what_is_refused_at_saving(kind: str, channel: str, wording: Wording, faults: dict[str, str]) -> None:
    assert refused(kind, channel, wording) == faults


def test_what_is_kept_is_clean() -> None:
    kept = check_wording(
        "gereed", "email", Wording(GOOD.body.replace("\n", "\r\n") + "  ", "  {nummer}", "Kop"), sender=""
    )
    assert kept == Wording(GOOD.body, "{nummer}", "Kop")


def test_a_required_field_can_always_be_used() -> None:
    for kind in NoticeKind:
        for channel in channels_of(kind):
            names = {field.name for field in fields_for(kind, channel)}
            assert required_for(kind, channel) <= names <= set(FIELDS)
