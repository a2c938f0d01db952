"""Many waiting questions, one call: what `coalescing` does for an event loop, for threads.

A thread that comes while fewer than two batches are in flight sends its own question itself, which costs next to
nothing beside the call. The others wait; when a batch returns, one of them sends all that wait by then. It is the one
with the most time left, so nobody is kept beyond their own deadline by somebody else's.

Where many ask, one batch is in flight at a time: a second one would leave with the first few of those who come back
from the last, and calls would be many and small.

The threads whose batch has returned wake one another, one after the other: only one thread runs Python at a time, so
all of them at once would have the system switch to each of them twice, the first time for nothing.
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

#: From how many in a batch on there is one batch in flight at a time.
_MANY = 8


class _Waiting(Generic[Q, R]):
    """A thread's question. Its `turn` is held until there is an answer, or a batch for it to send."""

    __slots__ = ("answer", "batch", "deadline", "gone", "question", "size", "sleeping", "turn", "woken")

    def __init__(self, question: Q, size: int, deadline: float) -> None:
        self.question = question
        self.size = size
        self.deadline = deadline
        self.answer: R | Exception | None = None
        self.batch: list[_Waiting[Q, R]] = []
        #: Those of its batch who are still to be woken, by whoever was woken last.
        self.sleeping: deque[_Waiting[Q, R]] = deque()
        self.woken = False
        self.gone = False
        self.turn = threading.Lock()
        self.turn.acquire()


class ThreadCoalescer(Generic[Q, R]):
    """Joins questions that wait at the same time into batches. Any thread may ask."""

    def __init__(
        self,
        send: Send[Q, R],
        *,
        size: Callable[[Q], int],
        max_batch: int = 128,
        max_bytes: int = 768 * 1024,
        max_in_flight: int = 2,
    ) -> None:
        """`size` tells a question's bytes; a single question larger than `max_bytes` still leaves, alone."""
        self._send = send
        self._size = size
        self._max_batch = max_batch
        self._max_bytes = max_bytes
        self._max_in_flight = max_in_flight
        self._door = threading.Lock()
        self._waiting: deque[_Waiting[Q, R]] = deque()
        self._in_flight = 0
        #: The size of the last batch, or of a larger one before it, less one for each since.
        self._crowd = 0

    def ask(self, question: Q, *, timeout: float) -> R:
        """The answer to one question.

        Raises TimeoutError when there is none within `timeout` seconds, else whatever `send` raised or returned for it.
        """
        with self._door:
            alone = self._in_flight < (1 if self._crowd >= _MANY else self._max_in_flight)
            if alone:
                self._in_flight += 1
                self._crowd = max(self._crowd - 1, 1)
            else:
                item: _Waiting[Q, R] = _Waiting(question, self._size(question), time.monotonic() + timeout)
                self._waiting.append(item)
        answer = self._ask_alone(question, timeout) if alone else self._ask_with_others(item, timeout)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask_alone(self, question: Q, timeout: float) -> R | Exception:
        try:
            return self._sent([question], timeout)[0]
        finally:
            self._hand_on()

    def _ask_with_others(self, item: _Waiting[Q, R], timeout: float) -> R | Exception:
        """Until there is an answer, or it is this thread's turn to send."""
        try:
            item.turn.acquire(timeout=max(timeout, 0))
        except BaseException:
            self._leave(item)
            if item.batch:
                self._settle(item, [ConnectionAbortedError("stopping")] * len(item.batch))
            raise
        self._leave(item)
        if item.batch:
            self._send_batch(item)
        return TimeoutError("no answer in time") if item.answer is None else item.answer

    def _leave(self, item: _Waiting[Q, R]) -> None:
        with self._door:
            # From here on nobody makes it the sender, or wakes it; or they have done that already.
            item.gone = True
        if item.woken:
            self._wake_next(item.sleeping)

    def _wake_next(self, sleeping: "deque[_Waiting[Q, R]]") -> None:
        with self._door:
            while sleeping and sleeping[0].gone:
                sleeping.popleft()
            if not sleeping:
                return
            item = sleeping.popleft()
            item.woken = True
        item.turn.release()

    def _send_batch(self, leader: _Waiting[Q, R]) -> None:
        try:
            answers = self._sent([item.question for item in leader.batch], leader.deadline - time.monotonic())
        except BaseException:
            self._settle(leader, [ConnectionAbortedError("stopping")] * len(leader.batch))
            raise
        self._settle(leader, answers)

    def _sent(self, questions: Sequence[Q], timeout: float) -> Sequence[R | Exception]:
        try:
            answers = self._send(questions, max(timeout, 0.0))
            if len(answers) != len(questions):
                raise RuntimeError(f"{len(questions)} questions, {len(answers)} answers")
        except Exception as error:
            return [error] * len(questions)
        return answers

    def _settle(self, leader: _Waiting[Q, R], answers: Sequence[R | Exception]) -> None:
        # The next batch first: it is on its way while the threads of this one wake up.
        self._hand_on()
        sleeping = deque(item for item in leader.batch if item is not leader)
        for item, answer in zip(leader.batch, answers, strict=True):
            item.sleeping = sleeping
            item.answer = answer
        self._wake_next(sleeping)

    def _hand_on(self) -> None:
        """A batch has returned: whoever waits sends the next one."""
        with self._door:
            batch = self._take() if self._waiting else []
            if not batch:
                self._in_flight -= 1
                return
            self._crowd = max(self._crowd - 1, len(batch))
            leader = max(batch, key=lambda item: item.deadline)
            leader.batch = batch
        leader.turn.release()

    def _take(self) -> list[_Waiting[Q, R]]:
        batch: list[_Waiting[Q, R]] = []
        total, present = 0, time.monotonic()
        while self._waiting and len(batch) < self._max_batch:
            item = self._waiting[0]
            # Whoever gave up or ran out of time would not read the answer.
            if not item.gone and item.deadline > present:
                if batch and total + item.size > self._max_bytes:
                    break
                batch.append(item)
                total += item.size
            self._waiting.popleft()
        return batch
