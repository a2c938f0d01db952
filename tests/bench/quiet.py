"""The quiet load: 100 requests a second, and its p99 of two servers held against each other."""

from collections.abc import Sequence
from statistics import median

from tests.bench.measurement import Finding, Row, Run
from tests.bench.wrk import HttpLoad

QUIET_ROUNDS = 5
#: Requests in a round.
QUIET = 1000
_CONNECTIONS = 10
_PAUSE = 0.1


def quiet(load: HttpLoad, pids: Sequence[int]) -> Run:
    """A round of it."""
    return lambda: load.run(QUIET, pids, connections=_CONNECTIONS, pause=_PAUSE)


def compare_p99(name: str, ours: Row, others: Row, target: float | None) -> Finding:
    """The medians of the rounds' p99, as a ratio that should be no more than the target."""
    our_p99, their_p99 = (median(run.p99 for run in row.runs) for row in (ours, others))
    return Finding(name, our_p99 / their_p99, target, at_most=True, rows=(ours, others))
