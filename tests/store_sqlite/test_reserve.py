"""The reserve: room put by on the disk, given up when that is full, put by again."""

import os
from pathlib import Path

import pytest

from core.store.sqlite.reserve import RESERVE_BYTES, Reserve
from tests.store_contract.nouns import a_session
from tests.store_sqlite.conftest import Opener


def allocated(path: Path) -> int:
    """The bytes that the disk really keeps for a file."""
    return path.stat().st_blocks * 512


def test_the_store_puts_room_by(opened: Opener, folder: Path) -> None:
    """The room is really taken from the disk, not only named, and kept over a restart."""
    opened().close()
    path = folder / "tokenhouse.reserve"
    assert allocated(path) >= RESERVE_BYTES
    number = path.stat().st_ino
    opened()
    assert path.stat().st_ino == number


def test_a_file_without_room_behind_it_is_no_reserve(opened: Opener, folder: Path) -> None:
    """A restored or copied folder may hold the name and the length without the blocks."""
    opened().close()
    path = folder / "tokenhouse.reserve"
    os.truncate(path, 0)
    os.truncate(path, RESERVE_BYTES)
    opened()
    assert allocated(path) >= RESERVE_BYTES


def test_it_is_given_up_only_where_the_disk_is_full(tmp_path: Path, free: list[int]) -> None:
    """A limit that is not the disk's leaves it; on a full disk it goes, once."""
    reserve = Reserve(tmp_path)
    reserve.make()
    assert not reserve.give_up()
    free[0] = RESERVE_BYTES // 2
    assert reserve.give_up()
    assert not reserve.held
    assert list(tmp_path.iterdir()) == []
    assert not reserve.give_up()


def test_it_is_put_by_again_where_there_is_plenty(tmp_path: Path, free: list[int]) -> None:
    """Not as soon as it fits, which it does the moment it is gone."""
    reserve = Reserve(tmp_path)
    reserve.make()
    free[0] = 0
    assert reserve.give_up()
    free[0] = 2 * RESERVE_BYTES - 4096
    reserve.renew()
    assert not reserve.held
    free[0] = 2 * RESERVE_BYTES
    reserve.renew()
    assert reserve.held
    assert allocated(tmp_path / "tokenhouse.reserve") >= RESERVE_BYTES


def test_a_store_that_finds_no_room_says_so(
    opened: Opener, folder: Path, free: list[int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start on a disk without room for it serves what ends something, and issues again when there is room."""

    def no_room(*arguments: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", no_room)
        free[0] = RESERVE_BYTES // 2
        store = opened()
        assert "no room" in caplog.text
        assert not (folder / "tokenhouse.reserve").exists()
        session = a_session()
        with pytest.raises(Exception, match="the disk is full"):
            store.write(lambda transaction: transaction.create_session(session))
        store.write(lambda transaction: transaction.delete_session(session.token_hash))
    free[0] = 2 * RESERVE_BYTES
    store.write(lambda transaction: transaction.create_session(session))
    assert (folder / "tokenhouse.reserve").exists()
