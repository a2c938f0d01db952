"""Many waiting questions, one call.

A call to the core costs about as much for one question as for a hundred. So while a batch is in flight the next
questions queue, and when it returns all that wait leave together. There is no timer: with nothing in flight a
question leaves at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")

#: Sends questions and returns one answer, or one exception, for each, in order. The second argument is how long
#: anybody still waits for an answer, in seconds.
Send = Callable[[Sequence[Q], float], Awaitable[Sequence[R | Exception]]]


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Q, R]):
    question: Q
    size: int
    deadline: float
    answer: asyncio.Future[R]


def _expire(answer: "asyncio.Future[R]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError("no answer in time"))


class Coalescer(Generic[Q, R]):
    """Joins questions that wait at the same time into batches. Belongs to one event loop."""

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
        self._waiting: deque[_Waiting[Q, R]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        #: A task has been made that has not yet taken its batch.
        self._beginning = False

    @property
    def waiting(self) -> int:
        """How many questions wait for a batch to leave in."""
        return len(self._waiting)

    async def ask(self, question: Q, *, timeout: float) -> R:
        """The answer to one question.

        Raises TimeoutError when there is none within `timeout` seconds, else whatever `send` raised or returned for it.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        answer: asyncio.Future[R] = loop.create_future()
        item = _Waiting(question, self._size(question), deadline, answer)
        self._waiting.append(item)
        self._schedule(loop)
        timer = loop.call_at(deadline, _expire, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # A task rather than at once: questions that arrive in the same turn of the loop leave together.
        if not self._beginning and len(self._in_flight) < self._max_in_flight:
            self._beginning = True
            task = loop.create_task(self._run())
            self._in_flight.add(task)
            task.add_done_callback(self._returned)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if task.cancelled():
            # Before it began, perhaps.
            self._beginning = False
        if self._waiting:
            self._schedule(task.get_loop())

    def _take(self) -> list[_Waiting[Q, R]]:
        batch: list[_Waiting[Q, R]] = []
        total = 0
        while self._waiting and len(batch) < self._max_batch:
            item = self._waiting[0]
            # Whoever gave up or ran out of time has a finished future: nobody would read the answer.
            if not item.answer.done():
                if batch and total + item.size > self._max_bytes:
                    break
                batch.append(item)
                total += item.size
            self._waiting.popleft()
        return batch

    async def _run(self) -> None:
        self._beginning = False
        batch = self._take()
        if self._waiting:
            self._schedule(asyncio.get_running_loop())
        if not batch:
            return
        timeout = max(item.deadline for item in batch) - asyncio.get_running_loop().time()
        try:
            answers = await self._send([item.question for item in batch], max(timeout, 0.0))
            if len(answers) != len(batch):
                raise RuntimeError(f"{len(batch)} questions, {len(answers)} answers")
        except Exception as error:
            _settle(batch, [error] * len(batch))
        except BaseException:
            _settle(batch, [ConnectionAbortedError("stopping")] * len(batch))
            raise
        else:
            _settle(batch, answers)


def _settle(batch: list[_Waiting[Q, R]], answers: Sequence[R | Exception]) -> None:
    for item, answer in zip(batch, answers, strict=True):
        if item.answer.done():
            continue
        if isinstance(answer, Exception):
            item.answer.set_exception(answer)
        else:
            item.answer.set_result(answer)
