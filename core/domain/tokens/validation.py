"""Validation: is this token good, whose is it, for what? From memory, with every acknowledged revocation counted."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

from core.domain.clock import Clock, lies_ahead
from core.domain.errors import InvalidArgument, InvalidTarget
from core.domain.keys.key_ring import KeyRing
from core.domain.policy import Policy, PolicySource
from core.domain.tokens.access_token import AccessToken, find_access_token
from core.domain.tokens.change import Change, ChangeFacts
from core.domain.tokens.known_users import KnownUser, KnownUsers, KnownUsersStore
from core.domain.tokens.putting_back import PuttingBack
from core.domain.tokens.remembered import Remembered
from core.domain.tokens.resource import normalise_resource
from core.domain.tokens.revocations import Revocations

#: How many tokens are remembered, about 600 bytes each; of those that are forgotten the signature is checked again.
_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class ValidToken:
    """A token that is good for the audience that asked, and its user as the user is now."""

    token: AccessToken
    #: NOBODY where the token is its client's own.
    user: KnownUser


#: In place of the user of a client's own token: what ends a client ends its tokens, as their revocation.
NOBODY = KnownUser(username="", groups=(), active=True)


class Standing(NamedTuple):
    """What the answer about a token rests on besides the token and the time: while it stays, so do the answers."""

    revision: int
    policy: Policy


class Inactive(StrEnum):
    """Why a token is not good. Operators see how often; whoever asked learns only that it is not."""

    #: Malformed, forged, of another server, signed with a key that is no longer published, or made in the future, by
    #: its time or by its number.
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    OTHER_AUDIENCE = "other_audience"
    USER_INACTIVE = "user_inactive"
    CLIENTS_DISABLED = "clients_disabled"


class ValidationStore(KnownUsersStore, ChangeFacts, Protocol):
    """What validation needs of a store when it begins."""


class Presentations(Protocol):
    """Whoever waits for the first time that a service asks about a token."""

    @property
    def expected(self) -> Mapping[str, object]:
        """The grants of such tokens, by the claim "gid"; always the same object."""
        ...

    def presented(self, token: AccessToken, audience: str, found: ValidToken | Inactive) -> None:
        """A service, `audience`, has asked about a token of one of them, or about one that is for others."""
        ...


#: Hears that a token of a grant, by its claim "gid", was good for a service, by its resource as it is compared.
Used: TypeAlias = Callable[[str, str], None]


class _NobodyWaits:
    """`Presentations` where there are none."""

    expected: Mapping[str, object] = MappingProxyType({})

    def presented(self, token: AccessToken, audience: str, found: ValidToken | Inactive) -> None:
        """Nobody wants to know."""


_NOBODY_WAITS = _NobodyWaits()


class Validation:
    """Validates access tokens, after `load`.

    `apply` is called with every committed change before its commit is acknowledged.
    """

    def __init__(
        self,
        store: ValidationStore,
        keys: KeyRing,
        policy: PolicySource,
        clock: Clock,
        revocations: Revocations,
        presentations: Presentations = _NOBODY_WAITS,
        used: Used | None = None,
    ) -> None:
        """`presentations` hears of tokens that it expects; `used` of users' tokens that were good."""
        self._used = used
        self._store = store
        self._keys = keys
        self._policy = policy
        self._clock = clock
        self._revocations = revocations
        self._presentations = presentations
        self._expected = presentations.expected
        self._tokens: Remembered[bytes, AccessToken] = Remembered(_TOKENS)
        self._users = KnownUsers(store)
        self._applied = 0
        self._putting_back = PuttingBack(clock)
        self._remembering = threading.Lock()

    def load(self) -> None:
        """Read what is in the store; called before anything can change it."""
        self._users.load()
        for change in self._store.list_changes(since=0, now=self._clock.now()):
            self._revocations.add(change)
        # The newest change may be kept no more, but its number has been told.
        self._applied = self._store.current_revision()
        self._putting_back.begin(self._applied)

    def standing(self) -> Standing:
        """What answers that begin now rest on; every change up to its revision is counted in them."""
        return Standing(self._applied, self._policy.current)

    def validate(self, text: str, audience: str) -> ValidToken | Inactive:
        """The token, if it is good at this moment for this audience; else why it is not.

        Raises:
            InvalidArgument: no token, or an audience that is no resource.
        """
        wanted, token = require_audience(audience), self._open(text)
        if isinstance(token, Inactive):
            return token
        found = self._judge(token, wanted, self._policy.current)
        self._tell(token, audience, wanted, found)
        return found

    def validate_for_any(self, text: str, audiences: Sequence[str]) -> ValidToken | Inactive:
        """As `validate`, for a service that is several: good for the first of its audiences that the token is for.

        That is one presentation: to the one that the token is for, and where it is for none, to the first.

        Raises:
            InvalidArgument: no token, or an audience that is no resource.
        """
        wanted, token = [(require_audience(each), each) for each in audiences], self._open(text)
        if isinstance(token, Inactive):
            return token
        policy = self._policy.current
        judged = [(self._judge(token, key, policy), key, each) for key, each in wanted]
        found, key, audience = next((each for each in judged if each[0] is not Inactive.OTHER_AUDIENCE), judged[0])
        self._tell(token, audience, key, found)
        return found

    def _tell(self, token: AccessToken, audience: str, key: str, found: ValidToken | Inactive) -> None:
        """Whoever wants to know that a service has asked; `key`: the audience as it is compared."""
        if token.grant_id in self._expected or found is Inactive.OTHER_AUDIENCE:
            self._presentations.presented(token, audience, found)
        if self._used is not None and found.__class__ is ValidToken and not token.of_client:
            self._used(token.grant_id, key)

    def _open(self, text: str) -> AccessToken | Inactive:
        if not text:
            raise InvalidArgument("token is missing")
        policy = self._policy.current
        if not policy.clients_enabled:
            return Inactive.CLIENTS_DISABLED
        digest = hashlib.sha256(text.encode()).digest()
        return self._tokens.find(digest) or self._read(text, digest, policy) or Inactive.UNKNOWN

    def _judge(self, token: AccessToken, wanted: str, policy: Policy) -> ValidToken | Inactive:
        if token.expires_at <= self._clock.now():
            return Inactive.EXPIRED
        if self._revocations.cover(token):
            return Inactive.REVOKED
        if not _is_for(token, wanted, policy):
            return Inactive.OTHER_AUDIENCE
        user = NOBODY if token.of_client else self._users.find(token.subject)
        return ValidToken(token, user) if user is not None and user.active else Inactive.USER_INACTIVE

    def remember(self, text: str, token: AccessToken) -> None:
        """Take note of a token that this server has just signed."""
        if not token.of_client:
            self._users.meet(token.subject)
        self._tokens.put(hashlib.sha256(text.encode()).digest(), token)

    def is_ended(self, token: AccessToken) -> bool:
        """Whether it has expired or was revoked, whoever it is for."""
        return token.expires_at <= self._clock.now() or self._revocations.cover(token)

    def apply(self, changes: Sequence[Change]) -> None:
        """Count committed changes; nothing they end is valid when this returns."""
        with self._remembering:
            for change in changes:
                self._revocations.add(change)
        for change in changes:
            if change.kind.concerns_subject:
                self._users.change(change.target)
        # Last: who reads this number first finds everything up to it counted.
        if changes:
            self._applied = changes[-1].revision

    def forget_ended(self, *, now: int) -> None:
        """Drop revocations that can concern no living token any more."""
        with self._remembering:
            self._revocations.forget(now=now)

    def remembered(self) -> dict[str, int]:
        """How many tokens and users are in memory."""
        return {"token": len(self._tokens), "user": len(self._users)}

    def _read(self, text: str, digest: bytes, policy: Policy) -> AccessToken | None:
        token = find_access_token(text, self._keys, policy.issuer)
        if token is not None and lies_ahead(token.issued_at, self._clock.now()):
            return None
        if token is not None and self._putting_back.has_lost(token, self._applied):
            return None
        if token is not None:
            self._tokens.put(digest, token)
        return token


def require_audience(audience: str) -> str:
    """The audience that is asked for, in the form in which resources are compared.

    Raises:
        InvalidArgument: there is none, or it is no resource.
    """
    if not audience:
        raise InvalidArgument("audience is missing: name the resource that asks, or the issuer")
    try:
        return normalise_resource(audience)
    except InvalidTarget as refusal:
        raise InvalidArgument(f"audience: {refusal.description}") from None


def _is_for(token: AccessToken, wanted: str, policy: Policy) -> bool:
    if wanted in token.audience_keys:
        return True
    return policy.server_wide_tokens and normalise_resource(policy.issuer) in token.audience_keys
