"""Second factors in SQLite: one secret for each user, and the digests of recovery codes; passkeys beside them."""

from collections.abc import Sequence

from core.domain.factors.totp import Totp
from core.store.sqlite.passkeys import PasskeyReads, PasskeyWrites

_COLUMNS = "subject, sealed_secret, created_at, confirmed_at, last_step"
_FIND = f"SELECT {_COLUMNS} FROM totps WHERE subject = ?"
# A seal begins with the number of its master key.
_SEALED_OTHERWISE = f"SELECT {_COLUMNS} FROM totps WHERE substr(sealed_secret, 1, 1) <> ? ORDER BY subject LIMIT ?"
_BEGIN = f"""
    INSERT INTO totps ({_COLUMNS}) VALUES (?, ?, ?, NULL, 0)
    ON CONFLICT (subject) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
    WHERE totps.confirmed_at IS NULL
    RETURNING 1
"""
_CONFIRM = """
    UPDATE totps SET confirmed_at = ?, last_step = ?
    WHERE subject = ? AND sealed_secret = ? AND confirmed_at IS NULL
    RETURNING 1
"""
_USE_STEP = """
    UPDATE totps SET last_step = ?
    WHERE subject = ? AND sealed_secret = ? AND confirmed_at IS NOT NULL AND last_step < ?
    RETURNING 1
"""
_RESEAL = "UPDATE totps SET sealed_secret = ? WHERE subject = ? AND sealed_secret = ? RETURNING 1"
_DELETE = "DELETE FROM totps WHERE subject = ? RETURNING confirmed_at"
_HAS = """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM totps WHERE subject = ? AND confirmed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM passkeys WHERE subject = ?)
"""
_COUNT_CODES = "SELECT COUNT(*) FROM recovery_codes WHERE subject = ?"
_DELETE_CODES = "DELETE FROM recovery_codes WHERE subject = ?"
_DELETE_IDLE_CODES = f"{_DELETE_CODES} AND NOT EXISTS ({_HAS})"
_ADD_CODE = "INSERT INTO recovery_codes (subject, digest) VALUES (?, ?) RETURNING 1"
_USE_CODE = "DELETE FROM recovery_codes WHERE subject = ? AND digest = ? RETURNING 1"


class SecondFactorReads(PasskeyReads):
    """`core.domain.factors.second_factor.SecondFactorFacts`."""

    def find_totp(self, subject: str) -> Totp | None:
        row = self.row(_FIND, (subject,))
        return None if row is None else Totp(*row)

    def list_totps_sealed_otherwise(self, master_key_id: int, *, limit: int) -> Sequence[Totp]:
        return [Totp(*row) for row in self.rows(_SEALED_OTHERWISE, (bytes([master_key_id]), limit))]

    def count_recovery_codes(self, subject: str) -> int:
        row = self.row(_COUNT_CODES, (subject,))
        return 0 if row is None else int(row[0])

    def has_second_factor(self, subject: str) -> bool:
        return self.row(_HAS, (subject, subject)) is not None


class SecondFactorWrites(PasskeyWrites):
    """`core.domain.factors.second_factor.SecondFactorIntents`."""

    def begin_totp(self, totp: Totp) -> bool:
        return self.row(_BEGIN, (totp.subject, totp.sealed_secret, totp.created_at)) is not None

    def confirm_totp(self, totp: Totp, *, step: int, now: int) -> bool:
        return self.row(_CONFIRM, (now, step, totp.subject, totp.sealed_secret)) is not None

    def use_totp_step(self, totp: Totp, *, step: int) -> bool:
        return self.row(_USE_STEP, (step, totp.subject, totp.sealed_secret, step)) is not None

    def reseal_totp(self, totp: Totp, sealed_secret: bytes) -> bool:
        return self.row(_RESEAL, (sealed_secret, totp.subject, totp.sealed_secret)) is not None

    def delete_totp(self, subject: str) -> bool:
        return self.row(_DELETE, (subject,)) is not None

    def replace_recovery_codes(self, subject: str, digests: Sequence[bytes]) -> None:
        self.count(_DELETE_CODES, (subject,))
        for digest in digests:
            self.issue(_ADD_CODE, (subject, digest))

    def use_recovery_code(self, subject: str, digest: bytes) -> bool:
        return self.row(_USE_CODE, (subject, digest)) is not None

    def delete_idle_recovery_codes(self, subject: str) -> None:
        self.count(_DELETE_IDLE_CODES, (subject, subject, subject))

    def delete_second_factors(self, subject: str) -> bool:
        self.count(_DELETE_CODES, (subject,))
        passkeys = self.delete_passkeys(subject)
        row = self.row(_DELETE, (subject,))
        return passkeys > 0 or (row is not None and row[0] is not None)
