"""/beheer/accounts: who may sign in, with which roles, and help for who cannot. One's own: mijn_account.py."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import ANTWOORDDIENST, BEHEER, COORDINATOR, KCC, PIKET, TEAM
from ..domain.errors import DomainError
from ..flow import accounts, sign_in
from ..flow.accounts import NewRole, Reach
from ..store.account import Account, accounts_of, role_rows, roles_of, sessions_of
from ..store.gemeente import Gemeente, gemeente_by_id
from ..store.team import Team, teams_of
from .layout import Sender, senders

pages = Blueprint("accounts", __name__)

LONGEST = 200
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a password that is read aloud: nothing that looks like something else."""
ROLE_WORDS = {
    TEAM: "Team",
    PIKET: "Piketdienst",
    KCC: "KCC",
    COORDINATOR: "Coördinator",
    BEHEER: "Beheer",
    ANTWOORDDIENST: "Antwoorddienst buiten kantooruren",
}


@pages.get("/beheer/accounts")
@enter("medewerker", roles=(BEHEER,))
def lijst() -> ResponseReturnValue:
    """Everybody with a role in a gemeente of this beheerder, and what is the matter with whom."""
    here = visit()
    scope = here.actor.gemeenten_with(BEHEER)
    teams = {t.id: t.name for t in teams_of(here.session, scope=scope)}
    roles: dict[int, list[str]] = {}
    for row in role_rows(here.session, scope=scope):
        words = ROLE_WORDS[row.role] + (f" ({teams[row.team_id]})" if row.team_id in teams else "")
        roles.setdefault(row.account_id, []).append(words)
    found = accounts_of(here.session, scope=scope)
    return render_template(
        "werk/accounts.html", accounts=found, roles=roles, states={a.id: _state(here, a) for a in found}
    )


@pages.route("/beheer/accounts/nieuw", methods=["GET", "POST"])
@enter("medewerker", roles=(BEHEER,))
def nieuw() -> ResponseReturnValue:
    """A new medewerker. The first password is ours; it is shown once and changed at the first sign-in."""
    here = visit()
    home = _home(here, request.values.get("gemeente", ""))
    errors: dict[str, str] = {}
    if request.method == "POST":
        password = _new_password()
        try:
            with here.session.begin_nested():
                made = accounts.add_account(
                    here.session, _given("gebruikersnaam"), _given("naam"), sign_in.hash_password(password),
                    _chosen_roles(home), reach=_reach(), must_change=True, actor=here.actor, now=here.now,
                )  # fmt: skip
        except DomainError as error:
            errors = {one.field: one.detail for one in error.fields} or {"gebruikersnaam": error.detail}
        else:
            return _one(here, made, password=password, done="Het account is gemaakt.")
    page = render_template("werk/account_nieuw.html", errors=errors, given=request.form, **_choices(here, home))
    return page, 400 if errors else 200


@pages.get("/beheer/accounts/<int(max=9223372036854775807):account_id>")
@enter("medewerker", roles=(BEHEER,))
def een(account_id: int) -> ResponseReturnValue:
    """One account: roles, where an alarm finds this person, devices, and help."""
    here = visit()
    return _one(here, accounts.managed(here.session, account_id, actor=here.actor))


@pages.post("/beheer/accounts/<int(max=9223372036854775807):account_id>/<doel>")
@enter("medewerker", roles=(BEHEER,))
def wijzig(account_id: int, doel: str) -> ResponseReturnValue:
    """One change of an account."""
    here = visit()
    if doel not in DOINGS:
        return redirect(url_for("accounts.een", account_id=account_id), 303)
    try:
        with here.session.begin_nested():
            done = DOINGS[doel](here, account_id)
    except DomainError as error:
        known = accounts.managed(here.session, account_id, actor=here.actor)
        return _one(here, known, errors={one.field: one.detail for one in error.fields} or {doel: error.detail}), 400
    if doel == "wachtwoord":  # shown once, so not by way of a redirect
        known = accounts.managed(here.session, account_id, actor=here.actor)
        return _one(here, known, password=done, done="Er is een nieuw wachtwoord.")
    flash(done, "ok")
    return redirect(url_for("accounts.een", account_id=account_id), 303)


def _roles(here: Visit, account_id: int) -> str:
    home = _home(here, _given("gemeente"))
    who: dict[str, Any] = {"actor": here.actor, "now": here.now}
    accounts.change_account(here.session, account_id, home, _chosen_roles(home), _reach(), **who)
    return "Bewaard."


def _password(here: Visit, account_id: int) -> str:
    password = _new_password()
    accounts.give_password(here.session, account_id, sign_in.hash_password(password), actor=here.actor, now=here.now)
    return password


