"""A disk that fails at the n-th write, for every n of one road: refused truly, and well again without a restart.

Writes and fsyncs that fail each for itself, or all calls at once, are in `tests/torture/torture_failing_disk.py`.
"""

import errno
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import GROWING, ChangeKind, DiskShim
from tests.faults.promises import broken_promises
from tests.faults.walk import Walk

#: More than any road needs.
_TOO_MANY = 1000
_FAULTS = {
    "disk full": (errno.ENOSPC, GROWING),
}


@pytest.fixture
def core(shim: DiskShim, tmp_path: Path) -> Iterator[CoreProcess]:
    """A core on the disk."""
    with CoreProcess(tmp_path, shim.environment) as serving:
        yield serving


@pytest.mark.parametrize(("error", "kinds"), _FAULTS.values(), ids=list(_FAULTS))
def test_at_every_write(core: CoreProcess, shim: DiskShim, error: int, kinds: Sequence[ChangeKind]) -> None:
    """UNAVAILABLE and later, never a wrong yes; validation goes on; a crash right then loses no acknowledgement."""
    walk = Walk(core, shim)
    for number in range(1, _TOO_MANY):
        shim.fail(*kinds, error=error, first=number)
        walk.walk()
        if not shim.failed:
            break
        shim.heal()
        assert walk.refused >= number

    # Five commits: one change at the least in each.
    assert 5 < number < _TOO_MANY
    core.kill()
    assert broken_promises(core.database, walk.promises) == []


def test_at_every_single_write(core: CoreProcess, shim: DiskShim) -> None:
    """A write that fails once: refused, and the disk is believed again only after the log has been copied."""
    walk = Walk(core, shim)
    for number in range(1, _TOO_MANY):
        shim.fail(ChangeKind.WRITTEN, ChangeKind.SYNCED, error=errno.EIO, first=number, last=number)
        walk.walk()
        if not shim.failed:
            break

    assert walk.refused == number - 1 > 5
    core.kill()
    assert broken_promises(core.database, walk.promises) == []
