"""A disk that is full or fails: who asked for too much is refused, nobody is told yes too early, and it heals.

The errors are real ones: a page limit gives SQLITE_FULL, the operating system's file size limit gives SQLITE_IOERR.
"""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.domain.errors import StoreUnavailable
from core.domain.tokens.change import Change, ChangeKind
from core.store.sqlite.database import connect_reader, connect_writer
from core.store.sqlite.store import SqliteStore
from core.store.sqlite.transaction import SqliteTransaction
from tests.store_contract.nouns import NOW, a_grant, a_user
from tests.store_contract.writers import one_group, outcome, submit
from tests.store_sqlite.conftest import Opener

TOO_MUCH = "x" * 200_000


def lose_the_statement(transaction: SqliteTransaction) -> None:
    """Ask for more pages than there may be, where SQLite takes back the statement alone."""
    transaction.set_password_hash("subject-1", TOO_MUCH)


def lose_the_transaction(transaction: SqliteTransaction) -> None:
    """Ask for more pages than there may be, where SQLite rolls back everything, the others' savepoints too."""
    record(transaction, TOO_MUCH)


def lose_the_transaction_and_go_on(transaction: SqliteTransaction) -> None:
    """Do not listen: what is written now would be committed by itself, outside any transaction."""
    with suppress(StoreUnavailable):
        lose_the_transaction(transaction)
    with suppress(StoreUnavailable):
        transaction.create_user(a_user(subject="stray", username_key="stray"))


def record(transaction: SqliteTransaction, target: str) -> int:
    """Record a change."""
    return transaction.record_change(ChangeKind.GRANT_REVOKED, target, now=NOW, keep_until=NOW + 1)


def limit_pages(store: SqliteStore, spare: int) -> None:
    """Let the database grow by `spare` pages and no further."""

    def limit(transaction: SqliteTransaction) -> None:
        row = transaction.row("PRAGMA page_count")
        assert row is not None
        transaction.row(f"PRAGMA max_page_count = {row[0] + spare}")

    store.write(limit)


