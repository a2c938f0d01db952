"""What is kept of logins at other providers: who is who, which answers were used, where a session came from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.users.user import User


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """A provider's user, and the user here. Times are seconds since the epoch."""

    issuer: str
    sub: str
    subject: str
    created_at: int


@dataclass(frozen=True, slots=True)
class UpstreamSession:
    """Where a browser's session came from."""

    #: SHA-256 of the session's token.
    token_hash: bytes
    #: The provider's name in the settings.
    provider: str
    #: Empty where the provider has none.
    end_session_endpoint: str
    expires_at: int
    #: What the provider said of the user, sealed for this session; None where it is not kept.
    sealed_id_token: bytes | None = field(default=None, repr=False)


class UpstreamFacts(Protocol):
    """What can be read."""

    def find_user_of_identity(self, issuer: str, sub: str) -> User | None:
        """The user to whom an identity is linked, whether active or not."""
        ...

    def list_identities(self, subject: str) -> Sequence[LinkedIdentity]:
        """The identities of a user, by issuer."""
        ...

    def find_upstream_session(self, token_hash: bytes, *, now: int) -> UpstreamSession | None:
        """Where a session came from; None for one of a password, and for one that has expired at `now`."""
        ...


class UpstreamIntents(Protocol):
    """What can be done inside a transaction. Deleting a user takes the user's identities along."""

    def link_identity(self, identity: LinkedIdentity) -> bool:
        """False when the identity is somebody's already."""
        ...

    def unlink_identity(self, issuer: str, sub: str, subject: str) -> bool:
        """False when it is not this user's."""
        ...

    def claim_login_state(self, nonce: bytes, *, forgotten_at: int) -> bool:
        """True once for each nonce, until it may be forgotten."""
        ...

    def note_upstream_session(self, session: UpstreamSession) -> None: ...
