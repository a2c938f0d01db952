"""Transactions that share a commit on a disk that comes and goes: each is answered truly."""

import errno
from pathlib import Path

import pytest

from tests.faults.disk_shim import DiskShim
from tests.faults.neighbours import answer_truly


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_each_is_answered_truly(shim: DiskShim, tmp_path: Path, error: int) -> None:
    """Nobody hears yes too early, loses a session or gets another's answer; what was revoked stays revoked."""
    assert answer_truly(shim, tmp_path, error, faults=8) > 30
