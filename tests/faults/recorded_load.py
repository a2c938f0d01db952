"""A core under load on a disk that keeps a record."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import DiskShim
from tests.faults.load import Load
from tests.faults.promises import Promises
from tests.faults.recording import Step, read_recording

#: The core with `synchronous=NORMAL` put in.
WEAK = ("-m", "tests.faults.weak_core")
_CORE = ("-m", "core")
#: Added to each fsync, in seconds: who answers before it is caught, and more transactions share a commit.
_FSYNC_DELAY = 0.001


@dataclass(frozen=True)
class Recording:
    """What the disk saw of a core under load that crashed, started again, and ended; and what was acknowledged."""

    steps: list[Step]
    promises: Promises
    #: What it left.
    database: Path


def record_load(library: Path, folder: Path, command: Sequence[str] = _CORE, *, steps: int, seed: int = 0) -> Recording:
    """Run the load: each of its users takes this many steps before the crash, and a fifth of them after it."""
    shim = DiskShim(library, folder / "data" / "database", folder, recording=True)
    shim.delay_fsync(_FSYNC_DELAY)
    with closing(shim), CoreProcess(folder, shim.environment, command) as core:
        load = Load(core, shim, seed)
        load.run(steps)
        core.kill()
        core.start()
        load.run(steps // 5)
        load.disable_users(2)
    return Recording(read_recording(shim.log), load.promises, core.database)
