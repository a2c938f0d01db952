"""Asking the core, from threads: what waits at the same time goes as one batch, on the stream or else by a call."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import TypeVar

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
from tokenhouse_verifier.thread_coalescing import ThreadCoalescer

M = TypeVar("M")
A = TypeVar("A")


class Asking:
    """Asks on a link; any thread may."""

    def __init__(self, link: Link, batches: Batches) -> None:
        channel = link.channel
        self._alone: grpc.UnaryUnaryMultiCallable[ValidateTokenRequest, ValidateTokenResponse] = channel.unary_unary(
            VALIDATE_TOKEN,
            request_serializer=ValidateTokenRequest.SerializeToString,
            response_deserializer=ValidateTokenResponse.FromString,
        )
        self._together: grpc.UnaryUnaryMultiCallable[ValidateTokensRequest, ValidateTokensResponse] = (
            channel.unary_unary(
                VALIDATE_TOKENS,
                request_serializer=ValidateTokensRequest.SerializeToString,
                response_deserializer=ValidateTokensResponse.FromString,
            )
        )
        self._link = link
        self._gate = link.gate
        self._batches = batches
        self._questions = ThreadCoalescer(self._send, size=batches.size)

    def ask(self, question: Question, timeout: float) -> AccessToken:
        """What the core says within `timeout` seconds.

        Raises:
            InvalidToken, InsufficientScope: no.
            Unavailable: it cannot be asked.
            TimeoutError: no answer in time.
            Outdated: its answer is old already.
        """
        return self._questions.ask(question, timeout)

    def _send(self, questions: Sequence[Question], timeout: float) -> Sequence[AccessToken | Exception]:
        deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
        while True:
            asked = self._batches.moment()
            try:
                told = self._put(questions, asked, deadline)
                if told is not None:
                    return self._batches.settle(questions, told, asked)
                if len(questions) == 1:
                    answer = self._call(self._alone, self._batches.compose_one(questions[0], asked), deadline)
                    return [self._batches.settle_one(questions[0], answer, asked)]
                answers = self._call(self._together, self._batches.compose(questions, asked), deadline)
                return self._batches.settle(questions, answers, asked)
            except grpc.RpcError as error:
                if is_behind(error):
                    return [self._batches.behind(asked)] * len(questions)
                if not is_retryable(error) or time.monotonic() + pause >= deadline:
                    raise unavailable(error) from None
            except ValueError:
                # A closed channel says so in this way.
                raise Unavailable("the verifier is closed") from None
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE)

    def _put(
        self, questions: Sequence[Question], asked: Moment, deadline: float
    ) -> StreamValidateTokensResponse | None:
        """What is answered on the stream; None: nothing, or not in its share of the time, and a call has the rest."""
        batch = self._batches.compose_for_stream(questions, asked)
        left = deadline - time.monotonic()
        if not self._gate.enter(left):
            raise TimeoutError
        told: list[StreamValidateTokensResponse | None] = []
        turn = threading.Lock()
        turn.acquire()

        def answered(answer: StreamValidateTokensResponse | None) -> None:
            told.append(answer)
            turn.release()

        stream = self._link.put(batch, answered)
        if stream is None:
            return None
        if turn.acquire(timeout=max(left * SHARE_OF_STREAM, 0)):
            return told[0]
        stream.give_up()
        return None

    def _call(self, method: grpc.UnaryUnaryMultiCallable[M, A], message: M, deadline: float) -> A:
        timeout = deadline - time.monotonic()
        if not self._gate.enter(timeout):
            raise TimeoutError
        try:
            return method(message, timeout=timeout, wait_for_ready=True)
        finally:
            self._gate.leave()
