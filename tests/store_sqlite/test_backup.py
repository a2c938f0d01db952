"""Backups of a store that is written to: whole, private, on their own, and never in the place of something else."""

import os
import resource
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.domain.errors import AlreadyExists, FailedPrecondition, StoreUnavailable
from core.domain.grants.grant import GrantState, RevokeReason
from core.domain.store import Transaction
from core.domain.tokens.change import ChangeKind
from core.store.sqlite.reserve import RESERVE_BYTES
from core.store.sqlite.store import SqliteStore, open_store
from tests.patience import PATIENCE
from tests.store_contract.nouns import NOW, a_user, an_active_grant
from tests.store_sqlite.conftest import Opener
from tests.store_sqlite.test_refused import smash_sessions

_GRANTS = 600
_EVERYTHING = 10_000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the backup goes: the only thing in its folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder / "tokenhouse.backup"


def back_up(
    store: SqliteStore, target: Path, *, overwrite: bool = False, wanted: Callable[[], bool] = lambda: True
) -> int:
    """Make a backup; the revision in it."""
    return store.back_up(target, overwrite=overwrite, wanted=wanted).revision


def open_backup(target: Path, folder: Path) -> SqliteStore:
    """A store on a copy of the backup."""
    folder.mkdir(mode=0o700)
    (folder / "tokenhouse.db").touch(0o600)
    (folder / "tokenhouse.db").write_bytes(target.read_bytes())
    return open_store(folder, on_commit=lambda changes: None)


def revoke(store: SqliteStore, number: int) -> int:
    """End a grant and record that, in one transaction; the revision."""

    def intent(transaction: Transaction) -> int:
        grant_id = number.to_bytes(16)
        transaction.revoke_grant(grant_id, reason=RevokeReason.REVOKED_BY_CLIENT, now=NOW)
        return transaction.record_change(ChangeKind.GRANT_REVOKED, grant_id.hex(), now=NOW, keep_until=NOW + 1)

    return store.write(intent)


def test_a_backup_is_one_moment_of_a_busy_store(populated: SqliteStore, target: Path, tmp_path: Path) -> None:
    """Whatever was acknowledged before it began is in it, no transaction is in it by half, and writing went on."""
    populated.write(
        lambda transaction: [
            transaction.create_grant(an_active_grant(id=number.to_bytes(16))) for number in range(_GRANTS)
        ]
    )
    before = max(revoke(populated, number) for number in range(50))
    begun = threading.Event()

    def work(first: int) -> int:
        for number in range(first, _GRANTS, 4):
            revoke(populated, number)
            begun.set()
        return first

    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, 50 + first) for first in range(4)]
        assert begun.wait(PATIENCE)
        revision = back_up(populated, target)
        after = revoke(populated, 0)
        assert [each.result() for each in working] == [50, 51, 52, 53]

    assert before < revision < after
    restored = open_backup(target, tmp_path / "restored")
    try:
        changes = restored.list_changes(since=0, now=NOW)
        grants = restored.list_grants(subject=None, client_id=None, live_at=None, limit=_EVERYTHING, before=None)
        assert [change.revision for change in changes] == list(range(1, revision + 1))
        assert len(grants) == _GRANTS
        ended = {grant.id.hex() for grant in grants if grant.state is GrantState.REVOKED}
        assert ended == {change.target for change in changes}
        assert restored.find_user("subject-1") == a_user()
    finally:
        restored.close()


def test_a_backup_is_a_single_private_file(populated: SqliteStore, target: Path) -> None:
    """0600 whatever the umask, with nothing beside it, and its size is told."""
    before = os.umask(0)
    try:
        made = populated.back_up(target, overwrite=False, wanted=lambda: True)
    finally:
        os.umask(before)

    assert list(target.parent.iterdir()) == [target]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (made.path, made.size) == (target, target.stat().st_size)


