"""The other desks of a gemeente: who handles a melding that is really a klacht, schadeclaim, bezwaar or
handhavingsverzoek (Wmebv; WM-10). Names, addresses, and the sentence a melder reads. No I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

POLICY: Final = "loketten"
"""The key in a gemeente's policy: per desk {"naam", "email", "contact"}."""
WORDS: Final[Mapping[str, str]] = {
    "klacht": "Klacht",
    "schade": "Schadeclaim",
    "bezwaar": "Bezwaar",
    "handhaving": "Handhavingsverzoek",
}
"""What a melding can really be, as staff read it."""
IN_A_SENTENCE: Final[Mapping[str, str]] = {
    "klacht": "een klacht",
    "schade": "een verzoek om schadevergoeding",
    "bezwaar": "een bezwaar",
    "handhaving": "een verzoek om handhaving",
}


@dataclass(frozen=True)
class Loket:
    """One desk. name: as it fits after "Dat doet". email: where we send the facts; empty: people send them. contact:
    an address, number or link for the melder; empty: the phone of the gemeente."""

    name: str = ""
    email: str = ""
    contact: str = ""


def loket_of(policy: Mapping[str, Any], desk: str) -> Loket:
    """The desk of a gemeente as its policy names it."""
    known = policy.get(POLICY, {}).get(desk, {})
    return Loket(str(known.get("naam", "")), str(known.get("email", "")), str(known.get("contact", "")))


def sentence_of(policy: Mapping[str, Any], desk: str, *, phone: str) -> str:
    """What the melder reads: what his melding is, who handles it, and where to ask. phone: of the gemeente."""
    to = loket_of(policy, desk)
    who = to.name or "Een ander loket van de gemeente"
    told = f"Dit is {IN_A_SENTENCE[desk]}. {who[:1].upper()}{who[1:]} behandelt dat."
    return f"{told} Vragen daarover: {to.contact or phone}."
