"""Initial access tokens in SQLite. What spends one is one conditional statement."""

from collections.abc import Sequence

from core.domain.clients.registration_token import RegistrationToken
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = "token_id, note, digest, created_at, expires_at, uses_left, uses"
_LIST = f"SELECT {_COLUMNS} FROM registration_tokens ORDER BY created_at, token_id"
_ADD = f"""
    INSERT INTO registration_tokens ({_COLUMNS})
    SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM registration_tokens) < ?
    RETURNING 1
"""
_SPEND = """
    UPDATE registration_tokens SET uses = uses + 1, uses_left = uses_left - 1
    WHERE digest = ? AND (expires_at IS NULL OR expires_at > ?) AND (uses_left IS NULL OR uses_left > 0)
    RETURNING 1
"""
_REMOVE = "DELETE FROM registration_tokens WHERE token_id = ? RETURNING 1"


class RegistrationTokenReads(Statements):
    """`core.domain.clients.registration_token.RegistrationTokenFacts`."""

    def list_registration_tokens(self) -> Sequence[RegistrationToken]:
        return [RegistrationToken(*row) for row in self.rows(_LIST)]


class RegistrationTokenWrites(WritingStatements):
    """`core.domain.clients.registration_token.RegistrationTokenIntents`."""

    def add_registration_token(self, token: RegistrationToken, *, most: int) -> bool:
        columns = (
            token.token_id,
            token.note,
            token.digest,
            token.created_at,
            token.expires_at,
            token.uses_left,
            token.uses,
        )
        return self.issue(_ADD, (*columns, most)) is not None

    def spend_registration_token(self, digest: bytes, *, now: int) -> bool:
        return self.issue(_SPEND, (digest, now)) is not None

    def remove_registration_token(self, token_id: str) -> bool:
        return self.row(_REMOVE, (token_id,)) is not None
