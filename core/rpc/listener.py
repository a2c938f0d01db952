"""One gRPC server on one address, for one kind of caller, with a thread pool of its own."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2

from core.domain.audit.refusals import Refusals
from core.metrics.calls import CallMetrics
from core.metrics.tracing import Tracing
from core.rpc.admission import Room
from core.rpc.callers import Caller
from core.rpc.free_addresses import CannotListen, require_free_port, require_free_socket
from core.rpc.health import Health
from core.rpc.messages import BATCH_MESSAGE_BYTES
from core.rpc.methods import ServedMethods
from core.rpc.pool import CountingPool
from core.rpc.service_callers import ServiceCallers

#: Threads, and calls in flight before the next one is RESOURCE_EXHAUSTED.
_THREADS = {Caller.FACADE: 16, Caller.OPERATOR: 4, Caller.SERVICE: 16}
_IN_FLIGHT = {Caller.FACADE: 512, Caller.OPERATOR: 32, Caller.SERVICE: 1024}

_HEALTH: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]

_OPTIONS = [
    # Two cores must never share a port.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", BATCH_MESSAGE_BYTES + 1024),
    # Between the two the library refuses at random: both are one, so that a call is refused always or never.
    ("grpc.max_metadata_size", 8 * 1024),
    ("grpc.absolute_max_metadata_size", 8 * 1024),
    # Beyond these the library drops calls without a word; what is too much is refused in words, by `ServedMethods`.
    ("grpc.server.max_pending_requests", 16 * 1024),
    ("grpc.server.max_pending_requests_hard_limit", 32 * 1024),
    # One connection's further calls wait at their caller.
    ("grpc.max_concurrent_streams", 4096),
    # Callers keep idle connections alive with pings; that is no flood.
    ("grpc.http2.min_ping_interval_without_data_ms", 4_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # And who is gone without a word, or frozen, is noticed: its streams must not stay open for ever.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
]


class Listener:
    """A gRPC server for one kind of caller."""

    def __init__(
        self,
        caller: Caller,
        servicers: Mapping[ServiceDescriptor, object],
        health: Health,
        metrics: CallMetrics,
        *,
        before: Room | None = None,
        with_reflection: bool = False,
        callers: ServiceCallers | None = None,
        tracing: Tracing | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """`before`: the room of the listener whose calls are served first; `callers` are told apart where given;
        `refusals` is where those of decisions are gathered."""
        pool = CountingPool(_THREADS[caller], caller.name.lower())
        #: How many calls are taken on.
        self.room = Room(pool, _IN_FLIGHT[caller], before)
        methods = self._methods = ServedMethods(caller, self.room, metrics, callers, tracing, refusals)
        pool.too_late = methods.count_too_late
        methods.add_probes(_HEALTH, health)
        for descriptor, servicer in servicers.items():
            methods.add_service(descriptor, servicer)
        # The server's own limit is for what even refusing has no time for, and for streams.
        self._server = grpc.server(pool, options=_OPTIONS, maximum_concurrent_rpcs=8 * _IN_FLIGHT[caller])
        if with_reflection:
            offered = [descriptor.full_name for descriptor in servicers if methods.offers(descriptor)]
            self._server.add_generic_rpc_handlers((_reflection([*offered, _HEALTH.full_name], callers),))
        self._server.add_generic_rpc_handlers((methods,))

    def listen_on_socket(self, path: Path) -> None:
        """Listen on a Unix socket that only its owner can open (0600).

        Raises:
            CannotListen: it cannot be made there.
        """
        require_free_socket(path)
        with _private_files():
            # gRPC reads the target as a URI: a folder's name may hold what a URI may not.
            self._add_port(f"unix:{quote(str(path))}")
        self._server.start()

    def listen_on_port(self, host: str, port: int, credentials: grpc.ServerCredentials | None = None) -> None:
        """Listen on TCP, in plaintext where there are no credentials; an IPv6 host stands without brackets.

        Raises:
            CannotListen: it cannot be listened on.
        """
        require_free_port(host, port)
        self._add_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", credentials)
        self._server.start()

    def stop(self, grace: float) -> threading.Event:
        """Take no more calls and let those in flight end, for `grace` seconds at the most; set when they have."""
        stopped: threading.Event = self._server.stop(grace)
        self._methods.stop()
        return stopped

    def _add_port(self, address: str, credentials: grpc.ServerCredentials | None = None) -> None:
        try:
            if credentials is None:
                self._server.add_insecure_port(address)
            else:
                self._server.add_secure_port(address, credentials)
        except RuntimeError:
            raise CannotListen(f"cannot listen on {address}") from None


def _reflection(services: Sequence[str], callers: ServiceCallers | None) -> grpc.GenericRpcHandler:
    # Loaded where it is wanted: it takes longer than the rest of this module.
    from core.rpc.reflection import ReflectionHandler

    return ReflectionHandler(services, callers)


@contextmanager
def _private_files() -> Iterator[None]:
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)
