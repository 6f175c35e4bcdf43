"""Names and steps of berichten in words people read, and addresses that only their owner knows again."""

import pytest

from meldingen.domain.delivery import DELIVERY_STATUSES
from meldingen.domain.notice_words import (
    CHANNEL_WORDS,
    KIND_WORDS,
    STATE_WORDS,
    mask_address,
    reason_words,
    step_words,
)
from meldingen.domain.notices import Channel, NoticeKind


def test_everything_has_a_name() -> None:
    assert set(KIND_WORDS) == {kind.value for kind in NoticeKind}
    assert set(CHANNEL_WORDS) == {channel.value for channel in Channel}
    assert set(STATE_WORDS) == set(DELIVERY_STATUSES)


@pytest.mark.parametrize(
    ("channel", "status", "attempt", "reason", "words"),
    [
        ("email", "gepland", 0, "", "Staat klaar"),
        ("email", "klaar", 1, "", "Wordt verstuurd"),
        ("email", "klaar", 1, "mailserver: 451", "Poging 1 lukte niet: mailserver: 451"),
        ("email", "klaar", 2, "", "Poging 2"),
        ("sms", "verzonden", 2, "", "Verstuurd"),
        ("sms", "niet_bezorgd", 1, "permanent-failure", "Niet aangekomen: het adres of nummer bestaat niet"),
        ("email", "niet_bezorgd", 1, "gewist", "Niet aangekomen: De gegevens van de melder zijn gewist."),
        ("telefoon", "gepland", 0, "", "Staat op de lijst om te bellen"),
        ("telefoon", "bezorgd", 0, "", "Gesproken"),
        ("brief", "verzonden", 0, "", "Op de post gedaan"),
    ],
)
def test_a_step_in_words(channel: str, status: str, attempt: int, reason: str, words: str) -> None:
    assert step_words(channel, status, attempt, reason) == words


def test_an_unknown_reason_stays_as_it_was_said() -> None:
    assert reason_words("iets nieuws") == "iets nieuws"


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "jan.de.vries@example.nl", "j…@example.nl"),
        ("email", "j@example.nl", "j…@example.nl"),
        ("sms", "+31612345678", "06 … 78"),
        ("telefoon", "+31728880000", "+31 … 00"),
        ("push", "https://push.example.net/geheim sleutel", ""),
        ("brief", "Dorpsstraat 1", ""),
        ("email", "", ""),
    ],
)
def test_an_address_is_masked(channel: str, address: str, shown: str) -> None:
    assert mask_address(channel, address) == shown
