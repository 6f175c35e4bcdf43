"""The categories, routing and reasons of defaults/: complete and consistent. No database."""

import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Any

import pytest

import meldingen
from meldingen.domain.beforehand import Beforehand, check_beforehand

DEFAULTS = Path(meldingen.__file__).parent / "defaults"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DEFAULTS / name).read_text(encoding="utf-8"))


MAINS = read("categories.toml")["main"]
SUBS = [sub for main in MAINS for sub in main["sub"]]
NOT_OURS = {sub["slug"] for sub in SUBS if sub.get("beforehand", {}).get("stops")}
"""Kinds that only say who is right: fewer sentences do, and too many would draw what is ours to them."""
ROUTING = read("routing.toml")
REASONS = read("reasons.toml")
DEMO = read("demo/gemeente.toml")
TEAM_KINDS = {
    "serviceteam", "groen", "afval", "verlichting", "riolering", "handhaving", "verkeer", "water", "spelen",
    "plaagdieren", "piket", "kcc",
}  # fmt: skip
QUESTION_TYPES = {"tekst", "getal", "janee", "keuze", "meerkeuze"}


class TestCategories:
    def test_thirteen_main_and_about_eighty_sub(self) -> None:
        assert len(MAINS) == 13
        assert 78 <= len(SUBS) <= 90

    def test_slugs_are_stable_ascii_and_unique(self) -> None:
        slugs = [category["slug"] for category in [*MAINS, *SUBS]]
        assert len(slugs) == len(set(slugs))
        for slug in slugs:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug), slug

    @pytest.mark.parametrize("category", [*MAINS, *SUBS], ids=lambda c: c["slug"])
    def test_each_category_is_whole(self, category: dict[str, Any]) -> None:
        assert category["name"][0].isupper()
        assert 0 < len(category["phrase"]) <= 34
        assert not category["phrase"].endswith(".")
        assert 1 <= category["term_days"] <= 20
        assert category["team_kind"] in TEAM_KINDS
        assert category["urgency"] in {"laag", "normaal", "hoog", "spoed"}
        assert isinstance(category["public"], bool)
        assert 5 <= len(category["synonyms"]) <= 10
        assert len(set(category["synonyms"])) == len(category["synonyms"])
        assert ("join_radius_m" in category) == ("join_days" in category)
        assert category.get("join_radius_m", 10) <= 150
        known = {
            "slug", "name", "phrase", "term_days", "team_kind", "urgency", "public", "synonyms", "questions", "hint",
            "join_radius_m", "join_days", "sub", "beforehand",
        }  # fmt: skip
        assert set(category) <= known

    @pytest.mark.parametrize("main", MAINS, ids=lambda c: c["slug"])
    def test_each_has_everyday_sentences_of_its_own(self, main: dict[str, Any]) -> None:
        examples = read(f"examples/{main['slug']}.toml")
        assert set(examples) == {sub["slug"] for sub in main["sub"]}
        for slug, sentences in examples.items():
            fewest = 5 if slug in NOT_OURS else 15
            assert fewest <= len(sentences) <= 30, slug
            assert len({sentence.casefold() for sentence in sentences}) == len(sentences), slug
            assert not any("@" in sentence or len(sentence) > 120 for sentence in sentences), slug

    @pytest.mark.parametrize("category", SUBS, ids=lambda c: c["slug"])
    def test_questions_can_be_asked(self, category: dict[str, Any]) -> None:
        ids = [question["id"] for question in category["questions"]]
        assert len(ids) == len(set(ids))
        for question in category["questions"]:
            assert set(question) <= {"id", "label", "type", "options", "danger_answer"}
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", question["id"])
            assert question["label"][-1] in "?."
            assert question["type"] in QUESTION_TYPES
            assert ("options" in question) == (question["type"] in {"keuze", "meerkeuze"})
            assert len(question.get("options", ["", ""])) >= 2
            if "danger_answer" in question:
                assert (question["type"], question["danger_answer"]) == ("janee", "ja")

    def test_spoed_goes_to_the_piket_and_says_to_phone(self) -> None:
        spoed = [category for category in SUBS if category["urgency"] == "spoed"]
        assert {category["team_kind"] for category in spoed} == {"piket"}
        for category in spoed:
            assert "el ons direct" in category["hint"], category["slug"]

    def test_persons_homes_and_drugs_are_never_public(self) -> None:
        hidden = {category["slug"] for category in SUBS if not category["public"]}
        assert hidden >= {
            "overlast-van-personen", "drugs-of-drank", "gevaarlijk-afval", "naalden-of-spuiten", "fout-geparkeerd",
            "gevaarlijke-hond", "lichthinder-in-huis", "riool-bij-woning", "ander-probleem",
        }  # fmt: skip
        overlast = next(main for main in MAINS if main["slug"] == "overlast")
        assert not any(category["public"] for category in [overlast, *overlast["sub"]])

    def test_what_is_said_first_can_be_kept_and_who_stops_says_where_to_go(self) -> None:
        first = {c["slug"]: check_beforehand(c["beforehand"]) for c in SUBS if "beforehand" in c}
        assert [one.kept() for one in first.values()] == [
            {**Beforehand().__dict__, **c["beforehand"]} for c in SUBS if "beforehand" in c
        ]
        assert all(one.phone or one.link for one in first.values())
        numbers = {slug: one.phone for slug, one in first.items() if one.phone}
        assert numbers == {"gas-of-stroom": "0800-9009", "politie": "0900-8844", "rijksweg": "0800-8002"}
        assert first["schade-klacht-of-bezwaar"].link == "website" and not first["grofvuil-op-straat"].stops
        assert sum(one.stops for one in first.values()) == 5

    def test_the_category_of_no_category_is_there(self) -> None:
        assert "ander-probleem" in {category["slug"] for category in SUBS}


