"""Who does something, with which roles, for which gemeenten, on behalf of whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .errors import Forbidden, NotSignedIn

TEAM = "team"
PIKET = "piket"
KCC = "kcc"
COORDINATOR = "coordinator"
BEHEER = "beheer"
ANTWOORDDIENST = "antwoorddienst"
"""Answers the phone after hours: the page of the KCC, for spoed only."""
ROLES = (TEAM, PIKET, KCC, COORDINATOR, BEHEER, ANTWOORDDIENST)
STAFF_ON_OPDRACHTEN = (TEAM, PIKET, KCC, COORDINATOR)
SEES_CONTACT = (KCC, COORDINATOR)
"""Contact data are for those who phone and write to melders (KLANTREIS rule 11); teams do without."""

Kind = Literal["medewerker", "machine", "melder", "partij", "anoniem", "systeem"]


@dataclass(frozen=True)
class Actor:
    """Somebody at the door, or the system itself.

    roles: per gemeente id the set of role names. team_ids: the teams a medewerker belongs to, or the external party
    itself. inside: the gemeenten of which a medewerker is in a team, and not only in one of an external party.
    category_ids: a machine works on opdrachten of these categories only; None: of any.
    melding_id: the one melding a melder holds the follow token of.
    on_behalf_of_melding: set when the KCC acts for a melder; both are kept in the journal.
    """

    kind: Kind
    roles: Mapping[int, frozenset[str]] = field(default_factory=dict)
    team_ids: frozenset[int] = frozenset()
    inside: frozenset[int] = frozenset()
    category_ids: frozenset[int] | None = None
    account_id: int | None = None
    key_id: int | None = None
    melding_id: int | None = None
    name: str = ""
    on_behalf_of_melding: int | None = None

    @property
    def scope(self) -> frozenset[int]:
        """The gemeente ids this actor may see rows of."""
        return frozenset(self.roles)

    @property
    def is_staff(self) -> bool:
        """A signed-in medewerker."""
        return self.kind == "medewerker"

    @property
    def is_party(self) -> bool:
        """An external party without account: by the link in its mail, or by the key of its own system."""
        return self.kind in ("partij", "machine") and bool(self.team_ids)

    @property
    def label(self) -> str:
        """Who, in one stable word, for idempotency scopes and the journal: `medewerker:12`, `partij:3`, `anoniem`."""
        party = next(iter(self.team_ids), None) if self.kind == "partij" else None
        who = self.account_id or self.key_id or self.melding_id or party
        return f"{self.kind}:{who}" if who else self.kind

    def has_role(self, gemeente_id: int, *roles: str) -> bool:
        """Whether the actor holds any of these roles in this gemeente."""
        return bool(self.roles.get(gemeente_id, frozenset()) & set(roles))

    def gemeenten_with(self, *roles: str) -> frozenset[int]:
        """The gemeente ids in which the actor holds any of these roles."""
        return frozenset(g for g, held in self.roles.items() if held & set(roles))

    def enters_only_spoed(self, gemeente_id: int) -> bool:
        """Whether this is the answering service after hours, and no more than that: it enters spoed alone."""
        return ANTWOORDDIENST in self.roles.get(gemeente_id, frozenset()) and not self.has_role(
            gemeente_id, *STAFF_ON_OPDRACHTEN
        )

    def require_role(self, gemeente_id: int, *roles: str) -> None:
        """Raises NotSignedIn for a stranger, Forbidden when the role is missing."""
        if self.kind == "anoniem":
            raise NotSignedIn("inloggen_nodig", "Log in om dit te doen.")
        if self.kind != "systeem" and not self.has_role(gemeente_id, *roles):
            raise Forbidden("geen_recht", "Uw account mag dit niet doen. Vraag uw beheerder.")


ANONYMOUS = Actor(kind="anoniem")
SYSTEM = Actor(kind="systeem", name="systeem")
