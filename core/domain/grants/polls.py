"""How often each device asks (RFC 8628 §3.5): in memory, so that a poll that finds nothing new writes nothing.

What a restart or another core of a cluster does not know costs little: there a device may ask once too early and is
told `authorization_pending`, for two reads. Hundreds of devices that wait would otherwise cost a commit each, every 5
seconds, and a row each in the table of rates.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from core.domain.authorization.device_endpoint import INTERVAL

#: By how much `slow_down` lengthens the interval, in seconds (RFC 8628 §3.5).
_SLOWER = 5
#: What may come early, in milliseconds: two requests are not equally long on their way.
_EARLY = 1000
#: Devices that are remembered; the one that has been silent longest is forgotten first.
_MOST = 10_000


@dataclass(slots=True)
class _Poll:
    at_ms: int
    #: In seconds.
    interval: int
    attempt_id: bytes
    too_soon: bool


class Polls:
    """When each device asked last, and how long it has to wait."""

    def __init__(self) -> None:
        self._last: OrderedDict[bytes, _Poll] = OrderedDict()
        self._lock = threading.Lock()

    def come_too_soon(self, device_id: bytes, attempt_id: bytes, now_ms: int) -> bool:
        """Note a poll; whether it came before its time, and so lengthened the interval.

        Another try of the same HTTP request is no other poll.
        """
        with self._lock:
            last = self._last.get(device_id)
            if last is None:
                last = self._last[device_id] = _Poll(now_ms, INTERVAL, attempt_id, too_soon=False)
                if len(self._last) > _MOST:
                    self._last.popitem(last=False)
                return False
            self._last.move_to_end(device_id)
            if last.attempt_id != attempt_id:
                last.too_soon = now_ms - last.at_ms < last.interval * 1000 - _EARLY
                last.interval += _SLOWER * last.too_soon
                last.at_ms, last.attempt_id = now_ms, attempt_id
            return last.too_soon

    def forget(self, device_id: bytes) -> None:
        """The device has its answer."""
        with self._lock:
            self._last.pop(device_id, None)
