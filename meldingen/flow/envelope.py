"""What a mail of ours carries beside its words: where a bounce goes, where an answer goes, and a way to less mail.

Not the words (texts.py) nor the sending (adapters/mail.py); what comes back is read by replies.py.
"""

from dataclasses import dataclass

from ..domain import tokens
from ..domain.notices import DONE_KINDS
from ..domain.return_address import bounce_address, reply_address
from ..settings import Settings
from ..store.gemeente import Gemeente
from ..store.melding import Melding
from ..store.notice import Notice


@dataclass(frozen=True)
class Envelope:
    """Addresses of one mail; empty: the usual ones, or none."""

    envelope_from: str = ""
    reply_to: str = ""
    unsubscribe_url: str = ""


def envelope_of(settings: Settings, notice: Notice, about: Melding | None, home: Gemeente, reference: str) -> Envelope:
    """For the delivery with this reference. about: None for a bericht to a team, which is answered to the gemeente."""
    keys = settings.secret_keys
    reply_to = home.email
    if about is not None and settings.mail_answer:
        reply_to = reply_address(settings.mail_answer, keys, about.id, about.token_generation)
    return Envelope(
        envelope_from=bounce_address(settings.mail_bounce, keys, reference) if settings.mail_bounce else "",
        reply_to=reply_to,
        unsubscribe_url=_less_mail(settings, notice, about),
    )


def _less_mail(settings: Settings, notice: Notice, about: Melding | None) -> str:
    """The address that sets "alleen als het klaar is" without a login (RFC 8058), where apt.

    Only progress may be turned off: never the end, a question, or anything about danger.
    """
    if about is None or about.danger or notice.kind in DONE_KINDS:
        return ""
    token = tokens.make_token(settings.secret_keys, about.id, about.token_generation)
    return f"{settings.public_url}/minder-mail/{token}"
