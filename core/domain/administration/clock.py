"""The clock, as operators see it; and the one thing they can say to it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clock import TOLERATED_DRIFT, ServingClock
from core.domain.errors import FailedPrecondition, InvalidArgument
from core.domain.writing import Writes


class ClockIntents(Protocol):
    """What can be done to the noted time inside a transaction."""

    def note_persisted_time(self, now: int) -> None:
        """Remember the time; it never moves back."""
        ...


class ClockTransaction(ClockIntents, AuditIntents, Protocol):
    """What confirming writes."""


class ClockStore(Writes[ClockTransaction], Protocol):
    """What confirming needs of a store."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """One look at the clock."""

    #: The time that is served, in seconds since the epoch.
    now: int
    #: By how many seconds the wall clock is ahead of it.
    drift: int
    #: The start found the wall clock behind the last persisted time, and serves that time.
    held_back: bool
    #: The start found the wall clock far ahead of the last persisted time, and nobody has confirmed it.
    unconfirmed: bool

    @property
    def drifting(self) -> bool:
        """The wall clock is further off than anybody should leave it."""
        return abs(self.drift) > TOLERATED_DRIFT


class ClockAdministration:
    """Shows the clock and hears that it is right."""

    def __init__(self, clock: ServingClock, store: ClockStore) -> None:
        self._clock = clock
        self._store = store

    def look(self) -> ClockState:
        """The clock as it is now."""
        return ClockState(self._clock.now(), self._clock.drift(), self._clock.held_back, self._clock.unconfirmed)

    def confirm(self, today: str) -> bool:
        """Take the word of somebody who knows today's date, in UTC as YYYY-MM-DD; False where there was no doubt.

        From then on what has expired is deleted again, and the next start trusts the time that is served. A day more
        or less is the same date somewhere.

        Raises:
            InvalidArgument: not a date.
            FailedPrecondition: the server's date is another one.
            StoreUnavailable: the time could not be written; the doubt remains.
        """
        wanted, now = _parse_date(today), self._clock.now()
        served = datetime.fromtimestamp(now, UTC).date()
        if abs((wanted - served).days) > 1:
            raise FailedPrecondition(f"this server's date is {served}: set the machine's clock right and restart")
        if not self._clock.unconfirmed:
            return False
        record = record_of(Act.CLOCK_CONFIRM, at=now, target=wanted.isoformat())

        def intent(tx: ClockTransaction) -> None:
            tx.note_persisted_time(now)
            tx.record_act(record)

        self._store.write(intent)
        self._clock.confirm()
        return True


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidArgument("today must be a date like 2031-12-31") from None
