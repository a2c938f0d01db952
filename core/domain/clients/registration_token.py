"""Initial access tokens (RFC 7591 §3): what a client shows to register where that is not open to everybody.

A token is 256 random bits, shown once and kept as its SHA-256. How often it is good is counted in the statement that
spends it, in the transaction of the registration: of two at once for the last use, one is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

#: What every token begins with.
REGISTRATION_TOKEN_PREFIX = "thi_"


@dataclass(frozen=True, slots=True)
class RegistrationToken:
    """A token as the server keeps it. Times are seconds since the epoch."""

    #: What operators call it; not secret.
    token_id: str
    #: What it is for, in the operator's words; may be empty.
    note: str
    #: SHA-256 of the token.
    digest: bytes = field(repr=False)
    created_at: int
    #: None: never.
    expires_at: int | None
    #: How many registrations it is still good for; None: any number.
    uses_left: int | None
    #: How many it was good for.
    uses: int = 0


class RegistrationTokenFacts(Protocol):
    """What can be read of tokens."""

    def list_registration_tokens(self) -> Sequence[RegistrationToken]:
        """All of them, the oldest first; those that are good for nothing any more, too."""
        ...


class RegistrationTokenIntents(Protocol):
    """What can be done to tokens inside a transaction."""

    def add_registration_token(self, token: RegistrationToken, *, most: int) -> bool:
        """False, and nothing happens, where there are `most` already."""
        ...

    def spend_registration_token(self, digest: bytes, *, now: int) -> bool:
        """One use of the token; False, and nothing happens, where there is none, it has expired or is used up."""
        ...

    def remove_registration_token(self, token_id: str) -> bool:
        """False where there is none."""
        ...
