"""Codes by the clock, and their secrets."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from core.domain.factors.recovery_code import digest_recovery_code, find_recovery_digest, new_recovery_codes
from core.domain.factors.totp import Totp, TotpSecrets, provisioning_uri
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import SystemRandomness

_SUBJECT = "subject-1"
#: RFC 6238 appendix B, SHA-1: the last six of its eight digits.
_RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
_RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


class _Fixed(SystemRandomness):
    """Makes the secret of RFC 6238."""

    def token_bytes(self, count: int) -> bytes:
        return b"12345678901234567890" if count == 20 else super().token_bytes(count)


def _secrets(randomness: SystemRandomness | None = None) -> TotpSecrets:
    return TotpSecrets(MasterKeys({1: bytes(32)}, SystemRandomness()), randomness or SystemRandomness())


@pytest.mark.parametrize(("now", "code"), _RFC_CODES.items())
def test_codes_are_those_of_the_rfc(now: int, code: str) -> None:
    """RFC 6238 appendix B; and one step to either side is good, no more (§5.2)."""
    secrets = _secrets(_Fixed())
    totp = secrets.new(_SUBJECT, now)

    assert secrets.find_secret(totp) == _RFC_SECRET
    assert secrets.find_step(totp, code, now) == now // 30
    assert [secrets.find_step(totp, code, now + shift) for shift in (30, 60)] == [now // 30, None]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708 2", "-87082", "287082\n"])
def test_what_is_no_code_is_none(typed: str) -> None:
    """Six digits of ASCII, and nothing that a library might take for some."""
    secrets = _secrets(_Fixed())

    assert secrets.find_step(secrets.new(_SUBJECT, 59), typed, 59) is None


def test_a_secret_is_sealed_for_its_user() -> None:
    """Neither a copy of the database nor another user's row tells it, and no repr does."""
    secrets = _secrets()
    totp = secrets.new(_SUBJECT, 0)
    secret = secrets.find_secret(totp)
    assert secret is not None

    assert base64.b32decode(secret) not in totp.sealed_secret
    assert secret.encode() not in totp.sealed_secret
    assert len(base64.b32decode(secret)) == 20
    assert secrets.find_secret(Totp("subject-2", totp.sealed_secret, 0)) is None
    assert TotpSecrets(MasterKeys({1: b"x" * 32}, SystemRandomness()), SystemRandomness()).find_secret(totp) is None
    assert repr(totp.sealed_secret) not in repr(totp)


def test_the_uri_is_what_apps_read() -> None:
    """otpauth: the label names server and user, and names with odd characters stay what they are."""
    uri = urlsplit(provisioning_uri(_RFC_SECRET, "ada & co", "auth.example.com:8443/path"))
    query = {name: values[0] for name, values in parse_qs(uri.query).items()}

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/auth.example.com:8443/path:ada & co"
    assert (query["secret"], query["issuer"]) == (_RFC_SECRET, "auth.example.com:8443/path")


def test_recovery_codes_are_found_however_they_are_typed() -> None:
    """Case, spaces and dashes do not matter; anything else is no such code."""
    codes = new_recovery_codes(SystemRandomness())
    assert len(set(codes)) == 10
    code = codes[0]
    assert len(code.replace("-", "")) == 16

    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert find_recovery_digest(typed) == digest_recovery_code(code)
    for typed in ("", "123456", code[:-1], code + "A", code.replace(code[0], "1", 1)):
        assert find_recovery_digest(typed) is None
