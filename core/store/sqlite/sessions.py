"""Browser sessions in SQLite, found by the hash of what the browser holds."""

from collections.abc import Sequence

from core.domain.sessions.session import Session, SignInMethod
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = "token_hash, subject, created_at, expires_at, network_address, method"
_FIND = f"""
    SELECT {_COLUMNS} FROM sessions
    WHERE token_hash = ? AND expires_at > ?
        AND EXISTS (SELECT 1 FROM users WHERE users.subject = sessions.subject AND users.disabled_at IS NULL)
"""
_CREATE = f"INSERT INTO sessions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) RETURNING 1"
_DELETE = "DELETE FROM sessions WHERE token_hash = ? RETURNING 1"
_LIST = f"SELECT {_COLUMNS} FROM sessions WHERE subject = ? AND expires_at > ? ORDER BY created_at DESC LIMIT ?"
_DELETE_ONE_OF_SUBJECT = "DELETE FROM sessions WHERE token_hash = ? AND subject = ? RETURNING 1"
_DELETE_OTHERS = "DELETE FROM sessions WHERE subject = ? AND token_hash <> ?"
_DELETE_OF_SUBJECT = "DELETE FROM sessions WHERE subject = ?"
_DELETE_ALL = "DELETE FROM sessions"
#: Where a session of another provider came from, and who its user is there, is nobody's business after its end.
_FORGET_ORIGIN = "DELETE FROM upstream_sessions WHERE token_hash = ?"
_FORGET_ALL_ORIGINS = "DELETE FROM upstream_sessions"
_FORGET_ORIGINS = f"{_FORGET_ALL_ORIGINS} WHERE token_hash IN (SELECT token_hash FROM sessions WHERE subject = ?)"
_FORGET_OTHERS = f"{_FORGET_ORIGINS} AND token_hash <> ?"
_PURGE = """
    DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at <= ? LIMIT ?)
"""
_METHODS = frozenset(SignInMethod)


class SessionReads(Statements):
    """`core.domain.sessions.session.SessionFacts`."""

    def find_session(self, token_hash: bytes, *, now: int) -> Session | None:
        row = self.row(_FIND, (token_hash, now))
        return None if row is None else _read(row)

    def list_sessions(self, subject: str, *, now: int, limit: int) -> Sequence[Session]:
        return [_read(row) for row in self.rows(_LIST, (subject, now, limit))]


class SessionWrites(WritingStatements):
    """`core.domain.sessions.session.SessionIntents`."""

    def create_session(self, session: Session) -> None:
        self.issue(
            _CREATE,
            (
                session.token_hash,
                session.subject,
                session.created_at,
                session.expires_at,
                session.network_address,
                session.method,
            ),
        )

    def delete_session(self, token_hash: bytes) -> bool:
        self.count(_FORGET_ORIGIN, (token_hash,))
        return self.row(_DELETE, (token_hash,)) is not None

    def delete_session_of_subject(self, token_hash: bytes, subject: str) -> bool:
        ended = self.row(_DELETE_ONE_OF_SUBJECT, (token_hash, subject)) is not None
        if ended:
            self.count(_FORGET_ORIGIN, (token_hash,))
        return ended

    def delete_other_sessions(self, session: Session) -> int:
        self.count(_FORGET_OTHERS, (session.subject, session.token_hash))
        return self.count(_DELETE_OTHERS, (session.subject, session.token_hash))

    def delete_sessions_of_subject(self, subject: str) -> int:
        self.count(_FORGET_ORIGINS, (subject,))
        return self.count(_DELETE_OF_SUBJECT, (subject,))

    def delete_all_sessions(self) -> int:
        self.count(_FORGET_ALL_ORIGINS)
        return self.count(_DELETE_ALL)

    def purge_sessions(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that expired; how many that were."""
        return self.count(_PURGE, (now, limit))


def _read(row: Row) -> Session:
    token_hash, subject, created_at, expires_at, network_address, method = row
    # One that a newer program has written down is as unknown as what an older one did not.
    known = SignInMethod(method) if method in _METHODS else SignInMethod.UNKNOWN
    return Session(token_hash, subject, created_at, expires_at, network_address, known)
