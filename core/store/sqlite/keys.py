"""Signing keys in SQLite; the private halves come wrapped and stay so."""

from collections.abc import Sequence

from core.domain.keys.signing_key import WITHDRAWN_LISTED_FOR, SigningKey
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = (
    "key_id, public_jwk, wrapped_private_key, master_key_id, created_at, "
    "published_for, signs_since, verifies_until, withdrawn_at"
)
_LIST = f"""
    SELECT {_COLUMNS} FROM signing_keys
    WHERE (verifies_until IS NULL OR verifies_until > ?) AND (withdrawn_at IS NULL OR withdrawn_at > ?)
    ORDER BY created_at DESC, CASE
        WHEN withdrawn_at IS NOT NULL THEN 3 WHEN verifies_until IS NOT NULL THEN 2
        WHEN signs_since IS NOT NULL THEN 1 ELSE 0 END, verifies_until DESC, key_id
"""
_ADD = f"INSERT INTO signing_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUBLISHED = "signs_since IS NULL AND withdrawn_at IS NULL"
_SIGNING = "signs_since IS NOT NULL AND verifies_until IS NULL AND withdrawn_at IS NULL"
_BEGIN = f"UPDATE signing_keys SET signs_since = ? WHERE key_id = ? AND {_PUBLISHED} RETURNING 1"
_RETIRE = f"UPDATE signing_keys SET verifies_until = ? WHERE key_id <> ? AND {_SIGNING}"
_NOTE = f"UPDATE signing_keys SET published_for = ? WHERE key_id = ? AND {_PUBLISHED}"
_WITHDRAW = """
    UPDATE signing_keys SET withdrawn_at = ?, wrapped_private_key = x'', verifies_until = NULL
    WHERE key_id = ? AND withdrawn_at IS NULL AND (verifies_until IS NULL OR verifies_until > ?) RETURNING 1
"""
_REWRAP = """
    UPDATE signing_keys SET wrapped_private_key = ?, master_key_id = ?
    WHERE key_id = ? AND withdrawn_at IS NULL RETURNING 1
"""
_DELETE = "DELETE FROM signing_keys"
_PURGE = """
    DELETE FROM signing_keys WHERE key_id IN
    (SELECT key_id FROM signing_keys WHERE verifies_until <= ? OR withdrawn_at <= ? LIMIT ?)
"""


class KeyReads(Statements):
    """`core.domain.keys.signing_key.KeyFacts`."""

    def list_signing_keys(self, *, now: int) -> Sequence[SigningKey]:
        return [SigningKey(*row) for row in self.rows(_LIST, (now, now - WITHDRAWN_LISTED_FOR))]


class KeyWrites(WritingStatements):
    """`core.domain.keys.signing_key.KeyIntents`."""

    def add_signing_key(self, key: SigningKey) -> None:
        self.count(
            _ADD,
            (
                key.key_id,
                key.public_jwk,
                key.wrapped_private_key,
                key.master_key_id,
                key.created_at,
                key.published_for,
                key.signs_since,
                key.verifies_until,
                key.withdrawn_at,
            ),
        )

    def begin_signing(self, key_id: str, *, now: int, previous_verifies_until: int) -> bool:
        if self.row(_BEGIN, (now, key_id)) is None:
            return False
        self.count(_RETIRE, (previous_verifies_until, key_id))
        return True

    def note_publication(self, key_id: str, *, published_for: int) -> None:
        self.count(_NOTE, (published_for, key_id))

    def withdraw_signing_key(self, key_id: str, *, now: int) -> bool:
        return self.row(_WITHDRAW, (now, key_id, now)) is not None

    def rewrap_signing_key(self, key_id: str, *, wrapped_private_key: bytes, master_key_id: int) -> bool:
        return self.row(_REWRAP, (wrapped_private_key, master_key_id, key_id)) is not None

    def delete_signing_keys(self) -> int:
        return self.count(_DELETE)

    def purge_signing_keys(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that left the JWK Set or were withdrawn long ago; how many that were."""
        return self.count(_PURGE, (now, now - WITHDRAWN_LISTED_FOR, limit))
