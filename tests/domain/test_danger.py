"""Which texts sound dangerous, what is denied, and what beheer may write in its lists."""

import tomllib
from pathlib import Path

import pytest

import meldingen
from meldingen.domain.danger import DangerWords, check_words, hear
from meldingen.domain.errors import InvalidInput

FILE = tomllib.loads((Path(meldingen.__file__).parent / "defaults/danger_words.toml").read_text(encoding="utf-8"))
OURS = DangerWords(**{name: tuple(entries) for name, entries in FILE.items()})

ALARMS = [
    "Ik ruik heel sterk gas op de hoek van de straat",
    "Sterke GASLUCHT bij het transformatorhuisje!",
    "De boom dreigt elk moment om te vallen",
    "Er staat een container in brand",
    "Een prullenbak staat hier in brand.",
    "Lantaarnpaal staat onder stroom, hond kreeg een tik",
    "Open put midden op het fietspad",
    "Er ligt iemand bewusteloos in het plantsoen",
    "zinkgat in de weg, wordt steeds groter",
]
ASKS = [
    "Dit is gevaarlijk voor kinderen",
    "Levensgevaarlijke kruising",
    "Hier is het gevaarlijk druk met auto's",
    "gevarlijk gat in de weg",
    "Het is niet veilig om hier te lopen",
    "Niet alleen lelijk maar ook gevaarlijk",
    "Ik weet niet of het gevaarlijk is",
    "Niet normaal gevaarlijk dit",
    "Dat is niet zonder gevaar",
    "Mijn moeder is hier vanochtend gevallen",
    "De tak hangt boven het speelplein",
    "Er hangen draden uit de lantaarnpaal",
    "Er is geen deksel op de put",
    "Een boom ligt over de weg",
    "De container is in brand gestoken",
    "Live wires hanging from the lamp post",
    "Stoeptegels liggen los. Onveilige situatie",
    "brandlucht bij de school",
    "instortingsgevaar van de kademuur",
]
QUIET = [
    "",
    "De lantaarnpaal brandt niet",
    "lamp brand niet meer sinds gisteren",
    "De lampen branden overdag",
    "Het is niet gevaarlijk, wel lelijk",
    "Er is geen gevaar",
    "geen direct gevaar maar graag oplossen",
    "Helemaal niet echt gevaarlijk hoor",
    "Ongevaarlijk, maar wel vies",
    "Niemand gewond",
    "Er ruikt niets, geen gaslucht",
    "Gevaar is er niet",
    "Er groeien brandnetels langs het pad",
    "Zwerfafval op het grasveld, graag zo snel mogelijk opruimen",
    "Bladeren op de stoep bij de brandgang",
    "De boom is gesnoeid en de takken liggen op de stoep",
    "Hondenpoep op het Sluispad",
    "De straat loopt naar beneden",
    "Er ligt een matras naast de container",
    "Vuurwerk is overlast",
]


@pytest.mark.parametrize("text", ALARMS)
def test_the_short_list_is_heard(text: str) -> None:
    assert hear(text, OURS).alarming, text


@pytest.mark.parametrize("text", ASKS)
def test_what_sounds_dangerous_is_asked_about_and_does_not_alarm(text: str) -> None:
    heard = hear(text, OURS)
    assert heard.asking and heard.suspected and not heard.alarming, heard


@pytest.mark.parametrize("text", QUIET)
def test_what_is_denied_or_ordinary_is_left_alone(text: str) -> None:
    assert not hear(text, OURS).suspected, hear(text, OURS)


def test_words_stand_in_order_in_one_thought_with_three_between() -> None:
    words = DangerWords(asking=("draad los", "*gevaar", "kabel*"), alarming=())
    assert hear("De draad hangt er los bij.", words).asking == ("draad los",)
    assert not hear("De draad hangt er nu helemaal los bij", words).asking
    assert not hear("Hier ligt draad. Los zand ook.", words).asking
    assert not hear("los en draad", words).asking
    assert hear("Ontploffingsgevaar! Kabels", words).asking == ("*gevaar", "kabel*")
    assert hear("KÁBEL", words).asking == ("kabel*",), "accents and capitals do not matter"
    assert hear("x", DangerWords((), ())).suspected is False
    heard = hear("Draad hangt los, KABELS ook", words)
    assert heard.said == ("draad hangt los", "kabels"), "as somebody said it, for who looks"


def test_a_list_as_beheer_types_it() -> None:
    assert check_words("Gaslucht,  losse   draad\n\n*gevaar*; gaslucht\nPútdeksel weg!", field="woorden") == (
        "gaslucht", "losse draad", "*gevaar*", "putdeksel weg",
    )  # fmt: skip
    assert check_words(" \n,", field="woorden") == ()
    for wrong in ("*", "ga*s", "een twee drie vier vijf zes", "w" * 61, "!!!", "**"):
        with pytest.raises(InvalidInput) as refused:
            check_words(f"goed\n{wrong}", field="woorden")
        assert refused.value.fields[0].field == "woorden"
    with pytest.raises(InvalidInput, match="te_veel_woorden"):
        check_words("\n".join(f"woord{number}" for number in range(401)), field="woorden")


@pytest.mark.parametrize("name", ["asking", "alarming", "harmless"])
def test_our_own_lists_are_as_beheer_would_write_them(name: str) -> None:
    entries = tuple(FILE[name])
    assert check_words("\n".join(entries), field="woorden") == entries
    assert len(FILE["alarming"]) <= 45, "the list that alarms by itself stays short"


@pytest.mark.parametrize("text", ["losse " * 80, "dra" * 160, "* | ( " * 80, "niet " * 100, "😀" * 500, "\x00"])
def test_a_text_of_any_make_can_be_heard(text: str) -> None:
    assert not hear(text, OURS).alarming
