"""Many threads' questions become few calls, and nobody waits beyond their own deadline."""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
from tokenhouse_verifier import thread_coalescing
from tokenhouse_verifier.thread_coalescing import ThreadCoalescer

from tests.verifier.forms import PATIENCE, wait_until


class Echo:
    """Answers each question with itself, once it is let; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.timeouts: list[float] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, questions: Sequence[str], timeout: float) -> list[str | Exception]:
        # Before anybody sees the batch, and then has later ones wait for something else.
        let = self.open
        self.timeouts.append(timeout)
        self.batches.append(list(questions))
        assert let.wait(PATIENCE)
        return [KeyError(question) if question.startswith("bad") else question.upper() for question in questions]


class Crowd:
    """Threads that ask."""

    def __init__(self, coalescer: ThreadCoalescer[str, str], threads: ThreadPoolExecutor) -> None:
        self._coalescer = coalescer
        self._threads = threads

    def ask(self, question: str, timeout: float = PATIENCE) -> "Future[str]":
        """Ask in a thread of its own."""
        return self._threads.submit(self._coalescer.ask, question, timeout=timeout)

    def under_way(self) -> int:
        """How many batches have not been told to all."""
        return len(self._coalescer._under_way)

    def waiting(self) -> int:
        """How many wait for a batch to return."""
        return len(self._coalescer._waiting)


@pytest.fixture
def echo() -> Echo:
    """What is asked."""
    return Echo()


@pytest.fixture
def crowd_of(echo: Echo) -> "Callable[..., Crowd]":
    """Makes a crowd that asks through a coalescer."""
    threads = ThreadPoolExecutor(256)
    return lambda **options: Crowd(ThreadCoalescer(echo, size=len, **options), threads)


def fill(echo: Echo, crowd: Crowd) -> list["Future[str]"]:
    """Two batches in flight, which do not return yet."""
    echo.open.clear()
    first = [crowd.ask("first")]
    wait_until(lambda: len(echo.batches) == 1, "the first batch")
    first.append(crowd.ask("second"))
    wait_until(lambda: len(echo.batches) == 2, "the second batch")
    return first


def test_a_single_question_leaves_at_once(echo: Echo) -> None:
    """In the thread that asks: nobody hands anything over."""
    seen: list[threading.Thread] = []

    def send(questions: Sequence[str], timeout: float) -> list[str | Exception]:
        seen.append(threading.current_thread())
        return echo(questions, timeout)

    coalescer = ThreadCoalescer(send, size=len)
    assert coalescer.ask("a", timeout=5) == "A"
    assert echo.batches == [["a"]]
    assert 4 < echo.timeouts[0] <= 5
    assert seen == [threading.current_thread()]


def test_questions_wait_while_batches_are_in_flight_and_then_leave_together(
    echo: Echo, crowd_of: "Callable[..., Crowd]"
) -> None:
    """At most two batches are in flight; all that waits meanwhile is the next one."""
    crowd = crowd_of()
    first = fill(echo, crowd)
    rest = [crowd.ask(f"c{number}") for number in range(24)]
    wait_until(lambda: crowd.waiting() == 24, "all to wait")
    assert len(echo.batches) == 2
    echo.open.set()
    assert [future.result(PATIENCE) for future in rest] == [f"C{number}" for number in range(24)]
    assert [future.result(PATIENCE) for future in first] == ["FIRST", "SECOND"]
    assert sorted(map(len, echo.batches)) == [1, 1, 24]


def test_batches_are_split_by_number_and_by_bytes(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """No more than may be; what is larger than a batch leaves alone."""
    crowd = crowd_of(max_batch=4, max_bytes=20)
    fill(echo, crowd)
    questions = ["x" * 30, *(f"{number:08}" for number in range(9)), "y", "z", "a", "b", "c"]
    answers = []
    for number, question in enumerate(questions, 1):
        answers.append(crowd.ask(question))
        wait_until(lambda expected=number: crowd.waiting() == expected, "it to wait")  # type: ignore[misc]
    echo.open.set()
    assert [future.result(PATIENCE) for future in answers] == [question.upper() for question in questions]
    assert all(len(batch) <= 4 for batch in echo.batches)
    assert all(sum(map(len, batch)) <= 20 or len(batch) == 1 for batch in echo.batches)


def test_one_failure_is_nobody_elses(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """Exceptions come to the one whose question they answer."""
    crowd = crowd_of()
    fill(echo, crowd)
    answers = {question: crowd.ask(question) for question in ("a", "bad", "b")}
    wait_until(lambda: crowd.waiting() == 3, "all to wait")
    echo.open.set()
    assert answers["a"].result(PATIENCE) == "A"
    assert answers["b"].result(PATIENCE) == "B"
    assert isinstance(answers["bad"].exception(PATIENCE), KeyError)


@pytest.mark.parametrize("answers", [[], ["A", "B"]])
def test_a_call_that_fails_fails_for_all_of_its_batch(answers: list[str | Exception]) -> None:
    """What `send` raises, or that the answers are not as many as the questions; the next one is asked all the same."""
    coalescer = ThreadCoalescer[str, str](lambda q, t: answers, size=len)
    for _ in range(5):
        with pytest.raises(RuntimeError, match="1 questions"):
            coalescer.ask("a", timeout=1)
    failing = ThreadCoalescer[str, str](_fail, size=len)
    for _ in range(5):
        with pytest.raises(OSError, match="failed"):
            failing.ask("a", timeout=1)


def _fail(questions: Sequence[str], timeout: float) -> list[str | Exception]:
    raise OSError("failed")


def test_nobody_waits_for_somebody_elses_deadline(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """Who has little time gives up in time, and is not sent; who has most of it sends the batch."""
    crowd = crowd_of()
    fill(echo, crowd)
    began = time.monotonic()
    short = [crowd.ask("short", timeout=0.05) for _ in range(3)]
    long = [crowd.ask(f"long {number}", timeout=PATIENCE + number) for number in range(3)]
    for future in short:
        assert isinstance(future.exception(PATIENCE), TimeoutError)
    assert time.monotonic() < began + PATIENCE
    wait_until(lambda: crowd.waiting() == 6, "all to wait")
    echo.open.set()
    assert [future.result(PATIENCE) for future in long] == ["LONG 0", "LONG 1", "LONG 2"]
    assert echo.batches[2] == ["long 0", "long 1", "long 2"]
    assert echo.timeouts[2] > PATIENCE + 1


def test_who_gives_up_in_flight_keeps_nobody_from_waking(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """The threads of a batch wake one another: one that is gone by then is passed over, wherever it stood."""
    crowd = crowd_of()
    first, answered = fill(echo, crowd), threading.Event()
    answers = [crowd.ask(f"{number}", timeout=0.2 if number % 3 else PATIENCE + number) for number in range(12)]
    wait_until(lambda: crowd.waiting() == 12, "all to wait")
    echo.open, held = answered, echo.open
    held.set()
    # On a slow machine some have given up by now, and are not sent.
    wait_until(lambda: any({"0", "3", "6", "9"} <= set(batch) for batch in echo.batches), "their batch")
    gone = [answers[number] for number in range(12) if number % 3]
    assert all(isinstance(future.exception(PATIENCE), TimeoutError) for future in gone)
    answered.set()
    assert [answers[number].result(PATIENCE) for number in range(0, 12, 3)] == ["0", "3", "6", "9"]
    assert [future.result(PATIENCE) for future in first] == ["FIRST", "SECOND"]


def send_together(echo: Echo, crowd: Crowd, count: int) -> list["Future[str]"]:
    """One batch of so many in flight, and nothing else, until `echo.open` is set; "many 0" is not who sends it."""
    first, answered = fill(echo, crowd), threading.Event()
    many = [crowd.ask(f"many {number}", timeout=PATIENCE + 5 * min(number, 1)) for number in range(count)]
    wait_until(lambda: crowd.waiting() == count, "all to wait")
    echo.open, held = answered, echo.open
    held.set()
    assert all(future.result(PATIENCE) for future in first)
    wait_until(lambda: len(echo.batches) == 3, "the batch")
    return many


def test_a_second_batch_leaves_with_half_as_many_as_are_under_way(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """One for the two that happened to come first would cost nearly as much as one for all that come with them."""
    crowd = crowd_of()
    asked = send_together(echo, crowd, 20)
    asked += [crowd.ask(f"{number}") for number in range(9)]
    wait_until(lambda: crowd.waiting() == 9, "the others to wait")
    assert len(echo.batches) == 3
    asked.append(crowd.ask("the tenth"))
    wait_until(lambda: len(echo.batches) == 4, "the second batch")
    assert len(echo.batches[3]) == 10
    echo.open.set()
    assert all(future.result(PATIENCE) for future in asked)


def test_many_leave_as_two_batches(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """While the threads of one wake, the other is answered."""
    crowd = crowd_of()
    first, answered = fill(echo, crowd), threading.Event()
    many = [crowd.ask(f"{number}") for number in range(40)]
    wait_until(lambda: crowd.waiting() == 40, "all to wait")
    echo.open, held = answered, echo.open
    held.set()
    assert all(future.result(PATIENCE) for future in first)
    wait_until(lambda: len(echo.batches) == 4, "both batches")
    answered.set()
    assert all(future.result(PATIENCE) for future in many)
    one, other = map(len, echo.batches[2:])
    assert one + other == 40
    assert abs(one - other) <= 2


def test_the_next_batch_leaves_when_the_last_thread_is_awake(
    echo: Echo, crowd_of: "Callable[..., Crowd]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would leave without those of the last one who are about to ask again."""
    crowd, wake_following, asleep, wake = (
        crowd_of(),
        ThreadCoalescer._wake_following,
        threading.Event(),
        threading.Event(),
    )

    def wake_following_later(coalescer: ThreadCoalescer[str, str], item: Any) -> None:
        if item.question == "many 0":
            asleep.set()
            assert wake.wait(PATIENCE)
        wake_following(coalescer, item)

    monkeypatch.setattr(ThreadCoalescer, "_wake_following", wake_following_later)
    asked = send_together(echo, crowd, 4)
    echo.open.set()
    assert asleep.wait(PATIENCE)
    asked.append(crowd.ask("next"))
    wait_until(lambda: crowd.waiting() == 1, "it to wait")
    assert len(echo.batches) == 3
    wake.set()
    assert all(future.result(PATIENCE) for future in asked)
    assert echo.batches[3:] == [["next"]]


