"""Assertions of clients that were used, in SQLite, for as long as they could be used again."""

from core.store.sqlite.statements import WritingStatements

_CLAIM = """
    INSERT INTO client_assertions (digest, attempt_id, forgotten_at) VALUES (?, ?, ?)
    ON CONFLICT (digest) DO UPDATE SET attempt_id = excluded.attempt_id
    WHERE client_assertions.attempt_id = excluded.attempt_id
    RETURNING 1
"""
_PURGE = """
    DELETE FROM client_assertions
    WHERE digest IN (SELECT digest FROM client_assertions WHERE forgotten_at <= ? LIMIT ?)
"""


class ClientAssertionWrites(WritingStatements):
    """`core.domain.clients.authentication.AssertionIntents`."""

    def claim_assertion(self, digest: bytes, *, attempt_id: bytes, forgotten_at: int) -> bool:
        # Not `issue`: what ends something needs a proof, too, and is written while the disk is full.
        return self.row(_CLAIM, (digest, attempt_id, forgotten_at)) is not None

    def purge_client_assertions(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` that are good no more; how many that were."""
        return self.count(_PURGE, (now, limit))
