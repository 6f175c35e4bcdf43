"""Follow tokens and spoken codes: derived, revocable, and good across a change of keys (HUIS "Follow token")."""

import pytest

from meldingen.domain.tokens import make_token, read_token, spoken_code, verify_spoken_code, verify_token

NEW, OLD = "een nieuw geheim van meer dan 32 tekens", "een oud geheim van ook meer dan 32 tekens"


@pytest.mark.parametrize("melding_id", [1, 255, 256, 10**6, 10**12, 2**55])
def test_a_token_opens_its_own_melding_and_no_other(melding_id: int) -> None:
    token = make_token([NEW], melding_id, 1)
    read = read_token(token)
    assert read is not None and read.about_id == melding_id
    assert verify_token([NEW], read, 1)
    assert not verify_token([NEW], read._replace(about_id=melding_id + 1), 1)
    assert len(token) <= 40 and token.isascii() and "/" not in token and "+" not in token


def test_raising_the_generation_revokes_every_earlier_token() -> None:
    read = read_token(make_token([NEW], 7, 1))
    assert read is not None and not verify_token([NEW], read, 2)


def test_a_retired_key_still_opens_until_it_is_left_out() -> None:
    """SEC-16: rotation puts a new key in front; links in old messages go on working."""
    read = read_token(make_token([OLD], 7, 1))
    assert read is not None
    assert verify_token([NEW, OLD], read, 1) and not verify_token([NEW], read, 1)
    assert make_token([NEW, OLD], 7, 1) == make_token([NEW], 7, 1)


def test_the_proof_is_128_bits_and_every_bit_counts() -> None:
    """SEC-07."""
    read = read_token(make_token([NEW], 7, 1))
    assert read is not None and len(read.mac) == 16
    for bit in range(128):
        other = bytearray(read.mac)
        other[bit // 8] ^= 1 << bit % 8
        assert not verify_token([NEW], read._replace(mac=bytes(other)), 1)


@pytest.mark.parametrize(
    "junk", ["", "x", "a" * 19, "a" * 41, "é" * 30, "a b" * 10, "=" * 24, "../../../../etc/passwd", "\x00" * 24]
)
def test_what_cannot_be_a_token_is_none(junk: str) -> None:
    read = read_token(junk)
    assert read is None or not verify_token([NEW], read, 1)


def test_the_spoken_code_is_eight_digits_read_as_people_say_them() -> None:
    code = spoken_code([NEW], 7, 1)
    assert len(code) == 8 and code.isdigit()
    assert verify_spoken_code([NEW], f"{code[:4]} {code[4:]}", 7, 1)
    assert verify_spoken_code([NEW, OLD], spoken_code([OLD], 7, 1), 7, 1)
    assert not verify_spoken_code([NEW], code, 8, 1) and not verify_spoken_code([NEW], "", 7, 1)
