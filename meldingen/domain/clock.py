"""Setting business time, as people write it: `+3h`, `-2d`, `2026-04-14T08:47`, `echt`. For training and acceptance.

Business time itself is one offset on the clock of the machine; who reads it asks `meldingen.db.business_now`.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
REAL = "echt"
WRITTEN = "schrijf bijvoorbeeld +3h, -2d, +30m, 2026-04-14T08:47 of echt"

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "u": timedelta(hours=1), "d": timedelta(days=1)}
_SHIFT = re.compile(r"([+-])(\d{1,5})([mhud])")
_LONGEST = timedelta(days=366 * 20)


def offset_of(text: str, *, machine_now: datetime, offset_s: int) -> int:
    """The new offset in seconds. A shift counts from business time as it is, with `offset_s`; a moment without zone
    is Dutch time. Raises ValueError with a Dutch sentence."""
    text = text.strip().lower()
    if text == REAL:
        return 0
    shift = _SHIFT.fullmatch(text)
    if shift:
        sign, count, unit = shift.groups()
        moved = int(count) * _UNITS[unit] * (1 if sign == "+" else -1)
        new = timedelta(seconds=offset_s) + moved
    else:
        new = moment_of(text) - machine_now
    if abs(new) > _LONGEST:
        raise ValueError("de klok gaat hoogstens twintig jaar voor of achter")
    return math.ceil(new.total_seconds())  # never a second before the moment that was asked for


def check_clock(text: str) -> str:
    """The same text when `offset_of` will understand it. Raises ValueError with a Dutch sentence."""
    if text and text.strip().lower() != REAL and not _SHIFT.fullmatch(text.strip().lower()):
        moment_of(text.strip())
    return text


def moment_of(text: str) -> datetime:
    """A moment as written, aware UTC; Dutch time when it names no zone. Raises ValueError with a Dutch sentence."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(WRITTEN) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=AMSTERDAM)
    return moment.astimezone(UTC)
