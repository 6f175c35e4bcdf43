"""The merge fields of the berichten: what each holds, in which kinds it can be, and in which texts it must be.

Not how a text is filled (wording.py), nor where the values come from (flow/notice_facts.py).
"""

from dataclasses import dataclass
from typing import Final

from .notices import CALL_KINDS, EMAIL_KINDS, PUSH_KINDS, SMS_KINDS, Channel, NoticeKind


@dataclass(frozen=True)
class MergeField:
    """One field. meaning: for the beheerder. example: to check a length with. may_be_empty: its sentence may go."""

    name: str
    meaning: str
    example: str
    may_be_empty: bool = False


_ALL: Final = (
    MergeField("wat", "wat er gemeld is", "een vernield verkeersbord"),
    MergeField("wanneer", "wanneer het gemeld is", "vanmorgen om 08.47"),
    MergeField("dag", "wanneer, zonder de tijd", "vanmorgen"),
    MergeField("plaats", "het adres of de plek", "Dorpsstraat 1, Bergen", may_be_empty=True),
    MergeField("nummer", "het meldingnummer", "26 0000 1234"),
    MergeField("zin", "de zin van het team, of de vraag", "Het is klaar.", may_be_empty=True),
    MergeField("reden", "waarom het niet is opgelost", "De boom is gezond.", may_be_empty=True),
    MergeField("datum", "de dag die wij beloven", "16 april", may_be_empty=True),
    MergeField("foto", "de zin dat er een foto van het resultaat is",
               "Op uw eigen pagina staat een foto van hoe het nu is.", may_be_empty=True),
    MergeField("opdrachten", "de open opdrachten van een partij, op elke regel een",
               "- Losse tegel, Dorpsstraat 1. Uiterlijk 16 april"),
    MergeField("storm", "de tekst van de coördinator bij storm of drukte",
               "Het is erg druk door de storm.", may_be_empty=True),
    MergeField("klacht", "waar een klacht heen kan", "klachten@gemeente.example.nl"),
    MergeField("code", "de code die een beller noemt", "4711 0815"),
    MergeField("gemeente", "de naam van de gemeente", "Bergen (NH)"),
    MergeField("telefoon", "het telefoonnummer van de gemeente", "072 000 00 00"),
    MergeField("link", "het adres van de volgpagina", "https://meldingen.example.nl/v/abcdefghi"),
    MergeField("link_ja", "de volgpagina, met het antwoord ja", "https://meldingen.example.nl/v/abcdefghi?antwoord=ja"),
    MergeField("link_nee", "de volgpagina, met het antwoord nee", "https://meldingen.example.nl/v/abcdefghi?antwoord=nee"),
)  # fmt: skip
FIELDS: Final = {field.name: field for field in _ALL}

LINKS: Final = frozenset({"link", "link_ja", "link_nee"})
SENTENCES: Final = frozenset({"zin", "reden", "foto", "storm"})
"""These hold whole sentences, so they end one."""
STARTS_BIG: Final = frozenset({"wat", "wanneer", "dag", "datum"})
"""These begin with a capital at the beginning of a sentence; what people wrote stays as they wrote it."""

_K = NoticeKind
_EVERYWHERE: Final = frozenset(
    {"wat", "wanneer", "dag", "plaats", "nummer", "datum", "gemeente", "telefoon", "link"}
)  # fmt: skip
_NO_SENTENCE: Final = frozenset(
    {_K.ONTVANGST, _K.HEROPEND, _K.INGETROKKEN, _K.BEL_ONS_NU, _K.TERMIJN_IN_GEVAAR, _K.OPDRACHT_PARTIJ,
     _K.OPDRACHTEN_PARTIJ}
)  # fmt: skip
_ONLY_IN: Final = {
    "reden": {_K.NIET_OPGELOST, _K.OVERGEDRAGEN},
    "foto": {_K.GEREED, _K.NIET_OPGELOST, _K.DEELS_KLAAR},
    "link_ja": {_K.GEREED, _K.NIET_OPGELOST},
    "link_nee": {_K.GEREED, _K.NIET_OPGELOST},
    "klacht": {_K.BLIJFT_GESLOTEN, _K.NIET_OPGELOST},
    "storm": {_K.ONTVANGST},
    "code": {_K.ONTVANGST},
    "opdrachten": {_K.OPDRACHTEN_PARTIJ},
}
_OF_MANY: Final = frozenset({"opdrachten", "gemeente", "telefoon", "link"})
"""What can be said of all the opdrachten of a party together: no number, no place."""
_MUST_HAVE: Final = {
    "zin": {
        _K.GEREED,
        _K.NIET_OPGELOST,
        _K.VRAAG,
        _K.BLIJFT_GESLOTEN,
        _K.ANTWOORD_ONTVANGEN,
        _K.VERWACHT,
        _K.PARTIJ_VRAAGT,
        _K.PARTIJ_ANTWOORD,
    },
    "opdrachten": {_K.OPDRACHTEN_PARTIJ},
    "reden": {_K.NIET_OPGELOST},
    "datum": {_K.VERTRAAGD},
    "klacht": {_K.BLIJFT_GESLOTEN},
    "storm": {_K.ONTVANGST},
    "telefoon": {_K.BEL_ONS_NU},
}
_SHORT: Final = (Channel.SMS, Channel.PUSH)
_NO_LINK: Final = (Channel.PUSH, Channel.BRIEF, Channel.TELEFOON)


def fields_for(kind: str, channel: str) -> tuple[MergeField, ...]:
    """The fields that can be used in this text. In an SMS the reason is the beginning of `zin`."""
    return tuple(field for field in _ALL if _may_use(field.name, NoticeKind(kind), channel))


def _may_use(name: str, kind: NoticeKind, channel: str) -> bool:
    if kind == _K.OPDRACHTEN_PARTIJ:
        return name in _OF_MANY
    if name in LINKS and channel in _NO_LINK:
        return False
    if channel in _SHORT and name in ("reden", "foto", "link_ja", "link_nee"):
        return False
    if name == "zin":
        return kind not in _NO_SENTENCE
    return name in _EVERYWHERE or kind in _ONLY_IN.get(name, ())


def required_for(kind: str, channel: str) -> frozenset[str]:
    """The fields without which this text would not say what it is for. In an SMS: each of its forms.

    A klacht and the storm stand behind the link of an SMS; a push only says that there is news.
    """
    wanted = {name for name, kinds in _MUST_HAVE.items() if kind in kinds}
    if channel not in _NO_LINK:
        wanted.add("link")
    if channel == Channel.PUSH:
        return frozenset()
    if channel == Channel.SMS:
        wanted -= {"reden", "klacht", "storm"}
    if channel == Channel.EMAIL and kind in (_K.GEREED, _K.NIET_OPGELOST):
        wanted = (wanted - {"link"}) | {"link_ja", "link_nee"}
    return frozenset(wanted)


def example_values(kind: str, channel: str) -> dict[str, str]:
    """An example of every field of this text."""
    return {field.name: field.example for field in fields_for(kind, channel)}


def channels_of(kind: str) -> tuple[Channel, ...]:
    """The channels this kind has words for, in the order in which a beheerder sees them."""
    carries = {
        Channel.EMAIL: EMAIL_KINDS,
        Channel.SMS: SMS_KINDS,
        Channel.PUSH: PUSH_KINDS,
        Channel.BRIEF: CALL_KINDS,
        Channel.TELEFOON: CALL_KINDS,
    }
    return tuple(channel for channel, kinds in carries.items() if kind in kinds)
