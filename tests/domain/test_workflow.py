"""The one table: every edge of it, and the status of a melding, first that fits (KLANTREIS)."""

import pytest

from meldingen.domain.actor import COORDINATOR, KCC, TEAM
from meldingen.domain.errors import MoveNotAllowed
from meldingen.domain.workflow import (
    CLOSED,
    MOVES,
    OPDRACHT_STATUSES,
    OPEN,
    UNDOES,
    OpdrachtFacts,
    check_move,
    melding_status,
    possible_moves,
)


@pytest.mark.parametrize("status", OPDRACHT_STATUSES)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.action)
def test_a_move_is_allowed_exactly_where_the_table_says(move: object, status: str) -> None:
    row = next(m for m in MOVES if m is move)
    if status in row.from_statuses:
        assert check_move(row.action, status) is row
    else:
        with pytest.raises(MoveNotAllowed) as refused:
            check_move(row.action, status)
        assert refused.value.possible == tuple(
            m.action for m in MOVES if status in m.from_statuses and m.action != UNDOES
        )
        assert row.words in refused.value.detail


@pytest.mark.parametrize("status", CLOSED)
def test_nothing_moves_after_the_end_but_words_and_photos(status: str) -> None:
    left = [m.action for m in possible_moves(status, [COORDINATOR]) if m.action != UNDOES]
    assert left == ["notities", "fotos"], "and undoing, for a minute"


def test_the_kcc_does_not_close(subtests: object = None) -> None:
    for status in OPEN:
        assert "afhandelingen" not in [m.action for m in possible_moves(status, [KCC])]
        assert "afhandelingen" in [m.action for m in possible_moves(status, [TEAM])]


Was = OpdrachtFacts


@pytest.mark.parametrize(
    ("opdrachten", "flags", "status"),
    [
        ([], {}, "ontvangen"),
        ([Was("nieuw")], {}, "ontvangen"),
        ([Was("opgepakt")], {}, "in_behandeling"),
        ([Was("ingepland")], {}, "ingepland"),
        ([Was("ingepland"), Was("nieuw")], {}, "ontvangen"),
        ([Was("ingepland"), Was("gereed")], {}, "ingepland"),
        ([Was("nieuw"), Was("gereed")], {}, "in_behandeling"),
        ([Was("bij_partij")], {}, "doorgezet"),
        ([Was("bij_partij"), Was("nieuw")], {}, "ontvangen"),
        ([Was("bij_partij"), Was("opgepakt")], {}, "in_behandeling"),
        ([Was("wacht_op_melder"), Was("ingepland")], {}, "wacht_op_melder"),
        ([Was("gereed")], {}, "afgehandeld"),
        ([Was("gereed"), Was("gereed")], {}, "afgehandeld"),
        ([Was("vervallen")], {}, "ontvangen"),
        ([Was("gereed"), Was("nieuw", reopened=True)], {}, "heropend"),
        ([Was("gereed"), Was("nieuw", reopened=True, taken_up=True)], {}, "in_behandeling"),
        ([Was("gereed"), Was("gereed", reopened=True, taken_up=True)], {}, "afgehandeld"),
        ([Was("opgepakt")], {"withdrawn": True}, "ingetrokken"),
        ([], {"referred": True}, "doorverwezen"),
    ],
)
def test_the_first_line_that_fits(opdrachten: list[OpdrachtFacts], flags: dict[str, bool], status: str) -> None:
    assert melding_status(opdrachten, **flags) == status
