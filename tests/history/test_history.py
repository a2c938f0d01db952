"""Histories of the real processes, restarted and killed under load: nothing in them is wrong, and a bug is found.

Longer ones are in `tests/torture/torture_history.py`.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.history.calls import Kind, Outcome
from tests.history.check import Rule, violations
from tests.history.run import record_history

#: And what each of them breaks at the least.
BUGS = {
    "without_state": {Rule.ONCE},
    "revocations_in_memory": {Rule.ENDED},
    "early_reply": {Rule.KNOWN, Rule.ENDED},
}


def test_nothing_is_wrong(tmp_path: Path) -> None:
    """Each code is redeemed at most once, what has ended stays ended, what was acknowledged is known (README)."""
    recorded = record_history(tmp_path, steps=60, restarts=3)
    count = Counter((call.kind, call.outcome) for call in recorded.calls)

    assert violations(recorded.calls) == []
    assert recorded.broken_promises == []
    assert count[Kind.RESTART, Outcome.YES] == 3
    for kind in (Kind.REDEEM, Kind.REFRESH, Kind.VALIDATE):
        assert count[kind, Outcome.YES] > 20
        assert count[kind, Outcome.NO] > 5
    assert count[Kind.REVOKE, Outcome.YES] > 5


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found(tmp_path: Path, bug: str) -> None:
    """The same look at a core with the bug in it sees the rule broken."""
    recorded = record_history(tmp_path, ("-m", f"tests.history.bugs.{bug}"), steps=25, restarts=3)

    assert BUGS[bug] & {violation.rule for violation in violations(recorded.calls)}
