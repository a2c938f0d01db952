"""What a token says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token whose signature is good (RFC 9068 §2.2, and our `gid` and `rev`)."""

    subject: str
    client_id: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    #: In seconds since the epoch.
    issued_at: int
    expires_at: int
    grant_id: str
    #: The revision of the changes when it was made.
    revision: int
