"""The demo gemeente: its areas, teams and accounts, and a few dozen meldingen played through the real steps.

Only for a machine in local mode: the accounts have known passwords. Nothing is written behind the back of the flow,
so what a newcomer sees is what the product does. The data are defaults/demo.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import ANONYMOUS, Actor
from ..domain.contact import parse_contact
from ..domain.intake import NewMelding, parse_location
from ..domain.workflow import OPEN, OPGELOST, OVERGEDRAGEN
from ..store.account import Account, AccountRole, account_by_username
from ..store.gemeente import Gemeente, gemeente_by_code
from ..store.melding import Melding, has_meldingen, melding_by_id
from ..store.opdracht import Opdracht, opdrachten_of
from ..store.team import team_by_slug
from . import closure, feedback, intake, joining, routing, work
from .areas import import_areas
from .library import DEFAULTS, read_defaults
from .objects import import_objects
from .seed import seed_gemeente
from .status import Basis

DEMO_CODE = "GM0373"
"""Of the demo gemeente, as in defaults/demo/gemeente.toml."""
BY_TEAM = ("eigen_waarneming",)
BY_KCC = ("telefoon", "balie", "e_mail", "post", "social_media")
REOPENED_AFTER = timedelta(hours=20)
SAID_AGO = timedelta(hours=1)
"""When melders said their last word: so short ago that nobody is late with it."""


@dataclass(frozen=True)
class DemoAccount:
    """An account anyone may use on a demo machine."""

    username: str
    password: str
    name: str


@dataclass
class DemoReport:
    """What the demo seed did. meldingen: how many it played, 0 when there were some already."""

    gemeente: str
    meldingen: int = 0
    accounts: list[DemoAccount] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For the one who starts it: who can log in, and how."""
        width = max(len(account.username) for account in self.accounts)
        return [
            f"Demo-gemeente: {self.gemeente}",
            "Inloggen met gebruikersnaam en wachtwoord:",
            *(f"  {one.username:<{width}}  {one.password:<{width + 5}}  {one.name}" for one in self.accounts),
        ]


def seed_demo(session: Session, *, hash_password: Callable[[str], str], actor: Actor, now: datetime) -> DemoReport:
    """Makes the demo gemeente with everything in it; a second time it only adds what is missing.

    hash_password: how this installation keeps passwords. Meldingen are played only when the gemeente has none.
    Raises Forbidden for anyone but the system itself (from import_areas).
    """
    demo = read_defaults("demo/gemeente.toml")
    gemeente = _gemeente(session, demo)
    seed_gemeente(session, gemeente, teams=demo["team"], actor=actor, now=now)
    for name in ("gebieden.geojson", "buurgemeenten.geojson"):
        document = json.loads((DEFAULTS / "demo" / name).read_text(encoding="utf-8"))
        import_areas(session, document, gemeente=gemeente.slug, actor=actor, now=now)
    import_objects(session, gemeente, (DEFAULTS / "demo" / "objecten.csv").read_bytes(), actor=actor, now=now)
    staff = {entry["username"]: _staff(session, gemeente, entry, hash_password, now) for entry in demo["account"]}
    accounts = [DemoAccount(entry["username"], entry["password"], entry["name"]) for entry in demo["account"]]
    report = DemoReport(gemeente.name, accounts=accounts)
    if not has_meldingen(session, scope={gemeente.id}):
        entries = read_defaults("demo/meldingen.toml")["melding"]
        _Play(session, gemeente, staff, now).play(entries)
        report.meldingen = len(entries)
    return report


def _gemeente(session: Session, demo: Mapping[str, Any]) -> Gemeente:
    facts = demo["gemeente"]
    known = gemeente_by_code(session, facts["code"])
    if known is not None:
        known.served = True
        return known
    made = Gemeente(**facts, served=True, policy=dict(demo["policy"]))
    session.add(made)
    session.flush()
    return made


