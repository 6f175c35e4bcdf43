"""Did the melder hear the end? Every end of a melding falls in exactly one of these groups, so their counts add up.

For the overzicht terugkoppeling. Which group an end is in: store/reports_notices.py. What is sent when: notices.py.
"""

from datetime import timedelta
from typing import Final, NamedTuple

PROMISE: Final = timedelta(minutes=5)
"""A gereedmelding leaves within this time after the closing (KLANTREIS step 8)."""


class Group(NamedTuple):
    """One answer. heard: the melder was told. reachable: he left a way to be told. list: who has it now, "" nobody."""

    code: str
    name: str
    why: str
    heard: bool = False
    reachable: bool = True
    list: str = ""
    path: str = ""


GROUPS: Final = (
    Group("binnen_5_minuten", "Binnen 5 minuten", "Het bericht ging binnen 5 minuten weg.", heard=True),
    Group("later", "Later", "Het bericht ging later dan 5 minuten na de afhandeling weg.", heard=True),
    Group("telefoon", "Gebeld", "Een medewerker sprak de melder.", heard=True),
    Group("brief", "Brief", "De brief is gepost.", heard=True),
    Group(
        "wacht_op_bellen", "Wordt gebeld", "Er ligt een terugbelnotitie.",
        list="Terugbelnotities (KCC)", path="/kcc/terugbelnotities",
    ),
    Group(
        "wacht_op_brief", "Wacht op brief", "De brief moet nog op de post.",
        list="Brieven (KCC)", path="/kcc/brieven",
    ),
    Group("stille_uren", "Wacht tot 7 uur", "Het is nacht. Het bericht gaat om 7 uur weg."),
    Group("onderweg", "Onderweg", "Wij zijn het aan het versturen, of proberen het zo weer."),
    Group(
        "vastgelopen", "Vastgelopen", "Versturen lukte niet en is opgegeven.",
        list="Vastgelopen (coördinator)", path="/beheer/vastgelopen",
    ),
    Group(
        "niet_bereikbaar", "Niet bereikbaar", "Geen adres of nummer werkt.",
        list="Melder niet bereikbaar (coördinator)", path="/team?lijst=niet_bereikbaar",
    ),
    Group("niet_aangekomen", "Niet aangekomen", "Dit bericht kwam niet aan. Een later bericht over deze melding wel."),
    Group("gestopt", "Gestopt", "Een medewerker liet het bericht vervallen.", list="Taken (KCC)", path="/taken"),
    Group("ingetrokken", "Ingetrokken, gewist of heropend", "De melder trok de melding in, liet zijn gegevens "
          "wissen, of heropende haar voordat wij hem belden of schreven."),
    Group("anoniem", "Anoniem", "De melder liet niets achter. Op de volgpagina staat hoe het afliep.", reachable=False),
    Group("wil_geen_bericht", "Wil geen bericht", "De melder koos ervoor dit niet te horen.", reachable=False),
    Group("onverklaard", "Niet verklaard", "Dit mag niet voorkomen. Bel de melder en meld het aan uw beheerder.",
          list="Beheer"),
)  # fmt: skip
"""In the order in which a page shows them: heard, still to hear and why, not to be told."""
HEARD: Final = tuple(group.code for group in GROUPS if group.heard)
UNREACHABLE: Final = tuple(group.code for group in GROUPS if not group.reachable)
NOT_HEARD: Final = tuple(group.code for group in GROUPS if group.reachable and not group.heard)


def group_named(code: str) -> Group | None:
    """The group with this code."""
    return next((group for group in GROUPS if group.code == code), None)
