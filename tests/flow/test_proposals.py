"""Proposing categories from what a gemeente has learned: its own words first, then what people made of meldingen."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.learner import Example
from meldingen.domain.privacy import LIMITED
from meldingen.flow import proposals
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.library import category_words
from meldingen.flow.proposals import Material
from meldingen.flow.status import Basis
from meldingen.flow.work import HandOver, hand_over
from meldingen.store.category import Category, category_by_slug
from meldingen.store.category_model import CategoryModel, PastCase, edition, past_cases
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from tests import factories


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


def teach(session: Session, home: Gemeente, now: datetime) -> proposals.Lesson:
    lesson = proposals.learn(proposals.material_of(session, home.id))
    assert lesson is not None
    proposals.keep(session, lesson, gemeente_id=home.id, now=now)
    return lesson


def said(session: Session, home: Gemeente, text: str) -> list[str]:
    return [one.slug for one in proposals.propose_categories(session, text, gemeente_id=home.id)]


class TestProposing:
    def test_nothing_before_anything_was_learned(self, session: Session, home: Gemeente) -> None:
        assert said(session, home, "er ligt een tegel los") == []

    def test_from_our_words_in_the_words_of_the_gemeente(self, session: Session, home: Gemeente, now: datetime) -> None:
        teach(session, home, now)
        (first, *_) = proposals.propose_categories(session, "tegels liggn los", gemeente_id=home.id)
        assert first == ("losse-tegel", "Losse tegel", "straat", "Straat")
        assert said(session, home, "goedemorgen") == []

    def test_what_was_learned_holds_at_once_and_what_is_no_longer_offered_is_not_proposed(
        self, session: Session, home: Gemeente, now: datetime
    ) -> None:
        teach(session, home, now)
        assert said(session, home, "kadoelenbrug klem") == []
        row = category_by_slug(session, "gat-in-de-weg", scope=[home.id])
        assert row is not None
        row.examples = [*row.examples, "kadoelenbrug klem", "de kadoelenbrug"]
        teach(session, home, now)
        assert said(session, home, "kadoelenbrug klem")[0] == "gat-in-de-weg"
        row.active = False
        session.flush()
        assert "gat-in-de-weg" not in said(session, home, "kadoelenbrug klem")

    def test_gemeenten_do_not_learn_from_each_other(self, session: Session, home: Gemeente, now: datetime) -> None:
        other = factories.gemeente(session, name="Elders", code="GM9002", west=4.85)
        teach(session, home, now)
        assert said(session, home, "gat in de weg")
        assert said(session, other, "gat in de weg") == []


class TestWords:
    def test_a_gemeente_that_never_learned_gets_our_words_where_it_has_none(
        self, session: Session, home: Gemeente, now: datetime
    ) -> None:
        own = category_by_slug(session, "losse-tegel", scope=[home.id])
        assert own is not None
        own.synonyms = ["klinkertje"]
        teach(session, home, now)
        ours = category_by_slug(session, "gras-te-hoog", scope=[home.id])
        assert ours is not None
        assert (ours.synonyms, ours.examples) == tuple(map(list, category_words()["gras-te-hoog"]))
        assert (own.synonyms, own.examples) == (["klinkertje"], [])

    def test_words_that_beheer_took_away_stay_away(self, session: Session, home: Gemeente, now: datetime) -> None:
        teach(session, home, now)
        row = category_by_slug(session, "gras-te-hoog", scope=[home.id])
        assert row is not None
        row.synonyms, row.examples = [], []
        teach(session, home, now)
        assert (row.synonyms, row.examples) == ([], [])


class TestPast:
    """Which meldingen are learned from, and as what."""

    @pytest.fixture
    def reported(self, session: Session, home: Gemeente, now: datetime) -> Callable[..., Melding]:
        return lambda text, **facts: factories.melding(session, now=now, description=text, **facts)

    def found(self, session: Session, home: Gemeente) -> dict[str, str]:
        return {case.text: case.slug for case in past_cases(session, limit=50, scope=[home.id])}

    def test_what_a_team_closed_or_corrected(
        self, session: Session, home: Gemeente, now: datetime, reported: Callable[..., Melding]
    ) -> None:
        boss = factories.medewerker(session, home, "coordinator")
        closed, corrected, _ = (reported(text) for text in ("gesloten", "verbeterd", "nog open"))
        opdracht = factories.opdracht_of(session, closed)
        close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=1), actor=boss, now=now)
        opdracht = factories.opdracht_of(session, corrected)
        to = HandOver(category_slug="gat-in-de-weg")
        hand_over(session, opdracht.id, to, basis=Basis(version=1), actor=boss, now=now)
        assert self.found(session, home) == {"gesloten": "losse-tegel", "verbeterd": "gat-in-de-weg"}

    @pytest.mark.parametrize(
        "change",
        [
            {"withdrawn_at": Melding.received_at},
            {"erased_at": Melding.received_at},
            {"referred_to": "Elders"},
            {"flags": [LIMITED]},
            {"frozen_reason": "bezwaar"},
            {"description": ""},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_never_from_who_left_or_objects(
        self,
        session: Session,
        home: Gemeente,
        now: datetime,
        reported: Callable[..., Melding],
        change: dict[str, object],
    ) -> None:
        boss = factories.medewerker(session, home, "coordinator")
        melding = reported("iets")
        opdracht = factories.opdracht_of(session, melding)
        close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=1), actor=boss, now=now)
        assert self.found(session, home)
        session.execute(sa.update(Melding).where(Melding.id == melding.id).values(change))
        assert self.found(session, home) == {}

    def test_numbers_and_names_are_masked_before_learning(
        self, session: Session, home: Gemeente, now: datetime, reported: Callable[..., Melding]
    ) -> None:
        boss = factories.medewerker(session, home, "coordinator")
        opdracht = factories.opdracht_of(session, reported("tegel los, bel 06-12345678", contact={"email": "A@b.nl"}))
        close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=1), actor=boss, now=now)
        (case,) = proposals.material_of(session, home.id).cases
        assert (case.text, case.slug, case.writer) == ("tegel los, bel ▒▒▒", "losse-tegel", "a@b.nl")


def material(cases: list[PastCase]) -> Material:
    slugs = ["losse-tegel", "gat-in-de-weg", "gras-te-hoog", "boom-omgevallen", "ratten", "graffiti", "ander-probleem"]
    words = category_words()
    own = [Example(text, slug) for slug in slugs for part in words[slug] for text in part]
    return Material(own, cases, {slug: slug for slug in slugs}, "-")


def cases_of(text: str, slug: Callable[[int], str], count: int = 200) -> list[PastCase]:
    return [PastCase(f"{text} {'abcdefghij'[n % 10] * 3}", slug(n), f"melder-{n}", n) for n in range(count)]


class TestLearning:
    def test_a_word_of_the_region_is_learned_and_the_proof_is_told(self) -> None:
        lesson = proposals.learn(material(cases_of("de floep ligt eruit", lambda n: "ratten")))
        assert lesson is not None
        assert lesson.before is not None
        assert lesson.after is not None
        assert lesson.before.first < 0.1
        assert lesson.after.first == 1.0
        assert lesson.with_cases
        assert lesson.facts()["meldingen"] == 200
        assert lesson.facts()["proef"]["na"]["first"] == 1.0

    def test_the_past_is_left_out_when_it_makes_it_worse(self) -> None:
        held = cases_of("de stoeptegel ligt los", lambda n: "losse-tegel")
        wrong = [
            case if proposals._is_held_back(case) else case._replace(slug=["ratten", "graffiti", "gras-te-hoog"][i % 3])
            for i, case in enumerate(held)
        ]
        lesson = proposals.learn(material(wrong))
        assert lesson is not None
        assert not lesson.with_cases
        assert lesson.facts()["meldingen"] == 0

    def test_with_few_meldingen_only_the_words_count(self) -> None:
        lesson = proposals.learn(material(cases_of("de floep ligt eruit", lambda n: "ratten", count=40)))
        assert lesson is not None
        assert (lesson.after, lesson.with_cases, lesson.cases) == (None, False, 40)

    def test_fewer_than_three_categories_teach_nothing(self) -> None:
        assert proposals.learn(Material([Example("a", "b")], [], {"b": "b"}, "-")) is None


def test_the_clock_learns_when_there_is_reason_to(committed_engine: sa.Engine, now: datetime) -> None:
    def made() -> datetime | None:
        with Session(committed_engine) as session:
            found = edition(session, scope=[home_id])
            return found.made_at if found else None

    with Session(committed_engine) as session, session.begin():
        home_id = factories.gemeente(session).id
    proposals.mind_models(committed_engine, now=now)
    assert made() == now
    proposals.mind_models(committed_engine, now=now + timedelta(days=6))
    assert made() == now, "nothing changed and it is not a week old"
    with Session(committed_engine) as session, session.begin():
        row = session.scalars(sa.select(Category).where(Category.slug == "losse-tegel")).one()
        row.synonyms = ["trottoirsteen"]
    proposals.mind_models(committed_engine, now=now + timedelta(days=6))
    assert made() == now + timedelta(days=6)
    proposals.mind_models(committed_engine, now=now + timedelta(days=13))
    assert made() == now + timedelta(days=13)
    with Session(committed_engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CategoryModel)) == 1
