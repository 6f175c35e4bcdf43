"""What `meldingen seed` leaves behind: a gemeente that can work, and a demo in which no page is empty."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, SYSTEM
from meldingen.domain.errors import Forbidden
from meldingen.domain.routing import Area as AreaFacts
from meldingen.domain.routing import Facts, choose_team
from meldingen.flow.demo import DemoReport, seed_demo
from meldingen.flow.library import closing_sentences, reason_sentence, reasons
from meldingen.flow.seed import seed_gemeente
from meldingen.store.account import account_by_username, roles_of
from meldingen.store.answers import with_new_answer
from meldingen.store.category import Category, categories_of
from meldingen.store.contact import Contact
from meldingen.store.gemeente import ClosingDay, Gemeente, gemeente_by_code, served_gemeenten
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Closure, Opdracht, opdrachten_of
from meldingen.store.task import Task
from meldingen.store.team import RoutingRule, Team, team_by_slug, vangnet_team
from meldingen.store.terms import to_mind_for_spoed
from meldingen.store.town import towns_of
from meldingen.store.verdict import Verdict


def plain(password: str) -> str:
    """A password hash that costs a test nothing."""
    return f"plat:{password}"


@pytest.fixture
def bare(session: Session) -> Gemeente:
    """A served gemeente with nothing in it."""
    row = Gemeente(code="GM9001", slug="duinstede", name="Duinstede", served=True, policy={})
    session.add(row)
    session.flush()
    return row


class TestSeedGemeente:
    def test_it_can_work_afterwards(self, session: Session, now: datetime, bare: Gemeente) -> None:
        made = seed_gemeente(session, bare, actor=SYSTEM, now=now)
        assert made == {"teams": 12, "categorieen": 101, "regels": 43, "dagen": 4}
        assert vangnet_team(session, scope={bare.id}).kind == "kcc"
        assert bare.policy["office_hours"] == {"days": [0, 1, 2, 3, 4], "from": "07:30", "until": "16:30"}
        tree = categories_of(session, scope={bare.id})
        assert [category.slug for category in tree[:3]] == ["afval", "zwerfafval", "afval-naast-container"]
        assert {category.parent_id for category in tree[1:12]} == {tree[0].id}
        hints = {category.slug: category.hint for category in tree}
        assert "Bel ons direct" in hints["boom-omgevallen"] and hints["zwerfafval"] == ""

    @pytest.mark.parametrize(
        ("slug", "main", "moment", "danger", "kind"),
        [
            ("losse-tegel", "straat", "kantooruren", False, "serviceteam"),
            ("losse-tegel", "straat", "piket", False, "serviceteam"),
            ("gat-in-de-weg", "straat", "piket", True, "piket"),
            ("gat-in-de-weg", "straat", "kantooruren", True, "serviceteam"),
            ("boom-omgevallen", "groen", "kantooruren", True, "groen"),
            ("boom-omgevallen", "groen", "piket", True, "piket"),
            ("boom-omgevallen", "groen", "piket", False, "piket"),
            ("zwerfafval", "afval", "kantooruren", False, "serviceteam"),
            ("eigen-categorie", "groen", "kantooruren", False, "groen"),
            (None, None, "kantooruren", False, "kcc"),
        ],
    )
    def test_the_rules_choose(
        self,
        session: Session,
        now: datetime,
        bare: Gemeente,
        slug: str,
        main: str,
        moment: str,
        danger: bool,
        kind: str,
    ) -> None:
        seed_gemeente(session, bare, actor=SYSTEM, now=now)
        facts = Facts(category_slug=slug, main_category_slug=main, moment=moment, danger=danger)  # type: ignore[arg-type]
        chosen = choose_team(towns_of(session, scope={bare.id})[bare.id].rules, facts)
        assert session.get_one(Team, chosen.team_id).kind == kind

    def test_a_second_time_adds_nothing(self, session: Session, now: datetime, bare: Gemeente) -> None:
        seed_gemeente(session, bare, actor=SYSTEM, now=now)
        again = seed_gemeente(session, bare, actor=SYSTEM, now=now)
        assert set(again.values()) == {0}
        assert session.scalar(sa.select(sa.func.count(Event.id)).where(Event.kind == "gemeente_gevuld")) == 1

    def test_what_beheer_changed_stays(self, session: Session, now: datetime, bare: Gemeente) -> None:
        seed_gemeente(session, bare, actor=SYSTEM, now=now)
        category = session.scalars(sa.select(Category).where(Category.slug == "ratten")).one()
        category.name, category.term_days, category.active = "Knaagdieren", 9, False
        bare.policy = {"office_hours": {"days": [0], "from": "09:00", "until": "10:00"}}
        session.execute(sa.delete(RoutingRule).where(RoutingRule.position > 20))
        session.execute(sa.delete(Category).where(Category.slug == "wespennest"))
        made = seed_gemeente(session, bare, actor=SYSTEM, now=now)
        assert made == {"teams": 0, "categorieen": 1, "regels": 0, "dagen": 0}
        assert (category.name, category.term_days, category.active) == ("Knaagdieren", 9, False)
        assert bare.policy["office_hours"]["days"] == [0]

    def test_next_year_gets_its_closing_days(self, session: Session, now: datetime, bare: Gemeente) -> None:
        seed_gemeente(session, bare, actor=SYSTEM, now=now)
        assert seed_gemeente(session, bare, actor=SYSTEM, now=now + timedelta(days=366))["dagen"] == 1
        days = set(session.scalars(sa.select(ClosingDay.day)))
        assert {day.isoformat() for day in days} >= {"2026-12-24", "2029-12-24"}

    def test_only_the_system_seeds(self, session: Session, now: datetime, bare: Gemeente) -> None:
        with pytest.raises(Forbidden):
            seed_gemeente(session, bare, actor=ANONYMOUS, now=now)


@pytest.fixture(scope="class")
def seeded(engine: sa.Engine, now: datetime) -> Iterator[tuple[Session, DemoReport]]:
    """The demo, seeded once on the fixed morning, for tests that only look; rolled back after the last."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            yield session, seed_demo(session, hash_password=plain, actor=SYSTEM, now=now)
        outer.rollback()


