"""Logins at other providers in SQLite: identities, used states, where sessions came from."""

from collections.abc import Sequence

from core.domain.upstream.identity import LinkedIdentity, UpstreamSession
from core.domain.users.user import User
from core.store.sqlite.statements import Statements, WritingStatements
from core.store.sqlite.users import COLUMNS, read_user

_USER_COLUMNS = ", ".join(f"users.{name}" for name in COLUMNS.split(", "))
_FIND_USER = f"""
    SELECT {_USER_COLUMNS} FROM upstream_identities JOIN users ON users.subject = upstream_identities.subject
    WHERE upstream_identities.issuer = ? AND upstream_identities.sub = ?
"""
_LIST = """
    SELECT issuer, sub, subject, created_at FROM upstream_identities WHERE subject = ? ORDER BY issuer, sub
"""
_LINK = """
    INSERT INTO upstream_identities (issuer, sub, subject, created_at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING 1
"""
_UNLINK = "DELETE FROM upstream_identities WHERE issuer = ? AND sub = ? AND subject = ? RETURNING 1"
_CLAIM = """
    INSERT INTO upstream_login_states (nonce, forgotten_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1
"""
_FORGET_STATES = """
    DELETE FROM upstream_login_states
    WHERE nonce IN (SELECT nonce FROM upstream_login_states WHERE forgotten_at <= ? LIMIT ?)
"""
_FIND_SESSION = """
    SELECT token_hash, provider, end_session_endpoint, expires_at, sealed_id_token FROM upstream_sessions
    WHERE token_hash = ? AND expires_at > ?
"""
_NOTE_SESSION = """
    INSERT INTO upstream_sessions (token_hash, provider, end_session_endpoint, expires_at, sealed_id_token)
    VALUES (?, ?, ?, ?, ?) RETURNING 1
"""
_FORGET_SESSIONS = """
    DELETE FROM upstream_sessions
    WHERE token_hash IN (SELECT token_hash FROM upstream_sessions WHERE expires_at <= ? LIMIT ?)
"""


class UpstreamReads(Statements):
    """`core.domain.upstream.identity.UpstreamFacts`."""

    def find_user_of_identity(self, issuer: str, sub: str) -> User | None:
        row = self.row(_FIND_USER, (issuer, sub))
        return None if row is None else read_user(row)

    def list_identities(self, subject: str) -> Sequence[LinkedIdentity]:
        return [LinkedIdentity(*row) for row in self.rows(_LIST, (subject,))]

    def find_upstream_session(self, token_hash: bytes, *, now: int) -> UpstreamSession | None:
        row = self.row(_FIND_SESSION, (token_hash, now))
        return None if row is None else UpstreamSession(*row)


class UpstreamWrites(WritingStatements):
    """`core.domain.upstream.identity.UpstreamIntents`."""

    def link_identity(self, identity: LinkedIdentity) -> bool:
        values = (identity.issuer, identity.sub, identity.subject, identity.created_at)
        return self.row(_LINK, values) is not None

    def unlink_identity(self, issuer: str, sub: str, subject: str) -> bool:
        return self.row(_UNLINK, (issuer, sub, subject)) is not None

    def claim_login_state(self, nonce: bytes, *, forgotten_at: int) -> bool:
        return self.row(_CLAIM, (nonce, forgotten_at)) is not None

    def note_upstream_session(self, session: UpstreamSession) -> None:
        self.issue(
            _NOTE_SESSION,
            (
                session.token_hash,
                session.provider,
                session.end_session_endpoint,
                session.expires_at,
                session.sealed_id_token,
            ),
        )

    def purge_upstream(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` of each that nothing can need any more; how many that were."""
        return self.count(_FORGET_STATES, (now, limit)) + self.count(_FORGET_SESSIONS, (now, limit))
