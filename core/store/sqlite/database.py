"""The database file: made whole or not at all, examined before it is believed, opened by writer and readers."""

import os
from contextlib import closing
from pathlib import Path

from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.driver import Connection
from core.store.sqlite.folder import DATABASE, sync_folder
from core.store.sqlite.replacement import finish_replacement
from core.store.sqlite.schema_steps import is_up_to_date
from core.store.sqlite.soundness import find_damage, find_strangeness

#: WAL pages after which the writer copies them into the database.
CHECKPOINT_PAGES = 2000
#: A WAL file that a long read made larger than this is cut again, in bytes.
LARGEST_WAL = 64 * 1024 * 1024

_EVERY_CONNECTION = (
    "PRAGMA temp_store = MEMORY",
    # Memory-mapped reads have turned file-system errors into corruption.
    "PRAGMA mmap_size = 0",
    "PRAGMA trusted_schema = OFF",
)
# A cache of 2 MB: what it does not hold is in the system's. A rotation among 20,000 grants is not slower than with 4.
_WRITER = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cell_size_check = ON",
    "PRAGMA cache_size = -2048",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"PRAGMA journal_size_limit = {LARGEST_WAL}",
)
_COPIER = ("PRAGMA cache_size = -8192", "PRAGMA wal_autocheckpoint = 0")
# Dozens of threads read, a few pages each time, and a commit empties their caches: the system's own serves them all.
_READER = ("PRAGMA query_only = ON", "PRAGMA cache_size = -256", "PRAGMA wal_autocheckpoint = 0")


def prepare_database(folder: Path) -> Path:
    """The path of a sound database with the newest schema.

    Raises:
        StoreRefused: what is there is damaged, newer than this program or something else. It is left as it is.
    """
    path = folder / DATABASE
    try:
        finish_replacement(folder)
    except OSError as error:
        raise StoreRefused(f"{folder} cannot be used: {error.strerror}") from None
    if os.path.lexists(path):
        _prepare_existing(path)
    else:
        _create(path)
    return path


def connect_writer(path: Path) -> Connection:
    """The one connection that writes and checkpoints.

    Raises:
        driver.Error: it cannot be opened.
    """
    return _configured(driver.connect(path, "rw"), _WRITER)


def connect_reader(path: Path, *, immutable: bool = False) -> Connection:
    """A connection that can only read, and never checkpoints; `immutable` where there is no log and nobody writes one.

    Raises:
        driver.Error: it cannot be opened.
    """
    return _configured(driver.connect(path, "ro&immutable=1" if immutable else "ro"), _READER)


def connect_copier(path: Path) -> Connection:
    """A connection that cannot write to the database, and may copy it into another file.

    Raises:
        driver.Error: it cannot be opened.
    """
    return _configured(driver.connect(path, "ro"), _COPIER)


def _configured(connection: Connection, pragmas: tuple[str, ...]) -> Connection:
    try:
        for pragma in _EVERY_CONNECTION + pragmas:
            connection.execute(pragma).fetchall()
    except driver.Error:
        connection.close()
        raise
    return connection


def _prepare_existing(path: Path) -> None:
    # SQLite takes an empty file for a new database, and would forget every revocation without a word.
    if path.stat().st_size == 0:
        raise StoreRefused(f"{path} is empty; restore it from a backup, or move it away to start anew")
    try:
        with closing(connect_writer(path)) as connection:
            if damage := find_damage(connection):
                raise StoreRefused(f"{path} is damaged ({damage}); restore it from a backup")
            if strangeness := find_strangeness(connection):
                raise StoreRefused(f"{path} {strangeness}")
            bring_up_to_date(path, connection)
    except driver.Error as error:
        raise StoreRefused(f"{path} cannot be opened: {error}; tokenhouse doctor says what to do") from None


def _create(path: Path) -> None:
    """Build the database under another name, so that a crash leaves a whole one or none."""
    if os.path.lexists(f"{path}-wal"):
        raise StoreRefused(f"{path} is missing while its log {path.name}-wal is there; restore both, or remove the log")
    unfinished = path.with_name(f"{path.name}.new")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)
    try:
        # SQLite gives its -wal and -shm files the mode of the database.
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(connect_writer(unfinished)) as connection:
            bring_up_to_date(unfinished, connection)
        unfinished.rename(path)
        sync_folder(path.parent)
    except driver.Error as error:
        raise StoreRefused(f"{path} cannot be made: {error}") from None
    except OSError as error:
        raise StoreRefused(f"{path} cannot be made: {error.strerror}") from None


def bring_up_to_date(path: Path, connection: Connection) -> None:
    """Give a sound database a write-ahead log and the newest schema.

    Raises:
        StoreRefused: it cannot have the log where it is, or the schema is not made with the same SQLite library.
        driver.Error: it cannot be written.
    """
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreRefused(f"{path} cannot have a write-ahead log here (journal mode {mode}); use a local disk")
    if not is_up_to_date(connection):
        # Loaded where it is wanted: it takes longer than the rest of the store.
        from core.store.sqlite.migrations import migrate

        migrate(connection)
