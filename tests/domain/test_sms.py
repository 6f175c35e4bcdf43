"""What fits in an SMS, and how a sentence is made to fit."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meldingen.domain.sms import (
    GSM_BASIC,
    GSM_EXTENSION,
    Segments,
    fit_sentence,
    fit_sms,
    is_gsm7,
    sms_segments,
    to_gsm7,
)


def test_the_alphabet_is_complete() -> None:
    """128 places less the escape, and the extension without its page break as a text character."""
    assert len(GSM_BASIC) == 127
    assert len(GSM_EXTENSION) == 10


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", Segments("GSM-7", 0, 0)),
        ("a", Segments("GSM-7", 1, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 80 + "a", Segments("GSM-7", 161, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # the € does not straddle
        ("ë", Segments("UCS-2", 1, 1)),
        ("ë" * 70, Segments("UCS-2", 70, 1)),
        ("ë" * 71, Segments("UCS-2", 71, 2)),
        ("ë" * 134, Segments("UCS-2", 134, 2)),
        ("ë" * 135, Segments("UCS-2", 135, 3)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("😀" * 36, Segments("UCS-2", 72, 2)),
        ("😀" * 67, Segments("UCS-2", 134, 3)),  # 33 to a part: a pair does not straddle
        ("à la carte, één ñ: Ä?", Segments("GSM-7", 21, 1)),
    ],
)
def test_segments(text: str, segments: Segments) -> None:
    assert sms_segments(text) == segments


@given(st.text(st.sampled_from("a€{"), max_size=400), st.booleans())
def test_segments_against_brute_force(text: str, wide: bool) -> None:
    """The fewest parts in which the characters fit in order, found by trying every length of a part."""
    if wide:
        text = text.replace("{", "😀") + "ë"
    part, one = (67, 70) if wide else (153, 160)
    sizes = [len(c.encode("utf-16-le")) // 2 if wide else 1 + (c in GSM_EXTENSION) for c in text]
    ends = [0]
    for size in sizes:
        ends.append(ends[-1] + size)

    @cache
    def fewest(start: int) -> int:
        if start == len(sizes):
            return 0
        stops = [stop for stop in range(start + 1, len(sizes) + 1) if ends[stop] - ends[start] <= part]
        return 1 + min(fewest(stop) for stop in stops[-2:])

    expected = (1 if sizes else 0) if ends[-1] <= one else fewest(0)
    assert sms_segments(text) == Segments("UCS-2" if wide else "GSM-7", ends[-1], expected)


@pytest.mark.parametrize(
    ("text", "kinder"),
    [
        ("Het bord is ‘vervangen’ – klaar…", "Het bord is 'vervangen' - klaar..."),
        ("“ja”\u00a0of\u202fnee", '"ja" of nee'),
        ("Coördinatie in België, één reëel café", "Coördinatie in Belgie, één reeel café"),
        ("garçon, Łódź, œuvre, ĳs, ß", "garcon, Lodz, oeuvre, ijs, ß"),
        ("1½ m² × 2 à € 5", "1 1/2 m2 x 2 à € 5"),
        ("Klaar 👍🏽 en schoon ✨", "Klaar en schoon"),
        ("zacht\u00adafbreken\u200b", "zachtafbreken"),
        ("e\u0301en", "éen"),
        ("niets te doen", "niets te doen"),
        ("twee  spaties blijven", "twee  spaties blijven"),
        ("مصباح … مكسور", "مصباح … مكسور"),
        ("Привет – ë", "Привет – ë"),
    ],
)
def test_kind_replacements(text: str, kinder: str) -> None:
    assert to_gsm7(text) == kinder


@given(st.text(max_size=30))
def test_replacing_gives_gsm7_or_the_text_itself(text: str) -> None:
    kinder = to_gsm7(text)
    assert is_gsm7(kinder) or kinder == text
    assert to_gsm7(kinder) == kinder


LINK = "https://meldingen.voorbeeld.nl/v/AbCdEfGhIjKlMnOpQrStUvWxYz0123"
WHEN = "U meldde vanmorgen om 08.47 een losse tegel."


def fit(*parts: str) -> str:
    return fit_sms(parts, link=LINK, gemeente_name="Bergen", phone="072 888 00 00")


def test_what_fits_is_sent_whole() -> None:
    message = fit("Uw melding is klaar.", "Het bord is inmiddels vervangen.")
    assert message == (f"Uw melding is klaar. Het bord is inmiddels vervangen. {LINK} Gemeente Bergen, 072 888 00 00")
    assert sms_segments(message).count == 1


def test_a_long_sentence_is_shortened_at_a_word_and_the_rest_is_behind_the_link() -> None:
    sentence = "Wij hebben de tegels rond de boom opnieuw gelegd, en de wortel is door de boomverzorger ingekort."
    message = fit("", sentence)
    assert sms_segments(message) == Segments("GSM-7", len(message), 1)
    shown = message[: message.index(f"... {LINK}")]
    assert sentence.startswith(shown)
    assert sentence[len(shown)] in " ,"
    assert message.endswith("Gemeente Bergen, 072 888 00 00")
    assert len(message) > 150


def test_when_too_little_of_the_sentence_would_be_left_it_takes_another_part() -> None:
    sentence = "De aannemer heeft de tegel rechtgelegd en de kolk ernaast meteen schoongemaakt. " * 4
    message = fit(WHEN, sentence)
    assert sms_segments(message).count == 2
    assert "..." in message
    assert LINK in message


def test_typography_and_emoji_do_not_cost_a_message() -> None:
    message = fit("Klaar 👍", "“Netjes” gedaan – zei iedereen…")
    assert sms_segments(message).encoding == "GSM-7"
    assert message.startswith('Klaar "Netjes" gedaan - zei iedereen... https://')


def test_another_script_stays_whole_or_is_shortened_but_never_broken() -> None:
    message = fit("", "تم إصلاح مصباح الشارع اليوم وهو يعمل الآن بشكل جيد")
    assert sms_segments(message).encoding == "UCS-2"
    assert LINK in message


def test_a_text_without_spaces_is_never_cut_inside_a_word() -> None:
    assert "x" * 300 in fit("", "x" * 300)


def test_a_short_last_part_is_not_shortened() -> None:
    message = fit(WHEN * 4, "Klaar.")
    assert "Klaar." in message
    assert "..." not in message


def test_line_ends_become_spaces_and_empty_parts_go() -> None:
    assert fit("Eerste\nregel.", "", "Tweede\r\n\nregel.").startswith("Eerste regel. Tweede regel. https://")
    assert fit() == f"{LINK} Gemeente Bergen, 072 888 00 00"
    assert "Gemeente Bergen," in fit_sms([], link=LINK, gemeente_name="Gemeente Bergen", phone="1")


def test_a_template_can_be_fitted_as_well() -> None:
    message = fit_sentence(lambda sentence: f"Vraag: {sentence} Antwoord: {LINK}", "hoe hoog ligt de tegel " * 8)
    assert message.startswith("Vraag: hoe hoog ligt de tegel")
    assert message.endswith(f"... Antwoord: {LINK}")
    assert sms_segments(message).count == 1


@given(st.lists(st.text(st.sampled_from("ab é€😀"), max_size=60), max_size=4))
def test_fitting_never_loses_the_link_or_the_gemeente(parts: list[str]) -> None:
    message = fit(*parts)
    assert LINK in message
    assert message.endswith("Gemeente Bergen, 072 888 00 00")
