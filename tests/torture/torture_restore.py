"""A disk that fails at every call of a restore, and of a backup: said in one line, and nothing is half done."""

import errno
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from tokenhouse.v1.backup_admin_pb2 import CreateBackupRequest

from core.store.sqlite.outside import look_from_outside
from tests.cli.command import TOKENHOUSE
from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import GROWING, ChangeKind, DiskShim
from tests.faults.judging import judge_restore
from tests.faults.promises import Promise
from tests.faults.road import Road
from tests.serving import DEADLINE
from tests.torture.conftest import Figures

_TOO_MANY = 1000
_FAULTS = {
    "disk full": (errno.ENOSPC, GROWING, _TOO_MANY),
    "everything": (errno.EIO, tuple(ChangeKind), _TOO_MANY),
    "one call": (errno.EIO, tuple(ChangeKind), 1),
}
#: Where even taking a name away fails, what is left of a backup stays until the next one.
_KINDS = (ChangeKind.OPENED, ChangeKind.WRITTEN, ChangeKind.TRUNCATED, ChangeKind.SYNCED, ChangeKind.RENAMED)
_every_fault = pytest.mark.parametrize(("error", "kinds", "length"), _FAULTS.values(), ids=list(_FAULTS))


@dataclass
class House:
    """A core that was killed after a backup, and what it had acknowledged by then."""

    folder: Path
    promises: list[Promise] = field(default_factory=list)

    def build(self) -> None:
        """Let it live, and keep what it leaves."""
        with CoreProcess(self.folder) as core:
            road = Road(core, self.promises.append)
            road.log_in()
            held = [road.connect() for _ in range(3)]
            _back_up(core, self.folder / "backup")
            road.revoke(held[0])
            road.refresh(held[1])
            core.kill()
        (self.folder / "data").rename(self.folder / "kept")

    def restore(self, shim: DiskShim) -> subprocess.CompletedProcess[str]:
        """Call the command on what was left, with the shim below the database."""
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        # Sockets of a core that is gone.
        shutil.copytree(self.folder / "kept", data, ignore=shutil.ignore_patterns("*.sock"))
        command = [TOKENHOUSE, "restore", str(self.folder / "backup"), "--config", str(self.folder / "tokenhouse.conf")]
        return subprocess.run(command, env=os.environ | shim.environment, capture_output=True, text=True, check=False)


@pytest.fixture
def shim(library: Path, tmp_path: Path) -> Iterator[DiskShim]:
    """A disk below the database of a core in `tmp_path`."""
    with closing(DiskShim(library, tmp_path / "data" / "database", tmp_path)) as made:
        yield made


@_every_fault
def test_a_restore(
    shim: DiskShim, tmp_path: Path, figures: Figures, error: int, kinds: Sequence[ChangeKind], length: int
) -> None:
    """Whoever is told that it failed has the old database whole, or one that the next start finishes; whoever is told
    that it is done has the backup."""
    house = House(tmp_path)
    house.build()
    outcomes: Counter[tuple[bool, str]] = Counter()
    for number in range(1, _TOO_MANY):
        shim.fail(*kinds, error=error, first=number, last=number + length - 1)
        called = house.restore(shim)
        if not shim.failed:
            break
        shim.heal()
        done = called.returncode == 0
        assert done or (called.stderr.startswith("tokenhouse: ") and called.stderr.count("\n") == 1), called.stderr
        found = judge_restore(tmp_path / "data" / "database", house.promises)
        assert ("the next start finishes the restore" in called.stderr) is (not done and found == "restored")
        outcomes[done, found] += 1

    figures(f"{number - 1} places: {dict(outcomes)}")
    assert called.returncode == 0
    assert 10 < number < _TOO_MANY
    assert set(outcomes) <= {(True, "restored"), (False, "before"), (False, "restored")}


@_every_fault
def test_a_backup(
    library: Path, tmp_path: Path, figures: Figures, error: int, kinds: Sequence[ChangeKind], length: int
) -> None:
    """Where the backup's disk fails, the caller is told so and nothing is left of it, or it is made and whole; the core
    goes on."""
    place = tmp_path / "backups"
    place.mkdir()
    outcomes: Counter[str] = Counter()
    with closing(DiskShim(library, place, tmp_path)) as shim, CoreProcess(tmp_path, shim.environment) as core:
        road = Road(core)
        road.log_in()
        held = road.connect()
        for number in range(1, _TOO_MANY):
            shim.fail(*set(kinds) & set(_KINDS), error=error, first=number, last=number + length - 1)
            try:
                _back_up(core, place / "backup")
                told = "made"
            except grpc.RpcError as refusal:
                told = refusal.code().name
            failed = shim.failed
            shim.heal()
            outcomes[told] += 1
            held = road.refresh(held)
            if told == "made":
                with look_from_outside(place / "backup") as view:
                    assert view.find_damage() == ""
            left = [path for path in place.iterdir() if path.stat().st_size or told == "made"]
            assert left == ([place / "backup"] if told == "made" else [])
            for path in place.iterdir():
                path.unlink()
            if not failed:
                break

    figures(f"{number - 1} places: {dict(outcomes)}")
    assert told == "made"
    assert 5 < number < _TOO_MANY
    assert set(outcomes) <= {"made", "FAILED_PRECONDITION", "UNAVAILABLE"}


def _back_up(core: CoreProcess, path: Path) -> None:
    core.backups.CreateBackup(CreateBackupRequest(path=str(path)), timeout=DEADLINE)