def _staff(
    session: Session,
    gemeente: Gemeente,
    entry: Mapping[str, Any],
    hash_password: Callable[[str], str],
    now: datetime,
) -> Actor:
    """The account of this entry, made when it is not there, and the actor it is."""
    account = account_by_username(session, entry["username"])
    teams = [
        team.id if "team" in role and (team := team_by_slug(session, role["team"], scope={gemeente.id})) else None
        for role in entry["roles"]
    ]
    if account is None:
        account = Account(
            username=entry["username"],
            name=entry["name"],
            password_hash=hash_password(entry["password"]),
            created_at=now,
        )
        session.add(account)
        session.flush()
        for role, team_id in zip(entry["roles"], teams, strict=True):
            session.add(AccountRole(gemeente_id=gemeente.id, account_id=account.id, role=role["role"], team_id=team_id))
        session.flush()
    return Actor(
        kind="medewerker",
        account_id=account.id,
        name=account.name,
        roles={gemeente.id: frozenset(role["role"] for role in entry["roles"])},
        team_ids=frozenset(team_id for team_id in teams if team_id is not None),
    )


@dataclass
class _Play:
    """Plays entries of demo/meldingen.toml in the order of time, each step at its own moment."""

    session: Session
    gemeente: Gemeente
    staff: Mapping[str, Actor]
    now: datetime
    meldingen: dict[int, int] = field(default_factory=dict)

    def play(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """All steps of all entries, oldest first: so a later melding joins what an earlier one made."""
        steps: list[tuple[datetime, int, int, Callable[[datetime], None]]] = []
        for index, entry in enumerate(entries):
            received = self._received(entry)
            steps.append((received, index, 0, self._register(index, entry)))
            for order, (hours, step) in enumerate([*self._steps(index, entry), *self._words(index, entry)], start=1):
                moment = min(received + timedelta(hours=hours), self.now)
                steps.append((moment, index, order, step))
        for moment, _, _, step in sorted(steps, key=lambda one: one[:3]):
            step(moment)

    def _received(self, entry: Mapping[str, Any]) -> datetime:
        """When it came in; "today at 07.05" is yesterday when it is not yet that late."""
        days, clock = entry["at"]
        hour, minute = (int(part) for part in clock.split(":"))
        day = deadlines.local_day(self.now) - timedelta(days=days)
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=deadlines.AMSTERDAM)
        while local > self.now:
            local -= timedelta(days=1)
        return local.astimezone(self.now.tzinfo)

    def _register(self, index: int, entry: Mapping[str, Any]) -> Callable[[datetime], None]:
        def step(moment: datetime) -> None:
            new = NewMelding(
                location=parse_location(
                    *entry["place"], note=entry.get("location_note", ""), address=entry.get("address", "")
                ),
                intake_channel=entry["channel"],
                description=entry["text"],
                category_slug=entry["category"],
                answers=entry.get("answers", {}),
                danger=entry.get("danger", False),
                contact=parse_contact(**entry.get("contact", {})),
            )
            actor = self._writer(entry["channel"])
            made = intake.register_melding(self.session, new, actor=actor, now=moment).melding
            routing.route_melding(self.session, made.id, gemeente_id=made.gemeente_id, now=moment)
            self.meldingen[index] = made.id

        return step

    def _writer(self, channel: str) -> Actor:
        if channel in BY_KCC:
            return self.staff["kcc"]
        return self.staff["team"] if channel in BY_TEAM else ANONYMOUS

    def _steps(self, index: int, entry: Mapping[str, Any]) -> list[tuple[float, Callable[[datetime], None]]]:
        """The steps after receipt, as (hours after it, what happens), for the state it has to end in."""
        after = float(entry.get("after", 0))

        def does(act: Callable[..., object], **facts: Any) -> Callable[[datetime], None]:
            return lambda moment: self._act(index, act, moment, **facts)

        took_up = (after / 2, does(work.take_up))
        sentence = entry.get("sentence", "")
        match "samen" if "same_as" in entry else entry["state"]:
            case "in_behandeling":
                return [(after, does(work.take_up))]
            case "ingepland":
                return [took_up, (after, lambda moment: self._plan(index, sentence, moment))]
            case "wacht_op_melder":
                return [(after, does(work.ask_melder, question=sentence))]
            case "doorgezet":
                return [took_up, (after, lambda moment: self._to_partner(index, entry, moment))]
            case "afgehandeld":
                return [took_up, (after, lambda moment: self._close(index, entry, moment))]
            case "deels_klaar":
                split = joining.Split(entry["split_category"], reason="De lamp is voor een ander team.")
                return [
                    (after / 2, does(joining.split_opdracht, split=split)),
                    (after, lambda moment: self._close(index, entry, moment)),
                ]
            case "heropend":
                later = after + REOPENED_AFTER / timedelta(hours=1)
                return [
                    took_up,
                    (after, lambda moment: self._close(index, entry, moment)),
                    (later, lambda moment: self._reopen(index, entry["verdict"], moment)),
                ]
            case "ingetrokken":
                return [(after, lambda moment: self._withdraw(index, moment))]
        return []

    def _words(self, index: int, entry: Mapping[str, Any]) -> list[tuple[float, Callable[[datetime], None]]]:
        """What the melder has to say after the last step, in the form of _steps."""
        lasts = (self.now - self._received(entry) - SAID_AGO) / timedelta(hours=1)
        heard = max(lasts, float(entry.get("after", 0)))
        found: list[tuple[float, Callable[[datetime], None]]] = []
        if "judged" in entry:
            found.append((heard, lambda moment: self._judge(index, entry["judged"], moment)))
        if "answer" in entry:
            found.append((heard, lambda moment: self._answer(index, entry["answer"], moment)))
        return found

    def _act(self, index: int, act: Callable[..., object], moment: datetime, **facts: Any) -> None:
        """One move on the oldest open opdracht, by the team that has it when it has a demo account."""
        opdracht = self._opdracht(index)
        basis = Basis(version=opdracht.version)
        act(self.session, opdracht.id, *facts.values(), basis=basis, actor=self._member(opdracht), now=moment)

    def _plan(self, index: int, words: str, moment: datetime) -> None:
        soon = deadlines.local_day(self.now) + timedelta(days=2)
        self._act(index, work.plan, moment, planned_on=deadlines.next_werkdag(soon))
        opdracht = self._opdracht(index)
        work.add_note(self.session, opdracht.id, words, actor=self._member(opdracht), now=moment)

    def _to_partner(self, index: int, entry: Mapping[str, Any], moment: datetime) -> None:
        partner = team_by_slug(self.session, entry["partner"], scope={self.gemeente.id})
        assert partner is not None, "a test holds demo/meldingen.toml to demo/gemeente.toml"
        self._act(index, work.hand_over, moment, to=work.HandOver(team_id=partner.id, reason=entry["sentence"]))

    def _close(self, index: int, entry: Mapping[str, Any], moment: datetime) -> None:
        outcome = entry.get("outcome", OPGELOST)
        partner = entry.get("partner", "")
        new = closure.NewClosure(outcome, entry.get("sentence", ""), entry.get("reason", ""), partner)
        opdracht = self._opdracht(index)
        actor = self.staff["coordinator"] if outcome == OVERGEDRAGEN else self._member(opdracht)
        basis = Basis(version=opdracht.version)
        closure.close_opdracht(self.session, opdracht.id, new, basis=basis, actor=actor, now=moment)

    def _reopen(self, index: int, words: str, moment: datetime) -> None:
        melding = self._melding(index)
        feedback.reopen_melding(self.session, melding, words=words, actor=_melder(melding), now=moment)

    def _judge(self, index: int, answer: bool, moment: datetime) -> None:
        melding = self._melding(index)
        feedback.judge(self.session, melding, answer=answer, via="volgpagina", actor=_melder(melding), now=moment)

    def _answer(self, index: int, words: str, moment: datetime) -> None:
        melding = self._melding(index)
        feedback.add_supplement(self.session, melding, words, actor=_melder(melding), now=moment)

    def _withdraw(self, index: int, moment: datetime) -> None:
        melding = self._melding(index)
        feedback.withdraw_melding(self.session, melding, reason="", actor=_melder(melding), now=moment)

    def _melding(self, index: int) -> Melding:
        found = melding_by_id(self.session, self.meldingen[index], scope={self.gemeente.id})
        assert found is not None, "registered a step ago"
        return found

    def _opdracht(self, index: int) -> Opdracht:
        linked = opdrachten_of(self.session, [self.meldingen[index]], scope={self.gemeente.id})
        return next(one for one in linked[self.meldingen[index]] if one.status in OPEN)

    def _member(self, opdracht: Opdracht) -> Actor:
        own = (actor for actor in self.staff.values() if opdracht.team_id in actor.team_ids)
        return next((actor for actor in own if "kcc" not in actor.roles[self.gemeente.id]), self.staff["coordinator"])


def _melder(melding: Melding) -> Actor:
    return Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})
