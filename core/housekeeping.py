"""What the core does by itself, off the way of any request: forget what has ended, note the time, watch the clock,
rotate the signing key."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from core.background import Background
from core.domain.administration.statistics import Statistics
from core.domain.audit.upkeep import AuditUpkeep
from core.domain.clients.forgetting import Forgetting
from core.domain.clock import TOLERATED_DRIFT, ServingClock
from core.domain.errors import StoreUnavailable
from core.domain.keys.rotation import KeyRotation
from core.domain.store import Store
from core.domain.tokens.validation import Validation

_log = logging.getLogger(__name__)

#: In seconds: between two looks at the clock and the keys, and between two rounds of everything else.
_LOOK_PERIOD = 1
_ROUND_PERIOD = 30
#: Rows of each kind in one transaction, so that no request waits long behind it.
_BATCH = 500


class Noted(Protocol):
    """What is heard on the way of requests, and written down here."""

    def write_down(self) -> None:
        """Raises StoreUnavailable."""
        ...


class Housekeeping:
    """One thread; correctness never depends on it."""

    def __init__(
        self,
        store: Store,
        validation: Validation,
        rotation: KeyRotation,
        forgetting: Forgetting,
        audit: AuditUpkeep,
        statistics: Statistics,
        noted: Sequence[Noted],
        clock: ServingClock,
    ) -> None:
        self._store = store
        self._forgetting = forgetting
        self._audit = audit
        self._statistics = statistics
        self._noted = noted
        self._validation = validation
        self._rotation = rotation
        self._clock = clock
        #: The drift that was last worth a word, in seconds.
        self._told_drift = 0
        self._background = Background("housekeeping", self._run)

    def start(self) -> None:
        """Begin; the first round follows at once."""
        self._background.start()

    def stop(self) -> None:
        """End after the step in progress, and note the time; nothing happens where it never began."""
        if self._background.stop():
            self._attempt(self._rotation.note_progress)
            self._attempt(lambda: self._audit.write_everything(self._clock.now()))
            self._attempt(self._statistics.write_down)
            for noted in self._noted:
                self._attempt(noted.write_down)
            self._attempt(self._note_time)

    def _run(self, stopping: threading.Event) -> None:
        next_round, in_doubt = time.monotonic(), False
        while not stopping.is_set():
            self._watch_clock()
            self._attempt(self._rotation.look)
            self._attempt(self._audit.write_refusals)
            self._attempt(self._statistics.look)
            confirmed = in_doubt and not self._clock.unconfirmed
            if confirmed or time.monotonic() >= next_round:
                in_doubt = self._clock.unconfirmed
                self._attempt(partial(self._round, stopping))
                next_round = time.monotonic() + _ROUND_PERIOD
            stopping.wait(_LOOK_PERIOD)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except StoreUnavailable as refusal:
            _log.warning("housekeeping put off: %s", refusal.description)
        except Exception:
            _log.exception("housekeeping failed")

    def _round(self, stopping: threading.Event) -> None:
        now = self._clock.now()
        self._validation.forget_ended(now=now)
        self._note_time()
        self._rotation.note_progress()
        self._audit.write_counts(now)
        self._statistics.write_down()
        for noted in self._noted:
            noted.write_down()
        # A clock that is far ahead of the last start's would take everything for expired: rather keep too much.
        while not self._clock.unconfirmed and not stopping.is_set():
            purged = self._store.purge(now=now, limit=_BATCH) + self._audit.forget(now=now, limit=_BATCH)
            if purged < _BATCH:
                self._forget(now)
                break

    def _forget(self, now: int) -> None:
        if forgotten := self._forgetting.step(now=now, limit=_BATCH):
            _log.info("unused registrations forgotten", extra={"clients": forgotten})

    def _note_time(self) -> None:
        # A time in doubt must not be the one that the next start trusts.
        if not self._clock.unconfirmed:
            self._store.note_time(self._clock.now())

    def _watch_clock(self) -> None:
        drift = self._clock.drift()
        if abs(drift - self._told_drift) <= TOLERATED_DRIFT:
            return
        if abs(drift) > TOLERATED_DRIFT:
            self._told_drift = drift
            _log.warning("the wall clock is %d s off the time that is served; it is not followed", drift)
        else:
            self._told_drift = 0
            _log.info("the wall clock agrees with the time that is served again")
