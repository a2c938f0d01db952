"""Many waiting questions, one call.

A call to the core costs about as much for one question as for a hundred. So while a batch is in flight the next
questions queue, and when it returns all that wait leave together. There is no timer: with nothing in flight a
question leaves at once.

A question that has waited so long that its answer would come too late is not sent: where more is asked than can be
answered, the oldest would otherwise keep the core busy with answers that nobody waits for any longer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")

#: Sends questions and returns one answer, or one exception, for each, in order. The second argument is how long
#: anybody still waits for an answer, in seconds.
Send = Callable[[Sequence[Q], float], Awaitable[Sequence[R | Exception]]]

#: How many of the last answered batches tell how long one takes: the quickest of them, for any may have met a restart.
_REMEMBERED = 8


class _Waiting(NamedTuple, Generic[Q, R]):
    question: Q
    size: int
    #: On the loop's clock.
    deadline: float
    #: From when on an answer that takes longer than what is left comes too late; who has just come is never too old.
    old_from: float
    answer: "asyncio.Future[R]"


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
        halve_from: int | None = None,
        half_as_many: bool = False,
    ) -> None:
        """`size` tells a question's bytes; a single question larger than `max_bytes` still leaves, alone.

        Where at least `halve_from` wait and nothing is in flight, they leave as two batches: while the answers to one
        are taken up the other is answered. None where a call costs too much for that.

        `half_as_many`: beside batches that are under way another leaves only once at least half as many wait as are in
        them: a call for the two that happened to come first costs nearly as much as one for all that come with them.
        """
        self._send = send
        self._size = size
        self._max_batch = max_batch
        self._max_bytes = max_bytes
        self._max_in_flight = max_in_flight
        self._halve_from = halve_from
        self._half_as_many = half_as_many
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting[Q, R]] = deque()
        #: How many senders there are, each with one batch in flight at a time; their tasks, until they are gone.
        self._senders = 0
        #: Questions under way.
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        #: The newest of them, until it takes its first batch.
        self._starting: asyncio.Task[None] | None = None
        #: Questions by their deadlines, those that are answered not yet dropped; and what wakes at the first of them.
        self._deadlines: deque[_Waiting[Q, R]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._taken: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def waiting(self) -> int:
        """How many questions wait for a batch to leave in."""
        return len(self._waiting)

    async def ask(self, question: Q, *, timeout: float) -> R:
        """The answer to one question.

        Raises TimeoutError when there is none within `timeout` seconds, else whatever `send` raised or returned for it.
        """
        return await self.submit(question, timeout)

    def submit(self, question: Q, timeout: float) -> asyncio.Future[R]:
        """`ask`, without a coroutine of its own: what is to be awaited."""
        loop = self._loop
        if loop is None:
            # Not asked for each time: it is a system call.
            loop = self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        now = loop.time()
        # What a NamedTuple's own constructor does, in a quarter of its time.
        size, old_from = self._size(question), now + timeout / 2
        item: _Waiting[Q, R] = tuple.__new__(_Waiting, (question, size, now + timeout, old_from, answer))
        self._waiting.append(item)
        self._watch_deadline(loop, item)
        if self._starting is None:
            self._start_sender(loop)
        return answer

    def _start_sender(self, loop: asyncio.AbstractEventLoop) -> None:
        # It takes its batch in the loop's next turn: questions that arrive in the same turn leave together.
        if self._starting is None and self._senders < self._max_in_flight and self._are_enough():
            self._senders += 1
            self._starting = loop.create_task(self._send_while_any_waits(loop))
            self._tasks.add(self._starting)
            self._starting.add_done_callback(self._ended)

    def _are_enough(self) -> bool:
        return not self._half_as_many or self._senders == 0 or 2 * len(self._waiting) >= self._under_way

    async def _send_while_any_waits(self, loop: asyncio.AbstractEventLoop) -> None:
        self._starting = None
        try:
            while batch := self._take(loop.time()):
                if self._waiting:
                    self._start_sender(loop)
                await self._send_batch(batch, loop)
        finally:
            self._senders -= 1

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task is self._starting:
            # Cancelled before it began.
            self._starting = None
            self._senders -= 1
        if self._waiting:
            self._start_sender(task.get_loop())

    def _take(self, now: float) -> list[_Waiting[Q, R]]:
        batch: list[_Waiting[Q, R]] = []
        waiting, room, soonest = self._waiting, self._max_bytes, now + min(self._taken, default=0.0)
        most = self._max_batch
        if self._halve_from is not None and self._senders == 1 and len(waiting) >= self._halve_from:
            most = min(most, (len(waiting) + 1) // 2)
        while waiting and len(batch) < most:
            item = waiting[0]
            if item.deadline < soonest and item.old_from < now:
                _expire(item.answer)
            # Whoever gave up or ran out of time has a finished future: nobody would read the answer.
            if not item.answer.done():
                if batch and item.size > room:
                    break
                batch.append(item)
                room -= item.size
            waiting.popleft()
        return batch

    async def _send_batch(self, batch: list[_Waiting[Q, R]], loop: asyncio.AbstractEventLoop) -> None:
        self._under_way += len(batch)
        begun = loop.time()
        timeout = max(item.deadline for item in batch) - begun
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
            self._taken.append(loop.time() - begun)
            _settle(batch, answers)
        finally:
            self._under_way -= len(batch)
        while self._deadlines and self._deadlines[0].answer.done():
            self._deadlines.popleft()

    def _watch_deadline(self, loop: asyncio.AbstractEventLoop, item: _Waiting[Q, R]) -> None:
        # One timer for all of them, since most have the same time; for whoever has less than those before, another.
        if self._deadlines and item.deadline < self._deadlines[-1].deadline:
            timer = loop.call_at(item.deadline, _expire, item.answer)
            item.answer.add_done_callback(lambda _: timer.cancel())
            return
        self._deadlines.append(item)
        if self._timer is None:
            self._timer = loop.call_at(item.deadline, self._expire_due, loop)

    def _expire_due(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        while self._deadlines and (self._deadlines[0].answer.done() or self._deadlines[0].deadline <= now):
            _expire(self._deadlines.popleft().answer)
        self._timer = loop.call_at(self._deadlines[0].deadline, self._expire_due, loop) if self._deadlines else None


def _expire(answer: "asyncio.Future[R]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError("no answer in time"))


def _settle(batch: list[_Waiting[Q, R]], answers: Sequence[R | Exception]) -> None:
    for item, answer in zip(batch, answers, strict=True):
        if item.answer.done():
            continue
        if isinstance(answer, Exception):
            item.answer.set_exception(answer)
        else:
            item.answer.set_result(answer)
