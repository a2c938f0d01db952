"""Why a token was not verified: RFC 6750's codes with a ready challenge, and "cannot tell".

Exception tree::

    NotVerified
    ├── MissingToken          401: the request has no bearer token; the challenge has no code (RFC 6750 §3.1)
    ├── InvalidRequest        400: the request is malformed
    ├── InvalidToken          401: expired, revoked, forged, or for another service
    ├── InsufficientScope     403: good, but not for this
    └── Unavailable           503: nobody could be asked; never to be taken for a yes
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

#: RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E.
_DESCRIPTIVE = frozenset(map(chr, range(0x20, 0x7F))) - set('"\\')


@dataclass(frozen=True, slots=True)
class Challenge:
    """What every `WWW-Authenticate` value of one service says besides the error."""

    scopes: Sequence[str] = ()
    #: The URL of the protected-resource metadata (RFC 9728 §5.1); "" leaves it out.
    resource_metadata: str = ""

    def write(self, code: str = "", description: str = "") -> str:
        """The value (RFC 6750 §3, RFC 9728 §5.1)."""
        parameters = {
            "error": code,
            "error_description": description,
            "scope": " ".join(self.scopes),
            "resource_metadata": self.resource_metadata,
        }
        written = ", ".join(f'{name}="{value}"' for name, value in parameters.items() if value)
        return f"Bearer {written}" if written else "Bearer"


class NotVerified(Exception):
    """No verified token. `description` is one sentence for the client's developer; it never holds a token."""

    #: The HTTP status to answer with.
    status: ClassVar[int]
    #: RFC 6750 §3.1's code; "" where there is none.
    code: ClassVar[str] = ""

    def __init__(self, description: str, challenge: Challenge | None = None) -> None:
        self.description = "".join(letter if letter in _DESCRIPTIVE else "?" for letter in description)
        super().__init__(self.description)
        self._challenge = challenge or Challenge()

    @property
    def www_authenticate(self) -> str:
        """The value of the header `WWW-Authenticate`; "" where none belongs to the status."""
        return self._challenge.write(self.code, self.description if self.code else "")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the HTTP answer, beside those of its body."""
        return {"WWW-Authenticate": self.www_authenticate, "Cache-Control": "no-store"}

    @property
    def body(self) -> bytes:
        """The body of the HTTP answer, as `application/json`; the header is what clients go by."""
        told = {"error": self.code, "error_description": self.description}
        return json.dumps({name: value for name, value in told.items() if value}).encode()


class MissingToken(NotVerified):
    """RFC 6750 §3.1: a request without authentication learns the scheme, and no error code."""

    status = 401


class InvalidRequest(NotVerified):
    """RFC 6750 §3.1."""

    status = 400
    code = "invalid_request"


class InvalidToken(NotVerified):
    """RFC 6750 §3.1."""

    status = 401
    code = "invalid_token"

    @classmethod
    def inactive(cls, challenge: Challenge) -> Self:
        """The core's no, which does not say why."""
        return cls("the token is expired, revoked, or not for this service", challenge)


class InsufficientScope(NotVerified):
    """RFC 6750 §3.1; the challenge names the scopes that are needed."""

    status = 403
    code = "insufficient_scope"

    @classmethod
    def needed(cls, challenge: Challenge) -> Self:
        """The token lacks one of the challenge's scopes."""
        return cls(f"the scopes needed are {' '.join(challenge.scopes)}", challenge)


class Unavailable(NotVerified):
    """The core could not be asked in time, and what is remembered may be too old."""

    status = 503
    #: When to try again, in seconds, for the header `Retry-After`.
    retry_after = 1

    @property
    def www_authenticate(self) -> str:
        return ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after), "Cache-Control": "no-store"}
