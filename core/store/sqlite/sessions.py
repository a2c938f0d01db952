"""Browser sessions in SQLite, found by the hash of what the browser holds."""

from core.domain.sessions.session import Session
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = "token_hash, subject, created_at, expires_at"
_FIND = f"""
    SELECT {_COLUMNS} FROM sessions
    WHERE token_hash = ? AND expires_at > ?
        AND EXISTS (SELECT 1 FROM users WHERE users.subject = sessions.subject AND users.disabled_at IS NULL)
"""
_CREATE = f"INSERT INTO sessions ({_COLUMNS}) VALUES (?, ?, ?, ?) RETURNING 1"
_DELETE = "DELETE FROM sessions WHERE token_hash = ? RETURNING 1"
_DELETE_OF_SUBJECT = "DELETE FROM sessions WHERE subject = ?"
_DELETE_ALL = "DELETE FROM sessions"
_PURGE = """
    DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at <= ? LIMIT ?)
"""


class SessionReads(Statements):
    """`core.domain.sessions.session.SessionFacts`."""

    def find_session(self, token_hash: bytes, *, now: int) -> Session | None:
        row = self.row(_FIND, (token_hash, now))
        return None if row is None else Session(*row)


class SessionWrites(WritingStatements):
    """`core.domain.sessions.session.SessionIntents`."""

    def create_session(self, session: Session) -> None:
        self.issue(_CREATE, (session.token_hash, session.subject, session.created_at, session.expires_at))

    def delete_session(self, token_hash: bytes) -> bool:
        return self.row(_DELETE, (token_hash,)) is not None

    def delete_sessions_of_subject(self, subject: str) -> int:
        return self.count(_DELETE_OF_SUBJECT, (subject,))

    def delete_all_sessions(self) -> int:
        return self.count(_DELETE_ALL)

    def purge_sessions(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that expired; how many that were."""
        return self.count(_PURGE, (now, limit))
