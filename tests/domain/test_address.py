"""What people type to find an address."""

import pytest

from meldingen.domain.address import LONGEST, search_words, split_corner


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


@pytest.mark.parametrize(
    ("said", "streets"),
    [
        ("hoek Kerkstraat Molenweg", ("Kerkstraat", "Molenweg")),
        ("Kerkstraat hoek Molenweg", ("Kerkstraat", "Molenweg")),
        ("op de hoek van de Kerkstraat en het Dorpsplein", ("Kerkstraat", "Dorpsplein")),
        ("kruising Jan de Wittlaan / N9", ("Jan de Wittlaan", "N9")),
        ("hoek Kerkstraat", None),
        ("Hoekstraat 3", None),
        ("hoek hoek hoek", None),
        ("", None),
    ],
)
def test_a_corner_as_people_say_it(said: str, streets: tuple[str, str] | None) -> None:
    assert split_corner(said) == streets
