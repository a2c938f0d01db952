"""What came of the refreshes of a grant: how often each verdict was given, and when last.

A rotation is in the grant's own row. The others change nothing, so nothing is written when one is given: they are added
up in memory and written down every half minute. A grant has a row for each verdict that it has met, and there are six.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from core.domain.clock import ServingClock
from core.domain.grants.grant import Grant
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.writing import Writes, write_each

#: In memory.
_MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How often a verdict was given on what was presented for a grant, and when last, in seconds since the epoch."""

    verdict: str
    count: int
    last_at: int


class VerdictFacts(Protocol):
    """What can be read of verdicts."""

    def list_verdicts(self, grant_id: bytes) -> Sequence[VerdictCount]:
        """All but rotations, the last one first."""
        ...


class VerdictIntents(Protocol):
    """What can be done to verdicts inside a transaction."""

    def add_verdicts_on_grant(self, grant_id: bytes, more: VerdictCount) -> None:
        """Count so many more, unless there is no such grant."""
        ...


class GrantVerdicts:
    """Hears of verdicts and writes them down; from any thread."""

    def __init__(self, store: Writes[VerdictIntents], clock: ServingClock) -> None:
        self._store = store
        self._clock = clock
        self._lock = Lock()
        #: How often, and when last, by grant and verdict.
        self._waiting: dict[tuple[bytes, str], tuple[int, int]] = {}

    def note(self, grant_id: bytes, verdict: str) -> None:
        """A refresh token that names this grant got this verdict; a rotation is no news."""
        if verdict == RefreshVerdict.ROTATED:
            return
        key, now = (grant_id, verdict), self._clock.now()
        with self._lock:
            count, _ = self._waiting.get(key, (0, 0))
            if count or len(self._waiting) < _MOST_WAITING:
                self._waiting[key] = count + 1, now

    def write_down(self) -> None:
        """Keep what is waiting, but for a clock in doubt.

        Raises:
            StoreUnavailable: what was not written is forgotten.
        """
        with self._lock:
            waiting, self._waiting = list(self._waiting.items()), {}
        if not self._clock.unconfirmed:
            write_each(self._store, waiting, _add)


def _add(tx: VerdictIntents, waiting: tuple[tuple[bytes, str], tuple[int, int]]) -> None:
    (grant_id, verdict), (count, at) = waiting
    tx.add_verdicts_on_grant(grant_id, VerdictCount(verdict, count, at))


def verdicts_of(grant: Grant, others: Sequence[VerdictCount]) -> Sequence[VerdictCount]:
    """Rotations, which the row counts, and the others."""
    if grant.generation < 2 or grant.rotated_at is None:
        return others
    return [VerdictCount(RefreshVerdict.ROTATED, grant.generation - 1, grant.rotated_at), *others]
