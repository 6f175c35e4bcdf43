"""Phone numbers as people write them (KLANTREIS rule 8)."""

import pytest

from meldingen.domain.errors import InvalidInput
from meldingen.domain.phone import Phone, parse_phone, show_phone


@pytest.mark.parametrize(
    ("written", "e164", "is_mobile"),
    [
        ("06-12 34 56 78", "+31612345678", True),
        ("0612345678", "+31612345678", True),
        ("06/12345678", "+31612345678", True),
        ("06.12.34.56.78", "+31612345678", True),
        ("0031612345678", "+31612345678", True),
        ("+31 (0)6 12345678", "+31612345678", True),
        (" +31 6 1234 5678 ", "+31612345678", True),
        ("０６１２３４５６７８", "+31612345678", True),
        ("(072) 888 00 00", "+31728880000", False),
        ("0031 (0)72 8880000", "+31728880000", False),
        ("085-1234567", "+31851234567", False),
        ("+49 30 901820", "+4930901820", False),
        ("+49 1512 3456789", "+4915123456789", True),
        ("+1 212 555 2368", "+12125552368", True),
    ],
)
def test_notations_people_use(written: str, e164: str, is_mobile: bool) -> None:
    phone = parse_phone(written, field="contact.telefoon")
    assert phone == Phone(e164, is_mobile)
    assert parse_phone(show_phone(e164), field="contact.telefoon") == phone


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "telefoon_onjuist"),
        ("   ", "telefoon_onjuist"),
        ("06-1234567", "telefoon_onjuist"),
        ("06-123456789", "telefoon_onjuist"),
        ("112", "telefoon_onjuist"),
        ("bel mij maar", "telefoon_onjuist"),
        ("0800-GEMEENTE", "telefoon_onjuist"),
        ("0612345678\x00", "telefoon_onjuist"),
        ("06 12345678" * 9, "telefoon_onjuist"),
        ("+999 12345678", "telefoon_onjuist"),
        ("0900-1234", "geen_eigen_nummer"),
        ("0800-1234", "geen_eigen_nummer"),
        ("14 072", "geen_eigen_nummer"),
        ("+31612345678;ext=4", "telefoon_onjuist"),
        ("072-8880000 #12", "toestelnummer"),
        (None, "telefoon_onjuist"),
        (612345678, "telefoon_onjuist"),
        ("\ud800", "telefoon_onjuist"),
    ],
)
def test_refusals_name_the_field_and_the_mend(written: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_phone(written, field="contact.telefoon")  # type: ignore[arg-type]
    (error,) = refused.value.fields
    assert (error.field, error.code) == ("contact.telefoon", code)


@pytest.mark.parametrize(
    ("e164", "shown"),
    [("+31612345678", "06 12 34 56 78"), ("+31728880000", "072 888 0000"), ("+4930901820", "+49 30 901820")],
)
def test_showing(e164: str, shown: str) -> None:
    assert show_phone(e164) == shown
