"""Power loss, in every way the model knows: thousands of states of several recordings, opened by the real store."""

import shutil
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults.crash_states import Recorded
from tests.faults.promises import broken_promises
from tests.faults.recorded_load import WEAK, Recording, record_load
from tests.faults.recording import Write
from tests.torture.conftest import Figures

#: Of each recording.
_STATES = 6000
#: The length of a log's first record, which begins it anew (sqlite.org/fileformat2.html §4.1).
_LOG_HEADER = 32


def examine(recording: Recording, count: int, folder: Path, figures: Figures) -> Counter[str]:
    """What became of `count` states, and the first promises that were broken."""
    started, found = time.monotonic(), Counter[str]()
    recorded = Recorded(recording.steps)
    sample = recorded.sample(count, Random(2))
    # Each point of the log, before any point a second time.
    points = set(recorded.states(Random(2)).values())
    assert len({place for _, place in sample}) == min(count, len(points))
    for state, sequence, restored in recorded.restore(sample, folder):
        broken = broken_promises(restored, recording.promises.made_by(sequence))
        found.update({line.partition(":")[0] for line in broken} or {"kept"})
        if broken and found.total() - found["kept"] <= 3:
            figures(f"change {sequence}, {state}: {broken[:3]}")
        shutil.rmtree(restored)
    figures(
        f"{found.total()} states of {len(recording.steps)} changes and {len(recording.promises)} acknowledgements "
        f"in {time.monotonic() - started:.0f} s: {dict(found)}"
    )
    return found


def log_beginnings(recording: Recording) -> int:
    """How often a log was begun."""
    changes = (step.change for step in recording.steps)
    return sum(isinstance(each, Write) and not each.offset and len(each.data) == _LOG_HEADER for each in changes)


@pytest.mark.parametrize(
    ("steps", "beginnings"), [pytest.param(12, 3, id="short"), pytest.param(60, 4, id="checkpoint while serving")]
)
def test_nothing_acknowledged_is_lost(
    library: Path, tmp_path: Path, figures: Figures, steps: int, beginnings: int
) -> None:
    """Every state opens whole and keeps every promise made before the power went."""
    recording = record_load(library, tmp_path, steps=steps, seed=steps)

    assert log_beginnings(recording) >= beginnings
    assert examine(recording, _STATES, tmp_path, figures) == {"kept": _STATES}


def test_a_commit_without_fsync_is_found(library: Path, tmp_path: Path, figures: Figures) -> None:
    """`synchronous=NORMAL` put in: hundreds of states have lost something acknowledged, none is damaged."""
    recording = record_load(library, tmp_path, WEAK, steps=4)
    found = examine(recording, 1500, tmp_path, figures)

    assert found["lost"] > 100
    assert set(found) <= {"lost", "kept"}
