"""What a verified access token says."""

from typing import NamedTuple


class AccessToken(NamedTuple):
    """An access token that is good at this moment, with its user as the user is now. The token itself is not in it."""

    #: RFC 9068 `sub`: the user, a stable identifier that is never used again for somebody else; equal to `client_id`
    #: where a program asks for itself (RFC 6749 §4.4): then there is no user, no name and no group.
    subject: str
    #: The user's login name now; for people to read, not for access decisions.
    username: str
    #: RFC 9068 `client_id`: the client that the user connected.
    client_id: str
    #: RFC 9068 `scope`, one entry each.
    scopes: tuple[str, ...]
    #: RFC 9068 `aud`: resources, or the issuer alone for a server-wide token.
    audience: tuple[str, ...]
    #: The user's groups now.
    groups: tuple[str, ...]
    #: RFC 9068 `exp`, in seconds since the epoch.
    expires_at: int
    #: The grant everything was issued under, for logs and revocation.
    grant_id: str
