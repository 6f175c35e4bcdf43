"""The steps of the form in their order, and which fields belong to which. What each checks: checks.py."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..melding_form import ANSWER


@dataclass(frozen=True)
class Step:
    """One step with its own address, /melden/<name>. number: as the melder counts; two pages may share one.

    fields: what it asks; switches: those of them that a browser leaves out when they are not ticked or chosen.
    """

    name: str
    number: int
    fields: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()


STEPS: Mapping[str, Step] = {
    step.name: step
    for step in (
        Step(
            "waar",
            1,
            (
                *("plaats", "lon", "lat", "bron", "nauwkeurigheid", "zoek", "adres", "buurt"),
                *("toelichting", "object", "gemeente"),
            ),
        ),
        Step(
            "wat",
            2,
            ("omschrijving", "categorie", "gevaar", "gevaar_gevraagd", "vragen_van", "vragen_versie", "voorgesteld"),
            ("gevaar",),
        ),
        Step("bekend", 2, ("zelfde_als", "nabij_van"), ("zelfde_als",)),
        Step("foto", 3, ("foto",)),
        Step(
            "contact",
            4,
            ("naam", "email", "telefoon", "voorkeur", "alleen_gereed", "ook_nacht", "postadres"),
            ("voorkeur", "alleen_gereed", "ook_nacht"),
        ),
        Step("controleren", 5),
    )
}
COUNT = 5
LAST = STEPS["controleren"]


def step_of(field: str) -> Step:
    """The step where a field is filled in; the last one for what belongs to none."""
    if field.startswith(ANSWER):
        return STEPS["wat"]
    return next((step for step in STEPS.values() if field in step.fields), LAST)
