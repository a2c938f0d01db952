"""Power loss while a backup takes the place of the database: either one is there whole, and nothing in between."""

import os
import shutil
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from tokenhouse.v1.backup_admin_pb2 import CreateBackupRequest

from tests.cli.command import TOKENHOUSE
from tests.faults.core_process import CoreProcess
from tests.faults.crash_states import Recorded
from tests.faults.disk_shim import DiskShim
from tests.faults.judging import judge_restore
from tests.faults.load import Load
from tests.faults.promises import Promises
from tests.faults.recording import Step, read_recording
from tests.serving import DEADLINE

_STATES = 40
_EVERYTHING = 1_000_000


@dataclass(frozen=True)
class Recording:
    """What the disk saw of a core that crashed after a backup, and of the restore."""

    steps: list[Step]
    #: Of the database before.
    promises: Promises
    #: How many changes the disk had seen when the restore began.
    began: int


@pytest.fixture(scope="module")
def recording(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The product, recorded."""
    folder = tmp_path_factory.mktemp("restoring")
    shim = DiskShim(library, folder / "data" / "database", folder, recording=True)
    with closing(shim), CoreProcess(folder, shim.environment) as core:
        load = Load(core, shim)
        load.run(2)
        core.backups.CreateBackup(CreateBackupRequest(path=str(folder / "backup")), timeout=DEADLINE)
        load.run(2)
        core.kill()
        began = shim.sequence
        subprocess.run(
            [TOKENHOUSE, "restore", str(folder / "backup"), "--config", str(folder / "tokenhouse.conf")],
            env=os.environ | shim.environment,
            check=True,
        )
        return Recording(read_recording(shim.log), load.promises, began)


def test_a_power_loss_leaves_either_database(recording: Recording, state_folder: Path) -> None:
    """Whatever part of the unsynced is on disk, the store opens: as it was before, or restored with everything made
    before ended."""
    outcomes: Counter[str] = Counter()
    recorded = Recorded(recording.steps)
    for _, sequence, folder in recorded.restore(
        recorded.sample(_STATES, Random(1), after=recording.began), state_folder
    ):
        outcomes[judge_restore(folder, recording.promises.made_by(sequence))] += 1
        shutil.rmtree(folder)

    assert set(outcomes) == {"before", "restored"}, outcomes
    assert sum(outcomes.values()) == _STATES


def test_a_restore_that_was_acknowledged_stays(recording: Recording, state_folder: Path) -> None:
    """Once the command has ended, no power loss brings the old database back."""
    recorded, last = Recorded(recording.steps), len(recording.steps) - 1
    ended = [(state, place) for state, place in recorded.states(Random(1)).items() if place == last]
    assert recorded.final() in ended
    for _, sequence, folder in recorded.restore(ended, state_folder):
        assert judge_restore(folder, recording.promises.made_by(sequence)) == "restored"
        shutil.rmtree(folder)
