"""Who read the metadata document lately (RFC 8414 §3): the first step of a client, which tells no more than whence."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import nsmallest
from threading import Lock

from core.domain.clock import Clock
from core.domain.limits.network import network_of

#: Of all networks together.
MOST_READS = 500
#: In milliseconds: what is alike and as near together is one event.
_TOGETHER_MS = 60_000
_LONGEST = 256
#: What an answer can hold (connection_admin.proto); who counts is not believed any further.
_MOST_COUNTED = 2**31 - 1


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
    """The last ones of each network, for any thread: who reads most makes room for the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        #: The oldest first.
        self._of_network: dict[str, deque[Reads]] = {}
        self._count = 0

    def note(self, address: str, host: str, path: str, *, found: bool, count: int, ago_ms: int) -> None:
        """Note `count` requests, the first of them `ago_ms` milliseconds ago."""
        of = ReadOf(network_of(address), host[:_LONGEST].lower(), path[:_LONGEST], found)
        at_ms, count = self._clock.now_ms() - max(0, ago_ms), max(1, count)
        with self._lock:
            for known in reversed(self._of_network.get(of.network, ())):
                if at_ms - known.last_at_ms > _TOGETHER_MS:
                    break
                if known.of == of:
                    known.last_at_ms = max(at_ms, known.last_at_ms)
                    known.count = min(known.count + count, _MOST_COUNTED)
                    return
            if self._count >= MOST_READS:
                self._forget_one()
            self._of_network.setdefault(of.network, deque()).append(Reads(of, at_ms, at_ms, count))
            self._count += 1

    def _forget_one(self) -> None:
        # Of those with as many, the one whose first was read first.
        network, reads = max(self._of_network.items(), key=lambda item: (len(item[1]), -item[1][0].at_ms))
        reads.popleft()
        self._count -= 1
        if not reads:
            del self._of_network[network]

    def list_reads(self) -> list[Reads]:
        """Copies, the last one first."""
        with self._lock:
            kept = [replace(each) for reads in self._of_network.values() for each in reversed(reads)]
        return sorted(kept, key=lambda each: each.at_ms, reverse=True)


def choose_fairly(reads: Iterable[Reads], most: int, *, of_one: int) -> list[Reads]:
    """At most `most` of them, in their order, and `of_one` network: one of each before the second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for at, each in enumerate(reads):
        if seen[each.of.network] < of_one:
            ranked.append((seen[each.of.network], at, each))
        seen[each.of.network] += 1
    chosen = nsmallest(most, ranked, key=lambda entry: entry[:2])
    return [each for _, _, each in sorted(chosen, key=lambda entry: entry[1])]
