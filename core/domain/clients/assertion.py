"""Client assertions (RFC 7523 §2.2, §3; draft-ietf-oauth-rfc7523bis): a JWT that a client signs to prove who it is."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from core.domain.clients.client_keys import ClientKey
from core.domain.errors import InvalidClient

#: How far clocks may differ, in seconds.
LEEWAY = 60
#: How long an assertion may be good, in seconds: so long at most is remembered that it was used.
LONGEST_LIFETIME = 60 * 60
_LONGEST = 8 * 1024
_LONGEST_ID = 256
#: None, what everybody writes, and the draft's: never one that says it is something else (RFC 8725 §3.11).
_TYPES = frozenset({"", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"})
#: Time is the server's own, and is looked at below.
_OPTIONS: Any = {
    "verify_signature": True,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False),
}


class UnknownKey(Exception):
    """None of the keys at hand has signed the assertion, and one that the client has added since may have; says why."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that is good, if it is used for the first time."""

    #: SHA-256 of whose it is and its `jti`.
    digest: bytes
    #: When it is good no more, whatever clocks say, in seconds since the epoch.
    forgotten_at: int


def find_subject(assertion: str) -> str:
    """Whose an assertion says it is, unverified; empty where it says nothing of the kind."""
    try:
        claims = jwt.decode(_require_short(assertion), options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return ""
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else ""


def find_claimed(client_id: str, assertion: str) -> str:
    """Whose request it is, as it says and nobody has verified: by its client_id, else by its assertion; empty where it
    says nothing."""
    if client_id or not assertion:
        return client_id
    try:
        return find_subject(assertion)
    except InvalidClient:
        return ""


def verify_assertion(
    assertion: str, client_id: str, keys: Sequence[ClientKey], *, audiences: Collection[str], now: int
) -> Assertion:
    """The assertion, if this client signed it for this server and for now; `now` in seconds since the epoch.

    Raises:
        InvalidClient: it did not.
        UnknownKey: the key that it names is not among these; or it names none, and none of these has signed it.
    """
    claims = _open(_require_short(assertion), keys)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _refuse("iss and sub must be the client_id")
    audience = claims.get("aud")
    sole = audience[0] if isinstance(audience, list) and len(audience) == 1 else audience
    # Exactly one: an assertion that another server may use, too, could be carried from there to here.
    if not isinstance(sole, str) or sole not in audiences:
        named = sole if isinstance(sole, str) else ""
        raise _refuse("aud must be this server's issuer, and nothing beside it").because("assertion_audience", named)
    expires_at = _require_times(claims, now)
    return Assertion(_digest(client_id, claims.get("jti")), expires_at + LEEWAY)


def _open(assertion: str, keys: Sequence[ClientKey]) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(assertion)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _refuse("it is no JWT") from None
    kind, algorithm, key_id = header.get("typ", ""), header.get("alg"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise _refuse("its typ is another one's")
    if "crit" in header or "b64" in header:
        raise _refuse("its header asks for what is not understood here")
    named = [key for key in keys if key_id is None or key.key_id == key_id]
    if not named:
        raise UnknownKey("its kid is none of the client's keys")
    for key in named:
        if algorithm in key.algorithms:
            try:
                return jwt.decode(assertion, key.public_key, [algorithm], options=_OPTIONS)
            except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
                continue
    unsigned = "no key of the client's has signed it so"
    if key_id is None:
        # RFC 7515 §4.1.4: it need not say which, so any that is new may be the one.
        raise UnknownKey(unsigned)
    raise _refuse(unsigned)


def _require_times(claims: dict[str, Any], now: int) -> int:
    """When it expires (RFC 7523 §3, 4 to 6)."""
    expires_at = _require_number(claims, "exp", None)
    issued_at = _require_number(claims, "iat", now)
    not_before = _require_number(claims, "nbf", now)
    if expires_at <= now - LEEWAY:
        raise _refuse("it has expired: look at the clock").because("assertion_expired")
    if expires_at > now + LONGEST_LIFETIME + LEEWAY:
        raise _refuse("its exp is more than an hour away")
    if issued_at > now + LEEWAY or not_before > now + LEEWAY:
        raise _refuse("it is from the future: look at the clock").because("assertion_from_the_future")
    if issued_at < now - LONGEST_LIFETIME - LEEWAY:
        raise _refuse("its iat is more than an hour ago")
    return expires_at


def _require_number(claims: dict[str, Any], name: str, default: int | None) -> int:
    value: Any = claims.get(name, default)
    # `type`: to Python true is a number.
    if type(value) not in (int, float) or not 0 <= value < 2**53:
        raise _refuse(f"{name} is missing or no time")
    return int(value)


def _digest(client_id: str, token_id: object) -> bytes:
    if not isinstance(token_id, str) or not 1 <= len(token_id) <= _LONGEST_ID:
        raise _refuse(f"jti must be 1 to {_LONGEST_ID} characters, another one each time")
    return hashlib.sha256(json.dumps([client_id, token_id]).encode()).digest()


def _require_short(assertion: str) -> str:
    if len(assertion) > _LONGEST or not assertion.isascii():
        raise _refuse("it is no JWT of at most 8 KiB")
    return assertion


def _refuse(why: str) -> InvalidClient:
    return InvalidClient(f"client_assertion: {why}")
