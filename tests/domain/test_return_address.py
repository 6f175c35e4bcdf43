"""Return addresses: what they carry comes back whatever a mail server does to them, and nobody else can make one."""

import pytest

from meldingen.domain.return_address import (
    bounce_address,
    is_tagged,
    read_bounce_address,
    read_reply_address,
    reply_address,
    verify_reply,
)

KEYS = ["een-geheim-van-ten-minste-32-tekens", "een-ouder-geheim-van-32-tekens-lang"]
BASE = "retour@meldingen.duinstede.nl"
REFERENCE = "2670000017-0123456789abcdef"


def test_a_bounce_address_fits_in_mail_and_comes_back() -> None:
    address = bounce_address(BASE, KEYS, REFERENCE)
    local, _, domain = address.partition("@")
    assert len(local) <= 64 and local == local.lower() and domain == "meldingen.duinstede.nl"
    assert local.startswith("retour+2670000017-0123456789abcdef.")
    assert read_bounce_address(BASE, KEYS, address) == REFERENCE
    assert read_bounce_address(BASE, KEYS, address.upper()) == REFERENCE
    assert read_bounce_address(BASE, KEYS[::-1], address) == REFERENCE, "an older key still counts"
    assert read_bounce_address(BASE, KEYS[1:], address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "retour@meldingen.duinstede.nl",
        "retour+@meldingen.duinstede.nl",
        "retour+.@meldingen.duinstede.nl",
        f"retour+{REFERENCE}@meldingen.duinstede.nl",
        f"retour+{REFERENCE}.aaaaaaaaaaaaaaaa@meldingen.duinstede.nl",
        f"retour+{REFERENCE}.ééé@meldingen.duinstede.nl",
        "jan@example.nl",
    ],
)
def test_what_we_did_not_make_is_no_bounce_address(address: str) -> None:
    assert read_bounce_address(BASE, KEYS, address) is None


def test_the_mac_of_one_delivery_is_no_use_for_another() -> None:
    mac = bounce_address(BASE, KEYS, REFERENCE).partition("@")[0].rpartition(".")[2]
    assert read_bounce_address(BASE, KEYS, f"retour+2670000025-0123456789abcdef.{mac}@meldingen.duinstede.nl") is None


def test_an_answer_address_is_of_one_melding_and_one_generation() -> None:
    base = "antwoord@meldingen.duinstede.nl"
    address = reply_address(base, KEYS, 17, 1)
    claim = read_reply_address(base, address)
    assert claim is not None and claim.melding_id == 17
    assert verify_reply(KEYS, claim, 1) and verify_reply(KEYS[::-1], claim, 1)
    assert not verify_reply(KEYS, claim, 2), "a revoked link takes the answer address along"
    assert not verify_reply(KEYS, claim._replace(melding_id=18), 1)
    assert read_reply_address(base, "antwoord+x.y@meldingen.duinstede.nl") is None
    assert read_reply_address("", address) is None


def test_our_own_addresses_are_known_as_ours() -> None:
    assert is_tagged(BASE, "Retour@Meldingen.Duinstede.NL") and is_tagged(BASE, bounce_address(BASE, KEYS, REFERENCE))
    assert not is_tagged(BASE, "retour@example.nl") and not is_tagged("", "") and not is_tagged(BASE, "")


def test_a_name_that_leaves_no_room_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="longer"):
        bounce_address("een-heel-lange-naam-voor-retour@example.nl", KEYS, REFERENCE)
