"""A disk that fails at every write of a long road, and at random under load."""

import errno
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import GROWING, ChangeKind, DiskShim
from tests.faults.neighbours import answer_truly
from tests.faults.promises import broken_promises
from tests.faults.walk import Walk
from tests.torture.conftest import Figures

_TOO_MANY = 10_000
#: What fails, with which error, for how many calls.
_FAULTS = {
    "disk full": (errno.ENOSPC, GROWING, _TOO_MANY),
    "writes": (errno.EIO, (ChangeKind.WRITTEN,), _TOO_MANY),
    "fsyncs": (errno.EIO, (ChangeKind.SYNCED,), _TOO_MANY),
    "everything": (errno.EIO, tuple(ChangeKind), _TOO_MANY),
    "one write or fsync": (errno.EIO, (ChangeKind.WRITTEN, ChangeKind.SYNCED), 1),
}


@pytest.fixture
def shim(library: Path, tmp_path: Path) -> Iterator[DiskShim]:
    """A disk below the database of a core in `tmp_path`."""
    with closing(DiskShim(library, tmp_path / "data" / "database", tmp_path)) as made:
        yield made


@pytest.mark.parametrize(("error", "kinds", "length"), _FAULTS.values(), ids=list(_FAULTS))
def test_at_every_write(
    shim: DiskShim, tmp_path: Path, figures: Figures, error: int, kinds: Sequence[ChangeKind], length: int
) -> None:
    """Each refusal is true, a crash right then loses nothing acknowledged, and the disk's return is enough."""
    started = time.monotonic()
    with CoreProcess(tmp_path, shim.environment) as core:
        walk = Walk(core, shim)
        for number in range(1, _TOO_MANY):
            shim.fail(*kinds, error=error, first=number, last=number + length - 1)
            walk.walk_far()
            if not shim.failed:
                break
            shim.heal()
        core.kill()

    figures(
        f"{number - 1} places, {walk.refused} refusals, {len(walk.promises)} acknowledgements "
        f"in {time.monotonic() - started:.0f} s"
    )
    assert 20 < number < _TOO_MANY
    assert walk.refused > number // 2
    assert broken_promises(core.database, walk.promises) == []


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_each_is_answered_truly(shim: DiskShim, tmp_path: Path, figures: Figures, error: int) -> None:
    """Of twelve clients at once, over checkpoints and reopened databases, nobody is told what is not so."""
    started = time.monotonic()
    count = answer_truly(shim, tmp_path, error, faults=400)

    figures(f"400 faults, {count} acknowledgements in {time.monotonic() - started:.0f} s")
