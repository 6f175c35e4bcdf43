"""Which team gets it, by how specific a rule is, and the sentence that says why."""

from itertools import permutations

import pytest

from meldingen.domain.routing import VANGNET_REASON, Area, Facts, NoVangnet, Rule, choose_team

VANGNET = Rule(id=0, team_id=99, position=10**6)
CENTRUM = Area("WK037301", "wijk", "Bergen")
BUURT = Area("BU03730100", "buurt", "Bergen-Centrum")
NOORD = Area("noord", "teamgebied", "Noord")
LAMP = Facts(
    category_slug="lantaarnpaal-brandt-niet",
    main_category_slug="verlichting",
    areas=(CENTRUM, BUURT, NOORD),
    category_name="Lantaarnpaal brandt niet",
    main_category_name="Verlichting",
)
DANGER = Facts(category_slug="lantaarnpaal-brandt-niet", main_category_slug="verlichting", moment="piket", danger=True)

# From the most specific to the most general: each wins from all that come after it.
LADDER = (
    Rule(1, 1, danger=True),
    Rule(2, 2, category_slug="lantaarnpaal-brandt-niet", area_code="noord", moment="piket"),
    Rule(3, 3, category_slug="lantaarnpaal-brandt-niet", area_code="noord"),
    Rule(4, 4, category_slug="lantaarnpaal-brandt-niet", area_code="BU03730100"),
    Rule(5, 5, category_slug="lantaarnpaal-brandt-niet", area_code="WK037301"),
    Rule(6, 6, category_slug="lantaarnpaal-brandt-niet", moment="piket"),
    Rule(7, 7, category_slug="lantaarnpaal-brandt-niet"),
    Rule(8, 8, category_slug="verlichting", area_code="WK037301"),
    Rule(9, 9, category_slug="verlichting"),
    Rule(10, 10, area_code="BU03730100"),
    Rule(11, 11, area_code="WK037301", moment="piket"),
    Rule(12, 12, area_code="WK037301"),
    Rule(13, 13, moment="piket"),
    VANGNET,
)


@pytest.mark.parametrize("rung", range(len(LADDER)))
def test_specific_goes_before_general_in_any_order(rung: int) -> None:
    facts = Facts(
        category_slug="lantaarnpaal-brandt-niet",
        main_category_slug="verlichting",
        areas=(CENTRUM, BUURT, NOORD),
        moment="piket",
        danger=True,
    )
    left = LADDER[rung:]
    assert choose_team(left, facts).rule_id == LADDER[rung].id
    assert choose_team(left[::-1], facts).rule_id == LADDER[rung].id


@pytest.mark.parametrize(
    "rule",
    [
        Rule(1, 1, category_slug="zwerfafval"),
        Rule(1, 1, category_slug="afval"),
        Rule(1, 1, area_code="WK037302"),
        Rule(1, 1, moment="piket"),
        Rule(1, 1, danger=True),
        Rule(1, 1, category_slug="verlichting", area_code="WK037302"),
    ],
)
def test_a_rule_that_does_not_fit_is_passed_over(rule: Rule) -> None:
    chosen = choose_team([rule, VANGNET], LAMP)
    assert (chosen.team_id, chosen.rule_id, chosen.reason) == (99, 0, VANGNET_REASON)


def test_spoed_at_night_goes_to_the_piket_and_by_day_to_the_team() -> None:
    rules = [
        Rule(1, 10, category_slug="verlichting"),
        Rule(2, 20, danger=True, moment="piket"),
        VANGNET,
    ]
    assert choose_team(rules, DANGER).team_id == 20
    by_day = Facts(category_slug="lantaarnpaal-brandt-niet", main_category_slug="verlichting", danger=True)
    assert choose_team(rules, by_day).team_id == 10


def test_a_rule_for_no_danger_is_a_little_more_specific_than_silence() -> None:
    rules = [Rule(1, 1, category_slug="verlichting"), Rule(2, 2, category_slug="verlichting", danger=False)]
    assert choose_team(rules, LAMP).team_id == 2


def test_ties_go_by_position_then_area_code_then_id() -> None:
    facts = Facts(category_slug=None, areas=(Area("WK2", "wijk"), Area("WK1", "wijk")))
    a, b, c = (
        Rule(8, 1, area_code="WK2"),
        Rule(9, 2, area_code="WK1"),
        Rule(7, 3, area_code="WK2", position=5),
    )
    for rules in permutations([a, b]):
        assert choose_team(rules, facts).rule_id == 9
    for rules in permutations([a, b, c]):
        assert choose_team(rules, facts).rule_id == 7
    twins = [Rule(4, 1, area_code="WK1"), Rule(3, 2, area_code="WK1")]
    assert choose_team(twins, facts).rule_id == 3


def test_no_category_and_no_area_still_find_a_team() -> None:
    bare = Facts(category_slug=None)
    assert choose_team([Rule(1, 1, category_slug="verlichting"), VANGNET], bare).team_id == 99
    water = Facts(category_slug=None, areas=(Area("W1", "water"),))
    assert choose_team([Rule(1, 1, area_code="W1"), VANGNET], water).team_id == 99


def test_without_a_vangnet_it_says_so() -> None:
    with pytest.raises(NoVangnet):
        choose_team([Rule(1, 1, moment="piket")], LAMP)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            Rule(1, 1, category_slug="lantaarnpaal-brandt-niet"),
            "Gekozen omdat de categorie 'Lantaarnpaal brandt niet' is.",
        ),
        (
            Rule(1, 1, category_slug="verlichting", area_code="noord", moment="kantooruren"),
            "Gekozen omdat de hoofdcategorie 'Verlichting' is, de plaats in het teamgebied Noord ligt en de melding "
            "tijdens kantooruren kwam.",
        ),
        (
            Rule(1, 1, area_code="BU03730100", danger=False),
            "Gekozen omdat er geen gevaar is en de plaats in de buurt Bergen-Centrum ligt.",
        ),
    ],
)
def test_the_reason_is_one_dutch_sentence(rule: Rule, reason: str) -> None:
    assert choose_team([rule, VANGNET], LAMP).reason == reason


def test_the_reason_at_night() -> None:
    chosen = choose_team([Rule(1, 1, danger=True, moment="piket")], DANGER)
    assert chosen.reason == "Gekozen omdat er gevaar is en de melding buiten kantooruren kwam."