@contextmanager
def failing_disk(folder: Path) -> Iterator[None]:
    """No file of this process can grow beyond what the log has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((folder / "tokenhouse.db-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("guilty", "runs"),
    [(lose_the_statement, 2), (lose_the_transaction, 3), (lose_the_transaction_and_go_on, 3)],
)
def test_a_full_disk_in_one_savepoint_spares_the_others(
    populated: SqliteStore, announced: list[Change], guilty: Callable[[SqliteTransaction], None], runs: int
) -> None:
    """The group runs again with savepoints; where SQLite rolled back everything, each once more in its own commit."""
    limit_pages(populated, spare=8)
    ran: list[str] = []

    def innocent(transaction: SqliteTransaction) -> int:
        ran.append("before")
        return record(transaction, "before")

    with one_group(populated):
        before = submit(populated, innocent)
        too_much = submit(populated, guilty)
        after = submit(populated, lambda transaction: record(transaction, "after"))
    assert isinstance(outcome(too_much), StoreUnavailable)
    assert (before.result(10), after.result(10)) == (1, 2)
    assert len(ran) == runs
    assert [change.target for change in announced] == ["before", "after"]
    assert populated.list_changes(since=0, now=NOW) == announced
    assert populated.find_user("subject-1") == a_user()
    assert populated.find_user("stray") is None


def test_writing_goes_on_when_there_is_space_again(populated: SqliteStore) -> None:
    """A full disk refuses, reads go on, and nothing has to be started anew."""
    limit_pages(populated, spare=0)
    with pytest.raises(StoreUnavailable):
        populated.write(lose_the_transaction)
    assert populated.find_user("subject-1") == a_user()
    limit_pages(populated, spare=100_000)
    populated.write(lambda transaction: transaction.create_grant(a_grant()))
    assert populated.find_grant(a_grant().id) == a_grant()


def test_nobody_is_told_yes_when_the_commit_fails(
    populated: SqliteStore, announced: list[Change], folder: Path, opened: Opener
) -> None:
    """An I/O error in COMMIT refuses the whole group; reads go on; with the disk back, writing does."""
    assert populated.write(lambda transaction: record(transaction, "durable")) == 1
    ran: list[int] = []
    with failing_disk(folder):
        with one_group(populated):
            futures = [submit(populated, lambda transaction: ran.append(record(transaction, "lost"))) for _ in range(3)]
        assert all(isinstance(outcome(future), StoreUnavailable) for future in futures)
        assert ran == [2, 3, 4]
        assert isinstance(outcome(submit(populated, lambda transaction: record(transaction, "lost"))), StoreUnavailable)
        assert [change.target for change in populated.list_changes(since=0, now=NOW)] == ["durable"]
    assert populated.write(lambda transaction: record(transaction, "healed")) == 2
    assert [change.target for change in announced] == ["durable", "healed"]
    populated.close()
    assert opened().list_changes(since=0, now=NOW) == announced


def fail_a_commit(store: SqliteStore, folder: Path) -> None:
    """Let three members lose their COMMIT where the log, larger than the database, could be copied right after."""
    for now in range(1, 100):
        store.note_time(now)
    assert (folder / "tokenhouse.db-wal").stat().st_size > (folder / "tokenhouse.db").stat().st_size
    with failing_disk(folder):
        with one_group(store):
            futures = [submit(store, lambda transaction: record(transaction, "lost")) for _ in range(3)]
        assert all(isinstance(outcome(future), StoreUnavailable) for future in futures)


def test_a_commit_that_failed_is_not_tried_again(populated: SqliteStore, announced: list[Change], folder: Path) -> None:
    """Whether it is on disk is unknown: the members are refused though the disk is well again at once."""
    fail_a_commit(populated, folder)
    assert populated.write(lambda transaction: record(transaction, "healed")) == 1
    assert [change.target for change in announced] == ["healed"]
    assert populated.persisted_time() == 99


def test_after_a_failed_commit_the_log_is_copied_before_it_is_used_again(populated: SqliteStore, folder: Path) -> None:
    """What a failed fsync left in memory cannot be believed: nothing is added to the log while a reader holds it."""
    populated.note_time(1)
    reader = connect_reader(folder / "tokenhouse.db")
    reader.execute("BEGIN").execute("SELECT name FROM counters").fetchone()
    fail_a_commit(populated, folder)
    with pytest.raises(StoreUnavailable, match="opened again"):
        populated.note_time(100)
    reader.close()
    populated.note_time(101)
    assert populated.persisted_time() == 101


def test_a_commit_that_is_on_disk_after_all_is_announced(
    populated: SqliteStore, announced: list[Change], folder: Path
) -> None:
    """What a failed COMMIT left on disk is found when the database is opened again, before anything else is written."""
    assert populated.write(lambda transaction: record(transaction, "first")) == 1
    unknown = connect_writer(folder / "tokenhouse.db")
    record(SqliteTransaction(unknown.cursor(), 0), "on disk after all")
    unknown.close()
    with failing_disk(folder):
        assert isinstance(outcome(submit(populated, lambda transaction: record(transaction, "lost"))), StoreUnavailable)
    assert populated.write(lambda transaction: record(transaction, "next")) == 3
    assert [(change.revision, change.target) for change in announced] == [
        (1, "first"),
        (2, "on disk after all"),
        (3, "next"),
    ]


def test_a_damaged_database_is_not_written_any_more(opened: Opener, populated: SqliteStore, folder: Path) -> None:
    """After SQLITE_CORRUPT nothing is written: a wrong "no row" must not become a fact."""
    grants = [a_grant(id=number.to_bytes(16)) for number in range(2000)]
    populated.write(lambda transaction: [transaction.create_grant(grant) for grant in grants])
    populated.close()
    store = opened()
    path = folder / "tokenhouse.db"
    with path.open("r+b") as file:
        for page in range(30, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    with pytest.raises(StoreUnavailable):
        store.write(lambda transaction: [transaction.kill_code(grant.id) for grant in grants])
    with pytest.raises(StoreUnavailable, match="damaged"):
        store.note_time(1)


def test_a_change_that_cannot_be_announced_stops_the_writing(opened: Opener) -> None:
    """Memory would go on accepting what the database has revoked; after a restart both agree."""

    def fail(changes: object) -> None:
        raise ValueError("no memory left")

    store = opened(fail)
    with pytest.raises(StoreUnavailable, match="announced"):
        store.write(lambda transaction: record(transaction, "revoked"))
    with pytest.raises(StoreUnavailable, match="announced"):
        store.note_time(1)
    store.close()
    assert [change.target for change in opened().list_changes(since=0, now=NOW)] == ["revoked"]
