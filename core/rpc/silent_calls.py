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
_PERIOD = 0.25


def end_silent_calls(stopping: threading.Event) -> None:
    """End calls whose messages take too long, looking four times a second; their callers are told CANCELLED."""
    while not stopping.wait(_PERIOD):
        now = time.monotonic()
        for silent in silent_calls():
            if now - silent.since > (PATIENCE_WHERE_BUSY if silent.pool.is_busy else PATIENCE):
                _end(silent)


def _end(silent: SilentCall) -> None:
    # It may have ended this moment.
    with suppress(Exception):
        silent.call.cancel()
        _log.warning("ended a call whose message did not come", extra={"peer": silent.call.peer()})
