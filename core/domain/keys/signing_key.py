"""A signing key as the store keeps it: the private half is wrapped by the master key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, one algorithm (ES256). Times are seconds since the epoch."""

    key_id: str
    #: RFC 7517 public key as JSON text.
    public_jwk: str
    #: PKCS #8, encrypted with the master key that `master_key_id` names.
    wrapped_private_key: bytes = field(repr=False)
    master_key_id: int
    created_at: int
    #: None while it signs; afterwards when it leaves the JWK Set.
    retires_at: int | None = None


class KeyFacts(Protocol):
    """What can be read of signing keys."""

    def list_signing_keys(self, *, now: int) -> Sequence[SigningKey]:
        """Those that sign or have not retired at `now`, newest first (by created_at, then the one that signs first)."""
        ...


class KeyIntents(Protocol):
    """What can be done to signing keys inside a transaction."""

    def add_signing_key(self, key: SigningKey, *, previous_retire_at: int) -> None:
        """Store the key that signs from now on; whichever signed before gets `retires_at = previous_retire_at`."""
        ...

    def rewrap_signing_key(self, key_id: str, *, wrapped_private_key: bytes, master_key_id: int) -> bool:
        """Replace the wrapping of a key; False when there is no such key."""
        ...

    def withdraw_signing_keys(self) -> int:
        """Delete every key there is, so that nothing they signed verifies any more; how many that were."""
        ...
