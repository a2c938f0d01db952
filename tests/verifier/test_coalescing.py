"""Many waiting questions become one call, and no item hurts another."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest
from tokenhouse_verifier.coalescing import Coalescer


class Echo:
    """Answers each question with itself, once it is let; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.timeouts: list[float] = []
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()

    async def __call__(self, questions: Sequence[str], timeout: float) -> list[str | Exception]:
        self.batches.append(list(questions))
        self.timeouts.append(timeout)
        self.arrived.set()
        await self.open.wait()
        return [KeyError(question) if question.startswith("bad") else question.upper() for question in questions]

    async def busy_with(self, count: int) -> None:
        """Waits until `count` batches have been sent."""
        while len(self.batches) < count:
            self.arrived.clear()
            await self.arrived.wait()


def ask(coalescer: Coalescer[str, str], question: str, timeout: float = 60) -> asyncio.Task[str]:
    """Asks in the background."""
    return asyncio.create_task(coalescer.ask(question, timeout=timeout))


async def test_a_single_question_leaves_at_once() -> None:
    """With nothing in flight a question waits for no timer and no company."""
    echo = Echo()
    coalescer = Coalescer(echo, size=len)

    assert await coalescer.ask("a", timeout=60) == "A"
    assert echo.batches == [["a"]]


async def test_a_further_batch_leaves_with_half_as_many_as_are_under_way() -> None:
    """Asked to, a batch beside another one waits for company; and no longer than until the other is answered."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, half_as_many=True)
    first = [ask(coalescer, f"a{number}") for number in range(6)]
    await echo.busy_with(1)
    second = [ask(coalescer, "b0"), ask(coalescer, "b1")]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(echo.batches) == 1

    second.append(ask(coalescer, "b2"))
    await echo.busy_with(2)
    last = ask(coalescer, "c")
    echo.open.set()

    assert await asyncio.gather(*first, *second, last) == ["A0", "A1", "A2", "A3", "A4", "A5", "B0", "B1", "B2", "C"]
    assert [len(batch) for batch in echo.batches] == [6, 3, 1]


async def test_questions_wait_while_batches_are_in_flight_and_then_leave_together() -> None:
    """At most two batches are in flight; all that waits meanwhile is the next one."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, max_in_flight=2)
    first = ask(coalescer, "a")
    await echo.busy_with(1)
    second = ask(coalescer, "b")
    await echo.busy_with(2)
    rest = [ask(coalescer, f"c{number}") for number in range(50)]
    await asyncio.sleep(0)

    assert len(echo.batches) == 2
    echo.open.set()
    assert await asyncio.gather(first, second, *rest) == ["A", "B", *(f"C{number}" for number in range(50))]
    assert echo.batches == [["a"], ["b"], [f"c{number}" for number in range(50)]]


async def test_questions_of_one_moment_share_a_batch() -> None:
    """Questions that arrive in the same turn of the event loop leave together."""
    echo = Echo()
    coalescer = Coalescer(echo, size=len)

    assert await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in "abc")) == ["A", "B", "C"]
    assert echo.batches == [["a", "b", "c"]]


async def test_batches_are_split_by_count() -> None:
    """No batch holds more questions than the core takes."""
    echo = Echo()
    coalescer = Coalescer(echo, size=len, max_batch=3)

    await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in "abcdefg"))

    assert echo.batches == [list("abc"), list("def"), list("g")]


async def test_many_leave_as_two_batches() -> None:
    """One is answered while the other's answers are taken up; who comes while one is in flight leaves in one batch."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, halve_from=10)
    first = [ask(coalescer, f"a{number}") for number in range(11)]
    await echo.busy_with(2)
    later = [ask(coalescer, f"b{number}") for number in range(20)]
    await asyncio.sleep(0)

    assert [len(batch) for batch in echo.batches] == [6, 5]
    echo.open.set()
    assert await asyncio.gather(*first, *later)
    assert [len(batch) for batch in echo.batches] == [6, 5, 20]
    assert await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in "abcdefghi"))
    assert len(echo.batches[3]) == 9


async def test_batches_are_split_by_bytes_and_a_giant_leaves_alone() -> None:
    """No batch holds more bytes than a message may, except a single question that has them by itself."""
    echo = Echo()
    coalescer = Coalescer(echo, size=len, max_bytes=10)

    await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in ["a" * 6, "b" * 4, "c" * 4, "d" * 40, "e"]))

    assert [[len(question) for question in batch] for batch in echo.batches] == [[6, 4], [4], [40], [1]]


async def test_one_refused_question_does_not_hurt_its_neighbours() -> None:
    """An exception in the place of an answer is that question's alone."""
    coalescer = Coalescer(Echo(), size=len)

    answers = await asyncio.gather(
        *(coalescer.ask(each, timeout=60) for each in ["a", "bad", "c"]), return_exceptions=True
    )

    assert answers[0] == "A"
    assert isinstance(answers[1], KeyError)
    assert answers[2] == "C"


