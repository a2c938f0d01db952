"""Which calls are taken on when there is too much to do: validation before issuance, issuance before registration.

A listener has room for so many calls. The last of it is for what is most urgent, and where services already wait for
validation the facade's calls have to make room, too: they share one interpreter.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any

import grpc

from core.rpc.errors import Failure
from core.rpc.pool import CountingPool

#: What a call that there is no room for is told, and counted as.
OVERLOADED = Failure(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "too many calls are in flight; try again", retry_after=1
)


class Urgency(float, Enum):
    """The share of a listener's room that may be taken when a call comes: the rest is for what is more urgent."""

    #: Asks whether something is still good, ends something, or is an operator's.
    VALIDATION = 1.0
    ISSUANCE = 0.9
    REGISTRATION = 0.5


_URGENCY = {
    "tokenhouse.v1.AuthorizationService": Urgency.ISSUANCE,
    "tokenhouse.v1.DeviceAuthorizationService": Urgency.ISSUANCE,
    "tokenhouse.v1.SessionService": Urgency.ISSUANCE,
    "tokenhouse.v1.PasskeyLoginService": Urgency.ISSUANCE,
    "tokenhouse.v1.UpstreamService": Urgency.ISSUANCE,
    "tokenhouse.v1.TokenService": Urgency.ISSUANCE,
    "tokenhouse.v1.RegistrationService": Urgency.REGISTRATION,
}
#: Methods that are not what their services are: one ends something, one is asked by whoever comes along.
_OF_THEIR_OWN = {
    "/tokenhouse.v1.SessionService/LogOut": Urgency.VALIDATION,
    "/tokenhouse.v1.DeviceAuthorizationService/StartDeviceAuthorization": Urgency.REGISTRATION,
}


def urgency_of(method: str) -> Urgency:
    """How urgent a method is, by its full name `/package.Service/Method`."""
    if method in _OF_THEIR_OWN:
        return _OF_THEIR_OWN[method]
    return _URGENCY.get(method.split("/")[1], Urgency.VALIDATION)


class Room:
    """How many calls one listener takes on."""

    def __init__(self, pool: CountingPool, most: int, before: Room | None = None) -> None:
        """`before`: the room of those who are served first."""
        #: Calls in flight, of the most urgent kind.
        self.most = most
        self._pool = pool
        self._before = before

    @property
    def taken(self) -> int:
        """Calls in flight."""
        return self._pool.in_flight

    def is_left_for(self, urgency: Urgency) -> bool:
        """Whether one more call may be taken on."""
        if self._pool.in_flight >= self.most * urgency:
            return False
        return urgency is Urgency.VALIDATION or self._before is None or self._before.is_left_for(urgency)


class _InPlace(ThreadPoolExecutor):
    """Does what it is given at once, on the thread that takes calls on: handing over costs more than refusing."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


_STATUS = OVERLOADED.to_status()


def _shed(_messages: object, context: grpc.ServicerContext) -> bytes:
    context.abort_with_status(_STATUS)
    raise AssertionError("abort_with_status always raises")


_shed.experimental_thread_pool = _InPlace(1)  # type: ignore[attr-defined]
#: Refuses a call that there is no room for, in words; to the server it is a stream, whose message is not waited for.
SHED: grpc.RpcMethodHandler[Any, Any] = grpc.stream_unary_rpc_method_handler(_shed)
