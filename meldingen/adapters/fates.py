"""Addresses that play their fate in the postvak of local mode, as Notify's own test addresses do.

So anyone can watch a bericht come late, bounce or fall back to the next channel. Only what happens to a message;
keeping it is for postvak.py. Outside local mode these are addresses like any other. The table in README is `table`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ..domain.delivery import BEZORGD, NIET_BEZORGD
from .failures import AddressRefused, PermanentFailure, UncertainFailure

DOMAIN: Final = "proef.example"
PUSH_ORIGIN: Final = f"https://push.{DOMAIN}"


@dataclass(frozen=True)
class Fate:
    """What becomes of a message. name: the part before @, and the last part of a push address. number: for SMS.

    words: for people. after: how much later it is known, by the business clock. outcome: our status then, with its
    reason. at_once: raised when it is handed over, the first time only for `stil`, which keeps the message.
    """

    name: str
    number: str
    words: str
    outcome: str = BEZORGD
    reason: str = ""
    after: timedelta = timedelta(0)
    address_refused: bool = False
    at_once: type[Exception] | None = None

    @property
    def email(self) -> str:
        """The address that has this fate."""
        return f"{self.name}@{DOMAIN}"

    @property
    def refusal(self) -> str:
        """The reason when it fails at once, as people read it at the melding: "proefadres, dit adres klopt niet"."""
        return f"proefadres, {self.words.rpartition(': ')[2]}"


FATES: Final = (
    Fate("laat", "06 12345671", "komt na 2 uur aan", after=timedelta(hours=2)),
    Fate(
        "vol",
        "06 12345672",
        "wordt aangenomen en komt na 1 uur terug: postbus vol, of telefoon te lang uit",
        outcome=NIET_BEZORGD,
        reason="temporary-failure",
        after=timedelta(hours=1),
    ),
    Fate(
        "weg",
        "06 12345673",
        "wordt aangenomen en komt na 10 minuten terug: dit adres bestaat niet; wij gebruiken het niet meer",
        outcome=NIET_BEZORGD,
        reason="permanent-failure",
        after=timedelta(minutes=10),
        address_refused=True,
    ),
    Fate("stil", "06 12345674", "komt aan, maar wij horen niets terug; wij vragen het na", at_once=UncertainFailure),
    Fate("stuk", "06 12345675", "wordt meteen geweigerd: dit adres klopt niet", at_once=AddressRefused),
    Fate("dicht", "06 12345676", "wordt meteen geweigerd: dit bericht mag niet", at_once=PermanentFailure),
)
USUAL: Final = Fate("", "", "komt meteen aan")

_BY_EMAIL: Final = {fate.email: fate for fate in FATES}
_BY_NUMBER: Final = {f"+31{fate.number.replace(' ', '')[1:]}": fate for fate in FATES}


def fate_of(address: str) -> Fate:
    """The fate of an e-mail address, a number in E.164, or a push address (its first word)."""
    known = _BY_EMAIL.get(address.lower()) or _BY_NUMBER.get(address)
    if known is None and address.startswith(f"{PUSH_ORIGIN}/"):
        name = address.split(" ", 1)[0].rpartition("/")[2]
        known = next((fate for fate in FATES if fate.name == name), None)
    return known or USUAL


def table() -> str:
    """FATES as the Markdown table of the README, with a line end after each row."""
    rows = ["| e-mail | sms | wat er met het bericht gebeurt |", "|---|---|---|"]
    rows += [f"| `{fate.email}` | `{fate.number}` | {fate.words} |" for fate in FATES]
    return "\n".join([*rows, f"| elk ander adres | elk ander nummer | {USUAL.words} |"]) + "\n"
