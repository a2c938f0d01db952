"""The doors for gRPC servers: an interceptor for `grpc.server`, one for `grpc.aio.server`.

A token comes as HTTP has it, in the call's metadata: `authorization: Bearer …`. A call is refused with UNAUTHENTICATED,
PERMISSION_DENIED (a scope is missing) or UNAVAILABLE (the authorization server cannot be asked), and in the trailing
metadata stands the challenge, or when to try again.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextvars import Context, ContextVar, copy_context
from typing import Any

import grpc
import grpc.aio

from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.bearer import join_authorizations
from tokenhouse_verifier.errors import NotVerified, Unavailable
from tokenhouse_verifier.verifier import TokenVerifier

_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
_CODES = {
    400: grpc.StatusCode.UNAUTHENTICATED,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    503: grpc.StatusCode.UNAVAILABLE,
}
#: Set inside one call: both servers run each in a context of its own.
_current: ContextVar[AccessToken] = ContextVar("access_token")


def current_token() -> AccessToken:
    """The token of the call that is being answered.

    Raises:
        LookupError: there is none; the method is public, or this is another thread.
    """
    return _current.get()


class TokenInterceptor(grpc.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """For `grpc.server`: no call without a good token gets to its method."""

    def __init__(self, verifier: TokenVerifier, *, public_methods: Collection[str] = ()) -> None:
        """`public_methods` need no token, and are named in full: `/grpc.health.v1.Health/Check`."""
        self._verifier = verifier
        self._public = _require_methods(public_methods)

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """`grpc.ServerInterceptor`. The thread that is here takes every call: nothing waits in it."""
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method in self._public:
            return handler
        return _rebuild(handler, self._unary, self._stream)

    def _unary(self, behavior: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                self._admit(context)
                return behavior(request, context)
            except NotVerified as refusal:
                _abort(context, refusal)

        return answer

    def _stream(self, behavior: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Iterator[Any]]:
        def answer(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            try:
                self._admit(context)
                yield from behavior(request, context)
            except NotVerified as refusal:
                _abort(context, refusal)

        return answer

    def _admit(self, context: grpc.ServicerContext) -> None:
        authorization = _authorization_of(context.invocation_metadata())
        timeout = _time_left(context, self._verifier.timeout)
        _current.set(self._verifier.verify_authorization(authorization, timeout=timeout))


class AsyncTokenInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """For `grpc.aio.server`: no call without a good token gets to its method."""

    def __init__(self, verifier: AsyncTokenVerifier, *, public_methods: Collection[str] = ()) -> None:
        """`public_methods` need no token, and are named in full: `/grpc.health.v1.Health/Check`."""
        self._verifier = verifier
        self._public = _require_methods(public_methods)

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """`grpc.aio.ServerInterceptor`; it runs in the call's own task."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method in self._public:
            return handler
        authorization = _authorization_of(handler_call_details.invocation_metadata)
        try:
            _current.set(await self._verifier.verify_authorization(authorization))
        except NotVerified as refusal:
            return _refusing(handler, refusal)
        # A method that is no coroutine gets a thread, or several in turn: what it finds there is this call's.
        context = copy_context()
        return _rebuild(
            handler, lambda method: _answering(method, context, _one), lambda method: _answering(method, context, _many)
        )


def _time_left(context: grpc.ServicerContext, most: float) -> float:
    """How long the caller still waits, `most` seconds at the most.

    The library takes it from the wall clock, and whoever sets that while a call waits to be begun leaves it nothing, or
    hours. gRPC itself goes by another clock, and a call whose time is really up is no longer active.
    """
    remaining = context.time_remaining()
    if 0 < remaining < most:
        return remaining
    return most if context.is_active() else 0.0


def _answering(
    behavior: Callable[[Any, Any], Any],
    own: Context,
    in_threads: Callable[[Callable[[Any, Any], Any], Context], Callable[[Any, Any], Any]],
) -> Callable[[Any, Any], Any]:
    """What a method does, but that a NotVerified of its own refuses the call."""
    if inspect.isasyncgenfunction(behavior):

        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                async for response in behavior(request, context):
                    yield response
            except NotVerified as refusal:
                await _abort_async(context, refusal)

        return stream
    if not inspect.iscoroutinefunction(behavior):
        return in_threads(behavior, own)

    async def unary(request: Any, context: Any) -> Any:
        try:
            return await behavior(request, context)
        except NotVerified as refusal:
            await _abort_async(context, refusal)

    return unary


def _one(behavior: Callable[[Any, Any], Any], own: Context) -> Callable[[Any, Any], Any]:
    """`_answering` for a method with one answer that runs in a thread."""

    def answer(request: Any, context: Any) -> Any:
        try:
            return own.run(behavior, request, context)
        except NotVerified as refusal:
            _end(context, refusal)

    return answer


def _many(behavior: Callable[[Any, Any], Any], own: Context) -> Callable[[Any, Any], Iterator[Any]]:
    """`_answering` for a method with many answers, each of which may come from another thread."""

    def answer(request: Any, context: Any) -> Iterator[Any]:
        answers, end = iter(own.run(behavior, request, context)), object()
        try:
            while (response := own.run(next, answers, end)) is not end:
                yield response
        except NotVerified as refusal:
            _end(context, refusal)

    return answer


def _refusing(handler: Any, refusal: NotVerified) -> Any:
    async def refuse(_request: Any, context: Any) -> None:
        await _abort_async(context, refusal)

    return _rebuild(handler, lambda _: refuse, lambda _: refuse)


def _rebuild(handler: Any, unary: Callable[[Any], Any], stream: Callable[[Any], Any]) -> Any:
    """The same method with something around what it does, by the kind of its responses."""
    kind = next(kind for kind in _KINDS if getattr(handler, kind) is not None)
    wrap = stream if kind.endswith("_stream") else unary
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(wrap(getattr(handler, kind)), handler.request_deserializer, handler.response_serializer)


def _authorization_of(metadata: Any) -> str | None:
    return join_authorizations(
        [value if isinstance(value, str) else "" for name, value in metadata or () if name == "authorization"]
    )


def _trailing(refusal: NotVerified) -> tuple[tuple[str, str], ...]:
    if isinstance(refusal, Unavailable):
        # How a server says it to clients that retry by themselves (gRFC A6), in milliseconds.
        return (("grpc-retry-pushback-ms", str(refusal.retry_after * 1000)),)
    return (("www-authenticate", refusal.www_authenticate),)


def _abort(context: grpc.ServicerContext, refusal: NotVerified) -> None:
    context.set_trailing_metadata(_trailing(refusal))
    context.abort(_CODES[refusal.status], refusal.description)


def _end(context: Any, refusal: NotVerified) -> None:
    """For a method that ends right after it: an answer of its may be on its way, which `abort` would collide with."""
    context.set_trailing_metadata(_trailing(refusal))
    context.set_code(_CODES[refusal.status])
    context.set_details(refusal.description)


async def _abort_async(context: Any, refusal: NotVerified) -> None:
    await context.abort(_CODES[refusal.status], refusal.description, _trailing(refusal))


def _require_methods(methods: Collection[str]) -> frozenset[str]:
    if isinstance(methods, str) or not all(method.startswith("/") and method.count("/") == 2 for method in methods):
        raise ValueError("public_methods is a list of full names, as in /grpc.health.v1.Health/Check")
    return frozenset(methods)
