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
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
R = TypeVar("R")

#: Sends questions and returns one answer, or one exception, for each, in order. The second argument is how long
#: anybody still waits for an answer, in seconds.
Send = Callable[[Sequence[Q], float], Sequence[R | Exception]]

_new_lock = threading.Lock
#: So many batches are under way at a time.
_MOST_UNDER_WAY = 2
#: Of as many as this half leave at a time.
_MANY = 32
#: A batch that has not come back so long after the last moment at which somebody waits for it is lost, in seconds.
_GRACE = 1.0


class _Waiting(Generic[Q, R]):
    """A thread's question. Its `turn` is held until there is an answer, or a batch for it to send."""

    __slots__ = ("answer", "batch", "deadline", "following", "gone", "leads", "question", "size", "turn", "woken")

    def __init__(self, question: Q, size: int, deadline: float) -> None:
        self.question = question
        self.size = size
        self.deadline = deadline
        self.answer: R | Exception | None = None
        #: What it left in, and whether it sends that.
        self.batch: _Batch[Q, R] | None = None
        self.leads = False
        #: Whom of its batch it wakes, once it is awake.
        self.following: _Waiting[Q, R] | None = None
        self.woken = False
        #: Gave up before it was woken: whoever then gets hold of its turn wakes the one that follows.
        self.gone = False
        self.turn = _new_lock()
        self.turn.acquire()


class _Batch(Generic[Q, R]):
    """Questions that leave together, until the last of their threads is awake."""

    __slots__ = ("asleep", "items", "lost_at", "size")

    def __init__(self, items: list[_Waiting[Q, R]], lost_at: float) -> None:
        #: Let go with the answers: each of them knows the batch.
        self.items = items
        self.size = len(items)
        #: How many have not been woken yet.
        self.asleep = len(items)
        #: Its leader was interrupted, at a place where nobody can catch that, if it is still under way then.
        self.lost_at = lost_at


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
        self._under_way: list[_Batch[Q, R]] = []

    def ask(self, question: Q, timeout: float) -> R:
        """The answer to one question.

        Raises TimeoutError when there is none within `timeout` seconds, else whatever `send` raised or returned for it.
        """
        present = time.monotonic()
        item: _Waiting[Q, R] = _Waiting(question, self._size(question), present + timeout)
        asleep = True
        try:
            with self._door:
                self._waiting.append(item)
                under_way = self._under_way
                if under_way and under_way[0].lost_at < present:
                    under_way[:] = [batch for batch in under_way if batch.lost_at >= present]
                leaders = self._let_leave() if len(under_way) < _MOST_UNDER_WAY else None
            if leaders:
                _wake(leader for leader in leaders if leader is not item)
            if not leaders or item not in leaders:
                # Without names, and not negative, which is without end: this is asked for each token.
                awake = item.turn.acquire(True, timeout if timeout > 0 else 0)
                asleep = False
                if not awake:
                    self._give_up(item)
                elif not item.leads:
                    self._wake_following(item)
            asleep = False
            if item.leads:
                self._send_batch(item)
        except BaseException:
            self._leave_alone(item, asleep)
            raise
        answer = item.answer
        if answer is None:
            raise TimeoutError("no answer in time")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _let_leave(self) -> "list[_Waiting[Q, R]]":
        """Those who are to send what may leave now. Under the lock."""
        leaders: list[_Waiting[Q, R]] = []
        while self._waiting and len(self._under_way) < _MOST_UNDER_WAY and self._are_enough():
            items = self._take()
            if not items:
                break
            leader = max(items, key=_deadline)
            leader.leads = True
            batch = _Batch(items, leader.deadline + _GRACE)
            for item in items:
                item.batch = batch
            self._under_way.append(batch)
            leaders.append(leader)
        return leaders

    def _are_enough(self) -> bool:
        # A batch for the two that happened to come first costs nearly as much as one for all that come with them.
        return 2 * len(self._waiting) >= sum(batch.size for batch in self._under_way)

    def _take(self) -> "list[_Waiting[Q, R]]":
        items: list[_Waiting[Q, R]] = []
        waiting, room, present = self._waiting, self._max_bytes, time.monotonic()
        most, all_of_them = self._max_batch, len(waiting) + sum(batch.asleep for batch in self._under_way)
        if all_of_them >= _MANY:
            most = min(most, (all_of_them + 1) // 2)
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

    def _leave_alone(self, item: _Waiting[Q, R], asleep: bool) -> None:
        """Its thread is interrupted: those of its batch learn it, and whoever it would have woken is woken."""
        if asleep:
            self._give_up(item)
        item.gone, batch = True, item.batch
        if item.leads and batch is not None and batch.items:
            self._settle(item, ConnectionAbortedError("stopping"))
        elif not asleep and batch is not None and (item.following is None or not item.following.woken):
            self._wake_following(item)

    def _give_up(self, item: _Waiting[Q, R]) -> None:
        if not item.woken:
            with self._door:
                # From here on nobody makes it a leader; or they have done that already.
                item.gone = True
            if item.leads or not item.turn.acquire(blocking=False):
                return
        self._wake_following(item)

    def _wake_following(self, item: _Waiting[Q, R]) -> None:
        """Before anything else: who has run for a while is made to wait by the system when it wakes another one."""
        batch = item.batch
        assert batch is not None
        batch.asleep -= 1
        while (following := item.following) is not None:
            following.woken = True
            following.turn.release()
            if not following.gone or not following.turn.acquire(blocking=False):
                return
            batch.asleep -= 1
            item = following
        with self._door:
            if batch in self._under_way:
                self._under_way.remove(batch)
            leaders = self._let_leave()
        _wake(leaders)

    def _send_batch(self, leader: _Waiting[Q, R]) -> None:
        assert leader.batch is not None
        questions = [item.question for item in leader.batch.items]
        try:
            answers = self._send(questions, max(leader.deadline - time.monotonic(), 0.0))
            if len(answers) != len(questions):
                raise RuntimeError(f"{len(questions)} questions, {len(answers)} answers")
        except Exception as error:
            self._settle(leader, error)
        else:
            self._settle(leader, answers)

    def _settle(self, leader: _Waiting[Q, R], answers: Sequence[R | Exception] | Exception) -> None:
        """One answer for each of the leader's batch, or one for all of them."""
        assert leader.batch is not None
        items, leader.batch.items, last = leader.batch.items, [], leader
        if isinstance(answers, Exception):
            answers = [answers] * len(items)
        for item, answer in zip(items, answers, strict=True):
            item.answer = answer
            if item is not leader:
                last.following = item
                last = item
        self._wake_following(leader)


def _wake(leaders: "Iterable[_Waiting[Q, R]]") -> None:
    for leader in leaders:
        leader.turn.release()


def _deadline(item: _Waiting[Q, R]) -> float:
    return item.deadline
