"""The ledger of the fault runs finds what is lost or double, and accepts what we counted as possibly double."""

from collections import Counter

import pytest

from bench.storingen.ledger import Kept, judge, parse_kept
from bench.storingen.melders import Report, contact_of, mark_of

YES = {"to": "m7@bewoner.example", "ref": "r1", "text": "Wij hebben uw melding ontvangen"}
WELL = parse_kept(["Plek 7.|1|1"], [])


def accepted(number: int = 7, melding: str = "2600000001") -> Report:
    return Report(number, contact_of(number), begun=0.0, melding=melding, answers=Counter({"201": 1}))


def kept(stored: int, routed: int, *maybe: str) -> Kept:
    return Kept(Counter({mark_of(7): stored}), Counter({mark_of(7): routed}), frozenset(maybe))


def test_all_is_well() -> None:
    made = judge([accepted()], WELL, [YES])
    assert (made.accepted, made.stored, made.routed, made.heard) == (1, 1, 1, 1)
    assert made.doubles == made.missing == []


@pytest.mark.parametrize(
    ("found", "taken", "lost"),
    [(kept(0, 0), [YES], "bewaard"), (kept(1, 0), [YES], "toegewezen"), (WELL, [], "gehoord")],
)
def test_what_is_lost_is_named(found: Kept, taken: list[dict[str, str]], lost: str) -> None:
    assert any(line.endswith(f"is niet {lost}") for line in judge([accepted()], found, taken).missing)


def test_a_melder_without_an_answer_is_missing_and_one_who_was_refused_is_not() -> None:
    silent, refused = accepted(melding=""), accepted(melding="")
    silent.answers, refused.answers = Counter({"503": 3}), Counter({"422": 1})
    assert len(judge([silent], kept(0, 0), []).missing) == 1
    assert judge([refused], kept(0, 0), []).missing == []


def test_double_is_double_unless_we_counted_it() -> None:
    assert judge([accepted()], kept(2, 1), [YES]).doubles == ["melding 7 staat er 2 keer"]
    assert judge([accepted()], kept(1, 2), [YES]).doubles == ["melding 7 heeft 2 opdrachten"]
    assert len(judge([accepted()], WELL, [YES, YES]).doubles) == 1
    assert len(judge([accepted()], WELL, [YES, {**YES, "ref": "r2"}]).doubles) == 1
    counted = judge([accepted()], kept(1, 1, "r1"), [YES, YES])
    assert (counted.doubles, counted.counted_double) == ([], 1)
    assert judge([accepted()], WELL, [YES, {**YES, "ref": "r2", "text": "Uw melding is klaar"}]).doubles == []


def test_a_mobile_is_known_however_it_is_written() -> None:
    text = {**YES, "to": "+31610000008"}
    assert judge([accepted(8)], parse_kept(["Plek 8.|1|1"], []), [text]).heard == 1
