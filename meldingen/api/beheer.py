"""Teams and routing rules: who there is, and who gets what. A change has effect on the next melding."""

from typing import Any

from flask import Response

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER, COORDINATOR, STAFF_ON_OPDRACHTEN
from ..domain.errors import Forbidden
from ..flow import rules
from ..store.category import all_categories_of
from ..store.gemeente import served_gemeenten
from ..store.history import teams_ever
from ..store.team import RoutingRule, rule_rows, teams_of
from .door import Door, described
from .headers import BASE
from .public import gemeente_id_of
from .schemas.staff import RuleIn, RuleOut, RulesOut, TeamsOut

door = Door("Beheer", __name__, url_prefix=BASE, description="Teams en routeringsregels van een gemeente.")


@door.get("/teams")
@enter("medewerker", roles=(*STAFF_ON_OPDRACHTEN, BEHEER))
@door.response(200, TeamsOut())
@described("Toon de teams", "De teams en partijen van de gemeenten waarvoor u werkt.")
def get_teams() -> dict[str, Any]:
    """The teams in scope."""
    here = visit()
    slugs = {row.id: row.slug for row in served_gemeenten(here.session)}
    return {
        "teams": [
            {
                "slug": team.slug,
                "name": team.name,
                "kind": team.kind,
                "gemeente_slug": slugs[team.gemeente_id],
                "vangnet": team.vangnet,
            }
            for team in teams_of(here.session, scope=here.actor.scope)
        ]
    }


@door.get("/routeringsregels")
@enter("medewerker", roles=(BEHEER, COORDINATOR))
@door.response(200, RulesOut())
@described(
    "Toon de routeringsregels", "Welk team wat krijgt. De bijzonderste regel die past wint; het vangnet is de laatste."
)
def get_routeringsregels() -> dict[str, Any]:
    """The rules in scope."""
    here = visit()
    scope = here.actor.gemeenten_with(BEHEER, COORDINATOR)
    return {"rules": _shown(here, list(rule_rows(here.session, scope=scope)))}


@door.post("/routeringsregels")
@enter("medewerker", roles=(BEHEER,))
@door.arguments(RuleIn())
@door.response(201, RuleOut())
@described("Maak een routeringsregel", "Werkt meteen, voor de volgende melding.")
def post_routeringsregel(given: dict[str, Any]) -> Any:
    """A new rule."""
    here = visit()
    gemeente_id = gemeente_id_of(given.pop("gemeente_slug"))
    made = rules.add_rule(here.session, gemeente_id, rules.NewRule(**given), actor=here.actor, now=here.now)
    return _shown(here, [made])[0], 201, {"Location": f"{BASE}/routeringsregels/{made.id}"}


@door.put("/routeringsregels/<id:rule_id>")
@enter("medewerker", roles=(BEHEER,))
@door.arguments(RuleIn())
@door.response(200, RuleOut())
@described("Wijzig een routeringsregel", "De hele regel wordt vervangen. Werkt meteen, voor de volgende melding.")
def put_routeringsregel(given: dict[str, Any], rule_id: int) -> dict[str, Any]:
    """Replaces a rule."""
    here = visit()
    gemeente_id = gemeente_id_of(given.pop("gemeente_slug"))
    changed = rules.change_rule(here.session, rule_id, rules.NewRule(**given), actor=here.actor, now=here.now)
    if changed.gemeente_id != gemeente_id:
        raise Forbidden("andere_gemeente", "Een regel blijft bij zijn gemeente. Maak een nieuwe regel.")
    return _shown(here, [changed])[0]


@door.delete("/routeringsregels/<id:rule_id>")
@enter("medewerker", roles=(BEHEER,))
@door.response(204)
@described("Haal een routeringsregel weg", "Opdrachten die er al zijn houden hun team.")
def delete_routeringsregel(rule_id: int) -> Response:
    """Puts a rule out of use."""
    here = visit()
    rules.remove_rule(here.session, rule_id, actor=here.actor, now=here.now)
    return Response(status=204)


def _shown(here: Visit, rows: list[RoutingRule]) -> list[dict[str, Any]]:
    scope = {row.gemeente_id for row in rows}
    teams = teams_ever(here.session, scope=scope)
    categories = {row.id: row.slug for row in all_categories_of(here.session, scope=scope)}
    slugs = {row.id: row.slug for row in served_gemeenten(here.session)}
    return [
        {
            "id": row.id,
            "gemeente_slug": slugs[row.gemeente_id],
            "team_slug": teams[row.team_id].slug,
            "category_slug": categories.get(row.category_id) if row.category_id else None,
            "area_code": row.area_code,
            "moment": row.moment,
            "danger": row.danger,
            "position": row.position,
        }
        for row in rows
    ]
