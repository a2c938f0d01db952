"""Calls that were begun and whose message does not come: each would hold a thread for as long as its caller likes.

gRPC's synchronous server gives a call its thread first and waits there for the message. It comes with its call, in the
same packet mostly; who sends the one without the other is broken, or wants the threads.
"""

import logging
import threading
import time
from contextlib import suppress

from core.rpc.pool import SilentCall, silent_calls

_log = logging.getLogger(__name__)

#: How long a message may take, in seconds.
PATIENCE = 5.0
#: And where every thread is taken.
PATIENCE_WHERE_BUSY = 1.0
#: How long the next message of a stream may take, and where every thread is taken.
PATIENCE_BETWEEN = 60.0
PATIENCE_BETWEEN_WHERE_BUSY = 5.0
_PERIOD = 0.25


def end_silent_calls(stopping: threading.Event) -> None:
    """End calls whose messages take too long, looking four times a second; their callers are told CANCELLED."""
    while not stopping.wait(_PERIOD):
        now = time.monotonic()
        for silent in silent_calls():
            if now - silent.since > _patience_with(silent):
                _end(silent)


def _patience_with(silent: SilentCall) -> float:
    if silent.goes_on:
        return PATIENCE_BETWEEN_WHERE_BUSY if silent.pool.is_busy else PATIENCE_BETWEEN
    return PATIENCE_WHERE_BUSY if silent.pool.is_busy else PATIENCE


def _end(silent: SilentCall) -> None:
    silent.end()
    if not silent.goes_on:
        # It may have ended this moment, and then its peer is not known.
        with suppress(Exception):
            _log.warning("ended a call whose message did not come", extra={"peer": silent.call.peer()})
