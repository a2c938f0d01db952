"""Long histories of the real processes, and bugs put in again and again: is each found every time?"""

import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.disk_shim import DiskShim
from tests.history.calls import Kind, Outcome
from tests.history.check import Rule, violations
from tests.history.run import Recorded, record_history
from tests.torture.conftest import Figures

_HISTORIES = 5
_RESTARTS = 20
#: What each of them breaks at the least; and how many steps it takes.
_BUGS = {
    "without_state": ({Rule.ONCE}, 25),
    "revocations_in_memory": ({Rule.ENDED}, 25),
    "early_reply": ({Rule.KNOWN, Rule.ENDED}, 50),
}
#: A reply is early by an fsync. A disk of these days needs a fraction of a millisecond for one, which a busy machine
#: may not find in a hundred kills; others need this.
_FSYNC = 0.01


def outcomes(recorded: Recorded) -> dict[str, str]:
    """How often each call was answered yes, no and not at all."""
    count = Counter((call.kind, call.outcome) for call in recorded.calls)
    return {str(kind): "/".join(str(count[kind, outcome]) for outcome in Outcome) for kind in Kind}


@pytest.mark.parametrize("seed", range(_HISTORIES))
def test_nothing_is_wrong(tmp_path: Path, figures: Figures, seed: int) -> None:
    """Through twenty restarts and kills under load no rule is broken."""
    started = time.monotonic()
    recorded = record_history(tmp_path, steps=600, restarts=_RESTARTS, seed=seed)
    found = violations(recorded.calls)

    figures(f"{len(recorded.calls)} calls, {outcomes(recorded)} in {time.monotonic() - started:.0f} s: {len(found)}")
    assert found == []
    assert recorded.broken_promises == []


@pytest.mark.parametrize("bug", _BUGS)
def test_a_bug_is_found(library: Path, tmp_path: Path, figures: Figures, bug: str) -> None:
    """Every time, on a disk that takes its time."""
    rules, steps = _BUGS[bug]
    found = []
    for seed in range(_HISTORIES):
        folder = tmp_path / str(seed)
        folder.mkdir(mode=0o700)
        command = ("-m", f"tests.history.bugs.{bug}")
        with closing(DiskShim(library, folder / "data" / "database", folder)) as disk:
            disk.delay_fsync(_FSYNC)
            recorded = record_history(folder, command, steps=steps, restarts=3, seed=seed, environment=disk.environment)
        found.append(Counter(violation.rule for violation in violations(recorded.calls)))

    figures(f"{_HISTORIES} histories: {[sum(each.values()) for each in found]}")
    assert all(rules & set(each) for each in found)
