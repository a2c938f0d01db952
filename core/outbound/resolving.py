"""Names to addresses within a time: the system's resolver knows no deadline, so it is asked on a thread apart."""

import queue
import threading
from collections.abc import Sequence
from time import monotonic

from core.outbound.network import Network

#: Questions that nobody answers hold a thread each, for as long as the system's resolver goes on asking: as many
#: as come in that time from a few networks.
_MOST_AT_ONCE = 64


class NotResolved(Exception):
    """There is no address for this name, or not in time; says why."""


class ResolverBusy(Exception):
    """The name was not asked for: too many questions have no answer yet."""


class Resolver:
    """Asks a network, and never waits longer than it is told."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._free = threading.Semaphore(_MOST_AT_ONCE)

    def resolve(self, host: str, until: float) -> Sequence[str]:
        """The addresses of a name, asked for once; `until` is a moment of the monotonic clock.

        Raises:
            NotResolved, ResolverBusy
        """
        if not self._free.acquire(blocking=False):
            raise ResolverBusy
        answer: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._network.resolve(host))
            except (OSError, UnicodeError) as error:
                answer.put(error)
            finally:
                self._free.release()

        # Nobody waits for it at the end: what the system's resolver does cannot be broken off.
        threading.Thread(target=ask, name="resolver", daemon=True).start()
        try:
            found = answer.get(timeout=max(0.0, until - monotonic()))
        except queue.Empty:
            raise NotResolved("the resolver did not answer in time") from None
        if isinstance(found, Exception):
            raise NotResolved(str(found))
        if not found:
            raise NotResolved("the name has no address")
        return found
