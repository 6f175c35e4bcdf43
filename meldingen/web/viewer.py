"""What a medewerker may look at on the pages of team and KCC, and what is hidden from an external party.

Looking is wider than doing: a team reads the work of its whole gemeente; what it may change is the flow's question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..auth import Visit
from ..domain.abuse import words_shown
from ..domain.actor import COORDINATOR, KCC, PIKET, SEES_CONTACT, STAFF_ON_OPDRACHTEN, TEAM, Actor
from ..domain.errors import DomainError, NotFound
from ..domain.privacy import LIMITED
from ..domain.text import mask_personal
from ..domain.workflow import Move, possible_moves
from ..flow.status import check_rights
from ..store.melding import Melding
from ..store.opdracht import Opdracht
from ..store.team import Team, every_team
from ..store.worklists import Sees, WorkRow, work_row


@dataclass(frozen=True)
class Viewer:
    """Who looks. partner_of: the gemeenten for which this is an external party: own work only, texts masked.

    teams: the active teams of every gemeente in scope, by name.
    """

    actor: Actor
    sees: Sees
    partner_of: frozenset[int]
    teams: Sequence[Team]

    @property
    def has_teams(self) -> bool:
        """Whether "mijn opdrachten" means something."""
        return bool(self.actor.team_ids)

    @property
    def minds_lists(self) -> bool:
        """Whether the lists that must be empty at the end of the day are this person's."""
        return bool(self.actor.gemeenten_with(COORDINATOR, KCC))

    def shown(self, text: str, gemeente_id: int) -> str:
        """A text of a melder or colleague as this person may read it."""
        return mask_personal(text) if gemeente_id in self.partner_of else text

    def words_of(self, melding: Melding, words: str, *, opened: bool = False) -> str:
        """A text of this melder as this person may read it; opened: after a logged look at abuse."""
        return self.shown(words_shown(words, melding.abuse, opened=opened), melding.gemeente_id)

    def reads(self, melding: Melding) -> bool:
        """Whether this person may read what the melder wrote; of one whose use is limited only the desk may."""
        return LIMITED not in melding.flags or self.actor.has_role(melding.gemeente_id, *SEES_CONTACT)

    def moves(self, opdracht: Opdracht, *, now: datetime | None = None) -> list[Move]:
        """The buttons: what the table allows now and this person may do with this opdracht. now: undoing too."""
        held = self.actor.roles.get(opdracht.gemeente_id, frozenset())
        return [move for move in possible_moves(opdracht.status, held) if self._may(opdracht, move, now)]

    def _may(self, opdracht: Opdracht, move: Move, now: datetime | None) -> bool:
        try:
            check_rights(opdracht, move.action, self.actor, now=now)
        except DomainError:
            return False
        return True


def viewer_of(here: Visit) -> Viewer:
    """The viewer of this request. A team that was put out of use still says for whom somebody works."""
    actor = here.actor
    ever = every_team(here.session, scope=actor.scope)
    partner_of = set()
    for gemeente_id, roles in actor.roles.items():
        own = [t for t in ever if t.id in actor.team_ids and t.gemeente_id == gemeente_id]
        if roles <= {TEAM, PIKET} and own and all(t.is_partner for t in own):
            partner_of.add(gemeente_id)
    whole = actor.gemeenten_with(*STAFF_ON_OPDRACHTEN) - partner_of
    teams = [t for t in ever if t.active]
    return Viewer(actor, Sees(whole=whole, team_ids=actor.team_ids), frozenset(partner_of), teams)


def seen_work(here: Visit, viewer: Viewer, opdracht_id: int) -> WorkRow:
    """One opdracht with what a list shows of it. Raises NotFound, also for one this person may not see."""
    row = work_row(here.session, opdracht_id, viewer.sees, scope=viewer.actor.scope)
    if row is None:
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    return row
