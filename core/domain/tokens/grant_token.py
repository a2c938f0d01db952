"""Codes and refresh tokens as strings: prefix, base64url(key id ‖ kind ‖ grant id ‖ generation ‖ tag), checksum.

Nothing of it is stored. The checksum tells a cut or mistyped token from a real one without any secret, and lets
secret scanners match exactly; the tag proves that this server made it for this grant at this generation.
"""

import binascii
import hmac
import zlib
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from enum import Enum

from core.domain.keys.master_key import MasterKeys

_PAYLOAD_BYTES = 1 + 1 + 16 + 4 + 32
_PAYLOAD_CHARACTERS = 72
_CHECKSUM_CHARACTERS = 6
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _BASE62 for second in _BASE62]


class TokenKind(Enum):
    """The three things a client holds besides access tokens; each value is (prefix, the byte that stands for it)."""

    CODE = ("thc_", 1)
    REFRESH_TOKEN = ("thr_", 2)
    #: RFC 8628 §3.2.
    DEVICE_CODE = ("thd_", 3)

    @property
    def prefix(self) -> str:
        """What the string begins with."""
        return self.value[0]

    @property
    def byte(self) -> int:
        """What stands for the kind inside the payload."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class GrantToken:
    """A well-formed code or refresh token; whether it is genuine, only `verify_grant_token` tells."""

    kind: TokenKind
    key_id: int
    grant_id: bytes
    generation: int
    tag: bytes = field(repr=False)


def format_grant_token(
    kind: TokenKind, master_keys: MasterKeys, *, grant_id: bytes, generation: int, grant_secret: bytes
) -> str:
    """The string for this grant at this generation; the same arguments under the same master key, the same string."""
    key_id = master_keys.current_id
    tag = master_keys.find_tag(key_id, _message(kind, grant_id, generation, grant_secret))
    assert tag is not None  # the current key is always there
    payload = bytes([key_id, kind.byte]) + grant_id + generation.to_bytes(4, "big") + tag
    body = kind.prefix + urlsafe_b64encode(payload).decode()
    return body + _checksum(body)


def find_grant_token(text: str, kind: TokenKind) -> GrantToken | None:
    """The parts of a token of this kind; None when it is of another kind, cut, mistyped or lengthened."""
    prefix_length = len(kind.prefix)
    if len(text) != prefix_length + _PAYLOAD_CHARACTERS + _CHECKSUM_CHARACTERS or not text.isascii():
        return None
    body, checksum = text[:-_CHECKSUM_CHARACTERS], text[-_CHECKSUM_CHARACTERS:]
    if not body.startswith(kind.prefix) or checksum != _checksum(body):
        return None
    try:
        payload = b64decode(body[prefix_length:], altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    # One token, one spelling: the decoder also reads the other base64 alphabet.
    if urlsafe_b64encode(payload).decode() != body[prefix_length:]:
        return None
    if len(payload) != _PAYLOAD_BYTES or payload[1] != kind.byte:
        return None
    generation = int.from_bytes(payload[18:22], "big")
    return GrantToken(kind, key_id=payload[0], grant_id=payload[2:18], generation=generation, tag=payload[22:])


def verify_grant_token(token: GrantToken, master_keys: MasterKeys, grant_secret: bytes) -> bool:
    """Whether this server made the token for the grant that has this secret."""
    message = _message(token.kind, token.grant_id, token.generation, grant_secret)
    expected = master_keys.find_tag(token.key_id, message)
    return expected is not None and hmac.compare_digest(expected, token.tag)


def _message(kind: TokenKind, grant_id: bytes, generation: int, grant_secret: bytes) -> bytes:
    return bytes([kind.byte]) + grant_id + generation.to_bytes(4, "big") + grant_secret


def _checksum(body: str) -> str:
    number, last = divmod(zlib.crc32(body.encode()), 3844)
    first, middle = divmod(number, 3844)
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]
