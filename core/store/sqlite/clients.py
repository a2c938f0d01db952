"""Clients in SQLite. A deleted one leaves its row as a tombstone, so that a block outlives the deletion."""

from collections.abc import Sequence

from core.domain.clients.client import USE_NOTED_EVERY, Client
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

_COLUMNS = "client_id, metadata, client_name, redirect_uris, grant_types, created_at, last_used_at, blocked_at"
_FIND = f"SELECT {_COLUMNS} FROM clients WHERE client_id = ? AND deleted_at IS NULL"
_FIND_EVEN_DELETED = f"SELECT {_COLUMNS} FROM clients WHERE client_id = ?"
_LIST = f"SELECT {_COLUMNS} FROM clients WHERE client_id > ? AND deleted_at IS NULL ORDER BY client_id LIMIT ?"
_PUT = f"""
    INSERT INTO clients ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (client_id) DO UPDATE SET
        metadata = excluded.metadata,
        client_name = excluded.client_name,
        redirect_uris = excluded.redirect_uris,
        grant_types = excluded.grant_types,
        created_at = CASE WHEN clients.deleted_at IS NULL THEN clients.created_at ELSE excluded.created_at END,
        last_used_at = CASE WHEN clients.deleted_at IS NULL THEN clients.last_used_at ELSE excluded.last_used_at END,
        deleted_at = NULL
    WHERE clients.blocked_at IS NULL
"""
_KEEP = f"{_PUT} RETURNING {_COLUMNS}"
_REGISTER = f"{_PUT} AND clients.deleted_at IS NOT NULL RETURNING {_COLUMNS}"
_TOUCH = """
    UPDATE clients SET last_used_at = ?
    WHERE client_id = ? AND deleted_at IS NULL AND (last_used_at IS NULL OR last_used_at <= ?)
"""
_DELETE = "UPDATE clients SET deleted_at = ? WHERE client_id = ? AND deleted_at IS NULL RETURNING 1"
_BLOCK = """
    UPDATE clients SET blocked_at = COALESCE(blocked_at, ?) WHERE client_id = ? AND deleted_at IS NULL RETURNING 1
"""
_UNBLOCK = "UPDATE clients SET blocked_at = NULL WHERE client_id = ? RETURNING 1"


class ClientReads(Statements):
    """`core.domain.clients.client.ClientFacts`."""

    def find_client(self, client_id: str) -> Client | None:
        row = self.row(_FIND, (client_id,))
        return None if row is None else _client(row)

    def list_clients(self, *, limit: int, after: str) -> Sequence[Client]:
        return [_client(row) for row in self.rows(_LIST, (after, limit))]


class ClientWrites(WritingStatements):
    """`core.domain.clients.client.ClientIntents`."""

    def register_client(self, client: Client) -> Client:
        return self._put(_REGISTER, client)

    def keep_document_client(self, client: Client) -> Client:
        return self._put(_KEEP, client)

    def touch_client(self, client_id: str, *, now: int) -> None:
        self.count(_TOUCH, (now, client_id, now - USE_NOTED_EVERY))

    def delete_client(self, client_id: str, *, now: int) -> bool:
        return self.row(_DELETE, (now, client_id)) is not None

    def block_client(self, client_id: str, *, now: int) -> bool:
        return self.row(_BLOCK, (now, client_id)) is not None

    def unblock_client(self, client_id: str) -> bool:
        return self.row(_UNBLOCK, (client_id,)) is not None

    def _put(self, statement: str, client: Client) -> Client:
        row = self.issue(statement, _columns(client)) or self.row(_FIND_EVEN_DELETED, (client.client_id,))
        assert row is not None  # an insert that did nothing found a row, and no other transaction runs
        return _client(row)


def _columns(client: Client) -> tuple[object, ...]:
    return (
        client.client_id,
        client.metadata,
        client.client_name,
        joined(client.redirect_uris),
        joined(client.grant_types),
        client.created_at,
        client.last_used_at,
        client.blocked_at,
    )


def _client(row: Row) -> Client:
    values = list(row)
    values[3], values[4] = split(values[3]), split(values[4])
    return Client(*values)
