"""A browser's login session. The browser holds a random token; the store holds its SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SignInMethod(StrEnum):
    """What a user has signed in with."""

    #: Of a session that another version of this program has begun.
    UNKNOWN = ""
    PASSWORD = "password"
    PASSWORD_AND_CODE = "password+code"
    PASSWORD_AND_RECOVERY_CODE = "password+recovery_code"
    PASSWORD_AND_PASSKEY = "password+passkey"
    #: With the user verified by the authenticator: both factors in one.
    PASSKEY = "passkey"
    #: At another OpenID provider.
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one browser. Times are seconds since the epoch."""

    token_hash: bytes
    subject: str
    created_at: int
    expires_at: int
    #: Where the login came from, as text; empty where that was not noted.
    network_address: str = ""
    method: SignInMethod = SignInMethod.UNKNOWN

    @property
    def session_id(self) -> str:
        """Names it to its user; nobody is signed in by that."""
        return self.token_hash.hex()


class SessionFacts(Protocol):
    """What can be read of sessions."""

    def find_session(self, token_hash: bytes, *, now: int) -> Session | None:
        """The session, if it has not expired at `now` and its user is active."""
        ...

    def list_sessions(self, subject: str, *, now: int, limit: int) -> Sequence[Session]:
        """The newest sessions of a user that have not expired at `now`, newest first."""
        ...


class SessionIntents(Protocol):
    """What can be done to sessions inside a transaction. Where one came from is forgotten with it."""

    def create_session(self, session: Session) -> None: ...

    def delete_session(self, token_hash: bytes) -> bool: ...

    def delete_session_of_subject(self, token_hash: bytes, subject: str) -> bool:
        """False when it has ended, or is somebody else's."""
        ...

    def delete_other_sessions(self, session: Session) -> int:
        """End every session of its user but this one; how many."""
        ...

    def delete_sessions_of_subject(self, subject: str) -> int: ...

    def delete_all_sessions(self) -> int: ...
