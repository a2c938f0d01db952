"""A signing key as the store keeps it: the private half is wrapped by the master key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

#: How long a key that was withdrawn is still listed, in seconds.
WITHDRAWN_LISTED_FOR = 7 * 24 * 60 * 60


class KeyState(StrEnum):
    """Where a key is in its life (RFC 7583 §3.1 has these states for DNSSEC)."""

    #: In the JWK Set, so that whoever verifies has it before it signs.
    PUBLISHED = "published"
    SIGNING = "signing"
    #: Signs no more; what it signed verifies until the last of it has expired.
    RETIRED = "retired"
    #: Somebody else may have it: whatever it signed is refused.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, one algorithm (ES256). Times are seconds since the epoch."""

    key_id: str
    #: RFC 7517 public key as JSON text.
    public_jwk: str
    #: PKCS #8, encrypted with the master key that `master_key_id` names; empty once it was withdrawn.
    wrapped_private_key: bytes = field(repr=False)
    master_key_id: int
    #: When it was made, and published.
    created_at: int
    #: For how many seconds it had been published by a core that served, when that was last noted.
    published_for: int = 0
    #: None while it has never signed.
    signs_since: int | None = None
    #: None until it is retired; then when it leaves the JWK Set.
    verifies_until: int | None = None
    withdrawn_at: int | None = None

    @property
    def state(self) -> KeyState:
        """Told by the times."""
        if self.withdrawn_at is not None:
            return KeyState.WITHDRAWN
        if self.verifies_until is not None:
            return KeyState.RETIRED
        return KeyState.PUBLISHED if self.signs_since is None else KeyState.SIGNING


class KeyFacts(Protocol):
    """What can be read of signing keys."""

    def list_signing_keys(self, *, now: int) -> Sequence[SigningKey]:
        """All but those that had left the JWK Set by `now` and those withdrawn long ago.

        Newest first: by created_at, then published, signing, retired, withdrawn.
        """
        ...


class KeyIntents(Protocol):
    """What can be done to signing keys inside a transaction."""

    def add_signing_key(self, key: SigningKey) -> None:
        """Store a key as it is given."""
        ...

    def begin_signing(self, key_id: str, *, now: int, previous_verifies_until: int) -> bool:
        """Let a published key sign; whichever signed before is retired. False where it is not published."""
        ...

    def note_publication(self, key_id: str, *, published_for: int) -> None:
        """Remember for how long a key has been published, in seconds."""
        ...

    def withdraw_signing_key(self, key_id: str, *, now: int) -> bool:
        """Trust a key no more, and forget its private half; False when there is none that is trusted."""
        ...

    def rewrap_signing_key(self, key_id: str, *, wrapped_private_key: bytes, master_key_id: int) -> bool:
        """Replace the wrapping of a key; False when there is no such key, or its private half is forgotten."""
        ...

    def delete_signing_keys(self) -> int:
        """Delete every key there is, so that nothing they signed verifies any more; how many that were."""
        ...
