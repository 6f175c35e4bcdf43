"""What people type to find an address."""

import pytest

from meldingen.domain.address import LONGEST, search_words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Breelaan 12", "Breelaan 12"),
        ("  breelaan   12a ", "breelaan 12a"),
        ("1861 ge 12", "1861GE 12"),
        ("1861GE, 12-II", "1861GE 12-II"),
        ("1861ge12a", "1861GE 12a"),
        ("'s-Gravenweg 3", "'s-Gravenweg 3"),
        ("’t Hof", "'t Hof"),
        ("Dr. Schaepmanstraat", "Dr. Schaepmanstraat"),
        ("Café-straße", "Café-straße"),
        ("*:*", ""),
        ('type:gemeente OR "x" AND (y)', "type gemeente or x and y"),
        ("-breelaan -- 12", "breelaan 12"),
        ("br", ""),
        ("é é", ""),
        ("\x00\n\t", ""),
        ("", ""),
    ],
)
def test_words_fit_to_search_with(typed: str, words: str) -> None:
    assert search_words(typed) == words


def test_a_book_is_not_an_address() -> None:
    assert len(search_words("breelaan " * 1000)) <= LONGEST
