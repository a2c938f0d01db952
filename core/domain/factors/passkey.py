"""A passkey: a WebAuthn credential that its authenticator keeps for this server, and that needs no user name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

#: So many a user may have.
MOST_PASSKEYS = 20
#: Of a name, in characters.
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Passkey:
    """One of a user's. Times are seconds since the epoch."""

    #: Names it to its user, to operators and to the audit trail; random, and no part of the credential.
    passkey_id: str
    subject: str
    #: At most 1023 bytes (WebAuthn Level 3 §4, "Credential ID").
    credential_id: bytes = field(repr=False)
    #: What the authenticator knows its user by: random, and the same for all of a user's (§14.6.1).
    user_handle: bytes = field(repr=False)
    #: A COSE_Key (RFC 9052 §7).
    public_key: bytes = field(repr=False)
    #: Of its last use; 0 where the authenticator does not count (§6.1.1).
    sign_count: int
    #: The kind of authenticator, as a UUID; all zeros where it does not say.
    aaguid: str
    #: How it can be reached, as the browser said (§5.8.4).
    transports: tuple[str, ...]
    #: It may be copied to its user's other devices; False: it never leaves its authenticator (§6.1.3).
    backup_eligible: bool
    #: It is on another device or at a provider, too.
    backed_up: bool
    #: Its user's word for it.
    name: str
    created_at: int
    last_used_at: int | None = None


class PasskeyFacts(Protocol):
    """What can be read of passkeys."""

    def has_passkeys(self) -> bool:
        """Whether anybody has one."""
        ...

    def find_passkey(self, credential_id: bytes) -> Passkey | None:
        """The one with this credential ID."""
        ...

    def list_passkeys(self, subject: str) -> Sequence[Passkey]:
        """A user's, oldest first."""
        ...


class PasskeyIntents(Protocol):
    """What can be done to passkeys inside a transaction."""

    def claim_challenge(self, challenge: bytes, *, forgotten_at: int) -> bool:
        """Use a challenge up: True once, and remembered until then."""
        ...

    def add_passkey(self, passkey: Passkey) -> bool:
        """False where the credential is somebody's already, or the user has as many as there may be."""
        ...

    def use_passkey(self, passkey: Passkey, *, sign_count: int, backed_up: bool, now: int) -> bool:
        """Note a use of this very one; False where it is gone, or the count is not beyond the one that is kept.

        WebAuthn Level 3 §6.1.1: a count that does not grow is a sign of a copy; one that stays 0 says nothing.
        """
        ...

    def rename_passkey(self, passkey_id: str, subject: str, name: str) -> bool:
        """False where this user has none like that."""
        ...

    def delete_passkey(self, passkey_id: str, subject: str) -> bool:
        """False where this user has none like that."""
        ...

    def delete_passkeys(self, subject: str) -> int:
        """All of a user's; how many."""
        ...
