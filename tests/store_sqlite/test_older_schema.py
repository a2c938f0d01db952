"""A database of an older program is brought up to date at the start, and means what it meant."""

from contextlib import closing
from pathlib import Path

from core.domain.keys.signing_key import KeyState
from core.store.sqlite.database import connect_writer
from core.store.sqlite.folder import DATABASE
from core.store.sqlite.initial_schema import INITIAL_SCHEMA
from core.store.sqlite.schema_steps import SET
from core.store.sqlite.store import open_store
from tests.store_contract.nouns import HOUR, NOW

_KEYS = """
    INSERT INTO signing_keys (key_id, public_jwk, wrapped_private_key, master_key_id, created_at, retires_at)
    VALUES ('old', '{}', x'00', 1, ?, ?), ('new', '{}', x'01', 1, ?, NULL)
"""


def test_signing_keys_of_before_they_were_published_first(folder: Path) -> None:
    """The key that signed signs, the one before it verifies until its time, and both began when they were made."""
    open_store(folder, on_commit=lambda changes: None).close()
    path = folder / DATABASE
    path.unlink()
    path.touch(0o600)
    with closing(connect_writer(path)) as connection:
        for statement in INITIAL_SCHEMA:
            connection.execute(statement)
        connection.execute(
            "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)"
        )
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'initial_schema', '')", (SET,)
        )
        connection.execute(_KEYS, (NOW - HOUR, NOW + HOUR, NOW))

    store = open_store(folder, on_commit=lambda changes: None)
    new, old = store.list_signing_keys(now=NOW)
    store.close()

    assert (new.key_id, new.state, new.signs_since, new.wrapped_private_key) == ("new", KeyState.SIGNING, NOW, b"\x01")
    assert (old.key_id, old.state, old.signs_since, old.verifies_until) == (
        "old",
        KeyState.RETIRED,
        NOW - HOUR,
        NOW + HOUR,
    )
