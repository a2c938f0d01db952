"""Passkeys in SQLite, and the challenges that were used."""

from collections.abc import Sequence

from core.domain.factors.passkey import MOST_PASSKEYS, Passkey
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

_COLUMNS = (
    "passkey_id, subject, credential_id, user_handle, public_key, sign_count, aaguid, transports, backup_eligible,"
    " backed_up, name, created_at, last_used_at"
)
_ANY = "SELECT 1 FROM passkeys LIMIT 1"
_FIND = f"SELECT {_COLUMNS} FROM passkeys WHERE credential_id = ?"
_LIST = f"SELECT {_COLUMNS} FROM passkeys WHERE subject = ? ORDER BY created_at, passkey_id"
_CLAIM = """
    INSERT INTO passkey_challenges (challenge, forgotten_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1
"""
_FORGET_CHALLENGES = """
    DELETE FROM passkey_challenges
    WHERE challenge IN (SELECT challenge FROM passkey_challenges WHERE forgotten_at <= ? LIMIT ?)
"""
_ADD = f"""
    INSERT INTO passkeys ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
    WHERE (SELECT COUNT(*) FROM passkeys WHERE subject = ?) < {MOST_PASSKEYS}
    ON CONFLICT DO NOTHING RETURNING 1
"""
_USE = """
    UPDATE passkeys SET sign_count = ?, backed_up = ?, last_used_at = ?
    WHERE passkey_id = ? AND subject = ? AND credential_id = ? AND public_key = ?
        AND (sign_count < ? OR (sign_count = 0 AND ? = 0))
    RETURNING 1
"""
_RENAME = "UPDATE passkeys SET name = ? WHERE passkey_id = ? AND subject = ? RETURNING 1"
_DELETE = "DELETE FROM passkeys WHERE passkey_id = ? AND subject = ? RETURNING 1"
_DELETE_ALL = "DELETE FROM passkeys WHERE subject = ?"


class PasskeyReads(Statements):
    """`core.domain.factors.passkey.PasskeyFacts`."""

    def has_passkeys(self) -> bool:
        return self.row(_ANY) is not None

    def find_passkey(self, credential_id: bytes) -> Passkey | None:
        row = self.row(_FIND, (credential_id,))
        return None if row is None else _read(row)

    def list_passkeys(self, subject: str) -> Sequence[Passkey]:
        return [_read(row) for row in self.rows(_LIST, (subject,))]


class PasskeyWrites(WritingStatements):
    """`core.domain.factors.passkey.PasskeyIntents`."""

    def claim_challenge(self, challenge: bytes, *, forgotten_at: int) -> bool:
        return self.row(_CLAIM, (challenge, forgotten_at)) is not None

    def add_passkey(self, passkey: Passkey) -> bool:
        values = (
            passkey.passkey_id,
            passkey.subject,
            passkey.credential_id,
            passkey.user_handle,
            passkey.public_key,
            passkey.sign_count,
            passkey.aaguid,
            joined(passkey.transports),
            passkey.backup_eligible,
            passkey.backed_up,
            passkey.name,
            passkey.created_at,
            passkey.last_used_at,
        )
        return self.issue(_ADD, (*values, passkey.subject)) is not None

    def use_passkey(self, passkey: Passkey, *, sign_count: int, backed_up: bool, now: int) -> bool:
        very_one = (passkey.passkey_id, passkey.subject, passkey.credential_id, passkey.public_key)
        return self.row(_USE, (sign_count, backed_up, now, *very_one, sign_count, sign_count)) is not None

    def rename_passkey(self, passkey_id: str, subject: str, name: str) -> bool:
        return self.row(_RENAME, (name, passkey_id, subject)) is not None

    def delete_passkey(self, passkey_id: str, subject: str) -> bool:
        return self.row(_DELETE, (passkey_id, subject)) is not None

    def delete_passkeys(self, subject: str) -> int:
        return self.count(_DELETE_ALL, (subject,))

    def purge_challenges(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that can be good no more; how many that were."""
        return self.count(_FORGET_CHALLENGES, (now, limit))


def _read(row: Row) -> Passkey:
    passkey_id, subject, credential_id, user_handle, public_key, sign_count, aaguid, transports, *rest = row
    backup_eligible, backed_up, name, created_at, last_used_at = rest
    return Passkey(
        passkey_id,
        subject,
        credential_id,
        user_handle,
        public_key,
        sign_count,
        aaguid,
        split(transports),
        bool(backup_eligible),
        bool(backed_up),
        name,
        created_at,
        last_used_at,
    )
