"""Which bericht goes to a melder, over which channel and when, and how we say when something happened.

KLANTREIS "Berichten" is the law here. Not the words of a bericht (defaults/texts), not its sending (flow/notices.py).
A bericht is about the event that caused it: `when_words` gets the moment of the event and the moment of sending.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from . import workflow
from .deadlines import AMSTERDAM, at_local
from .phone import Phone
from .sentence import Day
from .sms import Segments, fit_sentence, fit_sms, sms_segments, to_gsm7

__all__ = [
    "BY_PEOPLE",
    "CALL_KINDS",
    "DONE_KINDS",
    "EMAIL_KINDS",
    "SMS_KINDS",
    "Channel",
    "ContactFacts",
    "NoticeKind",
    "Segments",
    "callback_reason",
    "channels_for",
    "choose_channel",
    "date_words",
    "fit_sentence",
    "fit_sms",
    "next_channel",
    "notice_kind_for",
    "quiet_until",
    "sms_segments",
    "to_gsm7",
    "when_words",
]


class NoticeKind(StrEnum):
    """What a bericht is about. Those in TEAM_KINDS go to a team, all others to a melder."""

    ONTVANGST = "ontvangst"
    DOORGEZET = "doorgezet"
    INGEPLAND = "ingepland"
    VRAAG = "vraag"
    VERTRAAGD = "vertraagd"
    DEELS_KLAAR = "deels_klaar"
    GEREED = "gereed"
    NIET_OPGELOST = "niet_opgelost"
    OVERGEDRAGEN = "overgedragen"
    HEROPEND = "heropend"
    INGETROKKEN = "ingetrokken"
    DOORVERWEZEN = "doorverwezen"
    VEILIGGESTELD = "veiliggesteld"
    BEL_ONS_NU = "bel_ons_nu"
    BLIJFT_GESLOTEN = "blijft_gesloten"
    ANDER_LOKET = "ander_loket"
    STORM = "storm"
    ALARM = "alarm"
    TERMIJN_IN_GEVAAR = "termijn_in_gevaar"
    ANTWOORD_ONTVANGEN = "antwoord_ontvangen"
    VERWACHT = "verwacht"
    OPDRACHT_PARTIJ = "opdracht_partij"
    OPDRACHTEN_PARTIJ = "opdrachten_partij"
    PARTIJ_VRAAGT = "partij_vraagt"
    PARTIJ_ANTWOORD = "partij_antwoord"


class Channel(StrEnum):
    """How a bericht travels, in the order of choice when a melder has none.

    `brief`: a person posts it. `telefoon` is a terugbelnotitie: a person phones.
    """

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    TELEFOON = "telefoon"
    BRIEF = "brief"


BY_PEOPLE: Final = (Channel.TELEFOON, Channel.BRIEF)
"""A person does it; the delivery waits for that."""
_K = NoticeKind
PARTY_KINDS: Final = frozenset({_K.OPDRACHT_PARTIJ, _K.OPDRACHTEN_PARTIJ, _K.PARTIJ_VRAAGT, _K.PARTIJ_ANTWOORD})
"""Between us and an external party, by e-mail."""
TEAM_KINDS: Final = PARTY_KINDS | {_K.ALARM, _K.TERMIJN_IN_GEVAAR, _K.ANTWOORD_ONTVANGEN}
EMAIL_KINDS: Final = frozenset(NoticeKind)
_MAIL_ONLY: Final = PARTY_KINDS | {_K.INGEPLAND, _K.DOORGEZET, _K.VERWACHT, _K.DEELS_KLAAR, _K.ANTWOORD_ONTVANGEN}
SMS_KINDS: Final = EMAIL_KINDS - _MAIL_ONLY
"""An answer is on the list of the team at once; a phone that rings for each is a phone that is put aside."""
PUSH_KINDS: Final = SMS_KINDS - TEAM_KINDS | {_K.ALARM}
"""Of what is for a team only the alarm: it is called to the devices of people."""
CALL_KINDS: Final = frozenset(
    {_K.GEREED, _K.NIET_OPGELOST, _K.OVERGEDRAGEN, _K.BLIJFT_GESLOTEN, _K.VRAAG, _K.VERTRAAGD, _K.ANDER_LOKET}
)
"""Never the ontvangst: the KCC reads it aloud. Overgedragen and blijft gesloten are here because they, too, are an
end. Never "bel ons nu": a terugbelnotitie takes two werkdagen, and this cannot wait."""
DONE_KINDS: Final = frozenset(
    {
        _K.GEREED,
        _K.NIET_OPGELOST,
        _K.OVERGEDRAGEN,
        _K.DOORVERWEZEN,
        _K.INGETROKKEN,
        _K.BLIJFT_GESLOTEN,
        _K.ANDER_LOKET,
        _K.VRAAG,
        _K.VEILIGGESTELD,
        _K.BEL_ONS_NU,
    }
)
"""What still comes when a melder chose "alleen als het klaar is": the end, danger and its end, and a question,
since without an answer the team cannot finish."""
_NEVER_QUIET: Final = frozenset({_K.ONTVANGST, _K.ALARM, _K.VEILIGGESTELD, _K.BEL_ONS_NU})

_CARRIES: Final = {
    Channel.EMAIL: EMAIL_KINDS,
    Channel.SMS: SMS_KINDS,
    Channel.PUSH: PUSH_KINDS,
    Channel.TELEFOON: CALL_KINDS,
    Channel.BRIEF: CALL_KINDS,
}
_PREFERRED: Final = {
    "email": Channel.EMAIL,
    "sms": Channel.SMS,
    "push": Channel.PUSH,
    "bellen": Channel.TELEFOON,
    "brief": Channel.BRIEF,
}
_SHORT: Final = (Channel.SMS, Channel.PUSH)


@dataclass(frozen=True)
class ContactFacts:
    """How a melder can be reached. email_usable: False after a hard bounce, until the address changes.

    sms_usable: False after a number turned out not to take SMS; it can still be called. push: a device of his takes
    push messages. postal: there is an address for a letter. night_too: quiet hours are not for him.
    preference: a channel (`bellen` for a call) or None.
    """

    email: str = ""
    email_usable: bool = True
    phone: Phone | None = None
    preference: str | None = None
    only_when_done: bool = False
    sms_usable: bool = True
    push: bool = False
    postal: bool = False
    night_too: bool = False


def carries(channel: Channel, kind: str) -> bool:
    """Whether this channel may carry a bericht of this kind."""
    return kind in _CARRIES[channel]


def is_reachable(contact: ContactFacts, channel: Channel) -> bool:
    """Whether this melder can be reached by this channel, whatever he prefers."""
    return {
        Channel.EMAIL: bool(contact.email) and contact.email_usable,
        Channel.SMS: contact.phone is not None and contact.phone.is_mobile and contact.sms_usable,
        Channel.PUSH: contact.push,
        Channel.TELEFOON: contact.phone is not None,
        Channel.BRIEF: contact.postal,
    }[channel]


def channels_for(contact: ContactFacts, kind: str) -> tuple[Channel, ...]:
    """The channels that may carry this kind to this melder, the first choice first; empty: no bericht.

    The preference, else e-mail, else SMS, else push, else a call, else a letter. Who chose SMS or push gets what goes
    that way and no more. Who
    chose "bel mij" is phoned for what we phone about; the rest comes in writing when an address is known.
    """
    if contact.only_when_done and kind not in DONE_KINDS:
        return ()
    preferred = _PREFERRED.get(contact.preference or "")
    if preferred in _SHORT and is_reachable(contact, preferred) and kind not in _CARRIES[preferred]:
        return ()
    order = sorted(Channel, key=lambda channel: channel is not preferred)
    return tuple(channel for channel in order if is_reachable(contact, channel) and kind in _CARRIES[channel])


def choose_channel(contact: ContactFacts, kind: str) -> Channel | None:
    """The one channel of this bericht, or None: then the volgpagina tells it."""
    return next_channel(contact, kind, ())


def next_channel(contact: ContactFacts, kind: str, tried: Collection[str]) -> Channel | None:
    """The channel to fall back to after those that failed: written first, at last a terugbelnotitie, else None."""
    return next((channel for channel in channels_for(contact, kind) if channel not in tried), None)


def callback_reason(contact: ContactFacts, tried: Collection[str]) -> str:
    """Why a terugbelnotitie is made, for the figures: `niet_bezorgd`, `bel_mij` or `geen_email_of_mobiel`."""
    if tried:
        return "niet_bezorgd"
    return "bel_mij" if contact.preference == "bellen" else "geen_email_of_mobiel"


def notice_kind_for(outcomes: Sequence[str], *, open_left: int = 0) -> NoticeKind:
    """What a melding's melder hears when an opdracht is closed.

    outcomes: of the melding's closed opdrachten, at least one. open_left: its opdrachten that are still open.
    Never "opgelost" while a part is not: niet_opgelost goes before overgedragen, and that before gereed.
    """
    if open_left:
        return NoticeKind.DEELS_KLAAR
    if workflow.NIET_OPGELOST in outcomes:
        return NoticeKind.NIET_OPGELOST
    if workflow.OVERGEDRAGEN in outcomes:
        return NoticeKind.OVERGEDRAGEN
    return NoticeKind.GEREED


QUIET_FROM: Final = time(22)
QUIET_UNTIL: Final = time(7)


def quiet_until(
    now: datetime, kind: str, channel: str, *, danger: bool = False, night_too: bool = False
) -> datetime | None:
    """Until when an SMS or push message waits for the morning, in UTC, or None: send it now.

    Quiet is from 22 to 7 on Amsterdam's clock; never for the ontvangst, for danger, or for who chose "ook 's nachts".
    """
    if channel not in _SHORT or kind in _NEVER_QUIET or danger or night_too:
        return None
    local = now.astimezone(AMSTERDAM)
    if local.time() >= QUIET_FROM:
        return at_local(local.date() + timedelta(days=1), QUIET_UNTIL)
    return at_local(local.date(), QUIET_UNTIL) if local.time() < QUIET_UNTIL else None


MONTHS: Final = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip


def when_words(event_at: datetime, now: datetime) -> str:
    """When something happened, as a neighbour would say it at the moment `now`, in a sentence about the past.

    "vanmorgen om 08.47", "vannacht om 01.55", "gisteren", "op 14 april", "op 14 april 2025". Days are days in
    Amsterdam, so midnight and summer time change nothing. In the evening last night is "vandaag om 01.55",
    because "vannacht" would then sound like the night to come.
    """
    event, present = event_at.astimezone(AMSTERDAM), now.astimezone(AMSTERDAM)
    days_ago = (present.date() - event.date()).days
    if days_ago == 0:
        return f"{_part_of_day(event, present)} om {event:%H.%M}"
    return "gisteren" if days_ago == 1 else f"op {date_words(event.date(), present.date())}"


def _part_of_day(event: datetime, present: datetime) -> str:
    if event.hour < 6:
        return "vannacht" if present.hour < 18 else "vandaag"
    if event.hour < 12:
        return "vanmorgen"
    return "vanmiddag" if event.hour < 18 else "vanavond"


def date_words(day: date, today: date) -> Day:
    """A day as we write it: "14 april", with the year when it is not this one: "4 januari 2027"."""
    words, with_year = f"{day.day} {MONTHS[day.month - 1]}", day.year != today.year
    return Day(f"{words} {day.year}" if with_year else words, day, with_year=with_year)
