"""One at a time for each host: nobody can be made to knock at one door with many hands."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.domain.errors import TemporarilyUnavailable

#: How long one waits for its turn, in seconds.
PATIENCE = 4.0
#: Those who wait for one host: the threads are for the others, too.
_MOST_WAITING = 3


@dataclass(slots=True)
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: Those who have or want the turn.
    interested: int = 0


class HostTurns:
    """Who may ask which host; used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    def interested(self, host: str) -> int:
        """How many have or want the turn."""
        with self._lock:
            wanted = self._hosts.get(host)
            return 0 if wanted is None else wanted.interested

    @contextmanager
    def take(self, host: str) -> Iterator[None]:
        """For a `with`: the host is this caller's alone.

        Raises:
            TemporarilyUnavailable: too many want it.
        """
        with self._lock:
            wanted = self._hosts.setdefault(host, _Host())
            if wanted.interested > _MOST_WAITING:
                raise _too_many(host)
            wanted.interested += 1
        try:
            if not wanted.lock.acquire(timeout=PATIENCE):
                raise _too_many(host)
            try:
                yield
            finally:
                wanted.lock.release()
        finally:
            with self._lock:
                wanted.interested -= 1
                if wanted.interested == 0:
                    del self._hosts[host]


def _too_many(host: str) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(f"too many ask for documents of {host} right now")
