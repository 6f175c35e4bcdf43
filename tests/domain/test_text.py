"""Text rules: what is cleaned, counted, refused and hidden (KLANTREIS rules 7 and 11)."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meldingen.domain.errors import InvalidInput
from meldingen.domain.text import MASK, clean_text, looks_like_bsn, mask_personal, personal_kinds


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Losse tegel \n", "Losse tegel"),
        ("", ""),
        (" \t\r\n ", ""),
        ("\u200b\u200d\ufeff", ""),
        ("regel 1\r\nregel 2\rregel 3\n\nregel 5", "regel 1\nregel 2\nregel 3\n\nregel 5"),
        ("tab\tblijft", "tab\tblijft"),
        ("cafe\u0301", "café"),
        ("👨‍👩‍👧‍👦 bij de 🛝", "👨‍👩‍👧‍👦 bij de 🛝"),
        ("مصباح مكسور", "مصباح مكسور"),
        ("פנס שבור \u200fabc", "פנס שבור \u200fabc"),
        ("q\u0323\u0307", "q\u0323\u0307"),
        ("q\u0307\u0323", "q\u0323\u0307"),
        ("路灯坏了", "路灯坏了"),
        ("<script>alert(1)</script> {{7*7}} ' OR 1=1", "<script>alert(1)</script> {{7*7}} ' OR 1=1"),
    ],
)
def test_a_text_comes_back_clean_and_otherwise_unchanged(written: str, kept: str) -> None:
    assert clean_text(written, field="omschrijving") == kept


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("a\x00b", "nul_teken"),
        ("a\x01b", "stuurteken"),
        ("a\x0bb", "stuurteken"),
        ("\x1f", "stuurteken"),
        ("a\ufffeb", "stuurteken"),
        ("a\ud800b", "half_teken"),
        ("\udfff", "half_teken"),
        ("a" * 501, "te_lang"),
        ("😀" * 501, "te_lang"),
        ("x" * 1_000_000, "te_lang"),
        ("a" + "\u0301\u0323" * 500_000, "te_lang"),
        (5, "geen_tekst"),
        (None, "geen_tekst"),
        (["a"], "geen_tekst"),
    ],
)
def test_a_refused_text_names_its_field_and_never_repeats_it(written: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_text(written, field="omschrijving")  # type: ignore[arg-type]
    (error,) = refused.value.fields
    assert (error.field, error.code) == ("omschrijving", code)
    assert error.detail.endswith(".")
    assert error.detail.isprintable()


@pytest.mark.parametrize(
    "text",
    ["a" * 500, "😀" * 500, "e\u0301" * 500, "\r\n".join("a" * 250)[:-1] + "b", " " * 9000 + "a" * 500],
)
def test_exactly_five_hundred_code_points_fit(text: str) -> None:
    assert len(clean_text(text, field="omschrijving")) <= 500


def test_a_family_emoji_counts_its_code_points() -> None:
    family = "👨‍👩‍👧‍👦"
    assert len(clean_text(family * 71, field="omschrijving")) == 497
    with pytest.raises(InvalidInput) as refused:
        clean_text(family * 72, field="omschrijving")
    assert "504 tekens" in refused.value.detail
    assert "4 tekens korter" in refused.value.detail


def test_one_too_many_is_said_in_the_singular() -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_text("a" * 501, field="omschrijving")
    assert "1 teken korter" in refused.value.detail


def test_no_character_decomposes_into_more_than_four() -> None:
    """The bound on which the early refusal of a very long text stands."""
    assert max(len(unicodedata.normalize("NFD", chr(c))) for c in range(0x20000)) == 4
    assert max(len(unicodedata.normalize("NFD", chr(c))) for c in range(0x2F800, 0x2FA20)) == 1
    assert sys.maxunicode == 0x10FFFF


# Every kind of trouble in one alphabet; hypothesis finds their meetings sooner than in all of Unicode.
TROUBLE = st.sampled_from("aẹ́́\u0344\u2000 \t\r\n\x00\x0b\u0085\u200b\u200d\u200f\u2028\ud800\ufffe👨🛝عק가ᄀ\u1161")


@given(st.text(TROUBLE, max_size=40))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        once = clean_text(text, field="omschrijving")
    except InvalidInput:
        return
    assert clean_text(once, field="omschrijving") == once
    assert once == unicodedata.normalize("NFC", once)


BSN = "111222333"  # passes the elfproef and belongs to nobody


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BSN, True),
        (f"mijn bsn is {BSN}.", True),
        ("bsn:111222333", True),
        ("1112.22.333", True),
        ("111 222 333", True),
        ("111.222.333", True),
        ("1 1 1 2 2 2 3 3 3", True),
        ("in 2024 kreeg ik 111222333 terug", True),
        ("2024 111222333", True),
        ("012345672", True),
        ("111222334", False),
        ("000000000", False),
        ("1112223334", False),
        ("06 11122233", False),
        ("0611122233", False),
        ("+31 611122233", False),
        ("+31111222333", False),
        ("+31 (0)6 11122233", False),
        ("12-04-2026 8 uur", False),
        ("111\n222\n333", False),
        ("paal 12345", False),
        ("", False),
    ],
)
def test_a_bsn_is_recognised_and_a_phone_number_is_not(text: str, found: bool) -> None:
    assert looks_like_bsn(text) is found


@given(st.from_regex(r"06[ -]?[0-9]{8}", fullmatch=True))
def test_no_mobile_number_is_ever_a_bsn(number: str) -> None:
    assert not looks_like_bsn(f"Bel {number} na zessen.")


M = MASK


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Bel mij: 06-12 34 56 78, graag", f"Bel mij: {M}, graag"),
        ("(072) 888 00 00 of 0728880000", f"{M} of {M}"),
        ("+31 6 12345678 / 0031612345678", f"{M} / {M}"),
        ("+31 (0)6 12 34 56 78", M),
        ("06 12345678 2 keer gebeld", f"{M} 2 keer gebeld"),
        ("mail jan.de-vries+x@voorbeeld.nl.", f"mail {M}."),
        ("o'brien@mail.voorbeeld.nl", M),
        ("NL91 ABNA 0417 1643 00 voor de schade", f"{M} voor de schade"),
        ("nl91abna0417164300", M),
        ("NL91 ABNA 0417 1643 01", f"NL91 ABNA {M}"),
        ("DE89370400440532013000", M),
        ("bsn 111222333", f"bsn {M}"),
        ("de auto AB-123-C staat fout", f"de auto {M} staat fout"),
        ("de auto ab-123-c staat fout", f"de auto {M} staat fout"),
        ("12 ABC 3 en 12abc3", f"{M} en {M}"),
        ("bij 1861AB Bergen", "bij 1861AB Bergen"),
        ("lantaarnpaal AB1234", "lantaarnpaal AB1234"),
        ("om 12 om 30", "om 12 om 30"),
        ("wat een klootzak", f"wat een {M}"),
        ("KANKERLIJERS!", f"{M}!"),
        ("de boom heeft kanker, eikels vallen en de lamp flikkert", None),
        ("container 12, 3 meter, 14 april 2026 om 08.47 uur", None),
        ("huisnummer 12-14, 1 m2", None),
        ("", None),
    ],
)
def test_what_an_external_party_reads(written: str, shown: str | None) -> None:
    assert mask_personal(written) == (written if shown is None else shown)


@pytest.mark.parametrize(
    "kenteken",
    [
        "AB-12-34", "12-34-AB", "12-AB-34", "AB-12-CD", "AB-CD-12", "12-AB-CD", "12-ABC-3", "1-ABC-23",
        "AB-123-C", "A-123-BC", "ABC-12-D", "A-12-BCD", "1-AB-234", "123-AB-4",
    ],
)  # fmt: skip
def test_all_fourteen_sidecodes_are_hidden(kenteken: str) -> None:
    for written in (kenteken, kenteken.lower(), kenteken.replace("-", " ")):
        assert mask_personal(f"auto {written}, rood") == f"auto {M}, rood"
    if kenteken not in ("AB-12-34", "12-34-AB"):
        assert mask_personal(kenteken.replace("-", "")) == M


def test_the_writer_is_warned_by_kind() -> None:
    text = "Bel 0612345678 of a@b.nl over AB-123-C, klootzak"
    assert personal_kinds(text) == ("e-mailadres", "telefoonnummer", "kenteken")
    assert personal_kinds("Een losse tegel") == ()


@given(st.text(st.sampled_from("0169 .-+()/abABCNLo@▒é\n"), max_size=60))
def test_masking_never_fails_and_twice_is_once(text: str) -> None:
    masked = mask_personal(text)
    assert mask_personal(masked) == masked or MASK in masked


def test_masking_a_hostile_text_takes_linear_time() -> None:
    for hostile in (
        "0" * 20_000,
        "a" * 20_000 + "@",
        "0 " * 10_000,
        "NL91" * 5_000,
        "a.b" * 7_000,
        "+(" * 9_000,
    ):
        mask_personal(hostile)
