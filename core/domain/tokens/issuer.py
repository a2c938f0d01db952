"""Makes access tokens. Called after the commit that they rest on, never before."""

from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern

from core.domain.clock import Clock
from core.domain.keys.es256 import Signer
from core.domain.keys.key_ring import KeyRing
from core.domain.policy import Policy
from core.domain.randomness import Randomness
from core.domain.tokens.access_token import TOKEN_TYPE, AccessToken, claims_of, format_token_id
from core.domain.tokens.resource import normalise_resources
from core.domain.tokens.validation import Validation


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What an access token may be made of: a grant's yes, narrowed to what this request asked for."""

    subject: str
    client_id: str
    scope: tuple[str, ...]
    #: Empty: server-wide.
    resources: tuple[str, ...]
    grant_id: bytes
    #: The revision that the granting transaction saw, never a later one: what is revoked after it must stay covered.
    revision: int
    #: When the grant itself ends, in seconds since the epoch; no token outlives it.
    ends_at: int


@lru_cache(maxsize=64)
def _one_object(moment: int) -> int:
    """The same number, as one object for all tokens of a second: 32 bytes, twice in each that is remembered."""
    return moment


@dataclass(frozen=True, slots=True)
class IssuedAccessToken:
    """An access token and how long it lives, in seconds."""

    text: str = field(repr=False)
    expires_in: int


class Issuer:
    """Signs access tokens and remembers them, so that their first validation needs no signature check."""

    def __init__(self, keys: KeyRing, validation: Validation, clock: Clock, randomness: Randomness) -> None:
        self._keys = keys
        self._validation = validation
        self._clock = clock
        self._randomness = randomness

    def issue_access_token(self, entitlement: Entitlement, policy: Policy) -> IssuedAccessToken:
        """A signed access token (RFC 9068 §2)."""
        while True:
            issued = self._sign(entitlement, policy, signer := self._keys.signer)
            # Withdrawn or retired meanwhile: the key may be refused already, or before the token has expired.
            if self._keys.signing.key_id == signer.key_id:
                return issued

    def _sign(self, entitlement: Entitlement, policy: Policy, signer: Signer) -> IssuedAccessToken:
        now = self._clock.now()
        audience = entitlement.resources or (policy.issuer,)
        token = AccessToken(
            token_id=format_token_id(self._randomness.token_bytes(16)),
            # Thousands of tokens are remembered, of few users, clients, grants and seconds.
            subject=intern(entitlement.subject),
            client_id=intern(entitlement.client_id),
            scope=entitlement.scope,
            audience=audience,
            audience_keys=normalise_resources(audience),
            issued_at=_one_object(now),
            expires_at=_one_object(min(now + policy.access_token_lifetime, entitlement.ends_at)),
            grant_id=intern(entitlement.grant_id.hex()),
            revision=entitlement.revision,
            key_id=signer.key_id,
        )
        text = signer.sign(claims_of(token, policy.issuer), TOKEN_TYPE)
        self._validation.remember(text, token)
        return IssuedAccessToken(text, expires_in=token.expires_at - now)
