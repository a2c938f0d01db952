"""What the core does by itself, off the way of any request: forget what has ended, note the time, watch the clock."""

import logging
import threading

from core.domain.clock import ServingClock
from core.domain.errors import StoreUnavailable
from core.domain.store import Store
from core.domain.tokens.validation import Validation

_log = logging.getLogger(__name__)

#: In seconds.
_PERIOD = 30
_TOLERATED_DRIFT = 60
#: Rows of each kind in one transaction, so that no request waits long behind it.
_BATCH = 500


class Housekeeping:
    """One thread; correctness never depends on it."""

    def __init__(self, store: Store, validation: Validation, clock: ServingClock) -> None:
        self._store = store
        self._validation = validation
        self._clock = clock
        self._stopping = threading.Event()
        self._drifting = False
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin; the first round follows at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step in progress; nothing happens where it never began."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._round()
            except StoreUnavailable as refusal:
                _log.warning("housekeeping put off: %s", refusal.description)
            except Exception:
                _log.exception("housekeeping failed")
            self._stopping.wait(_PERIOD)

    def _round(self) -> None:
        self._watch_clock()
        now = self._clock.now()
        self._validation.forget_ended(now=now)
        # A clock that is far ahead of the last start's would take everything for expired: rather keep too much, and
        # do not let the wrong time be the one that the next start trusts.
        if self._clock.may_purge():
            self._store.note_time(now)
            while not self._stopping.is_set() and self._store.purge(now=now, limit=_BATCH) >= _BATCH:
                pass

    def _watch_clock(self) -> None:
        drift = self._clock.drift()
        drifting = abs(drift) > _TOLERATED_DRIFT
        if drifting and not self._drifting:
            _log.warning("the wall clock is %d s off the time that is served; it is not followed", drift)
        if self._drifting and not drifting:
            _log.info("the wall clock agrees with the time that is served again")
        self._drifting = drifting