def _factor(here: Visit, account_id: int) -> str:
    accounts.reset_factor(here.session, account_id, actor=here.actor, now=here.now)
    return "De tweede stap is weg. Bij de volgende keer inloggen stelt deze medewerker zijn telefoon in."


def _unlock(here: Visit, account_id: int) -> str:
    accounts.unlock(here.session, account_id, actor=here.actor, now=here.now)
    return "Het slot is eraf. Deze medewerker kan het weer proberen."


def _in_use(here: Visit, account_id: int) -> str:
    active = _given("staat") == "aan"
    accounts.set_in_use(here.session, account_id, active=active, actor=here.actor, now=here.now)
    return "Het account staat weer aan." if active else "Het account staat uit. Alle apparaten zijn uitgelogd."


def _device(here: Visit, account_id: int) -> str:
    chosen = _given("apparaat")
    session_id = int(chosen) if chosen.isdecimal() else 0
    accounts.sign_out_device(here.session, account_id, session_id, actor=here.actor, now=here.now)
    return "Dat apparaat is uitgelogd. Wat het van ons bewaarde gaat weg zodra het weer bereik heeft."


DOINGS: dict[str, Callable[[Visit, int], str]] = {
    "rollen": _roles,
    "wachtwoord": _password,
    "tweede-stap": _factor,
    "slot": _unlock,
    "gebruik": _in_use,
    "apparaat": _device,
}
"""Each gives the words of what was done; `wachtwoord` the password itself."""


def _one(
    here: Visit, known: Account, *, password: str = "", done: str = "", errors: dict[str, str] | None = None
) -> str:
    scope = here.actor.gemeenten_with(BEHEER)
    home = _home(here, request.values.get("gemeente", ""), known)
    held = {(row.role, row.team_id) for row in roles_of(here.session, known.id) if row.gemeente_id == home.id}
    return render_template(
        "werk/account.html",
        known=known,
        held=held,
        state=_state(here, known),
        elsewhere=any(row.gemeente_id not in scope for row in roles_of(here.session, known.id)),
        devices=sessions_of(here.session, known.id, here.now),
        factor=sign_in.has_factor(known),
        locked=sign_in.is_locked(known, here.now),
        password=password,
        done=done,
        errors=errors or {},
        **_choices(here, home),
    )


def _choices(here: Visit, home: Gemeente) -> dict[str, Any]:
    """The roles that can be given in one gemeente; `team` and `piket` once per team."""
    teams = teams_of(here.session, scope=[home.id])
    duties = [t for t in teams if not t.is_partner]
    options: list[tuple[str, Team | None, str]] = [
        (role, None, ROLE_WORDS[role]) for role in (KCC, COORDINATOR, BEHEER, ANTWOORDDIENST)
    ]
    options += [(TEAM, team, f"Lid van {team.name}") for team in duties]
    options += [(PIKET, team, f"Piket bij {team.name}") for team in duties if team.kind == PIKET]
    return {"options": options, "home": home, "mine": _mine(here)}


def _chosen_roles(home: Gemeente) -> list[NewRole]:
    chosen = [one.replace("\x00", "").partition(":") for one in request.form.getlist("rol")]
    return [NewRole(home, role, team_slug) for role, _, team_slug in chosen]


def _reach() -> Reach:
    return Reach(_given("email"), _given("telefoon"))


def _state(here: Visit, known: Account) -> str:
    """What is the matter, in a few words; empty when all is well."""
    if not known.active:
        return "Staat uit"
    if sign_in.is_locked(known, here.now):
        return "Op slot na verkeerde pogingen"
    if known.must_change:
        return "Nog niet ingelogd met eigen wachtwoord"
    return "" if sign_in.has_factor(known) or here.settings.local_mode else "Tweede stap nog niet ingesteld"


def _mine(here: Visit) -> list[Sender]:
    return [one for one in senders() if one.id in here.actor.gemeenten_with(BEHEER)]


def _home(here: Visit, slug: str, known: Account | None = None) -> Gemeente:
    """The gemeente whose roles are shown: the one asked for, else the first where this account works."""
    mine = _mine(here)
    works = {row.gemeente_id for row in roles_of(here.session, known.id)} if known else set()
    asked = next((one for one in mine if one.slug == slug), None)
    chosen = asked or next((one for one in mine if one.id in works), mine[0])
    return gemeente_by_id(here.session, chosen.id)


def _new_password() -> str:
    """Sixteen letters and digits in groups: 79 bits, and can be read aloud."""
    made = "".join(secrets.choice(LETTERS) for _ in range(16))
    return "-".join(made[at : at + 4] for at in range(0, 16, 4))


def _given(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "")[:LONGEST]
