"""Who the melders of a chaos run are: seeded by the number of the melding, so that the order of things changes nothing.

An address carries its fate, so that the outside world (providers.py) and the ledger agree without asking each other.
"""

import random
import re
from dataclasses import dataclass
from typing import Any

SILENCE_S = 12.0
"""Longer than any adapter waits for an answer."""

CATEGORIES = ("losse-tegel", "verkeersbord-kapot", "struiken-over-pad", "vernieling", "zwerfafval", "put-verstopt")
"""Categories whose meldingen never join by themselves: who shares an opdracht is this plan's choice."""

SHARE = 0.08
"""How many melders have a problem that was reported just before."""

KINDS: dict[str, int] = {
    "email": 27,
    "email_grijs": 5,
    "email_terug": 2,
    "email_vol": 1,
    "email_terug_mobiel": 2,
    "email_weg": 2,
    "email_weg_mobiel": 3,
    "email_weg_vast": 2,
    "mobiel": 19,
    "mobiel_dood": 3,
    "mobiel_dood_email": 2,
    "mobiel_laat": 2,
    "beide": 13,
    "vast": 4,
    "bel_mij": 4,
    "apparaat": 5,
    "apparaat_weg": 1,
    "anoniem": 8,
}
"""The kinds of contact and how often each comes, in parts of their sum."""

FATES = {"m": "goed", "grijs": "grijs", "weg": "weg", "terug": "terug", "vol": "vol"}
REPORTS = {"terug": "5.1.1", "vol": "5.2.2"}
MOBILE_FATES = {"1": "goed", "2": "ongeldig", "3": "dood", "4": "vol", "5": "laat"}
NOTIFY_STATUSES = {"dood": "permanent-failure", "terug": "permanent-failure", "vol": "temporary-failure"}
SETTLES_S = {"goed": 1.0, "dood": 3.0, "vol": 5.0, "laat": 40.0}


@dataclass(frozen=True)
class Melder:
    """One melding to make. contact: as the API takes it. reach: what can tell him, best first; empty for anonymous.

    shared: he says "dit heb ik ook" about an earlier melding. wish: `intrekken`, `heropenen` or empty.
    """

    number: int
    kind: str
    contact: dict[str, Any]
    reach: tuple[str, ...]
    place: tuple[float, float]
    category: str
    shared: bool = False
    wish: str = ""
    danger: bool = False

    @property
    def device(self) -> str:
        """The fate of the device he subscribes: `goed`, `weg`, or empty without one."""
        return {"apparaat": "goed", "apparaat_weg": "weg"}.get(self.kind, "")

    @property
    def mark(self) -> str:
        """What the melder writes at the place, by which a team's list shows which melding an opdracht came from."""
        return f"Plek {self.number}."


def melder(seed: int, number: int) -> Melder:
    """The melder of this number."""
    dice = random.Random(f"{seed}:{number}")
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    contact, reach = _contact(dice, kind, number)
    if contact and dice.random() < 0.25:
        contact["alleenAlsHetKlaarIs"] = True
    first = leader(seed, number)
    where = random.Random(f"{seed}:plek:{first}")
    return Melder(
        number,
        kind,
        contact,
        reach,
        (round(where.uniform(4.680, 4.710), 6), round(where.uniform(52.660, 52.685), 6)),
        where.choice(CATEGORIES),
        shared=first != number,
        wish=dice.choices(("", "intrekken", "heropenen"), (96, 2, 2))[0],
        danger=first == number and dice.random() < 0.003,
    )


def leader(seed: int, number: int) -> int:
    """Who reported the problem first that this melder has too: himself, nine times out of ten."""
    while number > 0 and random.Random(f"{seed}:ook:{number}").random() < SHARE:
        number -= 1
    return number


def household(seed: int, first: int) -> list[Melder]:
    """The melder of this number and those after him who have the same problem; `first` is a leader."""
    members = [melder(seed, first)]
    while (following := members[-1].number + 1) and leader(seed, following) == first:
        members.append(melder(seed, following))
    return members


