"""What a gemeente tells about itself, its teams, and the keys of partner apps. Each change is in the journal.

Not its areas (areas.py), its rules (rules.py) or its first filling (seed.py). Only the command line does this until
*Beheer* comes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, Actor
from ..domain.contact import check_email
from ..domain.deadlines import read_office_hours
from ..domain.errors import Conflict, FieldError, InvalidInput, NotFound
from ..domain.phone import parse_phone
from ..domain.spoed import LIMITS, NAMES, SpoedTimes, spoed_times
from ..domain.spoed import POLICY as SPOED
from ..domain.text import clean_text, whole_number
from ..store import journal
from ..store.account import ApiKey, key_named
from ..store.category import all_categories_of
from ..store.gemeente import Gemeente
from ..store.team import AT_ONCE, KINDS, PER_DAY, Team, every_team, team_by_slug

SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
COLOUR = r"#[0-9a-fA-F]{6}"
HOST = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
ADDRESS = r"https?://[^\s]+"
LONGEST_UNDO_S = 600


def _fitting(pattern: str, told: str) -> Callable[[str, str], str]:
    def check(value: str, field: str) -> str:
        if not re.fullmatch(pattern, value):
            raise InvalidInput.of(field, "onjuist", told)
        return value

    return check


def _seconds(value: str, field: str) -> str:
    seconds = whole_number(value, LONGEST_UNDO_S)
    if seconds is None:
        raise InvalidInput.of(field, "onjuist", f"Geef seconden, 0 tot {LONGEST_UNDO_S}. 0 is: niet.")
    return str(seconds)


_CHECKS: Mapping[str, tuple[str, Callable[[str, str], str]]] = {
    "name": ("naam", lambda value, _: value),
    "phone": ("telefoon", lambda value, _: value),
    "hours": ("openingstijden", lambda value, _: value),
    "email": ("email", check_email),
    "website": ("website", _fitting(ADDRESS, "Begin een website met https://.")),
    "complaint": ("klacht", lambda value, _: value),
    "statement": ("verklaring", _fitting(ADDRESS, "Begin het adres van de verklaring met https://.")),
    "colour": ("kleur", _fitting(COLOUR, "Schrijf een kleur als #14506b.")),
    "undo": ("ongedaan", _seconds),
    "host": ("host", _fitting(HOST, "Een host is een naam als meldingen.voorbeeld.nl, zonder https:// en poort.")),
}
"""Field → its Dutch name and what it must be; all are first cleaned as any text. Empty is allowed but for the name.
What is in `_POLICY` is policy, the others are columns."""
_POLICY: Mapping[str, str] = {
    "complaint": "klacht",
    "colour": "kleur",
    "statement": "toegankelijkheidsverklaring",
    "undo": "undo_s",
}


def change_gemeente(
    session: Session, gemeente: Gemeente, facts: Mapping[str, str], *, actor: Actor, now: datetime
) -> None:
    """Changes what is given: name, phone, hours, email, website, complaint, statement, colour, undo, host. phone: as
    people read it. complaint: where a klacht can go, an address or a number, as a sentence takes it. statement: the
    address of the accessibility statement in the register (A11Y-18). colour: of the bar above the app.

    Raises Forbidden without the role beheer, InvalidInput with all mistakes at once, Conflict for a host in use.
    """
    actor.require_role(gemeente.id, BEHEER)
    wrong: list[FieldError] = []
    clean: dict[str, str | None] = {}
    for field, value in facts.items():
        name, check = _CHECKS[field]
        try:
            text = clean_text(value, field=name, max_length=200)
            if not text and field == "name":
                raise InvalidInput.of(name, "leeg", "Een gemeente heeft een naam.")
            clean[field] = check(text, name) if text else None if field == "host" else ""
        except InvalidInput as error:
            wrong += error.fields
    if wrong:
        raise InvalidInput.gather(wrong)
    taken = sa.select(Gemeente.name).where(Gemeente.host == clean.get("host"), Gemeente.id != gemeente.id)
    if clean.get("host") and (other := session.scalar(taken)):
        raise Conflict("host_bezet", f"Deze host is al van {other}.")
    for field, kept in clean.items():
        if field in _POLICY:
            gemeente.policy = {**gemeente.policy, _POLICY[field]: int(kept or 0) if field == "undo" else kept}
        else:
            setattr(gemeente, field, kept)
    journal.record(
        session, "gemeente_gewijzigd", gemeente_id=gemeente.id, actor=actor, now=now, facts={"velden": sorted(clean)}
    )


def change_spoed(
    session: Session, gemeente: Gemeente, times: Mapping[str, int], hours: str | None, *, actor: Actor, now: datetime
) -> SpoedTimes:
    """Changes the times of spoed that are named (fields of domain.spoed.SpoedTimes) and the office hours, and returns
    the times as they are. hours: "ma-vr 07:30-16:30"; outside them danger is for the piketdienst.

    Raises Forbidden without the role beheer, InvalidInput with all mistakes at once.
    """
    actor.require_role(gemeente.id, BEHEER)
    wrong: list[FieldError] = []
    for name, value in times.items():
        least, most = LIMITS[name]
        if not least <= value <= most:
            wrong.append(FieldError(NAMES[name], "buiten_grens", f"Kies {least} tot en met {most}."))
    policy = dict(gemeente.policy)
    if hours is not None:
        try:
            policy["office_hours"] = read_office_hours(hours)
        except ValueError:
            wrong.append(FieldError("kantooruren", "onjuist", "Schrijf kantooruren als ma-vr 07:30-16:30."))
    if wrong:
        raise InvalidInput.gather(wrong)
    policy[SPOED] = {**policy.get(SPOED, {}), **{NAMES[name]: value for name, value in times.items()}}
    gemeente.policy = policy
    facts = {"velden": sorted([*times, *([] if hours is None else ["office_hours"])])}
    journal.record(session, "spoed_gewijzigd", gemeente_id=gemeente.id, actor=actor, now=now, facts=facts)
    return spoed_times(policy)


def put_team(
    session: Session, gemeente: Gemeente, slug: str, facts: Mapping[str, str], *, actor: Actor, now: datetime
) -> bool:
    """Makes a team, or changes what is given of one: name, kind, email, phone, news (how a party hears of new
    opdrachten: `meteen` or `per_dag`). Returns whether it is new.

    A new team gets no work before a rule or an area names it. Raises Forbidden without the role beheer,
    InvalidInput with all mistakes at once.
    """
    actor.require_role(gemeente.id, BEHEER)
    known = next((team for team in every_team(session, scope=[gemeente.id]) if team.slug == slug), None)
    wrong: list[FieldError] = []
    clean: dict[str, str] = {}
    if not re.fullmatch(SLUG, slug):
        wrong.append(
            FieldError("team", "onjuist", "Schrijf de korte naam als serviceteam-noord: letters en streepjes.")
        )
    if known is None and not {"name", "kind"} <= facts.keys():
        wrong.append(FieldError("team", "verplicht", "Een nieuw team heeft een naam en een soort."))
    for field, value in facts.items():
        try:
            clean[field] = _team_fact(field, value)
        except InvalidInput as error:
            wrong += error.fields
    if wrong:
        raise InvalidInput.gather(wrong)
    if known is None:
        session.add(Team(gemeente_id=gemeente.id, slug=slug, vangnet=False, active=True, **clean))
    else:
        known.active = True
        for field, kept in clean.items():
            setattr(known, field, kept)
    kind = "team_gewijzigd" if known else "team_gemaakt"
    journal.record(session, kind, gemeente_id=gemeente.id, actor=actor, now=now, facts={"team": slug})
    session.flush()
    return known is None


def renew_links(session: Session, gemeente: Gemeente, slug: str, *, actor: Actor, now: datetime) -> None:
    """Revokes every link an external party holds, and closes the pages it has open.

    Raises Forbidden without the role beheer, NotFound.
    """
    actor.require_role(gemeente.id, BEHEER)
    party = team_by_slug(session, slug, scope=[gemeente.id])
    if party is None or not party.is_partner:
        raise NotFound("partij_onbekend", f"'{slug}' is geen externe partij van deze gemeente.")
    party.link_generation += 1
    journal.record(
        session, "partij_links_vernieuwd", gemeente_id=gemeente.id, actor=actor, now=now, facts={"team": slug}
    )


def _team_fact(field: str, value: str) -> str:
    if field == "kind":
        if value not in KINDS:
            raise InvalidInput.of("soort", "onbekend", f"Kies een soort: {', '.join(KINDS)}.")
        return value
    if field == "news":
        if value not in (AT_ONCE, PER_DAY):
            raise InvalidInput.of("nieuws", "onbekend", f"Kies {AT_ONCE} of {PER_DAY}.")
        return value
    if field == "email":
        return check_email(value, "email") if value else ""
    if field == "phone":
        return parse_phone(value, field="telefoon").e164 if value else ""
    name = clean_text(value, field="naam", max_length=100)
    if not name:
        raise InvalidInput.of("naam", "leeg", "Een team heeft een naam.")
    return name


def add_key(
    session: Session,
    gemeente: Gemeente,
    name: str,
    secret_hash: bytes,
    *,
    party_slug: str = "",
    category_slugs: Sequence[str] = (),
    actor: Actor,
    now: datetime,
) -> str:
    """A key for a partner app; its name is the kanaal of its meldingen, and is returned as kept.

    party_slug: a key for the system of this external party, which makes no meldingen but works on its opdrachten;
    category_slugs: only on those of these categories, a main category with its subs.

    A key of that name that was withdrawn gets the new secret. Raises Forbidden without the role beheer, InvalidInput,
    Conflict when the name has a working key.
    """
    actor.require_role(gemeente.id, BEHEER)
    name = clean_text(name, field="naam", max_length=60)
    if not name:
        raise InvalidInput.of("naam", "leeg", "Geef de sleutel de naam van de app.")
    known = key_named(session, name, scope=[gemeente.id])
    if known is not None and known.active:
        raise Conflict("naam_bezet", f"Er is al een sleutel voor '{name}'. Trek die eerst in, of kies een andere naam.")
    if known is None:
        known = ApiKey(gemeente_id=gemeente.id, name=name)
        session.add(known)
    known.secret_hash, known.active, known.created_at = secret_hash, True, now
    known.team_id, known.category_ids = _limits_of_key(session, gemeente, party_slug, category_slugs)
    journal.record(session, "sleutel_gemaakt", gemeente_id=gemeente.id, actor=actor, now=now, facts={"naam": name})
    session.flush()
    return name


def _limits_of_key(
    session: Session, gemeente: Gemeente, party_slug: str, category_slugs: Sequence[str]
) -> tuple[int | None, list[int] | None]:
    """The ids of the party and the categories that a key is limited to. Raises InvalidInput."""
    if not party_slug:
        if category_slugs:
            raise InvalidInput.of("categorie", "zonder_partij", "Categorieën horen bij een sleutel van een partij.")
        return None, None
    party = team_by_slug(session, party_slug, scope=[gemeente.id])
    if party is None or not party.is_partner:
        raise InvalidInput.of("partij", "onbekend", f"'{party_slug}' is geen externe partij van deze gemeente.")
    known = all_categories_of(session, scope=[gemeente.id])
    wanted = {one.slug: one.id for one in known if one.slug in category_slugs}
    if missing := sorted(set(category_slugs) - wanted.keys()):
        raise InvalidInput.of("categorie", "onbekend", f"Deze categorieën kennen wij niet: {', '.join(missing)}.")
    chosen = set(wanted.values())
    subs = {one.id for one in known if one.parent_id in chosen}
    return party.id, sorted(chosen | subs) if chosen else None


def withdraw_key(session: Session, gemeente: Gemeente, name: str, *, actor: Actor, now: datetime) -> None:
    """Puts a key out of use, at once. Raises Forbidden without the role beheer, NotFound."""
    actor.require_role(gemeente.id, BEHEER)
    known = key_named(session, name, scope=[gemeente.id])
    if known is None or not known.active:
        raise NotFound("sleutel_onbekend", f"Er is geen sleutel voor '{name}'.")
    known.active = False
    journal.record(session, "sleutel_ingetrokken", gemeente_id=gemeente.id, actor=actor, now=now, facts={"naam": name})
