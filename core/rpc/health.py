"""grpc.health.v1 for the whole core: one status, told to whoever asks or watches, within bounds.

Written here and not taken from grpcio-health-checking: its servicer sends under the lock that the end of every stream
waits for, on the thread that has to complete the sending. A few watchers who hang up stop the whole server.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

#: Its published types know nothing of List.
_protocol: Any = health_pb2
_Status = health_pb2.HealthCheckResponse

#: A stream holds no thread here once it has been told, but each holds memory; more than this many nobody needs.
MOST_WATCHERS = 512
#: Telling a watcher waits until it takes the message, on threads of their own.
_THREADS = 4
#: Who has not taken it for so long is cut off when somebody else comes, in seconds.
_PATIENCE = 5.0


class _Watcher:
    """One stream. It is told what it has not been told before, by one thread at a time."""

    def __init__(
        self, context: grpc.ServicerContext, send: Callable[[Any], None], look: Callable[[], tuple[Any, bool]]
    ) -> None:
        """`look` gives the status as it is now, and whether it is the last."""
        self._context = context
        self._send = send
        self._look = look
        self._told: Any = None
        self._telling = threading.Lock()
        self._busy_since = float("inf")
        self._ended = False

    def tell(self) -> None:
        """Send the status as it is now, unless the watcher knows it; after the last one, the end."""
        with self._telling:
            status, is_last = self._look()
            if status != self._told:
                self._told, self._busy_since = status, time.monotonic()
                self._send(_Status(status=status))
                self._busy_since = float("inf")
            if is_last and not self._ended:
                self._ended = True
                self._send(None)

    def cut_off_if_stuck(self) -> None:
        """End the stream of somebody who takes nothing."""
        if time.monotonic() - self._busy_since > _PATIENCE:
            self._context.cancel()


class Health:
    """The servicer."""

    def __init__(self, services: tuple[str, ...] = ()) -> None:
        """Not serving until `serve`; `services` are the names that have a status of their own, the same one."""
        self._names = frozenset({"", *services})
        self._status = _Status.NOT_SERVING
        self._stopping = False
        # Held for a moment and never while anything is sent.
        self._changing = threading.Lock()
        self._watchers: set[_Watcher] = set()
        # They begin with the first watcher.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="health")

    def serve(self) -> None:
        """Say SERVING from now on."""
        self._change(_Status.SERVING)

    def stop(self) -> None:
        """Say NOT_SERVING for good, and end every watch: none ends by itself, and the listener's stop would wait."""
        self._stopping = True
        self._change(_Status.NOT_SERVING)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in self._names:
            context.set_code(grpc.StatusCode.NOT_FOUND)
            return _Status()
        return _Status(status=self._status)

    def List(self, request: Any, context: grpc.ServicerContext) -> Any:
        statuses = {name: _Status(status=self._status) for name in self._names}
        return _protocol.HealthListResponse(statuses=statuses)

    def Watch(self, request: Any, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
        known = request.service in self._names
        watcher = _Watcher(context, send, lambda: self._look(known))
        if not self._admit(watcher):
            context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
            context.set_details(f"{MOST_WATCHERS} streams watch already")
            send(None)
        elif context.add_callback(lambda: self._forget(watcher)):
            self._threads.submit(watcher.tell)
        else:
            # It ended before it began, and nobody will say so again.
            self._forget(watcher)

    def _look(self, known: bool) -> tuple[Any, bool]:
        return self._status if known else _Status.SERVICE_UNKNOWN, self._stopping

    def _change(self, status: Any) -> None:
        with self._changing:
            self._status = status
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.cut_off_if_stuck()
            self._threads.submit(watcher.tell)

    def _admit(self, watcher: _Watcher) -> bool:
        with self._changing:
            before = list(self._watchers)
            admitted = len(before) < MOST_WATCHERS
            if admitted:
                self._watchers.add(watcher)
        for each in before:
            each.cut_off_if_stuck()
        return admitted

    def _forget(self, watcher: _Watcher) -> None:
        with self._changing:
            self._watchers.discard(watcher)
