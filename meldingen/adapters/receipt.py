"""What a provider tells of a message we gave it, in our words, and which senders can be asked at all.

Not what a receipt changes (flow/deliveries.py). SMTP, Web Push and a webhook cannot be asked: they have no `find`.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Receipt:
    """What the provider says of a message: its own id, our status (domain/delivery.py) and its word for it.

    address_refused: the receiver's address does not take messages; do not use it again until it changes.
    """

    provider_id: str
    status: str
    reason: str = ""
    address_refused: bool = False


@runtime_checkable
class CanTell(Protocol):
    """A sender that can be asked by our reference, before any resend and to learn what became of a message.

    `isinstance(sender, CanTell)` is the question to ask. Raises TemporaryFailure.
    """

    def find(self, reference: str) -> Receipt | None:
        """What became of the message with our reference; None when the provider never had it."""
