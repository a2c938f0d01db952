"""A history of the real processes, restarted and killed under load: nothing in it is wrong.

Longer ones, and those in which a bug has to be found, are in `tests/torture/torture_history.py`.
"""

from collections import Counter
from pathlib import Path

from tests.history.calls import Kind, Outcome
from tests.history.check import violations
from tests.history.run import record_history


def test_nothing_is_wrong(tmp_path: Path) -> None:
    """Each code is redeemed at most once, what has ended stays ended, what was acknowledged is known (README)."""
    recorded = record_history(tmp_path, steps=45, restarts=3)
    count = Counter((call.kind, call.outcome) for call in recorded.calls)

    assert violations(recorded.calls) == []
    assert recorded.broken_promises == []
    assert count[Kind.RESTART, Outcome.YES] == 3
    for kind in (Kind.REDEEM, Kind.REFRESH, Kind.VALIDATE):
        assert count[kind, Outcome.YES] > 20
        assert count[kind, Outcome.NO] > 5
    assert count[Kind.REVOKE, Outcome.YES] > 5
