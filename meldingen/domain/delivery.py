"""The chain of a bericht on one channel, as ONE table of allowed steps. States only move forward.

gepland → klaar → verzonden → bezorgd, or niet_bezorgd; then the next channel makes a chain of its own, at last a
terugbelnotitie. Not which channel is next (notices.py), nor what a step changes (flow/deliveries.py). No I/O.
"""

from typing import Final, NamedTuple

GEPLAND: Final = "gepland"
KLAAR: Final = "klaar"
VERZONDEN: Final = "verzonden"
BEZORGD: Final = "bezorgd"
NIET_BEZORGD: Final = "niet_bezorgd"

DELIVERY_STATUSES: Final = (GEPLAND, KLAAR, VERZONDEN, BEZORGD, NIET_BEZORGD)
UNFINISHED: Final = (GEPLAND, KLAAR)
"""At most one delivery of a bericht is in one of these."""


class Step(NamedTuple):
    """One row of the table. `came_from` None: the delivery is made."""

    came_from: str | None
    to: str
    why: str


STEPS: Final = (
    Step(None, GEPLAND, "The channel is chosen and the address copied."),
    Step(GEPLAND, KLAAR, "The words are written; from here on it may have left."),
    Step(KLAAR, KLAAR, "A try that failed for now; the next one is the same message."),
    Step(KLAAR, VERZONDEN, "The provider took it."),
    Step(KLAAR, BEZORGD, "The provider, asked before a resend, had delivered it already."),
    Step(VERZONDEN, BEZORGD, "The provider's receipt, or a person's word."),
    Step(GEPLAND, BEZORGD, "A person did it: a call, a letter handed over."),
    Step(GEPLAND, VERZONDEN, "A person posted it."),
    Step(GEPLAND, NIET_BEZORGD, "Nothing goes any more: withdrawn, erased, the channel is gone."),
    Step(KLAAR, NIET_BEZORGD, "Refused for good, or given up."),
    Step(VERZONDEN, NIET_BEZORGD, "A bounce, or the provider's failure."),
    Step(NIET_BEZORGD, BEZORGD, "A receipt that comes after the fallback is recorded."),
)

_ALLOWED: Final = frozenset((step.came_from, step.to) for step in STEPS)


def may_step(came_from: str | None, to: str) -> bool:
    """Whether a delivery in `came_from` may become `to`."""
    return (came_from, to) in _ALLOWED