class TestRouting:
    def test_rules_name_known_things(self) -> None:
        slugs = {category["slug"] for category in [*MAINS, *SUBS]}
        for rule in ROUTING["rule"]:
            assert rule.get("category", "afval") in slugs
            assert rule.get("moment", "piket") in {"kantooruren", "piket"}
            assert rule["team_kind"] in TEAM_KINDS
        assert ROUTING["vangnet"] == "kcc"

    def test_no_rule_twice(self) -> None:
        seen = [(rule.get("category"), rule.get("moment"), rule.get("danger")) for rule in ROUTING["rule"]]
        assert len(seen) == len(set(seen))

    @pytest.mark.parametrize("main", MAINS, ids=lambda c: c["slug"])
    def test_rules_say_what_the_tree_says(self, main: dict[str, Any]) -> None:
        by_category = {(rule.get("category"), rule.get("moment")): rule["team_kind"] for rule in ROUTING["rule"]}
        assert by_category[main["slug"], None] == main["team_kind"]
        for sub in main["sub"]:
            if sub["team_kind"] == "piket":
                assert by_category[sub["slug"], "piket"] == "piket"
                assert by_category[sub["slug"], "kantooruren"] != "piket"
            else:
                chosen = by_category.get((sub["slug"], None), by_category[main["slug"], None])
                assert chosen == sub["team_kind"], sub["slug"]

    def test_office_hours_are_a_day(self) -> None:
        hours = ROUTING["office_hours"]
        assert hours["days"] == [0, 1, 2, 3, 4]
        assert time.fromisoformat(hours["from"]) < time.fromisoformat(hours["until"])

    def test_every_kind_has_a_team_in_the_demo(self) -> None:
        assert {team["kind"] for team in DEMO["team"]} >= {rule["team_kind"] for rule in ROUTING["rule"]}


class TestReasons:
    def test_each_reason_is_a_sentence(self) -> None:
        slugs = [reason["slug"] for reason in REASONS["reason"]]
        assert len(slugs) == len(set(slugs)) >= 10
        for reason in REASONS["reason"]:
            assert reason["label"]
            assert reason["sentence"].endswith(".")

    def test_closing_sentences_per_main_category(self) -> None:
        assert list(REASONS["closing"]) == [main["slug"] for main in MAINS]
        for sentences in REASONS["closing"].values():
            assert len(sentences) >= 3
            for sentence in sentences:
                assert sentence.endswith(".")
                assert len(sentence) <= 45
