"""A browser's login session. The browser holds a random token; the store holds its SHA-256."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one browser. Times are seconds since the epoch."""

    token_hash: bytes
    subject: str
    created_at: int
    expires_at: int


class SessionFacts(Protocol):
    """What can be read of sessions."""

    def find_session(self, token_hash: bytes, *, now: int) -> Session | None:
        """The session, if it has not expired at `now` and its user is active."""
        ...


class SessionIntents(Protocol):
    """What can be done to sessions inside a transaction."""

    def create_session(self, session: Session) -> None: ...

    def delete_session(self, token_hash: bytes) -> bool: ...

    def delete_sessions_of_subject(self, subject: str) -> int: ...

    def delete_all_sessions(self) -> int: ...
