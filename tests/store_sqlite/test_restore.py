"""Putting a copy in the place of the database: only a whole one of ours, all of it or nothing, the old one kept."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.store.refusal import StoreInUse, StoreRefused
from core.store.sqlite.database import connect_reader
from core.store.sqlite.restore import Past, restoring
from core.store.sqlite.soundness import find_damage
from core.store.sqlite.store import SqliteStore, open_store
from tests.patience import PATIENCE
from tests.store_contract.nouns import NOW, a_user
from tests.store_sqlite.conftest import Opener
from tests.store_sqlite.test_refused import (
    HOLDER,
    contents,
    other_program,
    run_sql,
    smash_pages,
    smash_sessions,
)

_STAMP = "20310101T000000Z"
_BEFORE = f"tokenhouse.db.before-{_STAMP}"


@pytest.fixture
def backup(populated: SqliteStore, tmp_path: Path) -> Path:
    """A backup from the time when the user was there, of a store that has forgotten them since and is closed."""
    path = tmp_path / "tokenhouse.backup"
    populated.note_time(NOW)
    populated.back_up(path, overwrite=False, wanted=lambda: True)
    populated.write(lambda transaction: transaction.delete_user("subject-1"))
    populated.write(lambda transaction: transaction.record_restore(beyond=9, now=NOW, keep_until=NOW + 1))
    populated.note_time(NOW + 5)
    populated.close()
    return path


def restore(folder: Path, file: Path) -> Path | None:
    """Put the file in the place, as it is; where the database before is kept."""
    with restoring(folder) as place:
        place.open_copy(file).close()
        return place.take_place(_STAMP)


def knows_the_user(folder: Path) -> bool:
    """Whether the store in the folder is the backup's; opened as the core opens it."""
    with closing(open_store(folder, on_commit=lambda changes: None)) as store:
        return store.find_user("subject-1") == a_user()


def sqlite_names(folder: Path) -> set[str]:
    """What is there beside the lock and the reserve."""
    return {path.name for path in folder.iterdir()} - {"tokenhouse.lock", "tokenhouse.reserve"}


def test_a_backup_takes_the_place_and_the_old_one_is_kept(backup: Path, folder: Path) -> None:
    """The store is the backup's; what was there is whole under the name that is said, 0600 as all."""
    kept = restore(folder, backup)
    assert knows_the_user(folder)
    assert kept == folder / _BEFORE
    assert sqlite_names(folder) == {"tokenhouse.db", _BEFORE}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    restore(folder, kept)
    assert not knows_the_user(folder)
    assert sqlite_names(folder) == {"tokenhouse.db", _BEFORE, f"{_BEFORE}+"}


def test_a_machine_that_had_none(backup: Path, tmp_path: Path) -> None:
    """The folder is made, and there is nothing to keep."""
    with restoring(tmp_path / "new" / "database") as place:
        place.open_copy(backup).close()
        assert place.read_past() is None
        assert place.take_place(_STAMP) is None
    assert knows_the_user(tmp_path / "new" / "database")
    assert (tmp_path / "new" / "database").stat().st_mode & 0o777 == 0o700


def test_what_the_old_one_knows_is_told(backup: Path, folder: Path) -> None:
    """The highest number it gave out and the time it has seen, from its log as well."""
    with restoring(folder) as place:
        assert place.read_past() == Past(revision=10, noted_time=NOW + 5)
    (folder / "tokenhouse.db").write_bytes(b"no database")
    with restoring(folder) as place:
        assert place.read_past() is None


def test_a_database_that_cannot_be_read_is_kept_with_its_log(backup: Path, folder: Path) -> None:
    """Nothing is thrown away that somebody may still want to look at."""
    (folder / "tokenhouse.db").write_bytes(b"smashed")
    (folder / "tokenhouse.db").with_name("tokenhouse.db-wal").write_bytes(b"its log")
    (folder / "tokenhouse.db-wal").chmod(0o600)
    with restoring(folder) as place:
        place.open_copy(backup).close()
        place.read_past()
        assert place.take_place(_STAMP) == folder / _BEFORE
    assert (folder / _BEFORE).read_bytes() == b"smashed"
    assert (folder / f"{_BEFORE}-wal").read_bytes() == b"its log"
    assert knows_the_user(folder)


