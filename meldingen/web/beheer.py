"""/beheer: the teams and the routing rules of a gemeente. A rule given to another team works at once.

New rules are made on the command line (`meldingen beheer`); accounts have a page of their own (accounts.py).
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER
from ..domain.errors import DomainError
from ..flow import rules
from ..flow.roster import stretch_words, unfilled
from ..store.area import areas_of
from ..store.category import all_categories_of
from ..store.team import every_team, rule_rows, teams_of
from .layout import senders

pages = Blueprint("beheer", __name__)

MOMENTS = {"kantooruren": "in kantooruren", "piket": "buiten kantooruren"}


@pages.get("/beheer")
@enter("medewerker", roles=(BEHEER,))
def beheer() -> ResponseReturnValue:
    """Teams, rules and accounts of every gemeente this person manages."""
    return _page(visit(), changed=request.args.get("regel", ""))


@pages.post("/beheer/regels/<int(max=9223372036854775807):rule_id>")
@enter("medewerker", roles=(BEHEER,))
def geef_regel(rule_id: int) -> ResponseReturnValue:
    """Gives a rule to another team."""
    here = visit()
    try:
        with here.session.begin_nested():
            slug = request.form.get("team", "").replace("\x00", "")
            rules.give_rule(here.session, rule_id, slug, actor=here.actor, now=here.now)
    except DomainError as error:
        return _page(here, refused=error.detail), error.status
    return redirect(url_for("beheer.beheer", regel=rule_id, _anchor=f"regel-{rule_id}"), 303)


def _page(here: Visit, *, changed: str = "", refused: str = "") -> str:
    scope = here.actor.gemeenten_with(BEHEER)
    teams = {t.id: t for t in every_team(here.session, scope=scope)}
    return render_template(
        "werk/beheer.html",
        gemeenten=[s for s in senders() if s.id in scope],
        teams=teams_of(here.session, scope=scope),
        all_teams=teams,
        rules=rule_rows(here.session, scope=scope),
        categories={c.id: c.name for c in all_categories_of(here.session, scope=scope)},
        areas={a.code: a.name for a in areas_of(here.session, scope=scope)},
        moments=MOMENTS,
        unfilled=unfilled(here.session, now=here.now, scope=sorted(scope)),
        stretch_words=stretch_words,
        changed=changed,
        refused=refused,
    )
