"""Codes and refresh tokens as strings: prefix, checksum, tag, and nothing of it stored."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import SystemRandomness
from core.domain.tokens.grant_token import TokenKind, find_grant_token, format_grant_token, verify_grant_token

KEYS = MasterKeys({1: b"1" * 32, 7: b"7" * 32}, SystemRandomness())
SECRET = b"s" * 32
KINDS = st.sampled_from(list(TokenKind))


@given(KINDS, st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_formatted_is_found_and_verified(
    kind: TokenKind, grant_id: bytes, generation: int, secret: bytes
) -> None:
    """README, Grants: key id, kind, grant id and generation come out again, and the tag proves them."""
    text = format_grant_token(kind, KEYS, grant_id=grant_id, generation=generation, grant_secret=secret)
    assert re.fullmatch(r"th[crd]_[A-Za-z0-9_-]{72}[A-Za-z0-9]{6}", text)
    token = find_grant_token(text, kind)
    assert token is not None
    assert (token.key_id, token.grant_id, token.generation) == (7, grant_id, generation)
    assert verify_grant_token(token, KEYS, secret)
    assert not verify_grant_token(token, KEYS, bytes(32) if secret != bytes(32) else SECRET)


@given(st.text(max_size=120))
def test_arbitrary_text_is_no_token(text: str) -> None:
    """Untrusted text of any form is an answer, never a failure."""
    for kind in TokenKind:
        assert find_grant_token(text, kind) is None
        assert find_grant_token(kind.prefix + text, kind) is None


@pytest.mark.parametrize("kind", list(TokenKind))
def test_a_token_of_one_kind_is_none_of_the_other(kind: TokenKind) -> None:
    """A code is no refresh token, whatever its prefix is changed to."""
    other = next(each for each in TokenKind if each is not kind)
    text = format_grant_token(kind, KEYS, grant_id=b"g" * 16, generation=1, grant_secret=SECRET)
    assert find_grant_token(text, other) is None
    assert find_grant_token(other.prefix + text[4:], other) is None


def test_the_checksum_needs_no_secret() -> None:
    """Secret scanners match exactly: CRC-32 of everything before it, six digits of base 62, lowest first."""
    text = format_grant_token(TokenKind.CODE, KEYS, grant_id=b"g" * 16, generation=0, grant_secret=SECRET)
    number, digits = zlib.crc32(text[:-6].encode()), []
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits.append(alphabet[digit])
    assert text[-6:] == "".join(reversed(digits))


def test_a_key_that_is_not_there_verifies_nothing() -> None:
    """A token under a master key that was never ours, or is gone."""
    text = format_grant_token(TokenKind.CODE, KEYS, grant_id=b"g" * 16, generation=0, grant_secret=SECRET)
    token = find_grant_token(text, TokenKind.CODE)
    assert token is not None
    assert not verify_grant_token(token, MasterKeys({1: b"1" * 32}, SystemRandomness()), SECRET)
    assert not verify_grant_token(token, MasterKeys({7: b"1" * 32}, SystemRandomness()), SECRET)


def test_a_token_shows_neither_its_tag_nor_the_secret() -> None:
    """Secrets never in a repr."""
    text = format_grant_token(TokenKind.CODE, KEYS, grant_id=b"g" * 16, generation=0, grant_secret=SECRET)
    token = find_grant_token(text, TokenKind.CODE)
    assert token is not None
    assert repr(token.tag) not in repr(token)
