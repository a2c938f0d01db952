"""grpc.health.v1 for the whole core: one status, told to whoever asks or watches, within bounds."""

import threading
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2

#: Its published types know nothing of List.
_protocol: Any = health_pb2

#: Streams hold no thread here, but each holds memory; more than this many watchers nobody needs.
MOST_WATCHERS = 512


class Health(health.HealthServicer):
    """The library's servicer, with the method it lacks and a bound on the one that never ends."""

    def __init__(self, services: tuple[str, ...] = ()) -> None:
        """Not serving until `serve`; `services` are the names that have a status of their own, the same one."""
        super().__init__(experimental_non_blocking=True)
        self._names = ("", *services)
        self._watchers = threading.BoundedSemaphore(MOST_WATCHERS)
        self._set_all(health_pb2.HealthCheckResponse.NOT_SERVING)

    def serve(self) -> None:
        """Say SERVING from now on."""
        self._set_all(health_pb2.HealthCheckResponse.SERVING)

    def List(self, request: Any, context: grpc.ServicerContext) -> Any:
        statuses = {name: self.Check(health_pb2.HealthCheckRequest(service=name), context) for name in self._names}
        return _protocol.HealthListResponse(statuses=statuses)

    def Watch(self, request: Any, context: grpc.ServicerContext, send_response_callback: Any = None) -> Any:
        if not self._watchers.acquire(blocking=False):
            context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
            context.set_details(f"{MOST_WATCHERS} streams watch already")
            send_response_callback(None)
            return None
        context.add_callback(self._watchers.release)
        return super().Watch(request, context, send_response_callback)

    def _set_all(self, status: Any) -> None:
        for name in self._names:
            self.set(name, status)
