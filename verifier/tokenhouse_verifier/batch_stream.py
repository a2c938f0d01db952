"""Batches on a stream that stays open: each costs half of what a call does.

It is a quicker way and never the only one. Whoever puts a batch is told the answer to it, or that there will be none,
and then asks by a call: where the core is older and has no such stream, where it has no room for another one, where the
stream breaks or does not answer in time. Answers have the numbers of their batches, so none is taken for another's.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias

import grpc

from tokenhouse_verifier.channel import STREAM_VALIDATE_TOKENS
from tokenhouse_verifier.contract.validation_pb2 import StreamValidateTokensRequest, StreamValidateTokensResponse
from tokenhouse_verifier.grpc_threads import GrpcThreads

_log = logging.getLogger("tokenhouse_verifier")

#: Told once of each batch, by any thread: the answer, or None.
Answered: TypeAlias = Callable[[StreamValidateTokensResponse | None], None]

#: How long it takes until another stream is tried after one that brought nothing, in seconds.
_PAUSE = 1.0
#: After one that did not answer in time.
_PAUSE_AFTER_SILENCE = 10.0
#: And after one that the core does not have, or does not give.
_LONG_PAUSE = 60.0
_REFUSED = (
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
)


class BatchStream:
    """Opened by the first batch, and again by the first one after it ended. Any thread may put."""

    def __init__(self, channel: grpc.Channel, threads: GrpcThreads) -> None:
        self._begin: grpc.StreamStreamMultiCallable[StreamValidateTokensRequest, StreamValidateTokensResponse] = (
            channel.stream_stream(
                STREAM_VALIDATE_TOKENS,
                request_serializer=StreamValidateTokensRequest.SerializeToString,
                response_deserializer=StreamValidateTokensResponse.FromString,
            )
        )
        self._threads = threads
        self._door = threading.Lock()
        self._open: OpenStream | None = None
        #: From when on another one may be tried, on the monotonic clock.
        self._not_before = 0.0

    def put(self, batch: StreamValidateTokensRequest, answered: Answered) -> OpenStream | None:
        """Send a batch, and have its answer told; the stream it is on, or None: there is none, and nothing is told.

        Raises:
            ValueError: the channel is closed.
        """
        with self._door:
            stream = self._open
            if stream is None or stream.has_ended:
                if stream is not None:
                    self._not_before = max(self._not_before, stream.next_not_before)
                    self._open = None
                if time.monotonic() < self._not_before:
                    return None
                try:
                    stream = OpenStream(self._begin, self._threads)
                    stream.put(batch, answered)
                    stream.start()
                except RuntimeError:
                    # The process has as many threads as it may have. A call needs none.
                    self._not_before = time.monotonic() + _PAUSE
                    return None
                self._open = stream
                return stream
            return stream if stream.put(batch, answered) else None

    def end(self, deadline: float) -> None:
        """End it, waiting to this moment of the monotonic clock at the most; the next batch opens another one."""
        with self._door:
            stream, self._open = self._open, None
        if stream is not None:
            stream.cancel()
            stream.wait_for_end(deadline)


class OpenStream:
    """One stream: a queue of batches that gRPC takes them from, and a thread that tells the answers."""

    def __init__(self, begin: Any, threads: GrpcThreads) -> None:
        self._numbers = itertools.count(1)
        self._door = threading.Lock()
        self._batches: SimpleQueue[StreamValidateTokensRequest | None] = SimpleQueue()
        self._waiting: deque[tuple[int, Answered]] = deque()
        self.has_ended = False
        self._too_slow = False
        #: When, once it has ended, another one may be tried, on the monotonic clock.
        self.next_not_before = 0.0
        # Whoever waits for a connection is told nothing until there is one: a call does that better.
        self._call = begin(threads.requests(iter(self._batches.get, None)), wait_for_ready=False)
        threads.watch(self._call, requests=True)
        self._thread = threading.Thread(target=self._read, name="tokenhouse-answers", daemon=True)

    def start(self) -> None:
        """Begin to tell answers, and the end: after the first batch was put.

        Raises:
            RuntimeError: there is no thread for it. The stream has ended, and nothing will be told.
        """
        try:
            self._thread.start()
        except RuntimeError:
            with self._door:
                self.has_ended = True
                self._waiting.clear()
            self._call.cancel()
            self._batches.put(None)
            raise

    def put(self, batch: StreamValidateTokensRequest, answered: Answered) -> bool:
        """Send a batch. False: the stream has ended, and nothing will be told."""
        with self._door:
            if self.has_ended:
                return False
            batch.number = next(self._numbers)
            self._waiting.append((batch.number, answered))
            self._batches.put(batch)
            return True

    def give_up(self) -> None:
        """End it for it does not answer: every batch that has no answer yet is told so, by the stream's own thread."""
        self._too_slow = True
        self.cancel()

    def cancel(self) -> None:
        """End it, as `give_up`, where it is only not wanted any more."""
        self._call.cancel()

    def wait_for_end(self, deadline: float) -> None:
        """Wait until every batch has been told, to this moment of the monotonic clock at the most."""
        if self._thread is not threading.current_thread():
            self._thread.join(max(deadline - time.monotonic(), 0))

    def _read(self) -> None:
        pause = _PAUSE
        try:
            for answer in self._call:
                number, answered = self._waiting[0]
                if answer.number != number:
                    raise LookupError(f"answer {answer.number} instead of {number}")
                self._waiting.popleft()
                pause = 0.0
                answered(answer)
        except grpc.RpcError:
            if self._call.code() in _REFUSED:
                pause = _LONG_PAUSE
            elif self._too_slow:
                pause = _PAUSE_AFTER_SILENCE
        except Exception:
            pause = _LONG_PAUSE
            _log.exception("answers of the core could not be used")
        finally:
            self._end(pause)

    def _end(self, pause: float) -> None:
        with self._door:
            self.next_not_before = time.monotonic() + pause
            self.has_ended = True
            left = list(self._waiting)
            self._waiting.clear()
        # In this order: once the call has ended, gRPC's own thread takes the end of the batches for nothing else.
        self._call.cancel()
        self._batches.put(None)
        for _, answered in left:
            answered(None)
