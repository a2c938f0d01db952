"""Power loss: whatever the disk holds of what the real core did to its files, the store opens and has lost nothing.

The longer form, with every kind of state many times, is `tests/torture/torture_power_loss.py`.
"""

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from core.store.sqlite.folder import DATABASE, LOCK, RESERVE
from tests.faults.crash_states import Recorded
from tests.faults.promises import broken_promises
from tests.faults.recorded_load import WEAK, Recording, record_load

_STATES = 120


@pytest.fixture(scope="module")
def recording(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The product, recorded."""
    return record_load(library, tmp_path_factory.mktemp("recording"), steps=10)


def test_the_record_is_complete(recording: Recording, tmp_path: Path) -> None:
    """Replayed to its end, the record gives the very files that the core has left."""
    recorded = Recorded(recording.steps)
    ((_, _, replayed),) = recorded.restore([recorded.final()], tmp_path)

    for folder in (replayed, recording.database):
        assert {path.name for path in folder.iterdir()} == {DATABASE, LOCK, RESERVE}
    for name in (DATABASE, LOCK, RESERVE):
        assert (replayed / name).read_bytes() == (recording.database / name).read_bytes()


def test_a_power_loss_loses_nothing_acknowledged(recording: Recording, state_folder: Path) -> None:
    """Whatever part of the unsynced is on disk, the store opens whole and keeps each promise."""
    recorded = Recorded(recording.steps)
    sample = recorded.sample(_STATES, Random(1))
    for state, sequence, folder in recorded.restore(sample, state_folder):
        assert broken_promises(folder, recording.promises.made_by(sequence)) == [], state
        shutil.rmtree(folder)

    assert len(sample) == _STATES
    assert len(recording.promises) > 100
    # The folder, the database under its first name, its journal, the log and its successors.
    assert len({recording.steps[place].file for _, place in sample}) > 5


def test_a_commit_without_fsync_is_found(library: Path, tmp_path: Path, state_folder: Path) -> None:
    """With `synchronous=NORMAL` put in, the same look at the same load finds lost acknowledgements, and no damage."""
    recording = record_load(library, tmp_path, WEAK, steps=2)
    recorded = Recorded(recording.steps)
    found: Counter[str] = Counter()
    for _, sequence, folder in recorded.restore(recorded.sample(50, Random(1)), state_folder):
        broken = broken_promises(folder, recording.promises.made_by(sequence))
        found.update({line.partition(":")[0] for line in broken} or {"kept"})
        shutil.rmtree(folder)

    assert found["lost"] > 3
    assert set(found) <= {"lost", "kept"}