async def test_a_failed_call_fails_every_question_in_it_and_none_after() -> None:
    """When the call fails all of its questions learn why, and the next batch is sent as ever."""
    calls = 0

    async def send(questions: Sequence[str], timeout: float) -> list[str | Exception]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError("gone")
        return list(questions)

    coalescer = Coalescer(send, size=len)
    failed = await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in "ab"), return_exceptions=True)

    assert [type(each) for each in failed] == [ConnectionError, ConnectionError]
    assert await coalescer.ask("c", timeout=60) == "c"


async def test_a_call_with_too_few_answers_fails_as_a_whole() -> None:
    """Answers are matched by their place, so a missing one must never shift the others."""

    async def send(questions: Sequence[str], timeout: float) -> list[str | Exception]:
        return list(questions[1:])

    coalescer = Coalescer(send, size=len)
    answers = await asyncio.gather(*(coalescer.ask(each, timeout=60) for each in "ab"), return_exceptions=True)

    assert [type(each) for each in answers] == [RuntimeError, RuntimeError]


async def test_an_expired_question_is_never_sent() -> None:
    """A question whose time is up before it leaves is answered with TimeoutError and costs the core nothing."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, max_in_flight=1)
    first = ask(coalescer, "a")
    await echo.busy_with(1)
    late = ask(coalescer, "late", timeout=0.02)
    patient = ask(coalescer, "patient")

    with pytest.raises(TimeoutError):
        await late
    echo.open.set()
    assert [await first, await patient] == ["A", "PATIENT"]
    assert echo.batches == [["a"], ["patient"]]


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets the loop's clock jump, in seconds."""
    passed = 0.0

    def let_pass(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: time.monotonic() + passed)

    return let_pass


async def test_a_question_whose_answer_would_come_too_late_is_not_sent(pass_time: Callable[[float], None]) -> None:
    """Who has waited until there is less time than a batch takes makes way for those who can still be answered."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, max_in_flight=1)
    first = ask(coalescer, "a", timeout=3000)
    await echo.busy_with(1)
    old, fresh = ask(coalescer, "old", timeout=1000), ask(coalescer, "fresh", timeout=3000)
    await asyncio.sleep(0)
    pass_time(600)
    echo.open.set()

    assert [await first, await fresh] == ["A", "FRESH"]
    with pytest.raises(TimeoutError):
        await old
    assert echo.batches == [["a"], ["fresh"]]


async def test_however_long_a_batch_takes_who_has_just_come_is_sent(pass_time: Callable[[float], None]) -> None:
    """Else nobody would ever find out that the core is quick again."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len)
    slow = ask(coalescer, "slow", timeout=3000)
    await echo.busy_with(1)
    pass_time(1000)
    echo.open.set()
    await slow

    assert await coalescer.ask("hasty", timeout=500) == "HASTY"


async def test_a_question_in_flight_keeps_its_own_deadline() -> None:
    """Whoever has less time gives up alone; the batch goes on for the others."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len)
    hasty, patient = ask(coalescer, "hasty", timeout=0.02), ask(coalescer, "patient")

    with pytest.raises(TimeoutError):
        await hasty
    echo.open.set()
    assert await patient == "PATIENT"
    # What the patient one has left, not the hasty one's time.
    assert all(0.02 < timeout <= 60 for timeout in echo.timeouts)


async def test_a_waiter_that_went_away_disturbs_nobody() -> None:
    """A cancelled waiter is not sent when it still waits, and its answer is dropped when it is in flight."""
    echo = Echo()
    echo.open.clear()
    coalescer = Coalescer(echo, size=len, max_in_flight=1)
    flying, neighbour = ask(coalescer, "flying"), ask(coalescer, "neighbour")
    await echo.busy_with(1)
    waiting, last = ask(coalescer, "waiting"), ask(coalescer, "last")
    await asyncio.sleep(0)
    flying.cancel()
    waiting.cancel()
    await asyncio.wait([flying, waiting])

    echo.open.set()
    assert [await neighbour, await last] == ["NEIGHBOUR", "LAST"]
    assert echo.batches == [["flying", "neighbour"], ["last"]]


async def test_every_question_gets_its_own_answer_under_load() -> None:
    """Of two thousand questions with answers out of order in time, each gets the one that is its own."""

    async def send(questions: Sequence[int], timeout: float) -> list[int | Exception]:
        await asyncio.sleep(0.001 * (questions[0] % 3))
        return [question * 2 for question in questions]

    coalescer: Coalescer[int, int] = Coalescer(send, size=lambda _: 1)

    async def one(number: int) -> int:
        await asyncio.sleep(0.0001 * (number % 50))
        return await coalescer.ask(number, timeout=60)

    assert await asyncio.gather(*map(one, range(2000))) == [number * 2 for number in range(2000)]
