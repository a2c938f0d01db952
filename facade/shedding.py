"""Turning requests away when too many are in flight.

Whoever is turned away costs time that somebody else's answer needs, so it has to cost next to nothing: a request whose
head has been read on the same connection before is known by its bytes, and refused without being read again. What ends
something goes before what gives something, and that before registrations: an app that is registered can wait least.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from facade.errors import Refusal
from facade.metrics.http_metrics import HttpMetrics
from facade.request_log import RequestLog
from facade.route import Route

#: What every request that is turned away is told.
BUSY = Refusal("TEMPORARILY_UNAVAILABLE", "The server is busy.", retry_after=1)


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The head of a request that was read, checked and found whole: the same bytes mean the same again."""

    #: Up to the body.
    head: bytes
    #: Of the whole request, in bytes.
    size: int
    route: Route

    def is_of(self, data: bytes) -> bool:
        """Whether `data` is one whole request with this head."""
        return len(data) == self.size and data.startswith(self.head)


class Room:
    """How many requests are in flight, and for whom there is room. Belongs to one event loop."""

    def __init__(self, metrics: HttpMetrics, log: RequestLog | None, most: int) -> None:
        """`most`: requests in flight, of the most urgent kind."""
        self.in_flight = 0
        self._metrics = metrics
        self._log = log
        self._most = most
        self._turned_away: Counter[str] = Counter()
        metrics.watch(lambda: self.in_flight, most)

    def is_left_for(self, route: Route) -> bool:
        """Whether one more request for the route may be begun."""
        return self.in_flight < self._most * route.urgency

    def note_turned_away(self, path: str) -> None:
        """Count a request that nobody has read. They share a line of the log, and the work of counting."""
        if not self._turned_away:
            asyncio.get_running_loop().call_soon(self._flush)
        self._turned_away[path] += 1

    def _flush(self) -> None:
        for path, count in self._turned_away.items():
            self._metrics.turned_away(count)
            if self._log is not None:
                self._log.write(f"POST {path} 503 requests={count} reason={BUSY.reason}")
        self._turned_away.clear()
