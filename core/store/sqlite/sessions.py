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
_LIST = f"SELECT {_COLUMNS} FROM sessions WHERE subject = ? AND expires_at > ? ORDER BY created_at DESC LIMIT ?"
_PURGE = """
    DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at <= ? LIMIT ?)
"""
#: Which sessions end.
_THIS = "token_hash = ?"
_THIS_OF_SUBJECT = "token_hash = ? AND subject = ?"
_OTHERS = "subject = ? AND token_hash <> ?"
_OF_SUBJECT = "subject = ?"
_ALL = "1"
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
        return self._end(_THIS, token_hash) > 0

    def delete_session_of_subject(self, token_hash: bytes, subject: str) -> bool:
        return self._end(_THIS_OF_SUBJECT, token_hash, subject) > 0

    def delete_other_sessions(self, session: Session) -> int:
        return self._end(_OTHERS, session.subject, session.token_hash)

    def delete_sessions_of_subject(self, subject: str) -> int:
        return self._end(_OF_SUBJECT, subject)

    def delete_all_sessions(self) -> int:
        return self._end(_ALL)

    def purge_sessions(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that expired; how many that were."""
        return self.count(_PURGE, (now, limit))

    def _end(self, which: str, *values: object) -> int:
        """End sessions; how many. Where one of another provider came from, and who its user is there, is nobody's
        business after its end."""
        ended = f"SELECT token_hash FROM sessions WHERE {which}"
        self.count(f"DELETE FROM upstream_sessions WHERE token_hash IN ({ended})", values)
        return self.count(f"DELETE FROM sessions WHERE {which}", values)


def _read(row: Row) -> Session:
    token_hash, subject, created_at, expires_at, network_address, method = row
    # One that a newer program has written down is as unknown as what an older one did not.
    known = SignInMethod(method) if method in _METHODS else SignInMethod.UNKNOWN
    return Session(token_hash, subject, created_at, expires_at, network_address, known)
