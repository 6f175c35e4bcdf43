"""Who reports what, where and when in a storm: all of it from the seed, so that two runs send the very same meldingen.

The curve is that of a front with two gusts: most of it comes in a third of the time. Places are around fallen trees and
flooded streets, so that many tell of the same thing.
"""

import bisect
import itertools
import math
import random
from dataclasses import dataclass
from typing import Any

STORM, OTHERS = "bergen-nh", ("alkmaar", "castricum")
OTHERS_SHARE = 0.02
"""So many meldingen come from the two others, on top."""
SPOED_SHARE, PHOTO_SHARE = 0.02, 0.01
CORNERS = {
    STORM: ((4.680, 52.660), (4.710, 52.685)),
    "alkmaar": ((4.740, 52.635), (4.770, 52.670)),
    "castricum": ((4.635, 52.535), (4.665, 52.560)),
}
"""South-west and north-east of where people report, per gemeente; inside the areas of the demo."""
KINDS = {
    "losse-tak": 40,
    "water-op-straat": 18,
    "verkeersbord-kapot": 8,
    "losse-tegel": 6,
    "zwerfafval": 8,
    "struiken-over-pad": 8,
    "lantaarnpaal-brandt-niet": 8,
    "container-vol": 4,
}
"""What is reported that is no spoed, in parts of the sum."""
FALLEN = "boom-omgevallen"
STEP = 2000
NEAR_M, METRE = 12.0, 1 / 111_000


@dataclass(frozen=True)
class Arrival:
    """One melding to be sent `at_s` seconds after the beginning. contact: as the API takes it; empty: anonymous."""

    at_s: float
    number: int
    gemeente: str
    place: tuple[float, float]
    category: str
    danger: bool
    contact: dict[str, Any]
    photo: bool

    @property
    def spoed(self) -> bool:
        """Whether it must overtake the rest."""
        return self.danger or self.category == FALLEN

    @property
    def body(self) -> dict[str, Any]:
        """The request; the words name the melding, so that one that is stored twice is seen."""
        return {
            "locatie": {"type": "Point", "coordinates": list(self.place)},
            "omschrijving": f"Door de storm is hier iets mis, zegt melder {self.number}.",
            "categorie": self.category,
            "gevaar": self.danger,
            **({"contact": self.contact} if self.contact else {}),
        }


def strength(share: float) -> float:
    """How hard it blows at this share of the time: a steady wind with two gusts."""
    gusts = ((0.35, 0.07, 2.4), (0.68, 0.05, 1.6))
    return 0.45 + sum(height * math.exp(-(((share - at) / width) ** 2)) for at, width, height in gusts)


def arrivals(count: int, seconds: float, seed: int) -> list[Arrival]:
    """The storm's `count` meldingen and those of the others, in order of time."""
    dice = random.Random(f"{seed}:storm")
    summed = list(itertools.accumulate(strength(step / STEP) for step in range(STEP)))
    moments = [bisect.bisect(summed, dice.random() * summed[-1]) / STEP for _ in range(count)]
    calm = [(dice.random(), dice.choice(OTHERS)) for _ in range(max(2, round(count * OTHERS_SHARE)))]
    when = sorted([*((moment, STORM) for moment in moments), *calm])
    spots = {kind: [_place(STORM, dice) for _ in range(max(3, count // 40))] for kind in (FALLEN, *KINDS)}
    return [_arrival(number, at * seconds, where, seed, spots) for number, (at, where) in enumerate(when, 1)]


def _arrival(
    number: int, at_s: float, gemeente: str, seed: int, spots: dict[str, list[tuple[float, float]]]
) -> Arrival:
    dice = random.Random(f"{seed}:{number}")
    spoed = dice.random() < SPOED_SHARE
    category = FALLEN if spoed and dice.random() < 0.7 else dice.choices(list(KINDS), list(KINDS.values()))[0]
    danger = spoed and (category != FALLEN or dice.random() < 0.3)
    place = _near(dice.choice(spots[category]), dice) if gemeente == STORM else _place(gemeente, dice)
    way = dice.random()
    contact = {"email": f"m{number}@bewoner.example"} if way < 0.7 else {}
    contact = {"telefoon": f"061{number:07d}"} if way > 0.95 else contact
    return Arrival(at_s, number, gemeente, place, category, danger, contact, dice.random() < PHOTO_SHARE)


def _place(gemeente: str, dice: random.Random) -> tuple[float, float]:
    (west, south), (east, north) = CORNERS[gemeente]
    return round(dice.uniform(west, east), 6), round(dice.uniform(south, north), 6)


def _near(spot: tuple[float, float], dice: random.Random) -> tuple[float, float]:
    """What people point at is some metres beside it."""
    off = NEAR_M * METRE
    return round(spot[0] + dice.gauss(0, off), 6), round(spot[1] + dice.gauss(0, off / 2), 6)