def test_a_thread_that_is_interrupted_leaves_nobody_waiting(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """Ctrl-C in the middle of a call: the others of its batch learn it, and the next batch leaves."""

    def interrupted(questions: Sequence[str], timeout: float) -> list[str | Exception]:
        answers = echo(questions, timeout)
        if "first" in questions:
            raise KeyboardInterrupt
        return answers

    threads = ThreadPoolExecutor(16)
    crowd = Crowd(ThreadCoalescer(interrupted, size=len), threads)
    first, second = fill(echo, crowd)
    rest = [crowd.ask(f"c{number}") for number in range(5)]
    wait_until(lambda: crowd.waiting() == 5, "all to wait")
    echo.open.set()
    assert isinstance(first.exception(PATIENCE), KeyboardInterrupt)
    assert second.result(PATIENCE) == "SECOND"
    assert [future.result(PATIENCE) for future in rest] == [f"C{number}" for number in range(5)]
    assert crowd.ask("after").result(PATIENCE) == "AFTER"


class _Interrupted:
    """A lock whose owner is interrupted when it has just got it."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self.release = lock.release

    def acquire(self, *arguments: Any) -> bool:
        if self._lock.acquire(*arguments):
            raise KeyboardInterrupt
        return False


def test_nor_does_one_that_is_interrupted_when_it_wakes(
    echo: Echo, crowd_of: "Callable[..., Crowd]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes the one that follows it all the same, and the batch makes room for the next."""
    make = thread_coalescing._Waiting.__init__

    def make_interrupted(item: Any, question: str, *others: Any) -> None:
        make(item, question, *others)
        if question == "many 0":
            item.turn = _Interrupted(item.turn)

    monkeypatch.setattr(thread_coalescing._Waiting, "__init__", make_interrupted)
    crowd = crowd_of()
    interrupted, *others = send_together(echo, crowd, 6)
    echo.open.set()
    assert isinstance(interrupted.exception(PATIENCE), KeyboardInterrupt)
    assert [future.result(PATIENCE) for future in others] == [f"MANY {number}" for number in range(1, 6)]
    assert not crowd.under_way()


class _Stop(BaseException):
    """What a handler of a signal raises."""


def _stopping_at(place: int) -> Callable[[FrameType, str, Any], None]:
    """Raises where Python looks for signals, at the so many-th such place of the coalescer."""
    seen = 0

    def look(frame: FrameType, event: str, _: Any) -> None:
        nonlocal seen
        if event in ("call", "c_return") and frame.f_code.co_filename == thread_coalescing.__file__:
            seen += 1
            if seen == place:
                raise _Stop

    return look


def _is_stopped(coalescer: ThreadCoalescer[str, str], place: int) -> bool:
    sys.setprofile(_stopping_at(place))
    try:
        coalescer.ask("a", timeout=0.001)
    except _Stop:
        return True
    except TimeoutError:
        return False
    finally:
        sys.setprofile(None)
    return False


def _answers(coalescer: ThreadCoalescer[str, str]) -> bool:
    try:
        return coalescer.ask("b", timeout=0.1) == "B"
    except TimeoutError:
        return False


def test_wherever_a_thread_is_interrupted_the_next_ones_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost in places where nobody can catch an exception is given up at the end of its time; so is a place."""
    monkeypatch.setattr(thread_coalescing, "_GRACE", 0.0)
    for place in itertools.count(1):
        coalescer = ThreadCoalescer[str, str](lambda questions, _: [each.upper() for each in questions], size=len)
        stopped = [_is_stopped(coalescer, place) for _ in range(2)]
        if not any(stopped):
            break
        wait_until(lambda asked=coalescer: _answers(asked), "an answer")  # type: ignore[misc]
    assert place > 20


def test_every_question_gets_its_own_answer(echo: Echo, crowd_of: "Callable[..., Crowd]") -> None:
    """Thousands of questions of many threads, mixed up as they come."""
    crowd = crowd_of(max_batch=16)
    answers = [crowd.ask(f"q{number}") for number in range(4000)]
    assert [future.result(PATIENCE) for future in answers] == [f"Q{number}" for number in range(4000)]
    assert sum(map(len, echo.batches)) == 4000


def test_many_give_up_at_any_moment_and_nobody_else_misses_an_answer() -> None:
    """Before they are sent, in flight, or just when they are woken: the others are woken all the same."""

    def send(questions: Sequence[str], timeout: float) -> list[str | Exception]:
        # What a core takes, so that some have no time left at each of these moments.
        time.sleep(0.001 * (len(questions) % 3))
        return [question.upper() for question in questions]

    threads, coalescer = ThreadPoolExecutor(64), ThreadCoalescer[str, str](send, size=len)
    crowd = Crowd(coalescer, threads)
    # Every fourth is patient.
    asked = [crowd.ask(f"q{number}", timeout=0.0005 * (number % 4) or PATIENCE) for number in range(2000)]
    for number, future in enumerate(asked):
        error = future.exception(PATIENCE) if number % 4 else None
        assert isinstance(error, TimeoutError) if error else future.result(PATIENCE) == f"Q{number}"
    assert not crowd.under_way()
    assert coalescer.ask("after", timeout=PATIENCE) == "AFTER"
