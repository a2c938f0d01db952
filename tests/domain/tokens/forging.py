"""Tokens put together by hand, with our signature or without."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt

from tests.domain.house import House


def encode_part(part: bytes) -> str:
    """base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def decode_part(part: str) -> bytes:
    """The bytes of one part of a token."""
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def header_of(token: str) -> dict[str, Any]:
    """What the header says."""
    parsed: dict[str, Any] = json.loads(decode_part(token.split(".")[0]))
    return parsed


def claims_of(token: str) -> dict[str, Any]:
    """What the payload says."""
    parsed: dict[str, Any] = json.loads(decode_part(token.split(".")[1]))
    return parsed


def sign(house: House, token: str, claims: dict[str, Any] | None = None, **header: Any) -> str:
    """A token with our own signature on it: nothing but what it says is wrong."""
    wanted = {**header_of(token), **header}
    kept = {name: value for name, value in wanted.items() if value is not None}
    typ, alg = wanted["typ"], kept.pop("alg", "ES256")
    kept["typ"] = typ
    payload = json.dumps(claims_of(token) if claims is None else claims).encode()
    return jwt.PyJWS().encode(payload, house.keys.signer.private_key, alg, headers=kept)


def assemble(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    """A compact JWS of any three parts."""
    parts = [encode_part(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([*parts, encode_part(signature)])
