"""Checking a token's signature here, with the core's public keys: needs the extra `tokenhouse-verifier[jwt]`.

This accepts or does not know; it never refuses. What it does not know the core is asked.
"""

import json
from typing import Any

import jwt

from tokenhouse_verifier.claims import Claims
from tokenhouse_verifier.contract.changes_pb2 import Policy

_TYPE = "at+jwt"
_ALGORITHM = "ES256"
_REQUIRED = ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "gid", "rev"]
#: Times are told by the core's clock, later; the audience by the policy, here.
_OPTIONS: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_aud": False}


class Signatures:
    """Reads tokens with the keys of the newest policy; any thread may."""

    def __init__(self, audience: str) -> None:
        """`audience`: the resource that this service is, spelled as in the tokens."""
        self._audience = audience
        self._policy = Policy()
        self._keys: dict[str, Any] = {}

    def use(self, policy: Policy) -> None:
        """Take over a policy and its keys. One key, one algorithm (RFC 8725 §3.1)."""
        keys = [jwt.PyJWK(key, _ALGORITHM) for key in json.loads(policy.jwks)["keys"] if key.get("alg") == _ALGORITHM]
        self._policy, self._keys = policy, {str(key.key_id): key.key for key in keys}

    def find_claims(self, token: str) -> Claims | None:
        """What the token says, if its signature, issuer and audience are good; expired or not, revoked or not."""
        policy, keys = self._policy, self._keys
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != _TYPE or "crit" in header:
                return None
            claims = jwt.decode(token, keys[header["kid"]], [_ALGORITHM], options=_OPTIONS, issuer=policy.issuer)
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            good = self._audience in audience or (policy.server_wide_tokens and policy.issuer in audience)
            return _read(claims, audience) if good and policy.oauth_clients_enabled else None
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return None


def _read(claims: dict[str, Any], audience: list[str]) -> Claims:
    return Claims(
        subject=claims["sub"],
        client_id=claims["client_id"],
        scopes=tuple(claims["scope"].split()),
        audience=tuple(audience),
        issued_at=int(claims["iat"]),
        expires_at=int(claims["exp"]),
        grant_id=claims["gid"],
        revision=int(claims["rev"]),
    )
