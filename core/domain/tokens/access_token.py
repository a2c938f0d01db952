"""Access tokens: JWTs of RFC 9068, and what is read out of one."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from core.domain.errors import InvalidTarget
from core.domain.keys.key_ring import KeyRing
from core.domain.tokens.resource import normalise_resources

TOKEN_TYPE = "at+jwt"
#: No access token may live longer, so no revocation must be remembered longer. In seconds.
LONGEST_LIFETIME = 24 * 60 * 60
#: Longer strings are refused before anything in them is decoded.
_MAXIMUM_LENGTH = 8 * 1024
_TEXTS = ("sub", "client_id", "scope", "jti", "gid")
_NUMBERS = ("iat", "exp", "rev")
_REQUIRED = frozenset({"iss", "aud", *_TEXTS, *_NUMBERS})


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says. Times are seconds since the epoch."""

    token_id: str
    subject: str
    client_id: str
    scope: tuple[str, ...]
    #: As written into `aud`: resources, or the issuer alone for a server-wide token.
    audience: tuple[str, ...]
    #: `audience` in the form in which audiences are compared.
    audience_keys: frozenset[str]
    issued_at: int
    expires_at: int
    #: 32 hexadecimal digits.
    grant_id: str
    #: The revision of the changes when it was made: a revocation with a higher number covers it.
    revision: int
    #: The kid of the key that signed it.
    key_id: str

    @property
    def of_client(self) -> bool:
        """It is its client's own (RFC 6749 §4.4): its subject is no user, and no user's subject is a client_id."""
        return self.subject == self.client_id


def find_access_token(text: str, keys: KeyRing, issuer: str) -> AccessToken | None:
    """What a token of ours says, expired or not; None when we did not sign it or it is not an access token.

    Its header is one that we write, to the letter: the key and its algorithm are ours, nothing else in a header is
    believed (RFC 8725 §3.1, §3.10).
    """
    if len(text) > _MAXIMUM_LENGTH or not text.isascii():
        return None
    try:
        opened = keys.open(text, TOKEN_TYPE)
    except (ValueError, RecursionError):
        return None
    if opened is None:
        return None
    key_id, claims = opened
    return _read_claims(claims, key_id) if isinstance(claims, dict) and claims.get("iss") == issuer else None


def _read_claims(claims: dict[str, Any], key_id: str) -> AccessToken | None:
    if not claims.keys() >= _REQUIRED:
        return None
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    texts, numbers = ([claims[name] for name in names] for names in (_TEXTS, _NUMBERS))
    # `type`: to Python true is a number.
    if any(type(text) is not str for text in texts) or any(type(number) is not int for number in numbers):
        return None
    # We make none that lives longer. Somebody who has a key may; and it must not outlive the key's withdrawal.
    if claims["exp"] - claims["iat"] > LONGEST_LIFETIME:
        return None
    try:
        return AccessToken(
            token_id=claims["jti"],
            subject=claims["sub"],
            client_id=claims["client_id"],
            scope=tuple(claims["scope"].split()),
            audience=tuple(audience),
            audience_keys=normalise_resources(tuple(audience)),
            issued_at=claims["iat"],
            expires_at=claims["exp"],
            grant_id=claims["gid"],
            revision=claims["rev"],
            key_id=key_id,
        )
    except (AttributeError, TypeError, InvalidTarget):
        return None


def claims_of(token: AccessToken, issuer: str) -> dict[str, object]:
    """The claims in RFC 9068 §2.2's order; `aud` is one string where there is one audience."""
    audience = token.audience[0] if len(token.audience) == 1 else list(token.audience)
    return {
        "iss": issuer,
        "sub": token.subject,
        "aud": audience,
        "client_id": token.client_id,
        "scope": " ".join(token.scope),
        "jti": token.token_id,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "gid": token.grant_id,
        "rev": token.revision,
    }


def format_token_id(random_bytes: bytes) -> str:
    """RFC 7519 `jti` from 16 random bytes."""
    return urlsafe_b64encode(random_bytes).rstrip(b"=").decode()
