"""Secrets of clients in SQLite; they go with their client."""

from collections.abc import Sequence

from core.domain.clients.client_secret import ClientSecret
from core.store.sqlite.statements import Statements, WritingStatements

_COLUMNS = "client_id, secret_id, digest, created_at"
_LIST = f"SELECT {_COLUMNS} FROM client_secrets WHERE client_id = ? ORDER BY created_at, secret_id"
_ADD = f"""
    INSERT INTO client_secrets ({_COLUMNS})
    SELECT ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM client_secrets WHERE client_id = ?) < ?
    RETURNING 1
"""
_REMOVE = """
    DELETE FROM client_secrets WHERE client_id = ? AND secret_id = ?
    AND (SELECT COUNT(*) FROM client_secrets WHERE client_id = ?) > 1
    RETURNING 1
"""


class ClientSecretReads(Statements):
    """`core.domain.clients.client_secret.ClientSecretFacts`."""

    def list_client_secrets(self, client_id: str) -> Sequence[ClientSecret]:
        return [ClientSecret(*row) for row in self.rows(_LIST, (client_id,))]


class ClientSecretWrites(WritingStatements):
    """`core.domain.clients.client_secret.ClientSecretIntents`."""

    def add_client_secret(self, secret: ClientSecret, *, most: int) -> bool:
        columns = (secret.client_id, secret.secret_id, secret.digest, secret.created_at)
        return self.issue(_ADD, (*columns, secret.client_id, most)) is not None

    def remove_client_secret(self, client_id: str, secret_id: str) -> bool:
        return self.row(_REMOVE, (client_id, secret_id, client_id)) is not None
