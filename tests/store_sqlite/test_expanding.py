"""An update can be taken back: a program opens what the next one has migrated, as long as that only added."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from core.domain.grants.grant import GrantState, RevokeReason
from core.store.refusal import StoreRefused
from core.store.sqlite.database import connect_writer
from core.store.sqlite.driver import Connection
from core.store.sqlite.folder import DATABASE
from core.store.sqlite.migrations import MIGRATIONS
from core.store.sqlite.schema_steps import FIRST_TO_TELL, SET, STEPS
from core.store.sqlite.store import open_store
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving
from tests.store_contract.nouns import NOW, a_client, a_confidential_client, a_user, an_active_grant

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '@_sqlite%' ESCAPE '@'"


def _take(connection: Connection, step: str, needs: str | None) -> None:
    """What a newer program writes down of its step."""
    taken = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, '')"
    connection.execute(taken, (SET, step))
    if needs is not None:
        connection.execute("INSERT INTO schema_needs (step, needs) VALUES (?, ?)", (step, needs))


def _columns(database: Database) -> dict[tuple[str, str], tuple[object, ...]]:
    """Each column's type, whether it must be given, its default, and whether it is of the key."""
    return {
        (table, row[1]): tuple(row[2:6])
        for (table,) in database.execute(_TABLES).fetchall()
        for row in database.execute(f"PRAGMA table_xinfo({table})").fetchall()
    }


def _breaks(before: Database, after: Database) -> set[str]:
    """What a program that knows `before` alone would stumble over in `after`."""
    old, new = _columns(before), _columns(after)
    tables = {table for table, _ in old}
    changed = {f"{table}.{name}" for (table, name), told in old.items() if new.get((table, name)) != told}
    wanted = {
        f"{table}.{name}"
        for (table, name), (_, required, default, _) in new.items()
        if table in tables and (table, name) not in old and required and default is None
    }
    return changed | wanted


def _migrated(until: str) -> Database:
    database = Database(memory=True)
    MIGRATIONS.apply(database, stop_before=STEPS[STEPS.index(until) + 1 :])
    return database


def test_each_step_only_adds_or_says_what_it_needs() -> None:
    """core/store/sqlite/migrations.py: a step that is neither would let an older program write nonsense."""
    assert _breaks(_migrated(STEPS[0]), _migrated(STEPS[1])) == {"signing_keys.retires_at"}
    told = dict(_migrated(STEPS[-1]).execute("SELECT step, needs FROM schema_needs").fetchall())
    first = STEPS.index(FIRST_TO_TELL)
    assert list(told) == list(STEPS[first + 1 :])
    for before, step in zip(STEPS[first:], STEPS[first + 1 :], strict=False):
        assert STEPS.index(told[step]) < STEPS.index(step)
        assert told[step] != FIRST_TO_TELL or not _breaks(_migrated(before), _migrated(step)), step


def test_what_the_next_program_has_migrated_is_opened(tmp_path: Path) -> None:
    """It has more tables, columns and indexes, and everybody who was connected goes on: tokens, refreshes, new apps."""
    serving = Serving(tmp_path)
    with serving:
        road = Road(serving)
        road.begin()
        tokens = road.connect()
    (path,) = tmp_path.glob(f"data/**/{DATABASE}")
    with closing(connect_writer(path)) as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            connection.execute(f"ALTER TABLE {table} ADD COLUMN newer TEXT")
            connection.execute(f"ALTER TABLE {table} ADD COLUMN newest INTEGER NOT NULL DEFAULT 7")
            connection.execute(f"CREATE INDEX {table}_by_newer ON {table} (newer)")
        connection.execute("CREATE TABLE novelties (id INTEGER PRIMARY KEY) STRICT")
        _take(connection, "novelties_of_2031", FIRST_TO_TELL)
        _take(connection, "more_of_2032", STEPS[-1])
    with serving:
        assert road.validate(tokens.access_token).active
        later = serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
        road.begin()
        assert all(road.validate(each.access_token).active for each in (later, road.connect()))


def test_a_program_that_knows_no_proof_finds_nothing_that_a_confidential_client_may_do(folder: Path) -> None:
    """Before the step `clients_of_operators` a name was enough: to such a program the row has no grant type at all."""
    with closing(open_store(folder, on_commit=lambda changes: None)) as store:
        store.write(lambda transaction: transaction.preregister_client(a_confidential_client()))
        assert store.find_client("app-1") == a_confidential_client()
    with closing(connect_writer(folder / DATABASE)) as connection:
        assert connection.execute("SELECT grant_types FROM clients").fetchall() == [("[]",)]


def test_an_end_for_a_reason_of_a_newer_program_is_an_end(folder: Path) -> None:
    """Whoever goes back a version can still look at each grant; what was ended stays ended."""
    grant = an_active_grant(state=GrantState.REVOKED, revoked_at=NOW, revoke_reason=RevokeReason.RESTORED)
    with closing(open_store(folder, on_commit=lambda changes: None)) as store:
        store.write(lambda tx: (tx.create_user(a_user()), tx.register_client(a_client()), tx.create_grant(grant)))
        with closing(connect_writer(folder / DATABASE)) as connection:
            connection.execute("UPDATE grants SET revoke_reason = 'the_moon'")
        assert store.find_grant(grant.id) == replace(grant, revoke_reason=RevokeReason.UNKNOWN)


@pytest.mark.parametrize("needs", [None, "less_of_2030"])
def test_what_needs_a_newer_program_is_refused(folder: Path, needs: str | None) -> None:
    """A step that took something away names one that this program does not know, or says nothing; in one sentence."""
    open_store(folder, on_commit=lambda changes: None).close()
    with closing(connect_writer(folder / DATABASE)) as connection:
        _take(connection, "less_of_2031", needs)
        _take(connection, "more_of_2032", FIRST_TO_TELL)
    with pytest.raises(StoreRefused, match=r"written by a newer Tokenhouse \(it has less_of_2031\); update this"):
        open_store(folder, on_commit=lambda changes: None)
