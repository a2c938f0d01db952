"""User codes (RFC 8628 §6.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.authorization.user_code import ALPHABET, find_user_code, new_user_code, show_user_code
from core.domain.randomness import SystemRandomness


def test_new_codes_are_of_the_alphabet_and_differ() -> None:
    """RFC 8628 §6.1: ten letters each, all of the alphabet, no code twice."""
    codes = {new_user_code(SystemRandomness()) for _ in range(200)}

    assert len(codes) == 200
    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) == set(ALPHABET)


def test_the_alphabet_can_be_read_aloud_and_spells_nothing() -> None:
    """RFC 8628 §6.1: letters alone, no vowels, and nothing that digits or other letters are taken for on paper."""
    assert len(set(ALPHABET)) == len(ALPHABET) == 10
    assert not set(ALPHABET) & set("AEIOU")
    for group in ("AJK", "BCDEGPTVZ", "IY", "O", "R", "H"):
        assert len(set(group) & set(ALPHABET)) <= 1, group


@pytest.mark.parametrize(
    "typed",
    [
        "HKLMQ-RTWXY",
        "hklmq-rtwxy",
        "HKLMQRTWXY",
        "hklmq rtwxy",
        " h k l m q r t w x y ",
        "HKLMQ–RTWXY",
        "HkLmQ-rTwXy\n",
    ],
)
def test_codes_are_found_however_they_are_typed(typed: str) -> None:
    """RFC 8628 §6.1: case, dashes and spaces do not count."""
    assert find_user_code(typed) == "HKLMQRTWXY"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "HKLMQ-RTWX",
        "HKLMQ-RTWXYY",
        "HKLMQ-RTWXA",
        "HKLMQ-RTWX0",
        "HKLMQ.RTWXY",
        "ＨＫＬＭＱＲＴＷＸＹ",
        "H" * 65,
    ],
)
def test_what_can_be_no_code_is_none(typed: str) -> None:
    """Too short, too long, or with letters that no code has; what is longer than 64 characters is not looked at."""
    assert find_user_code(typed) is None


def test_what_is_shown_is_found() -> None:
    """What people see is what they may type."""
    code = new_user_code(SystemRandomness())

    assert show_user_code(code) == f"{code[:5]}-{code[5:]}"
    assert find_user_code(show_user_code(code)) == code


@given(
    st.text(max_size=70)
    | st.text(st.sampled_from([*ALPHABET.lower(), *ALPHABET, "-", " ", "A", "\u212a", "ß"]), max_size=14)
)
def test_any_text_is_a_code_or_none(typed: str) -> None:
    """Untrusted text of any form is an answer, never a failure; a code is ten letters of the alphabet."""
    found = find_user_code(typed)

    assert found is None or (len(found) == 10 and set(found) <= set(ALPHABET) and find_user_code(found) == found)
