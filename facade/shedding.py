"""Turning requests away when too many are in flight.

Whoever is turned away costs time that somebody else's answer needs, so it has to cost next to nothing: a request whose
head has been read on the same connection before is known by its bytes, and refused without being read again. Who then
asks again at once, though told to wait a second, is not heard for a moment: a crowd of these would take all the time
there is. What ends something goes before what gives something, and that before registrations.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sanic.compat import Header

from facade.errors import Refusal
from facade.metrics.http_metrics import HttpMetrics
from facade.request_log import RequestLog
from facade.route import Route

#: What every request that is turned away is told.
BUSY = Refusal("TEMPORARILY_UNAVAILABLE", "The server is busy.", retry_after=1)

#: How long who was refused unread is not heard; and those of one such moment are counted together. In seconds.
MOMENT = 0.2


@dataclass(frozen=True, slots=True)
class KnownHead:
    """The head of a request that was read, checked and found whole: the same bytes mean the same again."""

    #: Up to the body.
    head: bytes
    #: Of the whole request, in bytes.
    size: int
    route: Route
    #: What was read of it.
    target: bytes
    headers: Header

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
        self._unheard: list[Callable[[], None]] = []
        metrics.watch(lambda: self.in_flight, most)

    def is_left_for(self, route: Route) -> bool:
        """Whether one more request for the route may be begun."""
        return self.in_flight < self._most * route.urgency

    def note_turned_away(self, path: str, hear_again: Callable[[], None]) -> None:
        """Count a request that nobody has read; `hear_again` is called when the moment is over."""
        if not self._unheard:
            asyncio.get_running_loop().call_later(MOMENT, self._end_moment)
        self._unheard.append(hear_again)
        self._turned_away[path] += 1

    def _end_moment(self) -> None:
        unheard, self._unheard = self._unheard, []
        for hear_again in unheard:
            hear_again()
        for path, count in self._turned_away.items():
            self._metrics.turned_away(count)
            if self._log is not None:
                self._log.write(f"POST {path} 503 requests={count} reason={BUSY.reason}")
        self._turned_away.clear()
