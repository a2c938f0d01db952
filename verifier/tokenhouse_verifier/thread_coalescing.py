"""Many waiting questions, one call: what `coalescing` does for an event loop, for threads.

Of those who leave together one sends for all: the one with the most time left, so nobody is kept beyond their own
deadline by somebody else's. Who comes while nothing is under way sends its own question itself, which costs next to
nothing beside the call.

The threads whose batch has returned wake one another, one after the other: only one thread runs Python at a time, so
all of them at once would have the system switch to each of them twice, the first time for nothing. Their place is free
for the next batch once the last of them is awake. By then most of them have asked again, and go with it; before that it
would leave with the few who happened to wait.

Where many ask, two batches are under way, each about half of them: while the threads of one wake the other is
answered.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")

#: Sends questions and returns one answer, or one exception, for each, in order. The second argument is how long
#: anybody still waits for an answer, in seconds.
Send = Callable[[Sequence[Q], float], Sequence[R | Exception]]

#: So many batches are under way at a time.
_MOST_UNDER_WAY = 2
#: As many as this leave as two batches where nothing is under way.
_MANY = 16


class _Waiting(Generic[Q, R]):
    """A thread's question. Its `turn` is held until there is an answer, or a batch for it to send."""

    __slots__ = ("answer", "deadline", "gone", "leads", "question", "size", "turn", "woken_with")

    def __init__(self, question: Q, size: int, deadline: float) -> None:
        self.question = question
        self.size = size
        self.deadline = deadline
        self.answer: R | Exception | None = None
        #: What it is to send for all of them.
        self.leads: _Batch[Q, R] | None = None
        #: The batch with whose answers it was woken, the next of which it wakes.
        self.woken_with: _Batch[Q, R] | None = None
        self.gone = False
        self.turn = threading.Lock()
        self.turn.acquire()


class _Batch(Generic[Q, R]):
    """Questions that leave together."""

    __slots__ = ("items", "sleeping")

    def __init__(self, items: "list[_Waiting[Q, R]]") -> None:
        self.items = items
        #: Those who are still to be woken, by whoever was woken last.
        self.sleeping: deque[_Waiting[Q, R]] = deque()


class ThreadCoalescer(Generic[Q, R]):
    """Joins questions that wait at the same time into batches. Any thread may ask."""

    def __init__(
        self,
        send: Send[Q, R],
        *,
        size: Callable[[Q], int],
        max_batch: int = 128,
        max_bytes: int = 768 * 1024,
    ) -> None:
        """`size` tells a question's bytes; a single question larger than `max_bytes` still leaves, alone."""
        self._send = send
        self._size = size
        self._max_batch = max_batch
        self._max_bytes = max_bytes
        self._door = threading.Lock()
        self._waiting: deque[_Waiting[Q, R]] = deque()
        #: Batches, and the questions in them, until the last of their threads is awake.
        self._batches = 0
        self._under_way = 0

    def ask(self, question: Q, *, timeout: float) -> R:
        """The answer to one question.

        Raises TimeoutError when there is none within `timeout` seconds, else whatever `send` raised or returned for it.
        """
        item: _Waiting[Q, R] = _Waiting(question, self._size(question), time.monotonic() + timeout)
        with self._door:
            self._waiting.append(item)
            leaders = self._let_leave()
        for leader in leaders:
            if leader is not item:
                leader.turn.release()
        if item not in leaders:
            self._sleep(item, timeout)
        if item.leads is not None:
            self._send_batch(item, item.leads)
        answer = item.answer
        if answer is None:
            raise TimeoutError("no answer in time")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _let_leave(self) -> "list[_Waiting[Q, R]]":
        """Those who are to send what may leave now. Under the lock."""
        leaders: list[_Waiting[Q, R]] = []
        while self._waiting and self._batches < _MOST_UNDER_WAY and 2 * len(self._waiting) >= self._under_way:
            items = self._take()
            if not items:
                break
            self._batches += 1
            self._under_way += len(items)
            leader = max(items, key=_deadline)
            leader.leads = _Batch(items)
            leaders.append(leader)
        return leaders

    def _take(self) -> "list[_Waiting[Q, R]]":
        items: list[_Waiting[Q, R]] = []
        waiting, room, present = self._waiting, self._max_bytes, time.monotonic()
        most = self._max_batch
        if not self._under_way and len(waiting) >= _MANY:
            most = min(most, (len(waiting) + 1) // 2)
        while waiting and len(items) < most:
            item = waiting[0]
            # Whoever gave up or ran out of time would not read the answer.
            if not item.gone and item.deadline > present:
                if items and item.size > room:
                    break
                items.append(item)
                room -= item.size
            waiting.popleft()
        return items

    def _sleep(self, item: _Waiting[Q, R], timeout: float) -> None:
        """Until there is an answer, or it is this thread's turn to send."""
        try:
            item.turn.acquire(timeout=max(timeout, 0))
        except BaseException:
            self._rise(item)
            if item.leads is not None:
                self._settle(item, item.leads, [ConnectionAbortedError("stopping")] * len(item.leads.items))
            raise
        self._rise(item)

    def _rise(self, item: _Waiting[Q, R]) -> None:
        with self._door:
            # From here on nobody makes it a leader, or wakes it; or they have done that already.
            item.gone = True
            woken = self._find_next(item.woken_with) if item.woken_with is not None else ()
        for each in woken:
            each.turn.release()

    def _find_next(self, batch: _Batch[Q, R]) -> "Sequence[_Waiting[Q, R]]":
        """Who is to be woken next: another one of an answered batch, or those who send what leaves after it."""
        while batch.sleeping:
            item = batch.sleeping.popleft()
            if not item.gone:
                item.woken_with = batch
                return (item,)
        self._batches -= 1
        self._under_way -= len(batch.items)
        return self._let_leave()

    def _send_batch(self, leader: _Waiting[Q, R], batch: _Batch[Q, R]) -> None:
        questions = [item.question for item in batch.items]
        try:
            answers = self._send(questions, max(leader.deadline - time.monotonic(), 0.0))
            if len(answers) != len(questions):
                raise RuntimeError(f"{len(questions)} questions, {len(answers)} answers")
        except Exception as error:
            answers = [error] * len(questions)
        except BaseException:
            self._settle(leader, batch, [ConnectionAbortedError("stopping")] * len(questions))
            raise
        self._settle(leader, batch, answers)

    def _settle(self, leader: _Waiting[Q, R], batch: _Batch[Q, R], answers: Sequence[R | Exception]) -> None:
        for item, answer in zip(batch.items, answers, strict=True):
            item.answer = answer
        with self._door:
            batch.sleeping.extend(item for item in batch.items if item is not leader)
            woken = self._find_next(batch)
        for each in woken:
            each.turn.release()


def _deadline(item: _Waiting[Q, R]) -> float:
    return item.deadline
