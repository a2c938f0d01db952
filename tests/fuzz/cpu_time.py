"""CPU time, as it would be on a machine that counts as fast as the one on which the limits were set.

A thread that shares its core with another one takes up to twice as long for the same, in CPU time too; and machines
differ. What is too slow by a limit is therefore measured against counting, right after it.
"""

from collections.abc import Callable

_RUNS = 8
_COUNT = 200_000
#: What counting so far takes, in seconds: AMD EPYC, Python 3.11.7, otherwise idle.
_SECONDS = 0.0075


def best_cpu_time(run: Callable[[], object], clock: Callable[[], float], *, enough: float) -> float:
    """Seconds by `clock` for one run: the best of several, or the first that is less than `enough`."""
    best = float("inf")
    for _ in range(_RUNS):
        began = clock()
        run()
        took = clock() - began
        best = min(best, took if took < enough else took * min(1.0, _SECONDS / _count(clock)))
        if best < enough:
            break
    return best


def _count(clock: Callable[[], float]) -> float:
    began, total = clock(), 0
    for number in range(_COUNT):
        total += number & 7
    return clock() - began
