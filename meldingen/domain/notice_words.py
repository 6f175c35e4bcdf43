"""Names of kinds, channels and states of berichten, and their reasons, as we write them for people. B1, no codes.

Not the words of a bericht itself: defaults/texts.
"""

from collections.abc import Mapping
from typing import Final

from .sentence import say

KIND_WORDS: Final[Mapping[str, str]] = {
    "ontvangst": say("Ontvangen"),
    "doorgezet": say("Doorgezet"),
    "ingepland": say("Ingepland"),
    "vraag": say("Vraag van het team"),
    "vertraagd": say("Later dan beloofd"),
    "deels_klaar": say("Deels klaar"),
    "gereed": say("Klaar"),
    "niet_opgelost": say("Niet opgelost"),
    "overgedragen": say("Overgedragen"),
    "heropend": say("Heropend"),
    "ingetrokken": say("Ingetrokken"),
    "doorverwezen": say("Doorverwezen"),
    "veiliggesteld": say("Het is veilig"),
    "bel_ons_nu": say("Gevraagd om te bellen"),
    "blijft_gesloten": say("Blijft gesloten"),
    "ander_loket": say("Ander loket"),
    "storm": say("Bericht bij storm"),
    "alarm": say("Alarm"),
    "termijn_in_gevaar": say("Termijn in gevaar"),
    "antwoord_ontvangen": say("Antwoord ontvangen"),
    "verwacht": say("Verwachte datum"),
    "opdracht_partij": say("Nieuwe opdracht voor een partij"),
    "opdrachten_partij": say("Opdrachten van een partij"),
    "partij_vraagt": say("Vraag van een partij"),
    "partij_antwoord": say("Antwoord aan een partij"),
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
    "termijn": "De gegevens van de melder mochten niet langer blijven.",
    "beperkt": "Wij mogen de gegevens van de melder nu niet gebruiken.",
    "geen_kanaal": "De melder is op geen manier te bereiken.",
    "vervallen": "Een medewerker liet dit bericht vervallen.",
    "aangenomen": "Iemand had de spoed al aangenomen.",
    "ongedaan": "Wat dit bericht vertelde, is teruggedraaid.",
}
"""Why nothing goes (any more): the codes of Notice.ended, also a reason of a delivery that ended with it."""


_PROVIDER_WORDS: Final[Mapping[str, str]] = {
    "permanent-failure": "het adres of nummer bestaat niet",
    "temporary-failure": "de telefoon of mailbox was te lang niet te bereiken",
    "technical-failure": "er was een storing bij de aanbieder",
}
_STEP_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "telefoon": {"gepland": "Staat op de lijst om te bellen", "bezorgd": "Gesproken"},
    "brief": {"gepland": "Staat klaar om te printen", "verzonden": "Op de post gedaan"},
}
BY_WORDS: Final[Mapping[str, str]] = {
    "email": say("per e-mail"),
    "sms": say("per sms"),
    "push": say("op uw eigen apparaat"),
    "telefoon": say("per telefoon"),
    "brief": say("per brief"),
}
BY_WORDS_FIRST: Final[Mapping[str, str]] = {
    "email": say("Per e-mail"),
    "sms": say("Per sms"),
    "push": say("Op uw eigen apparaat"),
    "telefoon": say("Per telefoon"),
    "brief": say("Per brief"),
}
"""As BY_WORDS, at the beginning of a sentence."""


def reason_words(reason: str) -> str:
    """The reason of a step as a person may read it: a code in words, what an adapter said as it said it."""
    return END_WORDS.get(reason) or _PROVIDER_WORDS.get(reason) or reason


def step_words(channel: str, status: str, attempt: int, reason: str) -> str:
    """One step of a delivery for staff: what happened, at which try, and why."""
    if status == "klaar":
        if reason:
            return f"Poging {attempt} lukte niet: {reason_words(reason)}"
        return "Wordt verstuurd" if attempt <= 1 else f"Poging {attempt}"
    words = _STEP_WORDS.get(channel, {}).get(status) or STATE_WORDS[status].capitalize()
    return f"{words}: {reason_words(reason)}" if reason else words


def mask_address(channel: str, address: str) -> str:
    """Enough of an address for its owner to know it, and no more: "j…@example.nl", "06 … 78". Empty for the rest."""
    if channel == "email" and "@" in address:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}"
    if channel in ("sms", "telefoon") and len(address) > 6:
        return f"{'06' if address.startswith('+316') else address[:3]} … {address[-2:]}"
    return ""
