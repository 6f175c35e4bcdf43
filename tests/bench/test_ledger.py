"""The ledger of the chaos run finds what is lost, early or double, and accepts what a disaster explains."""

from typing import Any

import pytest

from bench.chaos import plan
from bench.chaos.disasters import Hit
from bench.chaos.ledger import Outcome, judge
from bench.chaos.lists import Lists
from bench.chaos.people import Book, Closing, Made

SEED = 7
NOBODY = Lists()


def of_kind(kind: str) -> plan.Melder:
    """The first melder of a kind."""
    return next(who for who in (plan.melder(SEED, n) for n in range(1000)) if who.kind == kind)


def told(who: plan.Melder, *, at: float = 101.0, ref: str = "r1", **more: Any) -> dict[str, Any]:
    """A line of the providers' log: the gereedmelding of `book`, taken."""
    to = who.contact["email"] if who.reach[0] == "email" else f"+3161{who.number:07d}"
    words = f"{plan.sentence(5)} http://hier/v/token"
    by = "notify" if who.reach[0] == "sms" else "smtp"
    return {"at": at, "what": "ja", "channel": who.reach[0], "ref": ref, "to": to, "text": words, "by": by, **more}


def book(who: plan.Melder) -> Book:
    """One melding, closed by opdracht 5 at second 100."""
    made = Made(who, "2600000018", "token")
    closing = Closing(5, True, (made.number,), 100.0, 100.5, 0, False)
    return Book(meldingen={made.number: made}, by_plan={who.number: made}, closings={5: closing})


def ledger(kind: str, lines: list[dict[str, Any]], *, hits: tuple[Hit, ...] = (), lists: Lists = NOBODY) -> Outcome:
    """What the ledger says."""
    return judge(lines, book(of_kind(kind)), hits, lists)


@pytest.mark.parametrize("kind", ["email", "mobiel"])
def test_told_once_is_good(kind: str) -> None:
    outcome = ledger(kind, [told(of_kind(kind))])
    assert outcome.wrong == [] and sum(outcome.counts.values()) == 1


def test_silence_is_a_loss() -> None:
    (wrong,) = ledger("email", []).wrong
    assert "VERLOREN" in wrong and "2600000018" in wrong


def test_a_message_that_came_back_told_nobody() -> None:
    who = of_kind("mobiel")
    back = {"at": 103.0, "what": "terug", "channel": "sms", "ref": "r1", "to": f"+3161{who.number:07d}"}
    (wrong,) = ledger("mobiel", [told(who), back]).wrong
    assert "VERLOREN" in wrong


def test_before_the_closing_is_too_early() -> None:
    (wrong,) = ledger("email", [told(of_kind("email"), at=99.0)]).wrong
    assert "voor de afhandeling" in wrong


def test_somebody_elses_address_is_wrong() -> None:
    line = told(of_kind("email")) | {"to": "m999999@bewoner.example"}
    assert any("dat is niet melder" in wrong for wrong in ledger("email", [line]).wrong)


def test_an_end_that_nobody_closed_is_wrong() -> None:
    line = told(of_kind("email")) | {"text": "Dat is nu opgelost. http://hier/v/token"}
    assert any("bij geen afhandeling hoort" in wrong for wrong in ledger("email", [line]).wrong)


def test_the_same_mail_twice_needs_a_disaster() -> None:
    who = of_kind("email")
    twice = [told(who), told(who, at=130.0)]
    assert any("niets verklaart het" in wrong for wrong in ledger("email", twice).wrong)
    outcome = ledger("email", twice, hits=(Hit("werker gedood", 101.4, (12,)),))
    assert outcome.wrong == [] and outcome.double_refs == {"r1"} and "proces 12" in outcome.doubles[0]


def test_one_kill_explains_one_message() -> None:
    who = of_kind("email")
    thrice = [told(who), told(who, at=101.2), told(who, at=130.0)]
    outcome = ledger("email", thrice, hits=(Hit("werker gedood", 101.4, (12,)),))
    assert len(outcome.doubles) == 1 and len(outcome.wrong) == 1


def test_a_yes_that_was_never_said_explains_itself() -> None:
    who = of_kind("email")
    outcome = ledger("email", [told(who, mood="breekt_af"), told(who, at=110.0)])
    assert outcome.wrong == [] and len(outcome.doubles) == 1


def test_the_same_sms_twice_is_never_right() -> None:
    who = of_kind("mobiel")
    hits = (Hit("werker gedood", 101.4, (12,)),)
    assert any("kan het zeggen" in w for w in ledger("mobiel", [told(who), told(who, at=110.0)], hits=hits).wrong)


def test_two_ways_need_a_disaster_too() -> None:
    who = of_kind("email_weg_mobiel")
    called = Lists(calls=(("2600000018", 5),))
    assert any("2 wegen" in wrong for wrong in ledger(who.kind, [told(who)], lists=called).wrong)


def test_who_stands_on_a_list_was_refused_somewhere() -> None:
    who = of_kind("email")
    listed = Lists(unreachable=frozenset({5}))
    assert any("geen dienst weigerde" in wrong for wrong in ledger("email", [], lists=listed).wrong)
    refused = {"at": 101.0, "what": "nee", "channel": "email", "to": who.contact["email"], "why": "554"}
    outcome = ledger("email", [refused], lists=listed)
    assert outcome.wrong == [] and outcome.counts["op de lijst 'niet bereikbaar'"] == 1


def test_an_anonymous_melder_gets_nothing() -> None:
    assert ledger("anoniem", []).wrong == []


def test_the_same_seed_gives_the_same_town() -> None:
    assert [plan.melder(3, n) for n in range(50)] == [plan.melder(3, n) for n in range(50)]
    homes = [plan.leader(SEED, n) for n in range(300)]
    assert all(first <= n for n, first in enumerate(homes)) and len(set(homes)) < 300


def test_who_said_it_is_not_solved_before_the_call_is_phoned_about_the_later_end() -> None:
    here = book(of_kind("vast"))
    (made,) = here.meldingen.values()
    here.closings[9] = Closing(9, True, (made.number,), 110.0, 110.5, 0, False)
    phoned = Lists(calls=((made.number, 9),))
    assert any("VERLOREN" in wrong for wrong in judge([], here, (), phoned).wrong), "he said nothing of the first end"
    made.reopened = 1
    assert judge([], here, (), phoned).wrong == []
    assert any("VERLOREN" in wrong for wrong in judge([], here, (), NOBODY).wrong), "and nobody phones about the second"
