"""Clients in SQLite. A deleted one leaves its row as a tombstone, so that a block outlives the deletion."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

from core.domain.clients.client import USE_NOTED_EVERY, Client
from core.domain.clients.terms import PUBLIC, Terms
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, joined, split

_COLUMNS = "client_id, metadata, client_name, redirect_uris, grant_types, created_at, last_used_at, blocked_at, terms"
_FIND = f"SELECT {_COLUMNS} FROM clients WHERE client_id = ? AND deleted_at IS NULL"
_FIND_EVEN_DELETED = f"SELECT {_COLUMNS} FROM clients WHERE client_id = ?"
_FIND_DELETED = f"SELECT {_COLUMNS} FROM clients WHERE client_id = ? AND deleted_at IS NOT NULL"
_LIST = f"SELECT {_COLUMNS} FROM clients WHERE client_id > ? AND deleted_at IS NULL ORDER BY client_id LIMIT ?"
_SEARCH = f"""
    SELECT {_COLUMNS} FROM clients
    WHERE client_id > ? AND deleted_at IS NULL
        AND (instr(lower(client_name), lower(?)) > 0 OR instr(lower(client_id), lower(?)) > 0)
    ORDER BY client_id LIMIT ?
"""
_PUT = f"""
    INSERT INTO clients ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (client_id) DO UPDATE SET
        metadata = excluded.metadata,
        client_name = excluded.client_name,
        redirect_uris = excluded.redirect_uris,
        grant_types = excluded.grant_types,
        created_at = CASE WHEN clients.deleted_at IS NULL THEN clients.created_at ELSE excluded.created_at END,
        last_used_at = CASE WHEN clients.deleted_at IS NULL THEN clients.last_used_at ELSE excluded.last_used_at END,
        terms = excluded.terms,
        registered_at = CASE WHEN clients.deleted_at IS NULL THEN clients.registered_at END,
        deleted_at = NULL
    WHERE clients.blocked_at IS NULL
"""
_KEEP = f"{_PUT} RETURNING {_COLUMNS}"
_REGISTER = f"{_PUT} AND clients.deleted_at IS NOT NULL RETURNING {_COLUMNS}"
_PREREGISTER = f"""
    INSERT INTO clients ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id) DO NOTHING RETURNING 1
"""
_RENEW = """
    UPDATE clients SET registered_at = ?
    WHERE client_id = ? AND deleted_at IS NULL AND COALESCE(registered_at, created_at) <= ?
"""
_TOUCH = """
    UPDATE clients SET last_used_at = ?
    WHERE client_id = ? AND deleted_at IS NULL AND (last_used_at IS NULL OR last_used_at <= ?)
"""
_DELETE = "UPDATE clients SET deleted_at = ? WHERE client_id = ? AND deleted_at IS NULL RETURNING 1"
_DELETE_SECRETS = "DELETE FROM client_secrets WHERE client_id = ?"
_BLOCK = """
    UPDATE clients SET blocked_at = COALESCE(blocked_at, ?) WHERE client_id = ? AND deleted_at IS NULL RETURNING 1
"""
_UNBLOCK = "UPDATE clients SET blocked_at = NULL WHERE client_id = ? RETURNING 1"
_TERMS = tuple(field.name for field in fields(Terms))


class ClientReads(Statements):
    """`core.domain.clients.client.ClientFacts`."""

    def find_client(self, client_id: str) -> Client | None:
        row = self.row(_FIND, (client_id,))
        return None if row is None else _client(row)

    def was_preregistered(self, client_id: str) -> bool:
        row = self.row(_FIND_DELETED, (client_id,))
        return row is not None and _client(row).terms.preregistered

    def list_clients(self, *, limit: int, after: str) -> Sequence[Client]:
        return [_client(row) for row in self.rows(_LIST, (after, limit))]

    def search_clients(self, text: str, *, limit: int, after: str) -> Sequence[Client]:
        return [_client(row) for row in self.rows(_SEARCH, (after, text, text, limit))]


class ClientWrites(WritingStatements):
    """`core.domain.clients.client.ClientIntents`."""

    def preregister_client(self, client: Client) -> bool:
        return self.issue(_PREREGISTER, _columns(client)) is not None

    def register_client(self, client: Client) -> Client:
        stored = self._put(_REGISTER, client)
        if stored.created_at < client.created_at:
            self.count(_RENEW, (client.created_at, client.client_id, client.created_at - USE_NOTED_EVERY))
        return stored

    def keep_document_client(self, client: Client) -> Client:
        return self._put(_KEEP, client)

    def touch_client(self, client_id: str, *, now: int) -> None:
        self.count(_TOUCH, (now, client_id, now - USE_NOTED_EVERY))

    def delete_client(self, client_id: str, *, now: int) -> bool:
        self.count(_DELETE_SECRETS, (client_id,))
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
    public = client.terms == PUBLIC
    return (
        client.client_id,
        client.metadata,
        client.client_name,
        joined(client.redirect_uris),
        # Where a proof is needed, programs from before there were any find nothing that the client may do.
        joined(() if client.terms.confidential else client.grant_types),
        client.created_at,
        client.last_used_at,
        client.blocked_at,
        None if public else _joined_terms(client),
    )


def _client(row: Row) -> Client:
    values = list(row)
    values[3], values[4] = split(values[3]), split(values[4])
    if values[8] is None:
        return Client(*values[:8])
    values[4], values[8] = _split_terms(values[8])
    return Client(*values)


def _joined_terms(client: Client) -> str:
    return json.dumps({**asdict(client.terms), "grant_types": client.grant_types}, ensure_ascii=False)


@lru_cache(maxsize=1024)
def _split_terms(text: str) -> tuple[tuple[str, ...], Terms]:
    """The grant types and the terms. What a newer program has written beside them is left alone."""
    members: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
    }
    return members["grant_types"], Terms(**{name: members[name] for name in _TERMS if name in members})
