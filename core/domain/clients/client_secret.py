"""Secrets of confidential clients (RFC 6749 §2.3.1): made here, shown once, and kept as what cannot be turned back.

A secret is 256 random bits, so that its SHA-256 gives nothing away and is quick to compare. A client has two of them
while one is replaced by the other.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.shown_once import digest_secret

#: What every secret begins with.
CLIENT_SECRET_PREFIX = "ths_"
#: Of one client at a time.
MOST_SECRETS = 5


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A secret as the server keeps it."""

    client_id: str
    #: What operators call it; not secret.
    secret_id: str
    #: SHA-256 of the secret.
    digest: bytes = field(repr=False)
    #: In seconds since the epoch.
    created_at: int


class ClientSecretFacts(Protocol):
    """What can be read of secrets."""

    def list_client_secrets(self, client_id: str) -> Sequence[ClientSecret]:
        """The secrets that are good for this client, the oldest first; none of a client that was deleted."""
        ...


class ClientSecretIntents(Protocol):
    """What can be done to secrets inside a transaction."""

    def add_client_secret(self, secret: ClientSecret, *, most: int) -> bool:
        """False, and nothing happens, where its client has `most` already."""
        ...

    def remove_client_secret(self, client_id: str, secret_id: str) -> bool:
        """False where there is none, or it is the only one."""
        ...


def is_client_secret(sent: str, secrets: Sequence[ClientSecret]) -> bool:
    """Whether it is one of them; each is compared, and none faster than the others."""
    digest = digest_secret(sent)
    return True in [hmac.compare_digest(digest, secret.digest) for secret in secrets]
