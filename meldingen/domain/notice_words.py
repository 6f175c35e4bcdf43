"""Names of kinds, channels and states of berichten, and their reasons, as we write them for people. B1, no codes.

Not the words of a bericht itself: defaults/texts.
"""

from collections.abc import Mapping
from typing import Final

KIND_WORDS: Final[Mapping[str, str]] = {
    "ontvangst": "Ontvangen",
    "doorgezet": "Doorgezet",
    "ingepland": "Ingepland",
    "vraag": "Vraag van het team",
    "vertraagd": "Later dan beloofd",
    "deels_klaar": "Deels klaar",
    "gereed": "Klaar",
    "niet_opgelost": "Niet opgelost",
    "overgedragen": "Overgedragen",
    "heropend": "Heropend",
    "ingetrokken": "Ingetrokken",
    "doorverwezen": "Doorverwezen",
    "veiliggesteld": "Het is veilig",
    "bel_ons_nu": "Gevraagd om te bellen",
    "blijft_gesloten": "Blijft gesloten",
    "storm": "Bericht bij storm",
    "alarm": "Alarm",
    "termijn_in_gevaar": "Termijn in gevaar",
    "antwoord_ontvangen": "Antwoord ontvangen",
}
CHANNEL_WORDS: Final[Mapping[str, str]] = {
    "email": "E-mail",
    "sms": "Sms",
    "push": "Melding op telefoon of computer",
    "telefoon": "Telefoontje",
    "brief": "Brief",
}
STATE_WORDS: Final[Mapping[str, str]] = {
    "gepland": "staat klaar",
    "klaar": "wordt verstuurd",
    "verzonden": "verstuurd",
    "bezorgd": "aangekomen",
    "niet_bezorgd": "niet aangekomen",
}
END_WORDS: Final[Mapping[str, str]] = {
    "ingetrokken": "De melding is ingetrokken.",
    "gewist": "De gegevens van de melder zijn gewist.",
    "geen_kanaal": "De melder is op geen manier te bereiken.",
    "vervallen": "Een medewerker liet dit bericht vervallen.",
    "ongedaan": "Wat dit bericht vertelde, is teruggedraaid.",
}
"""Why nothing goes (any more): the codes of Notice.ended, also a reason of a delivery that ended with it."""


def reason_words(reason: str) -> str:
    """The reason of a step as a person may read it: a code in words, what an adapter said as it said it."""
    return END_WORDS.get(reason, reason)
