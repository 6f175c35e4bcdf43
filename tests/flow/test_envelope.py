"""What a mail carries beside its words: a return address, an answer address of its melding, less mail where apt."""

from dataclasses import replace
from typing import Any

import pytest

from meldingen.domain.notices import NoticeKind
from meldingen.domain.return_address import read_bounce_address, read_reply_address, verify_reply
from meldingen.flow.envelope import envelope_of
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from tests.flow.berichten import SETTINGS

BOTH = replace(SETTINGS, mail_bounce="retour@duinstede.nl", mail_answer="antwoord@duinstede.nl")
HOME = Gemeente(email="info@duinstede.nl")
REFERENCE = "2670000017-0123456789abcdef"


def melding(**facts: Any) -> Melding:
    return Melding(**{"id": 17, "token_generation": 1, "danger": False, **facts})


def test_a_bounce_and_an_answer_find_their_way_back() -> None:
    made = envelope_of(BOTH, Notice(kind=NoticeKind.VERTRAAGD), melding(), HOME, REFERENCE)
    assert read_bounce_address(BOTH.mail_bounce, BOTH.secret_keys, made.envelope_from) == REFERENCE
    claim = read_reply_address(BOTH.mail_answer, made.reply_to)
    assert claim is not None and claim.melding_id == 17 and verify_reply(BOTH.secret_keys, claim, 1)
    token = made.unsubscribe_url.rpartition("/")[2]
    assert made.unsubscribe_url == f"https://meldingen.duinstede.nl/minder-mail/{token}"
    assert token not in made.reply_to and token not in made.envelope_from


def test_without_settings_it_goes_as_it_went() -> None:
    made = envelope_of(SETTINGS, Notice(kind=NoticeKind.VERTRAAGD), melding(), HOME, REFERENCE)
    assert made.envelope_from == "" and made.reply_to == "info@duinstede.nl"


@pytest.mark.parametrize(
    ("kind", "danger", "less"),
    [
        (NoticeKind.ONTVANGST, False, True),
        (NoticeKind.INGEPLAND, False, True),
        (NoticeKind.VERTRAAGD, False, True),
        (NoticeKind.VERTRAAGD, True, False),
        (NoticeKind.GEREED, False, False),
        (NoticeKind.NIET_OPGELOST, False, False),
        (NoticeKind.VRAAG, False, False),
        (NoticeKind.VEILIGGESTELD, False, False),
        (NoticeKind.BEL_ONS_NU, False, False),
        (NoticeKind.BLIJFT_GESLOTEN, False, False),
    ],
)
def test_only_progress_can_be_turned_off(kind: str, danger: bool, less: bool) -> None:
    made = envelope_of(BOTH, Notice(kind=kind), melding(danger=danger), HOME, REFERENCE)
    assert bool(made.unsubscribe_url) is less


def test_a_team_answers_to_the_gemeente() -> None:
    made = envelope_of(BOTH, Notice(kind=NoticeKind.ALARM), None, HOME, "alarm-0123456789abcdef")
    assert made.reply_to == "info@duinstede.nl" and made.unsubscribe_url == ""
    assert made.envelope_from.startswith("retour+alarm-0123456789abcdef.")
