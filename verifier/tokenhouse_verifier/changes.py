"""Following the changes: one thread reads the stream, goes on where it broke, and begins anew where it must."""

import logging
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc

from tokenhouse_verifier.acknowledging import Acknowledging
from tokenhouse_verifier.channel import WATCH_CHANGES
from tokenhouse_verifier.contract.changes_pb2 import WatchChangesRequest, WatchChangesResponse
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.grpc_threads import GrpcThreads
from tokenhouse_verifier.memory import SILENCE, Gap, Memory

_log = logging.getLogger("tokenhouse_verifier")

#: Between two streams, in seconds.
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
#: The core knows this service no more: what it has told is not this service's any longer.
_NOT_ALLOWED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class Changes:
    """Keeps a memory up to date, from `start` to `stop`."""

    def __init__(self, channel: grpc.Channel, memory: Memory, threads: GrpcThreads) -> None:
        self._memory = memory
        self._threads = threads
        self._open: grpc.UnaryStreamMultiCallable[WatchChangesRequest, WatchChangesResponse] = channel.unary_stream(
            WATCH_CHANGES,
            request_serializer=WatchChangesRequest.SerializeToString,
            response_deserializer=WatchChangesResponse.FromString,
        )
        self._acknowledging = Acknowledging(channel, memory.reckon, memory.uses, threads)
        self._stopping = threading.Event()
        self._stream: Any = None
        self._alive_at = now()
        self._broken = False
        #: The stream has brought a message.
        self._worked = False
        #: The next one waits for a connection; why there is none has been told.
        self._patient = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, or go on after `stop`; nobody waits for the first message."""
        self._stopping = threading.Event()
        arguments = (self._stopping,)
        self._thread = threading.Thread(target=self._follow, args=arguments, name="tokenhouse-changes", daemon=True)
        self._thread.start()

    def begin_to_stop(self) -> None:
        """Nobody waits; `stop` follows."""
        self._stopping.set()
        self._cancel()

    def stop(self, deadline: float) -> None:
        """End, waiting for the thread to this moment of the monotonic clock."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(max(deadline - time.monotonic(), 0))
        self._acknowledging.stop(deadline)

    def revive(self) -> None:
        """Somebody found the stream silent: open another if it has been that for long. Returns at once."""
        if now() - self._alive_at > 2 * SILENCE:
            self._alive_at = now()
            self._cancel()

    def _cancel(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.cancel()

    def _follow(self, stopping: threading.Event) -> None:
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            try:
                for message in self._messages(stopping):
                    self._memory.apply(message, now())
                    self._acknowledging.note(message)
                    self._say_that_it_is_well()
                    pause = _FIRST_PAUSE
            except grpc.RpcError as error:
                if isinstance(error, grpc.Call) and error.code() in _NOT_ALLOWED:
                    self._memory.forget()
                self._say_that_it_broke(_reason_of(error))
            except Gap as gap:
                self._memory.forget()
                self._say_that_it_broke(gap)
            except Exception:
                if stopping.is_set():
                    # The channel was closed meanwhile, which it says by a ValueError.
                    return
                # What is remembered may be wrong, and what comes next may be so too.
                self._memory.forget()
                _log.exception("a message of the core's changes could not be used")
            self._cancel()
            stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _messages(self, stopping: threading.Event) -> Iterator[WatchChangesResponse]:
        self._acknowledging.restart(self._memory.restart())
        known = WatchChangesRequest(since=self._memory.revision, mark=self._memory.mark)
        # Whoever waits for a connection is never told why there is none: the first after each break does not wait.
        self._worked = False
        stream: Any = self._open(known, wait_for_ready=self._patient)
        self._threads.watch(stream)
        self._stream = stream
        if stopping.is_set():
            self._cancel()
        for message in self._stream:
            self._alive_at = now()
            self._worked, self._patient = True, False
            yield message

    def _say_that_it_is_well(self) -> None:
        if self._broken:
            self._broken = False
            _log.info("the core's changes are followed again")

    def _say_that_it_broke(self, reason: object) -> None:
        # What ended a stream, and then why there is no other: most often that no connection is to be had.
        finds_none = not self._worked and not self._patient
        if (finds_none or not self._broken) and not self._stopping.is_set():
            self._broken = True
            _log.warning("the core's changes cannot be followed: %s", reason)
        self._patient = not self._worked


def _reason_of(error: grpc.RpcError) -> object:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else error