def test_what_was_deleted_is_not_in_it(populated: SqliteStore, target: Path, folder: Path) -> None:
    """A deleted user's hash may still lie in a free page of the database; in the backup there is none."""
    secret = "the hash of somebody who left"
    populated.write(
        lambda transaction: transaction.create_user(a_user(subject="s", username_key="k", password_hash=secret))
    )
    populated.write(lambda transaction: transaction.delete_user("s"))
    assert secret.encode() in (folder / "tokenhouse.db-wal").read_bytes()
    back_up(populated, target)

    assert secret.encode() not in target.read_bytes()


def _what_is_there(path: Path) -> tuple[int, int, int, bytes]:
    """Mode, inode, last write, content; not when it was last read, which this very reading changes."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_mtime_ns, path.read_bytes() if path.is_file() else b""


def test_nothing_is_overwritten_without_being_told(populated: SqliteStore, target: Path) -> None:
    """What is there stays as it is, be it a backup, a dangling link or anything else."""
    for make in (
        lambda: target.write_bytes(b"precious"),
        lambda: back_up(populated, target),
        lambda: target.symlink_to("nowhere"),
        target.mkdir,
    ):
        make()
        before = _what_is_there(target)
        with pytest.raises(AlreadyExists, match="is there already"):
            back_up(populated, target)
        assert _what_is_there(target) == before
        assert list(target.parent.iterdir()) == [target]
        target.rmdir() if target.is_dir() else target.unlink()


def test_overwriting_replaces_a_backup_at_once(populated: SqliteStore, target: Path, tmp_path: Path) -> None:
    """Whoever has the older one open goes on reading it whole; the name is the new one's, and private again."""
    back_up(populated, target)
    target.chmod(0o644)
    older = target.read_bytes()
    with target.open("rb") as file:
        revision = revoke(populated, 0)
        assert back_up(populated, target, overwrite=True) == revision
        assert file.read() == older
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert back_up(populated, tmp_path / "new", overwrite=True) == revision


@pytest.mark.parametrize("make", ["key", "pipe", "folder", "link", "device"])
def test_overwriting_replaces_nothing_but_a_backup(populated: SqliteStore, target: Path, make: str) -> None:
    """A mistyped name costs no master key, no configuration and no device."""
    precious = target.with_name("precious")
    match make:
        case "key":
            target.write_bytes(b"# Tokenhouse master keys\n")
        case "pipe":
            os.mkfifo(target)
        case "folder":
            target.mkdir()
        case "link":
            back_up(populated, precious)
            target.symlink_to(precious)
        case "device":
            target = Path("/dev/null")
    before = _what_is_there(target)
    with pytest.raises(FailedPrecondition, match=r"is no backup|cannot be made: Too many levels"):
        back_up(populated, target, overwrite=True)
    assert _what_is_there(target) == before


def test_two_at_once_for_one_name(populated: SqliteStore, target: Path, tmp_path: Path) -> None:
    """Of two servers whose backups meet at one name, one gets it, and it holds that one's copy."""
    other = open_store(tmp_path / "other", on_commit=lambda changes: None)
    start = threading.Barrier(2)
    try:
        for turn in range(10):
            place = target.with_name(f"{turn}")

            def make(store: SqliteStore, place: Path = place) -> bool:
                start.wait(PATIENCE)
                try:
                    back_up(store, place)
                except AlreadyExists:
                    return False
                return True

            with ThreadPoolExecutor(2) as threads:
                assert sorted(threads.map(make, (populated, other))) == [False, True]
    finally:
        other.close()
    assert len(list(target.parent.iterdir())) == 10


def test_one_at_a_time(populated: SqliteStore, target: Path) -> None:
    """A second backup of the same store is told to wait, and the first is none the worse."""
    refused: list[str] = []

    def ask_again() -> bool:
        with pytest.raises(FailedPrecondition) as refusal:
            back_up(populated, target.with_name("second"))
        refused.append(refusal.value.description)
        return True

    back_up(populated, target, wanted=ask_again)
    assert set(refused) == {"a backup is being made already; wait until it is done"}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_longer_wanted_leaves_nothing(populated: SqliteStore, target: Path, overwrite: bool) -> None:
    """Whoever asked hung up: nothing new is there, and an older backup is as it was."""
    if overwrite:
        back_up(populated, target)
    before = {path: path.read_bytes() for path in target.parent.iterdir()}
    revoke(populated, 0)
    with pytest.raises(StoreUnavailable, match="given up"):
        back_up(populated, target, overwrite=overwrite, wanted=lambda: False)
    assert {path: path.read_bytes() for path in target.parent.iterdir()} == before
    back_up(populated, target, overwrite=True)