def forge_index(path: Path) -> None:
    """Give the user another name in the index of names alone, which a quick look does not compare."""
    data = path.read_bytes()
    places = [place for place in range(len(data)) if data.startswith("zoë".encode(), place)]
    pages = {place // 4096 for place in places}
    assert len(places) == len(pages) == 2
    forged = bytearray(data)
    forged[max(places) : max(places) + 1] = b"y"
    path.write_bytes(forged)
    with closing(connect_reader(path)) as connection:
        assert find_damage(connection) == ""


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "cannot be read: No such file"),
    "a folder": (lambda path: _replace(path, Path.mkdir), "is not a plain file"),
    "a pipe": (lambda path: _replace(path, os.mkfifo), "is not a plain file"),
    "empty": (lambda path: os.truncate(path, 0), "is empty"),
    "garbage": (lambda path: path.write_bytes(os.urandom(9000)), "file is not a database"),
    "cut inside a page": (lambda path: os.truncate(path, path.stat().st_size // 2 - 100), "malformed|damaged"),
    "cut at a page": (lambda path: os.truncate(path, path.stat().st_size - 4096), "malformed|damaged"),
    "smashed pages": (smash_pages, "malformed|damaged"),
    "one smashed page": (smash_sessions, "is damaged"),
    "one wrong index entry": (lambda path: forge_index(path), r"is damaged \(.*index"),
    "of another program": (other_program, "is not a Tokenhouse database"),
    "newer": (
        lambda path: run_sql(
            path,
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('tokenhouse', 'from_2031', '')",
        ),
        r"was written by a newer Tokenhouse \(it has from_2031\)",
    ),
    "with a trigger": (
        lambda path: run_sql(
            path, "CREATE TRIGGER t AFTER UPDATE ON grants BEGIN UPDATE grants SET state = 'active'; END"
        ),
        "has tables that are not Tokenhouse's",
    ),
    "without a table": (lambda path: run_sql(path, "DROP TABLE rates"), "has tables that are not Tokenhouse's"),
    "part of a database": (
        lambda path: path.with_name(f"{path.name}-wal").write_bytes(b"its log"),
        "is not the whole of a database, part of which is in tokenhouse.backup-wal",
    ),
}


@pytest.mark.parametrize("wrong", list(BAD))
def test_what_is_no_backup_touches_nothing(backup: Path, folder: Path, wrong: str) -> None:
    """One line names the file and says what is wrong with it; the database is as it was, with nothing beside it."""
    spoil, message = BAD[wrong]
    spoil(backup)
    before = contents(folder)
    with restoring(folder) as place, pytest.raises(StoreRefused, match=message) as refused:
        place.open_copy(backup)
    assert str(backup) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert contents(folder) == before
    assert not knows_the_user(folder)


def test_a_disk_without_room_touches_nothing(backup: Path, folder: Path) -> None:
    """The copy is begun beside the database, and is gone where it does not fit."""
    before = contents(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, hard))
    try:
        with restoring(folder) as place, pytest.raises(StoreRefused, match=r"cannot be copied to .*: File too large"):
            place.open_copy(backup)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(folder) == before


def test_a_copy_that_is_not_all_in_one_file_does_not_take_the_place(backup: Path, folder: Path) -> None:
    """Where the disk kept its log from being copied into it, what was written to it is not lost in silence."""
    before = contents(folder)
    with restoring(folder) as place:
        with closing(place.open_copy(backup)) as store:
            store.note_time(NOW + 9)
        (folder / "tokenhouse.db.restoring-wal").write_bytes(b"not copied")
        with pytest.raises(StoreRefused, match="the disk failed, and nothing was changed"):
            place.take_place(_STAMP)
    assert contents(folder) == before


def test_a_store_that_is_open_is_not_replaced(backup: Path, folder: Path) -> None:
    """Neither while another process has it, nor in the same one; nor does a start come between."""
    arguments = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreInUse), restoring(folder):
            pass
        holder.kill()
        holder.wait(PATIENCE)
    with restoring(folder) as place:
        for opening in (
            lambda: open_store(folder, on_commit=lambda changes: None),
            lambda: restoring(folder).__enter__(),
        ):
            with pytest.raises(StoreInUse):
                opening()
        place.open_copy(backup).close()
        with pytest.raises(StoreInUse):
            open_store(folder, on_commit=lambda changes: None)


def _steps(folder: Path, backup: Path) -> list[Callable[[], object]]:
    """What a restore does to names, one after another."""
    database, restored = folder / "tokenhouse.db", folder / f"tokenhouse.db.restored-{_STAMP}"
    return [
        lambda: shutil.copy(backup, folder / "tokenhouse.db.restoring"),
        lambda: (folder / "tokenhouse.db.restoring").rename(restored),
        lambda: (folder / "tokenhouse.db-wal").rename(folder / f"{_BEFORE}-wal"),
        lambda: (folder / "tokenhouse.db-shm").rename(folder / f"{_BEFORE}-shm"),
        lambda: database.rename(folder / _BEFORE),
        lambda: restored.rename(database),
    ]


@pytest.mark.parametrize("next_one", ["start", "restore"])
@pytest.mark.parametrize("done", range(7))
def test_a_crash_between_two_steps(opened: Opener, backup: Path, folder: Path, done: int, next_one: str) -> None:
    """It has happened or it has not, and whoever comes next finishes it: the old database with its log, or the new
    one with the old one kept. Never a mixture of the two, and never an empty one."""
    database = open_store(folder, on_commit=lambda changes: None)
    database.note_time(NOW + 100)
    crashed = folder.with_name("crashed")
    shutil.copytree(folder, crashed)
    database.close()
    for step in _steps(crashed, backup)[:done]:
        step()
    if next_one == "restore":
        with restoring(crashed):
            pass

    assert knows_the_user(crashed) is (done >= 2)
    if done < 2:
        assert sqlite_names(crashed) == {"tokenhouse.db"}
        with closing(open_store(crashed, on_commit=lambda changes: None)) as store:
            assert store.persisted_time() == NOW + 100
    else:
        assert sqlite_names(crashed) == {"tokenhouse.db", *(f"{_BEFORE}{suffix}" for suffix in ("", "-wal", "-shm"))}
        old = folder.with_name("old")
        old.mkdir(mode=0o700)
        for suffix in ("", "-wal"):
            shutil.copy(crashed / f"{_BEFORE}{suffix}", old / f"tokenhouse.db{suffix}")
        with closing(open_store(old, on_commit=lambda changes: None)) as store:
            assert store.persisted_time() == NOW + 100
