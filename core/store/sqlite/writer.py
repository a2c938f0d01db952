"""The writer: one thread takes every transaction that waits, commits them together, and then answers them all.

Nothing is answered before the commit, not even a refusal, which may rest on what a neighbour wrote.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter

from core.domain.errors import StoreUnavailable
from core.domain.writing import Outcome
from core.metrics.store import StoreMetrics
from core.store.sqlite.write_connection import Intent, TransactionLost, WriteConnection

_log = logging.getLogger(__name__)

#: A commit that has so many transactions takes no more.
LARGEST_GROUP = 256
#: The most transactions that may wait.
LONGEST_QUEUE = 8192


@dataclass(frozen=True, slots=True)
class _Submission:
    """Intents that one thread waits for together."""

    intents: Sequence[Intent]
    future: "Future[list[Outcome]]"


class Writer:
    """Owns the thread; the connection is used by that thread until `close` returns."""

    def __init__(self, connection: WriteConnection, metrics: StoreMetrics) -> None:
        self._connection = connection
        self._metrics = metrics
        self._waiting: SimpleQueue[_Submission | None] = SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._queued = 0
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, intents: Sequence[Intent]) -> Future[list[Outcome]]:
        """`core.domain.writing.Writes.submit`."""
        future: Future[list[Outcome]] = Future()
        with self._door:
            if self._closed:
                refusal = "the store is closed"
            elif self._queued >= LONGEST_QUEUE:
                refusal = "too many writes are waiting"
                self._metrics.shed(len(intents))
            else:
                self._queued += len(intents)
                self._waiting.put(_Submission(intents, future))
                return future
        future.set_result(refuse(intents, refusal))
        return future

    @property
    def waiting(self) -> int:
        """How many transactions wait."""
        return self._queued

    def is_current_thread(self) -> bool:
        """Whether this is the writer's own thread, which must never wait for itself."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Take no more, commit what waits, end the thread."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        last = False
        while not last:
            group, last = self._take_group()
            if group:
                self._settle(group)

    def _take_group(self) -> tuple[list[_Submission], bool]:
        """Everything that waits, at least one; and whether it is the last."""
        group: list[_Submission] = []
        size = 0
        submission = self._waiting.get()
        try:
            while submission is not None:
                size += len(submission.intents)
                if submission.future.set_running_or_notify_cancel():
                    group.append(submission)
                if size >= LARGEST_GROUP:
                    break
                submission = self._waiting.get_nowait()
        except Empty:
            pass
        with self._door:
            self._queued -= size
        return group, submission is None

    def _settle(self, group: list[_Submission]) -> None:
        """Commit and answer."""
        intents = [intent for submission in group for intent in submission.intents]
        started = perf_counter()
        outcomes = iter(self._commit(intents))
        self._metrics.committed(len(intents), perf_counter() - started)
        for submission in group:
            submission.future.set_result([next(outcomes) for _ in submission.intents])

    def _commit(self, intents: Sequence[Intent]) -> list[Outcome]:
        """What came of each; members of a broken group are tried once more, each in a commit of its own."""
        try:
            return self._connection.commit(intents)
        except TransactionLost:
            if len(intents) > 1:
                return [outcome for intent in intents for outcome in self._commit([intent])]
            return refuse(intents, "the store cannot do this now; nothing was changed")
        except StoreUnavailable as error:
            return refuse(intents, error.description)
        except BaseException:
            _log.critical("the writer met an error it does not know", exc_info=True)
            return refuse(intents, "the store failed")


def refuse(intents: Sequence[Intent], description: str) -> list[Outcome]:
    """The same refusal for each."""
    return [(None, StoreUnavailable(description)) for _ in intents]
