"""Proof Key for Code Exchange (RFC 7636): S256 and nothing else, for every client."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from core.domain.errors import InvalidRequest

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_S256_CHARACTERS = 43


def require_code_challenge(challenge: str | None, method: str | None) -> str:
    """The challenge of an authorization request.

    Raises:
        InvalidRequest: missing, not S256 (an absent method means plain: RFC 7636 §4.3), or not what S256 makes.
    """
    if challenge is None:
        raise InvalidRequest("code_challenge is missing: PKCE is required (RFC 7636)").because("no_code_challenge")
    if method != "S256":
        raise InvalidRequest("code_challenge_method must be S256").because("code_challenge_not_s256")
    if len(challenge) != _S256_CHARACTERS or not _BASE64URL.issuperset(challenge):
        raise InvalidRequest("code_challenge is not a base64url SHA-256 of 43 characters")
    return challenge


def verify_code_verifier(verifier: str | None, challenge: str) -> bool:
    """Whether the verifier is the one behind the challenge (RFC 7636 §4.6); a missing or malformed one never is."""
    if verifier is None or not 43 <= len(verifier) <= 128 or not _UNRESERVED.issuperset(verifier):
        return False
    expected = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(expected, challenge)
