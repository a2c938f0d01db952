"""A store that is not sound, not private or not ours is refused in one clear line, and left as it is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pysqlite3  # type: ignore[import-untyped]  # the wheel carries no types
import pytest

from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.store import open_store
from tests.patience import PATIENCE
from tests.store_contract.nouns import a_grant
from tests.store_sqlite.conftest import Opener

HOLDER = """
import sys
from pathlib import Path
from core.store.sqlite.store import open_store
store = open_store(Path(sys.argv[1]), on_commit=lambda changes: None)
print("open", flush=True)
sys.stdin.read()
"""


def run_sql(path: Path, sql: str) -> None:
    """Run a statement on a closed store's file."""
    connection = pysqlite3.connect(str(path), isolation_level=None)
    connection.execute(sql)
    connection.close()


def smash_pages(path: Path) -> None:
    """Overwrite the b-tree headers of every page but the first."""
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)


def smash_sessions(path: Path) -> None:
    """Overwrite the root page of one table that no start reads."""
    connection = pysqlite3.connect(str(path))
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'").fetchall()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 64)


def give_away(path: Path) -> None:
    """Make a file belong to somebody else, which only root can."""
    os.chown(path, 65534, -1)


def other_program(path: Path) -> None:
    """Put another program's database in the place."""
    path.unlink()
    path.touch(0o600)
    run_sql(path, "CREATE TABLE bookmarks (url TEXT)")


def link(path: Path) -> None:
    """Leave a symbolic link in the place."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def lose(path: Path) -> None:
    """Take the database away and leave its log."""
    path.unlink()
    path.with_name("tokenhouse.db-wal").touch(0o600)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "readable by others": (
        lambda path: path.chmod(0o644),
        r"tokenhouse\.db is open to others \(mode 0644\); chmod 0600",
    ),
    "writable by the group": (lambda path: path.chmod(0o620), r"mode 0620"),
    "folder readable by others": (lambda path: path.parent.chmod(0o755), r"data is open to others .*chmod 0700"),
    "empty": (lambda path: os.truncate(path, 0), r"tokenhouse\.db is empty; restore it"),
    "garbage": (
        lambda path: path.write_bytes(os.urandom(9000)),
        r"cannot be opened: file is not a database; tokenhouse doctor says what to do",
    ),
    "cut inside a page": (lambda path: os.truncate(path, path.stat().st_size // 2 - 100), r"malformed|damaged"),
    "cut at a page": (lambda path: os.truncate(path, 4096 * 3), r"malformed|damaged"),
    "smashed pages": (smash_pages, r"malformed|damaged"),
    "one smashed page": (smash_sessions, r"tokenhouse\.db is damaged \(.*\); restore it"),
    "of another program": (other_program, r"tokenhouse\.db is not a Tokenhouse database"),
    "a symbolic link": (link, r"tokenhouse\.db is not a plain file"),
    "gone, with a log left": (lose, r"tokenhouse\.db is missing while its log"),
    "newer": (
        lambda path: run_sql(
            path,
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('tokenhouse', 'from_2031', '')",
        ),
        r"written by a newer Tokenhouse \(it has from_2031\)",
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the folder, without those that SQLite makes for each connection."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(("-shm", "-wal"))}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_what_is_not_as_it_should_be_is_refused(opened: Opener, folder: Path, damage: str) -> None:
    """One line says what is wrong; nothing is made anew and nothing repaired."""
    opened().close()
    spoil, message = DAMAGES[damage]
    spoil(folder / "tokenhouse.db")
    before = contents(folder)
    for _ in range(2):
        with pytest.raises(StoreRefused, match=message) as refused:
            opened()
        assert "\n" not in str(refused.value)
    assert contents(folder) == before


def test_a_file_of_another_user_is_refused(opened: Opener, folder: Path) -> None:
    """Whoever owns the file could give it to others at any time. Without root, a folder of root's has to do."""
    if os.geteuid() == 0:
        opened().close()
        give_away(folder / "tokenhouse.db")
        with pytest.raises(StoreRefused, match=r"tokenhouse\.db belongs to user 65534"):
            opened()
    else:
        with pytest.raises(StoreRefused, match="belongs to user 0"):
            open_store(Path("/usr"), on_commit=lambda changes: None)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A path through a file is refused in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreRefused, match="file/data cannot be used: Not a directory"):
        open_store(tmp_path / "file" / "data", on_commit=lambda changes: None)


def test_a_store_that_another_process_has_open_is_refused(opened: Opener, folder: Path) -> None:
    """Two writers on one file starve each other; the lock goes with its process, however that ends."""
    arguments = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreRefused, match="data is in use by another process"):
            opened()
        holder.kill()
        holder.wait(PATIENCE)
    opened()


def test_a_store_that_this_process_has_open_is_refused(opened: Opener) -> None:
    """A second store in the same process is a second writer too."""
    first = opened()
    with pytest.raises(StoreRefused, match="in use"):
        opened()
    first.close()
    opened()


@pytest.mark.parametrize(("version", "refused"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)])
def test_a_library_with_the_wal_reset_bug_is_refused(version: tuple[int, ...], refused: bool) -> None:
    """SQLite 3.7.0 to 3.51.2 can corrupt a database when two connections reset the log."""
    if refused:
        with pytest.raises(StoreRefused, match=r"can corrupt a database; install pysqlite3 with SQLite 3\.51\.3"):
            driver.require_safe_library(version)
    else:
        driver.require_safe_library(version)


def test_a_refused_start_lets_go_of_the_lock(opened: Opener, folder: Path) -> None:
    """Once the operator has put things right, the same process can open the store."""
    store = opened()
    store.write(lambda transaction: transaction.note_persisted_time(5))
    store.close()
    (folder / "tokenhouse.db").chmod(0o644)
    with pytest.raises(StoreRefused):
        opened()
    (folder / "tokenhouse.db").chmod(0o600)
    good = (folder / "tokenhouse.db").read_bytes()
    os.truncate(folder / "tokenhouse.db", 5000)
    with pytest.raises(StoreRefused):
        opened()
    (folder / "tokenhouse.db").write_bytes(good)
    store = opened()
    assert store.persisted_time() == 5
    assert store.find_grant(a_grant().id) is None
