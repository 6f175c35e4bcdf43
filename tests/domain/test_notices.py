"""Who hears what, how and when (KLANTREIS "Berichten"), and how we say when it was."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meldingen.domain.deadlines import AMSTERDAM
from meldingen.domain.notices import (
    CALL_KINDS,
    Channel,
    ContactFacts,
    NoticeKind,
    callback_reason,
    channels_for,
    choose_channel,
    date_words,
    next_channel,
    notice_kind_for,
    quiet_until,
    when_words,
)
from meldingen.domain.phone import Phone

EMAIL = "jan@voorbeeld.nl"
MOBILE = Phone("+31612345678", True)
LANDLINE = Phone("+31728880000", False)
CALLED = {"gereed", "niet_opgelost", "overgedragen", "blijft_gesloten", "vraag", "vertraagd", "ander_loket"}
BY_SMS = {
    "ontvangst", "vraag", "vertraagd", "gereed", "niet_opgelost", "overgedragen", "heropend", "ingetrokken",
    "doorverwezen", "veiliggesteld", "bel_ons_nu", "blijft_gesloten", "ander_loket", "storm", "alarm",
    "termijn_in_gevaar",
}  # fmt: skip
ALL = {str(kind) for kind in NoticeKind}
WHEN_DONE = {
    "gereed", "niet_opgelost", "overgedragen", "doorverwezen", "ingetrokken", "vraag", "veiliggesteld", "bel_ons_nu",
    "blijft_gesloten", "ander_loket",
}  # fmt: skip


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


# Per contact: which kinds go by which channel; every kind not named goes by none.
TABLE: list[tuple[str, ContactFacts, dict[str, set[str]]]] = [
    ("anonymous", ContactFacts(), {}),
    ("e-mail", ContactFacts(email=EMAIL), {"email": ALL}),
    ("mobile", ContactFacts(phone=MOBILE), {"sms": BY_SMS}),
    ("landline", ContactFacts(phone=LANDLINE), {"telefoon": CALLED}),
    ("both, no preference", ContactFacts(email=EMAIL, phone=MOBILE), {"email": ALL}),
    ("both, prefers e-mail", ContactFacts(email=EMAIL, phone=MOBILE, preference="email"), {"email": ALL}),
    ("both, prefers sms", ContactFacts(email=EMAIL, phone=MOBILE, preference="sms"), {"sms": BY_SMS}),
    (
        "both, prefers a call",
        ContactFacts(email=EMAIL, phone=MOBILE, preference="bellen"),
        {"telefoon": CALLED, "email": ALL - CALLED},
    ),
    (
        "mobile, prefers a call",
        ContactFacts(phone=MOBILE, preference="bellen"),
        {"telefoon": CALLED, "sms": BY_SMS - CALLED},
    ),
    ("landline, prefers a call", ContactFacts(phone=LANDLINE, preference="bellen"), {"telefoon": CALLED}),
    ("landline with e-mail", ContactFacts(email=EMAIL, phone=LANDLINE), {"email": ALL}),
    (
        "landline with e-mail, once asked for sms",
        ContactFacts(email=EMAIL, phone=LANDLINE, preference="sms"),
        {"email": ALL},
    ),
    ("e-mail bounced", ContactFacts(email=EMAIL, email_usable=False), {}),
    ("e-mail bounced, mobile", ContactFacts(email=EMAIL, email_usable=False, phone=MOBILE), {"sms": BY_SMS}),
    (
        "e-mail bounced though preferred, landline",
        ContactFacts(email=EMAIL, email_usable=False, phone=LANDLINE, preference="email"),
        {"telefoon": CALLED},
    ),
    ("mobile that takes no sms", ContactFacts(phone=MOBILE, sms_usable=False), {"telefoon": CALLED}),
    ("only when done, e-mail", ContactFacts(email=EMAIL, only_when_done=True), {"email": WHEN_DONE}),
    ("only when done, mobile", ContactFacts(phone=MOBILE, only_when_done=True), {"sms": WHEN_DONE}),
    (
        "only when done, landline",
        ContactFacts(phone=LANDLINE, only_when_done=True),
        {"telefoon": CALLED - {"vertraagd"}},
    ),
    ("preference without its address", ContactFacts(phone=MOBILE, preference="email"), {"sms": BY_SMS}),
]


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize(("contact", "table"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_one_channel_per_event(contact: ContactFacts, table: dict[str, set[str]], kind: NoticeKind) -> None:
    expected = [channel for channel, kinds in table.items() if kind in kinds]
    chosen = choose_channel(contact, kind)
    assert ([chosen] if chosen else []) == expected
    assert choose_channel(contact, str(kind)) == chosen


def test_the_ontvangst_is_never_a_call() -> None:
    assert NoticeKind.ONTVANGST not in CALL_KINDS
    for _, contact, _ in TABLE:
        assert Channel.TELEFOON not in channels_for(contact, "ontvangst")


@pytest.mark.parametrize(
    ("contact", "kind", "path"),
    [
        (ContactFacts(email=EMAIL, phone=MOBILE), "gereed", ["email", "sms", "telefoon"]),
        (ContactFacts(email=EMAIL, phone=MOBILE, preference="sms"), "gereed", ["sms", "email", "telefoon"]),
        (ContactFacts(email=EMAIL, phone=MOBILE, preference="bellen"), "gereed", ["telefoon", "email", "sms"]),
        (ContactFacts(email=EMAIL, phone=LANDLINE), "gereed", ["email", "telefoon"]),
        (ContactFacts(email=EMAIL, phone=MOBILE), "ontvangst", ["email", "sms"]),
        (ContactFacts(email=EMAIL, phone=LANDLINE), "ontvangst", ["email"]),
        (ContactFacts(email=EMAIL, phone=MOBILE), "ingepland", ["email"]),
        (ContactFacts(email=EMAIL), "gereed", ["email"]),
        (ContactFacts(), "gereed", []),
    ],
)
def test_a_failed_bericht_falls_back_until_a_person_phones(contact: ContactFacts, kind: str, path: list[str]) -> None:
    tried: list[str] = []
    while (channel := next_channel(contact, kind, tried)) is not None:
        tried.append(channel)
    assert tried == path


@pytest.mark.parametrize(
    ("contact", "tried", "reason"),
    [
        (ContactFacts(phone=LANDLINE), [], "geen_email_of_mobiel"),
        (ContactFacts(phone=MOBILE, preference="bellen"), [], "bel_mij"),
        (ContactFacts(phone=MOBILE, preference="bellen"), ["sms"], "niet_bezorgd"),
    ],
)
def test_why_someone_is_phoned(contact: ContactFacts, tried: list[str], reason: str) -> None:
    assert callback_reason(contact, tried) == reason


@pytest.mark.parametrize(
    ("outcomes", "open_left", "kind"),
    [
        (["opgelost"], 0, "gereed"),
        (["opgelost", "opgelost"], 0, "gereed"),
        (["niet_opgelost"], 0, "niet_opgelost"),
        (["opgelost", "niet_opgelost"], 0, "niet_opgelost"),
        (["overgedragen"], 0, "overgedragen"),
        (["opgelost", "overgedragen"], 0, "overgedragen"),
        (["overgedragen", "niet_opgelost"], 0, "niet_opgelost"),
        (["opgelost"], 1, "deels_klaar"),
        (["niet_opgelost"], 2, "deels_klaar"),
    ],
)
def test_what_a_closing_is_called(outcomes: list[str], open_left: int, kind: str) -> None:
    assert notice_kind_for(outcomes, open_left=open_left) == kind


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-04-14T21:59:59", None),
        ("2026-04-14T22:00", "2026-04-15T07:00"),
        ("2026-04-14T23:59:59", "2026-04-15T07:00"),
        ("2026-04-15T00:00", "2026-04-15T07:00"),
        ("2026-04-15T06:59:59", "2026-04-15T07:00"),
        ("2026-04-15T07:00", None),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # the night is an hour shorter
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # and an hour longer
        ("2026-12-31T23:30", "2027-01-01T07:00"),
    ],
)
def test_quiet_hours(now: str, until: str | None) -> None:
    expected = None if until is None else local(until)
    assert quiet_until(local(now), "gereed", "sms") == expected


@pytest.mark.parametrize(
    ("kind", "channel", "danger"),
    [
        ("ontvangst", "sms", False),
        ("alarm", "sms", False),
        ("veiliggesteld", "sms", False),
        ("gereed", "sms", True),
        ("gereed", "email", False),
        ("gereed", "telefoon", False),
    ],
)
def test_what_is_never_quiet(kind: str, channel: str, danger: bool) -> None:
    assert quiet_until(local("2026-04-14T23:00"), kind, channel, danger=danger) is None


@pytest.mark.parametrize(
    ("event", "now", "words"),
    [
        ("2026-04-14T08:47", "2026-04-14T15:00", "vanmorgen om 08.47"),
        ("2026-04-14T06:00", "2026-04-14T23:59", "vanmorgen om 06.00"),
        ("2026-04-14T11:59", "2026-04-14T12:00", "vanmorgen om 11.59"),
        ("2026-04-14T12:00", "2026-04-14T15:00", "vanmiddag om 12.00"),
        ("2026-04-14T17:59", "2026-04-14T18:00", "vanmiddag om 17.59"),
        ("2026-04-14T18:00", "2026-04-14T20:00", "vanavond om 18.00"),
        ("2026-04-14T23:59", "2026-04-14T23:59", "vanavond om 23.59"),
        ("2026-04-14T00:00", "2026-04-14T07:00", "vannacht om 00.00"),
        ("2026-04-14T01:55", "2026-04-14T07:00", "vannacht om 01.55"),
        ("2026-04-14T01:55", "2026-04-14T22:00", "vandaag om 01.55"),
        ("2026-04-14T23:59", "2026-04-15T00:01", "gisteren"),  # over midnight
        ("2026-04-14T08:47", "2026-04-15T23:59", "gisteren"),  # late delivery
        ("2026-04-14T08:47", "2026-04-16T00:00", "op 14 april"),
        ("2026-04-01T08:47", "2026-04-16T09:00", "op 1 april"),
        ("2025-12-31T23:59", "2026-01-01T00:01", "gisteren"),
        ("2025-12-30T12:00", "2026-01-01T12:00", "op 30 december 2025"),
        ("2025-04-14T08:47", "2026-04-14T15:00", "op 14 april 2025"),
        ("2026-03-29T01:30", "2026-03-29T07:00", "vannacht om 01.30"),  # before the clock went forward
        ("2026-03-29T03:30", "2026-03-29T07:00", "vannacht om 03.30"),
        ("2026-03-28T12:00", "2026-03-29T12:00", "gisteren"),  # 23 hours ago
        ("2026-10-24T12:00", "2026-10-25T12:00", "gisteren"),  # 25 hours ago
    ],
)
def test_when_it_was(event: str, now: str, words: str) -> None:
    assert when_words(local(event), local(now)) == words


@given(
    event=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    late=st.timedeltas(timedelta(0), timedelta(days=800)) | st.timedeltas(timedelta(0), timedelta(hours=30)),
)
@example(event=datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), late=timedelta(seconds=2))  # the hour that is not there
@example(event=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), late=timedelta(hours=1))  # the hour that comes twice
@example(event=datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), late=timedelta(seconds=2))  # New Year
@example(event=datetime(2024, 2, 29, 12, tzinfo=UTC), late=timedelta(days=366))
def test_the_words_are_true_at_the_moment_they_are_read(event: datetime, late: timedelta) -> None:
    """However late a bericht leaves: the day is right in Amsterdam, and a clock time is only named for today."""
    there, here = event.astimezone(AMSTERDAM), (event + late).astimezone(AMSTERDAM)
    words = when_words(event, event + late)
    days = (here.date() - there.date()).days
    if days == 0:
        part, _, clock = words.partition(" om ")
        assert clock == f"{there:%H.%M}"
        assert part in {"vannacht", "vanmorgen", "vanmiddag", "vanavond", "vandaag"}
        assert part != "vannacht" or (there.hour < 6 and here.hour < 18), "never the night to come"
    elif days == 1:
        assert words == "gisteren"
    else:
        day, month, *year = words.removeprefix("op ").split()
        assert int(day) == there.day and year == ([] if there.year == here.year else [str(there.year)])
        assert month == date_words(there.date(), there.date()).split()[1]


def test_both_half_past_twos_of_an_autumn_night_read_the_same() -> None:
    now = local("2026-10-25T09:00")
    for utc_hour in (0, 1):
        assert when_words(datetime(2026, 10, 25, utc_hour, 30, tzinfo=UTC), now) == "vannacht om 02.30"


def test_the_day_is_the_one_in_amsterdam() -> None:
    event = datetime(2026, 7, 6, 22, 30, tzinfo=UTC)  # half past midnight there
    assert when_words(event, datetime(2026, 7, 7, 8, 0, tzinfo=UTC)) == "vannacht om 00.30"


@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-04-16", "16 april"), ("2027-01-04", "4 januari 2027"), ("2026-12-31", "31 december")],
)
def test_dates_in_words(day: str, words: str) -> None:
    assert date_words(date.fromisoformat(day), date(2026, 4, 14)) == words
