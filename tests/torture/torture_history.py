"""Long histories of the real processes, and bugs put in again and again: is each found every time?"""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.history.calls import Kind, Outcome
from tests.history.check import Rule, violations
from tests.history.run import Recorded, record_history
from tests.torture.conftest import Figures

_HISTORIES = 5
_RESTARTS = 20
#: What each of them breaks at the least; and how many steps it takes: a reply is early by less than a millisecond.
_BUGS = {
    "without_state": ({Rule.ONCE}, 25),
    "revocations_in_memory": ({Rule.ENDED}, 25),
    "early_reply": ({Rule.KNOWN, Rule.ENDED}, 200),
}


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
def test_a_bug_is_found(tmp_path: Path, figures: Figures, bug: str) -> None:
    """Every time."""
    rules, steps = _BUGS[bug]
    found = []
    for seed in range(_HISTORIES):
        folder = tmp_path / str(seed)
        folder.mkdir(mode=0o700)
        recorded = record_history(folder, ("-m", f"tests.history.bugs.{bug}"), steps=steps, restarts=3, seed=seed)
        found.append(Counter(violation.rule for violation in violations(recorded.calls)))

    figures(f"{_HISTORIES} histories: {[sum(each.values()) for each in found]}")
    assert all(rules & set(each) for each in found)
