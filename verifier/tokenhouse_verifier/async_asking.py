"""Asking the core, in an event loop: what waits at the same time goes as one batch, on the stream or else by a call."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeVar

import grpc

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.batches import Batches, Question
from tokenhouse_verifier.channel import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    SHARE_OF_STREAM,
    VALIDATE_TOKEN,
    VALIDATE_TOKENS,
    is_behind,
    is_retryable,
    unavailable,
)
from tokenhouse_verifier.coalescing import Coalescer
from tokenhouse_verifier.contract.validation_pb2 import (
    StreamValidateTokensResponse,
    ValidateTokenRequest,
    ValidateTokenResponse,
    ValidateTokensRequest,
    ValidateTokensResponse,
)
from tokenhouse_verifier.errors import Unavailable
from tokenhouse_verifier.link import Link
from tokenhouse_verifier.memory import Moment

T = TypeVar("T")

#: As many as this leave as two batches: at 64 the service gets a sixth more answers, for half more of the core's time.
_MANY = 32


class AsyncAsking:
    """Asks on a link; belongs to the event loop that is running when it is made.

    The link's channel is one for threads. The library's channels for event loops cannot be used in a process that was
    forked after there was one, and every loop would need a connection of its own.
    """

    def __init__(self, link: Link, batches: Batches) -> None:
        self._alone: Any = link.channel.unary_unary(
            VALIDATE_TOKEN,
            request_serializer=ValidateTokenRequest.SerializeToString,
            response_deserializer=ValidateTokenResponse.FromString,
        )
        self._together: Any = link.channel.unary_unary(
            VALIDATE_TOKENS,
            request_serializer=ValidateTokensRequest.SerializeToString,
            response_deserializer=ValidateTokensResponse.FromString,
        )
        self._link = link
        self._gate = link.gate
        self._batches = batches
        self._questions = Coalescer(self._send, size=batches.size, halve_from=_MANY)

    def ask(self, question: Question, timeout: float) -> "asyncio.Future[AccessToken]":
        """What the core says within `timeout` seconds, to be awaited.

        Raises:
            InvalidToken, InsufficientScope: no.
            Unavailable: it cannot be asked.
            TimeoutError: no answer in time.
            Outdated: its answer is old already.
        """
        return self._questions.submit(question, timeout)

    async def _send(self, questions: Sequence[Question], timeout: float) -> Sequence[AccessToken | Exception]:
        now = asyncio.get_running_loop().time
        deadline, pause = now() + timeout, FIRST_PAUSE
        while True:
            asked = self._batches.moment()
            try:
                told = await self._put(questions, asked, deadline - now())
                if told is not None:
                    return self._batches.settle(questions, told, asked)
                left = deadline - now()
                if len(questions) == 1:
                    answer = await self._call(self._alone, self._batches.compose_one(questions[0], asked), left)
                    return [self._batches.settle_one(questions[0], answer, asked)]
                answers = await self._call(self._together, self._batches.compose(questions, asked), left)
                return self._batches.settle(questions, answers, asked)
            except grpc.RpcError as error:
                if is_behind(error):
                    return [self._batches.behind(asked)] * len(questions)
                if not is_retryable(error) or now() + pause >= deadline:
                    raise unavailable(error) from None
            except ValueError:
                # A closed channel says so in this way.
                raise Unavailable("the verifier is closed") from None
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _put(
        self, questions: Sequence[Question], asked: Moment, timeout: float
    ) -> StreamValidateTokensResponse | None:
        """What is answered on the stream; None: nothing, or not in its share of the time, and a call has the rest."""
        batch = self._batches.compose_for_stream(questions, asked)
        if not self._gate.enter_now(_nothing):
            return None
        loop = asyncio.get_running_loop()
        told: asyncio.Future[StreamValidateTokensResponse | None] = loop.create_future()

        def answered(answer: StreamValidateTokensResponse | None) -> None:
            # The loop may be closed by now.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, told, answer)

        stream = self._link.put(batch, answered)
        if stream is None:
            return None
        timer = loop.call_later(timeout * SHARE_OF_STREAM, stream.give_up)
        try:
            return await told
        finally:
            timer.cancel()

    async def _call(self, method: Any, message: Any, timeout: float) -> Any:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        if not self._gate.enter_now(_nothing):
            await self._enter(loop, deadline)
            timeout = deadline - loop.time()
        try:
            future = method.future(message, timeout=timeout, wait_for_ready=True)
        except BaseException:
            self._gate.leave()
            raise
        answered: asyncio.Future[None] = loop.create_future()

        def wake(_: object) -> None:
            self._gate.leave()
            # The loop may be closed by now.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, answered, None)

        self._link.threads.watch(future)
        future.add_done_callback(wake)
        try:
            await answered
        except BaseException:
            future.cancel()
            raise
        if future.code() is not grpc.StatusCode.OK:
            raise future
        return future.result()

    async def _enter(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        """Pass the gate, which is closed while the process is forked: for moments, or while the core does not answer.

        Raises:
            TimeoutError: it is not open by then.
        """
        opened = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(opened.set)

        while not self._gate.enter_now(wake):
            async with asyncio.timeout_at(deadline):
                await opened.wait()
            opened.clear()


def _settle(answered: "asyncio.Future[T]", answer: T) -> None:
    if not answered.done():
        answered.set_result(answer)


def _nothing() -> None:
    """Whoever comes while the gate is closed has somebody else told when it opens."""
