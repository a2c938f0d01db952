"""Who read the metadata document lately (RFC 8414 §3): the first step of a client, which tells no more than whence."""

from collections import deque
from dataclasses import dataclass, replace
from threading import Lock

from core.domain.clock import Clock
from core.domain.limits.network import network_of

_MOST = 500
#: In milliseconds: what is alike and as near together is one event.
_TOGETHER_MS = 60_000
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class ReadOf:
    """What was asked for, and from where."""

    network: str
    #: As sent, in lower case.
    host: str
    path: str
    found: bool


@dataclass(slots=True)
class Reads:
    """Requests that were alike. Times are milliseconds since the epoch."""

    of: ReadOf
    at_ms: int
    last_at_ms: int
    count: int


class MetadataReads:
    """The last ones, for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._reads: deque[Reads] = deque(maxlen=_MOST)

    def note(self, address: str, host: str, path: str, *, found: bool, count: int, ago_ms: int) -> None:
        """Note `count` requests, the first of them `ago_ms` milliseconds ago."""
        of = ReadOf(network_of(address), host[:_LONGEST].lower(), path[:_LONGEST], found)
        at_ms = self._clock.now_ms() - max(0, ago_ms)
        with self._lock:
            for known in reversed(self._reads):
                if at_ms - known.last_at_ms > _TOGETHER_MS:
                    break
                if known.of == of:
                    known.last_at_ms, known.count = max(at_ms, known.last_at_ms), known.count + count
                    return
            self._reads.append(Reads(of, at_ms, at_ms, count))

    def list_reads(self) -> list[Reads]:
        """Copies, the last one first."""
        with self._lock:
            return [replace(each) for each in reversed(self._reads)]