def test_what_a_crash_left_is_cleared_away(populated: SqliteStore, target: Path) -> None:
    """An unfinished copy of a process that was killed does not stand in the way of the next one; of the name that it
    held, which is an empty file, that has to be said."""
    for suffix in ("", "-journal"):
        target.with_name(f".{target.name}.unfinished{suffix}").write_bytes(b"half")
    target.touch()
    with pytest.raises(AlreadyExists):
        back_up(populated, target)
    back_up(populated, target, overwrite=True)
    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_size > 0


def test_a_closed_store_makes_none(populated: SqliteStore, target: Path) -> None:
    """Refused as every other call is."""
    populated.close()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        back_up(populated, target)
    assert list(target.parent.iterdir()) == []


def test_closing_waits_for_the_backup_and_ends_it(populated: SqliteStore, target: Path) -> None:
    """A core that stops does not wait for minutes, and leaves no file behind."""
    closing = threading.Thread(target=populated.close)

    def wanted() -> bool:
        if not closing.is_alive():
            closing.start()
        while not populated._copier._closed:
            closing.join(0.01)
        assert closing.is_alive()
        return True

    with pytest.raises(StoreUnavailable, match="given up"):
        back_up(populated, target, wanted=wanted)
    closing.join(10)
    assert not closing.is_alive()
    assert list(target.parent.iterdir()) == []


def test_a_damaged_database_gives_no_backup(opened: Opener, folder: Path, target: Path) -> None:
    """What cannot be read whole is not called a backup; one line says what to do."""
    opened().close()
    store = opened()
    smash_sessions(folder / "tokenhouse.db")
    with pytest.raises(FailedPrecondition, match="damaged: stop the core and restore an older backup"):
        back_up(store, target)
    assert list(target.parent.iterdir()) == []


def test_a_disk_that_fails_gives_no_backup(populated: SqliteStore, target: Path) -> None:
    """Nothing is left of the copy, and the next one, on a disk that is well, is made."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16384, hard))
    try:
        with pytest.raises((StoreUnavailable, FailedPrecondition)):
            back_up(populated, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(target.parent.iterdir()) == []
    back_up(populated, target)


def test_a_backup_does_not_fill_the_disk_of_the_database(populated: SqliteStore, target: Path, free: list[int]) -> None:
    """On the database's own disk the reserve must fit twice beside the copy; the line says what is missing."""
    free[0] = 2 * RESERVE_BYTES
    with pytest.raises(FailedPrecondition, match=r"elsewhere has 31 MB free, and 32 MB are needed"):
        back_up(populated, target)
    assert list(target.parent.iterdir()) == []
    free[0] = 3 * RESERVE_BYTES
    back_up(populated, target)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/backup", "cannot be made: No such file or directory"),
        ("file/backup", "cannot be made: Not a directory"),
        ("x" * 256, "cannot be made: File name too long"),
        ("data/backup", "is the database's own folder; name another one"),
        ("alias/tokenhouse.db", "is the database's own folder; name another one"),
    ],
)
def test_a_place_that_will_not_do(populated: SqliteStore, tmp_path: Path, name: str, message: str) -> None:
    """One line says why; the database's own files are nobody's to overwrite, by whatever name the folder goes."""
    (tmp_path / "file").touch()
    (tmp_path / "alias").symlink_to("data")
    before = sorted((tmp_path / "data").iterdir())
    for overwrite in (False, True):
        with pytest.raises(FailedPrecondition, match=message) as refused:
            back_up(populated, tmp_path / name, overwrite=overwrite)
        assert "\n" not in str(refused.value)
    assert sorted((tmp_path / "data").iterdir()) == before