def _contact(dice: random.Random, kind: str, number: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    mail = {"email": f"m{number}@bewoner.example"}
    mobile = {"telefoon": f"061{number:07d}"}
    dead = {"telefoon": f"06{dice.choice('234')}{number:07d}"}
    gone = {"email": f"weg{number}@bewoner.example"}
    fixed = {"telefoon": f"0725{number:06d}"}
    if kind == "beide":
        wish = dice.choice((None, "email", "sms"))
        first = ("sms", "email") if wish == "sms" else ("email", "sms")
        return {**mail, **mobile, **({"voorkeur": wish} if wish else {})}, (*first, "telefoon")
    made: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "email": (mail, ("email",)),
        "email_grijs": ({"email": f"grijs{number}@bewoner.example"}, ("email",)),
        "email_terug": ({"email": f"terug{number}@bewoner.example"}, ()),
        "email_vol": ({"email": f"vol{number}@bewoner.example"}, ()),
        "email_terug_mobiel": ({"email": f"terug{number}@bewoner.example", **mobile}, ("sms", "telefoon")),
        "apparaat": ({}, ("push",)),
        "apparaat_weg": ({}, ()),
        "email_weg": (gone, ()),
        "email_weg_mobiel": ({**gone, **mobile}, ("sms", "telefoon")),
        "email_weg_vast": ({**gone, **fixed}, ("telefoon",)),
        "mobiel": (mobile, ("sms", "telefoon")),
        "mobiel_dood": (dead, ("telefoon",)),
        "mobiel_dood_email": ({**dead, **mail, "voorkeur": "sms"}, ("email", "telefoon")),
        "mobiel_laat": ({"telefoon": f"065{number:07d}"}, ("sms", "telefoon")),
        "vast": (fixed, ("telefoon",)),
        "bel_mij": ({**mobile, "voorkeur": "bellen"}, ("telefoon", "sms")),
        "anoniem": ({}, ()),
    }
    return made[kind]


def fate_of_email(address: str) -> str:
    """What becomes of mail: `goed`, `grijs` (later), `weg` (refused), `terug` and `vol` (reported later)."""
    return FATES.get(address.partition("@")[0].rstrip("0123456789"), "goed")


def report_of_email(address: str) -> str:
    """The status of the report that comes back for mail to this address, empty when it arrives."""
    return REPORTS.get(fate_of_email(address), "")


def returns_after_s(address: str) -> float:
    """When the report comes: at once, or long after."""
    return (0.0, 2.0, 6.0, 20.0)[_last_digit(address) % 4]


def fate_of_mobile(e164: str) -> str:
    """What becomes of SMS to this number: `goed`, `ongeldig` (refused), `dood`, `vol` (both fail later), `laat`."""
    return MOBILE_FATES.get(e164.removeprefix("+316")[:1], "goed")


def fate(address: str) -> str:
    """Of an e-mail address or a mobile number."""
    return fate_of_email(address) if "@" in address else fate_of_mobile(address)


def notify_status(address: str) -> str:
    """The last status Notify gives a message to this address or number."""
    return NOTIFY_STATUSES.get(fate(address), "delivered")


def settles_after_s(address: str) -> float:
    """When Notify knows: sometimes sooner than we can write down that it has the message."""
    return 0.0 if _last_digit(address) == 9 else SETTLES_S.get(fate(address), 1.0)


def is_told(address: str) -> bool:
    """Whether Notify brings the receipt by itself; else it must be asked for."""
    return _last_digit(address) % 2 == 1


def _last_digit(address: str) -> int:
    return int(re.sub(r"\D", "", address.partition("@")[0])[-1:] or 0)


def sentence(opdracht: int) -> str:
    """What the team says at this closing; by these words the ledger knows in any message which closing it tells."""
    return f"Werkbon W{opdracht} is klaar."


def closings_in(text: str) -> set[int]:
    """The closings a message tells."""
    return {int(found) for found in re.findall(r"Werkbon W(\d+)", text)}


def belongs_to(address: str, who: Melder) -> bool:
    """Whether this address is one of this melder's: every address carries his number."""
    digits = re.sub(r"\D", "", address.partition("@")[0])
    return digits in (f"{who.number}", f"31725{who.number:06d}", *(f"316{n}{who.number:07d}" for n in range(1, 6)))
