"""What a melder adds to his melding, and withdrawing it."""

import marshmallow as ma

from ..fields import Choice, Flag, Moment, Text, Whole
from .base import Shape


class SupplementIn(Shape):
    """More to tell."""

    example = {"tekst": "Het bord ligt nu in de sloot."}
    text = Text(data_key="tekst", required=True, filled=True)


class SupplementOut(Shape):
    """What was added."""

    example = {"tekst": "Het bord ligt nu in de sloot.", "op": "2026-04-14T08:02:00Z"}
    text = ma.fields.String(data_key="tekst", required=True)
    at = Moment(data_key="op", required=True)


class WithdrawIn(Shape):
    """Why it is withdrawn, if the melder wants to say."""

    example = {"reden": "Het bord hangt alweer."}
    reason = Text(data_key="reden", load_default="")


class WithdrawOut(Shape):
    """What became of the wish to withdraw."""

    example = {"resultaat": "ingetrokken", "tekst": "Uw melding is ingetrokken."}
    result = Choice("ingetrokken", "gevraagd", data_key="resultaat", required=True)
    text = ma.fields.String(data_key="tekst", required=True)


class WithdrawalDecisionIn(Shape):
    """Whether the melder may withdraw though work had begun."""

    example = {"opdracht": 12, "akkoord": True}
    opdracht_id = Whole(
        data_key="opdracht", required=True, metadata={"description": "De opdracht van het team dat beslist."}
    )
    granted = Flag(data_key="akkoord", required=True)


class WithdrawalDecisionOut(Shape):
    """What was decided."""

    example = {"resultaat": "ingetrokken", "tekst": "De melding is ingetrokken. De melder krijgt bericht."}
    result = Choice("ingetrokken", "afgewezen", data_key="resultaat", required=True)
    text = ma.fields.String(data_key="tekst", required=True)
