"""PKCE (RFC 7636): S256, for every client, and only what the grammar allows."""

import hashlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.authorization.pkce import verify_code_verifier
from tests.serving import Pkce

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def test_the_example_of_the_specification() -> None:
    """RFC 7636 appendix B."""
    assert verify_code_verifier(
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


@given(st.text(UNRESERVED, min_size=43, max_size=128))
def test_every_verifier_of_the_grammar_matches_its_own_challenge_alone(verifier: str) -> None:
    """RFC 7636 §4.1, §4.6: 43 to 128 unreserved characters."""
    assert verify_code_verifier(verifier, Pkce(verifier).challenge)
    assert not verify_code_verifier(verifier, Pkce().challenge)
    assert not verify_code_verifier(verifier[:-1] + ("A" if verifier[-1] != "A" else "B"), Pkce(verifier).challenge)


@pytest.mark.parametrize(
    "verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "!", "a" * 42 + " ", "a" * 42 + "=", "é" * 43]
)
def test_a_verifier_outside_the_grammar_never_matches(verifier: str) -> None:
    """RFC 7636 §4.1, even where its hash would be right."""
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert not verify_code_verifier(verifier, challenge)


def test_a_missing_verifier_never_matches() -> None:
    """CVE-2025-4144, CVE-2023-48228: absent is wrong, not passed over."""
    assert not verify_code_verifier(None, Pkce().challenge)
    assert not verify_code_verifier(None, "")