class TestDemo:
    @pytest.fixture
    def session(self, seeded: tuple[Session, DemoReport]) -> Session:
        return seeded[0]

    @pytest.fixture
    def demo(self, seeded: tuple[Session, DemoReport]) -> DemoReport:
        return seeded[1]

    def test_one_served_gemeente_and_two_neighbours(self, session: Session, demo: DemoReport) -> None:
        assert [gemeente.name for gemeente in served_gemeenten(session)] == ["Bergen (NH)"]
        for code in ("GM0361", "GM0383"):
            neighbour = gemeente_by_code(session, code)
            assert neighbour is not None
            assert not neighbour.served

    def test_every_status_is_there(self, session: Session, demo: DemoReport) -> None:
        statuses = Counter(session.scalars(sa.select(Melding.status)))
        assert demo.meldingen == statuses.total() >= 30
        assert set(statuses) == {
            "ontvangen", "in_behandeling", "ingepland", "wacht_op_melder", "doorgezet", "heropend", "afgehandeld",
            "ingetrokken", "doorverwezen",
        }  # fmt: skip
        work = set(session.scalars(sa.select(Opdracht.status)))
        assert work == {"nieuw", "opgepakt", "ingepland", "wacht_op_melder", "bij_partij", "gereed", "vervallen"}
        assert set(session.scalars(sa.select(Closure.outcome))) == {"opgelost", "niet_opgelost", "overgedragen"}

    def test_every_kind_of_bericht_is_promised(self, session: Session, demo: DemoReport) -> None:
        assert set(session.scalars(sa.select(Notice.kind))) >= {
            "ontvangst", "ingepland", "vraag", "doorgezet", "deels_klaar", "gereed", "niet_opgelost", "overgedragen",
            "heropend", "ingetrokken", "doorverwezen", "alarm",
        }  # fmt: skip

    def test_every_list_of_the_desk_has_something_and_none_is_late(
        self, session: Session, demo: DemoReport, now: datetime
    ) -> None:
        (gemeente,) = served_gemeenten(session)
        assert {"antwoord_na_sluiten", "uitleg_onduidelijk"} <= set(session.scalars(sa.select(Task.kind)))
        assert {verdict.answer for verdict in session.scalars(sa.select(Verdict))} == {True, False}
        assert not session.scalars(sa.select(Task).where(Task.due_at <= now)).all()
        ends = sa.select(Contact.preference).join(Melding, Melding.id == Contact.melding_id)
        assert {"bellen", "brief"} <= set(session.scalars(ends.where(Melding.status == "afgehandeld")))
        assert with_new_answer(session, session.scalars(sa.select(Opdracht.id)).all(), scope=[gemeente.id])

    def test_all_spoed_is_taken_up_so_no_alarm_rings_on(self, session: Session, demo: DemoReport) -> None:
        (gemeente,) = served_gemeenten(session)
        for number in to_mind_for_spoed(session, scope=[gemeente.id]):
            assert session.get_one(Opdracht, number).taken_up_at is not None

    def test_the_storm_is_one_opdracht(self, session: Session, demo: DemoReport) -> None:
        trees = session.scalars(
            sa.select(Melding)
            .join(Category, Category.id == Melding.category_id)
            .where(Category.slug == "boom-omgevallen")
        ).all()
        linked = opdrachten_of(session, [melding.id for melding in trees], scope={trees[0].gemeente_id})
        (opdracht,) = {opdracht.id: opdracht for found in linked.values() for opdracht in found}.values()
        assert len(trees) == 3
        assert session.get_one(Team, opdracht.team_id).kind == "piket"

    def test_the_dunes_go_to_the_vangnet_and_a_village_to_its_own_team(
        self, session: Session, demo: DemoReport
    ) -> None:
        dunes = session.scalars(sa.select(Melding).where(Melding.wijk_code.is_(None), Melding.referred_to == "")).all()
        assert dunes
        for melding in dunes:
            (opdracht,) = opdrachten_of(session, [melding.id], scope={melding.gemeente_id})[melding.id]
            assert opdracht.team_id == vangnet_team(session, scope={melding.gemeente_id}).id
        (gemeente,) = served_gemeenten(session)
        rules = towns_of(session, scope={gemeente.id})[gemeente.id].rules
        areas = (AreaFacts("TG-NOORD", "teamgebied"), AreaFacts("WK037302", "wijk"))
        chosen = choose_team(rules, Facts(category_slug="losse-tegel", main_category_slug="straat", areas=areas))
        north = team_by_slug(session, "serviceteam-noord", scope={gemeente.id})
        assert north is not None
        assert chosen.team_id == north.id

    def test_nothing_happens_in_the_future_or_before_its_receipt(
        self, session: Session, now: datetime, demo: DemoReport
    ) -> None:
        assert session.scalar(sa.select(sa.func.max(Event.at))) <= now
        for melding in session.scalars(sa.select(Melding)):
            assert melding.closed_at is None or melding.closed_at > melding.received_at

    def test_everybody_can_log_in_with_their_own_role(self, session: Session, demo: DemoReport) -> None:
        (gemeente,) = served_gemeenten(session)
        found = {}
        for one in demo.accounts:
            account = account_by_username(session, one.username)
            assert account is not None
            assert account.password_hash == plain(one.password)
            found[one.username] = [(role.role, role.gemeente_id) for role in roles_of(session, account.id)]
        assert found == {
            "team": [("team", gemeente.id)],
            "team-noord": [("team", gemeente.id)],
            "piket": [("piket", gemeente.id)],
            "kcc": [("kcc", gemeente.id)],
            "coordinator": [("coordinator", gemeente.id)],
            "beheer": [("beheer", gemeente.id)],
        }

    def test_a_second_time_changes_nothing(self, session: Session, now: datetime, demo: DemoReport) -> None:
        counts = [sa.select(sa.func.count()).select_from(table) for table in (Melding, Opdracht, Event, RoutingRule)]
        before = [session.scalar(count) for count in counts]
        again = seed_demo(session, hash_password=plain, actor=SYSTEM, now=now)
        assert again.meldingen == 0
        assert [session.scalar(count) for count in counts] == before

    def test_the_report_names_who_can_log_in(self, demo: DemoReport) -> None:
        lines = demo.lines()
        assert lines[0] == "Demo-gemeente: Bergen (NH)"
        assert any(line.split()[:2] == ["kcc", "demo-kcc"] for line in lines)

    def test_only_the_system_seeds(self, session: Session, now: datetime) -> None:
        with pytest.raises(Forbidden):
            seed_demo(session, hash_password=plain, actor=ANONYMOUS, now=now)


@pytest.mark.parametrize("hour", [0, 23])
def test_it_plays_at_any_hour_of_any_day(session: Session, now: datetime, hour: int) -> None:
    """Midnight and the night summer time begins: the demo is started whenever somebody likes."""
    moment = now.replace(month=3, day=29) + timedelta(hours=hour - 6)
    report = seed_demo(session, hash_password=plain, actor=SYSTEM, now=moment)
    assert report.meldingen >= 30
    assert session.scalar(sa.select(sa.func.max(Melding.received_at))) <= moment


class TestLibrary:
    def test_reasons_by_slug(self) -> None:
        assert reason_sentence("boom-gezond").startswith("De boom is gezond")
        assert reason_sentence("onbekend") == ""
        assert reasons()["anders"].own_sentence

    def test_closing_sentences(self) -> None:
        assert "De lamp brandt weer." in closing_sentences("verlichting")
        assert closing_sentences("eigen-hoofdcategorie") == ()
