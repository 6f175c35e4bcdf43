"""Which external party is at the door, by the signed link of its mail: read once from the address, then kept by cookie.

Not the doors themselves (web/partij.py), nor how a link is made (flow/party_links.py). A party with a key of its own
system is recognised as any machine is (auth.py).
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import session as cookie
from sqlalchemy.orm import Session

from .auth import Visit
from .domain import tokens
from .domain.actor import TEAM, Actor
from .domain.errors import NotSignedIn
from .domain.sentence import say
from .domain.workflow import OPEN
from .store.journal import history_of
from .store.opdracht import Opdracht, opdracht_by_id
from .store.team import Team, team_by_id

PARTY_SESSION = timedelta(hours=12)
"""How long a browser may go on after a party opened its link; the link itself works for longer."""


@dataclass(frozen=True)
class PartyLink:
    """What the link of an external party opens: all its open opdrachten, or one of them first.

    works: False for a link that was good once: its opdracht is closed or with others, or the links were revoked.
    """

    team: Team
    opdracht: Opdracht | None
    works: bool


def party_by_token(visit: Visit, token: str) -> PartyLink | None:
    """The party whose link this is; None for what never was one."""
    claimed = tokens.read_token(token)
    if claimed is None:
        return None
    keys, scope = visit.settings.secret_keys, visit.public_scope
    team = team_by_id(visit.session, claimed.about_id, scope=scope)
    if team is not None:
        for generation in range(team.link_generation, 0, -1):
            if tokens.verify_party_token(keys, claimed, generation):
                works = team.is_partner and team.active and generation == team.link_generation
                return PartyLink(team, None, works)
    opdracht = opdracht_by_id(visit.session, claimed.about_id, scope=scope)
    for team_id in _holders(visit.session, opdracht) if opdracht is not None else ():
        holder = team_by_id(visit.session, team_id, scope=scope)
        for generation in range(holder.link_generation if holder else 0, 0, -1):
            if holder is not None and tokens.verify_party_work_token(keys, claimed, holder.id, generation):
                return PartyLink(holder, opdracht, _opens(holder, opdracht, generation))
    return None


def _holders(session: Session, opdracht: Opdracht) -> list[int]:
    """Who has this opdracht, and who had it before."""
    past = history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    return list(dict.fromkeys([opdracht.team_id, *(e.facts["team_id"] for e in past if "team_id" in e.facts)]))


def _opens(team: Team, opdracht: Opdracht | None, generation: int) -> bool:
    mine = opdracht is not None and opdracht.team_id == team.id and opdracht.status in OPEN
    return mine and team.is_partner and team.active and generation == team.link_generation


def remember_party(visit: Visit, team: Team) -> None:
    """Lets this browser go on as this party, so that the link is in the address only once."""
    until = (visit.now + PARTY_SESSION).timestamp()
    cookie["partij"] = {"team": team.id, "links": team.link_generation, "tot": int(until)}


def party_at(visit: Visit) -> tuple[Team, Actor]:
    """The external party whose link this browser followed, and the actor it is.

    Raises NotSignedIn when it followed none, too long ago, or one that was revoked since.
    """
    held = cookie.get("partij") or {}
    team = team_by_id(visit.session, int(held.get("team", 0)), scope=visit.public_scope)
    if team is None or not team.is_partner or not team.active:
        raise _no_party()
    if held.get("links") != team.link_generation or visit.now.timestamp() > held.get("tot", 0):
        raise _no_party()
    roles = {team.gemeente_id: frozenset([TEAM])}
    return team, Actor(kind="partij", name=team.name, roles=roles, team_ids=frozenset([team.id]))


def _no_party() -> NotSignedIn:
    return NotSignedIn("partij_link_nodig", say("Open de link uit onze mail, of vraag een nieuwe."))
