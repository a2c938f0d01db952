"""Signing keys in SQLite; the private halves come wrapped and stay so."""

from collections.abc import Sequence

from core.domain.keys.signing_key import SigningKey
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = "key_id, public_jwk, wrapped_private_key, master_key_id, created_at, retires_at"
_LIST = f"""
    SELECT {_COLUMNS} FROM signing_keys WHERE retires_at IS NULL OR retires_at > ?
    ORDER BY created_at DESC, CASE WHEN retires_at IS NULL THEN 0 ELSE 1 END, retires_at DESC, key_id
"""
_RETIRE = "UPDATE signing_keys SET retires_at = ? WHERE retires_at IS NULL"
_ADD = f"INSERT INTO signing_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
_REWRAP = "UPDATE signing_keys SET wrapped_private_key = ?, master_key_id = ? WHERE key_id = ? RETURNING 1"
_WITHDRAW = "DELETE FROM signing_keys"
_PURGE = "DELETE FROM signing_keys WHERE key_id IN (SELECT key_id FROM signing_keys WHERE retires_at <= ? LIMIT ?)"


class KeyReads(Statements):
    """`core.domain.keys.signing_key.KeyFacts`."""

    def list_signing_keys(self, *, now: int) -> Sequence[SigningKey]:
        return [SigningKey(*row) for row in self.rows(_LIST, (now,))]


class KeyWrites(WritingStatements):
    """`core.domain.keys.signing_key.KeyIntents`."""

    def add_signing_key(self, key: SigningKey, *, previous_retire_at: int) -> None:
        self.count(_RETIRE, (previous_retire_at,))
        self.count(
            _ADD,
            (
                key.key_id,
                key.public_jwk,
                key.wrapped_private_key,
                key.master_key_id,
                key.created_at,
                key.retires_at,
            ),
        )

    def rewrap_signing_key(self, key_id: str, *, wrapped_private_key: bytes, master_key_id: int) -> bool:
        return self.row(_REWRAP, (wrapped_private_key, master_key_id, key_id)) is not None

    def withdraw_signing_keys(self) -> int:
        return self.count(_WITHDRAW)

    def purge_signing_keys(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that retired; how many that were."""
        return self.count(_PURGE, (now, limit))
