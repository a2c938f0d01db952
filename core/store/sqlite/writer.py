"""The writer: one thread takes every transaction that waits, commits them together, and then answers them all.

Nothing is answered before the commit, not even a refusal, which may rest on what a neighbour wrote.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from core.domain.errors import StoreUnavailable
from core.store.sqlite.transaction import SqliteTransaction
from core.store.sqlite.write_connection import Intent, TransactionLost, WriteConnection

_log = logging.getLogger(__name__)

#: The most transactions in one commit.
LARGEST_GROUP = 256
#: The most transactions that may wait.
LONGEST_QUEUE = 8192

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Submission:
    intent: Intent
    future: "Future[Any]"


class Writer:
    """Owns the thread; the connection is used by that thread until `close` returns."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection
        self._waiting: SimpleQueue[_Submission | None] = SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, intent: Callable[[SqliteTransaction], T]) -> Future[T]:
        """Queue the intent. The future fails with StoreUnavailable at once where too many wait or all is closed."""
        future: Future[T] = Future()
        with self._door:
            if self._closed:
                refusal = "the store is closed"
            elif self._waiting.qsize() >= LONGEST_QUEUE:
                refusal = "too many writes are waiting"
            else:
                self._waiting.put(_Submission(intent, future))
                return future
        future.set_exception(StoreUnavailable(refusal))
        return future

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
        submission = self._waiting.get()
        try:
            while submission is not None:
                if submission.future.set_running_or_notify_cancel():
                    group.append(submission)
                if len(group) == LARGEST_GROUP:
                    return group, False
                submission = self._waiting.get_nowait()
        except Empty:
            return group, False
        return group, True

    def _settle(self, group: list[_Submission]) -> None:
        """Commit and answer; members of a broken group are tried once more, each in a commit of its own."""
        try:
            outcomes = self._connection.commit([submission.intent for submission in group])
        except TransactionLost:
            if len(group) == 1:
                self._refuse(group, "the store cannot do this now; nothing was changed")
            else:
                for submission in group:
                    self._settle([submission])
            return
        except StoreUnavailable as error:
            self._refuse(group, error.description)
            return
        except BaseException:
            _log.critical("the writer met an error it does not know", exc_info=True)
            self._refuse(group, "the store failed")
            return
        for submission, (value, failure) in zip(group, outcomes, strict=True):
            if failure is None:
                submission.future.set_result(value)
            else:
                submission.future.set_exception(failure)

    @staticmethod
    def _refuse(group: list[_Submission], description: str) -> None:
        for submission in group:
            submission.future.set_exception(StoreUnavailable(description))
