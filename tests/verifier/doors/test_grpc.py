"""The doors for gRPC with every kind of method, and whose token a call sees."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import grpc
import grpc.aio
import pytest
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.grpc import AsyncTokenInterceptor, TokenInterceptor, current_token
from tokenhouse_verifier.verifier import TokenVerifier

from tests.patience import PATIENCE
from tests.rpc.road import Road
from tests.serving import ISSUER, Serving
from tests.verifier.doors.served import serve_grpc, serve_grpc_aio

_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
_PUBLIC = ["/test.Kinds/public"]
_DOOR = "door"


def _name() -> bytes:
    try:
        return current_token().username.encode()
    except LookupError:
        return b"nobody"


def _one(_request: Any, _context: Any) -> bytes:
    return _name()


def _many(_request: Any, _context: Any) -> Iterator[bytes]:
    for _ in range(3):
        yield _name()


async def _one_async(_request: Any, _context: Any) -> bytes:
    return _name()


async def _many_async(_request: Any, _context: Any) -> AsyncIterator[bytes]:
    for _ in range(3):
        yield _name()


async def _many_written(_request: Any, context: Any) -> None:
    for _ in range(3):
        await context.write(_name())


def _handlers(one: Any, many: Any) -> dict[str, Any]:
    handlers = {
        kind: getattr(grpc, f"{kind}_rpc_method_handler")(many if kind.endswith("_stream") else one) for kind in _KINDS
    }
    return handlers | {"public": grpc.unary_unary_rpc_method_handler(one)}


@contextmanager
def _threads(target: str, many: Any = _many) -> Iterator[grpc.Channel]:
    with TokenVerifier(target, audience=ISSUER) as verifier:
        door = TokenInterceptor(verifier, public_methods=_PUBLIC)
        # One thread serves every call: nothing of one may be left in it for the next.
        server = grpc.server(ThreadPoolExecutor(1, thread_name_prefix=_DOOR), interceptors=[door])
        server.add_registered_method_handlers("test.Kinds", _handlers(_one, many))
        with serve_grpc({"server": server}, lambda channel: channel) as channel:
            yield channel


@contextmanager
def _loop(target: str, many: Any = _many_async, one: Any = _one_async) -> Iterator[grpc.Channel]:
    verifier = AsyncTokenVerifier(target, audience=ISSUER)

    async def make_server() -> grpc.aio.Server:
        server = grpc.aio.server(interceptors=[AsyncTokenInterceptor(verifier, public_methods=_PUBLIC)])
        server.add_registered_method_handlers("test.Kinds", _handlers(one, many))
        return server

    with closing(_Ending(verifier)), serve_grpc_aio({"make_server": make_server}, lambda channel: channel) as channel:
        yield channel


class _Ending:
    def __init__(self, verifier: AsyncTokenVerifier) -> None:
        self.close = verifier._end


def _ask(channel: grpc.Channel, kind: str, authorization: str) -> list[bytes]:
    """Every response."""
    metadata = (("authorization", authorization),) if authorization else ()
    if kind == "public":
        method: Any = channel.unary_unary("/test.Kinds/public")
    else:
        method = getattr(channel, kind)(f"/test.Kinds/{kind}")
    request = iter([b""]) if kind.startswith("stream") else b""
    answer = method(request, metadata=metadata, timeout=PATIENCE, wait_for_ready=True)
    return list(answer) if kind.endswith("_stream") else [answer]


def _code(channel: grpc.Channel, kind: str, authorization: str) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as refused:
        _ask(channel, kind, authorization)
    code: grpc.StatusCode = refused.value.code()
    return code


_loop_of_plain_methods = partial(_loop, one=_one)
SERVERS = [(_threads, _many), (_loop, _many_async), (_loop, _many_written), (_loop_of_plain_methods, _many)]


@pytest.mark.parametrize(("opening", "many"), SERVERS, ids=["threads", "loop", "loop that writes", "plain methods"])
def test_every_kind_of_method(serving: Serving, user: Road, opening: Any, many: Any) -> None:
    """All four are closed without a token, and each response is made with the caller's; what is public sees none."""
    bearer = f"Bearer {user.connect().access_token}"
    with opening(f"127.0.0.1:{serving.config.grpc.listen.port}", many) as channel:
        for kind in _KINDS:
            told = set(_ask(channel, kind, bearer))
            assert told == {user.username.encode()}
            assert _code(channel, kind, "") is grpc.StatusCode.UNAUTHENTICATED
            assert _ask(channel, "public", bearer) == [b"nobody"]


def _narrow(_request: Any, _context: Any) -> bytes:
    TokenVerifier("127.0.0.1:1", audience=ISSUER).require_scopes(current_token(), "more")
    return b""


def _narrow_in_the_middle(_request: Any, _context: Any) -> Iterator[bytes]:
    yield b""
    _narrow(_request, _context)


async def _narrow_async(_request: Any, _context: Any) -> bytes:
    return _narrow(_request, _context)


@pytest.mark.parametrize("one", [_narrow, _narrow_async])
def test_a_method_that_needs_more(serving: Serving, user: Road, one: Any) -> None:
    """RFC 6750 §3.1: PERMISSION_DENIED, however a server for event loops runs the method."""
    bearer = f"Bearer {user.connect().access_token}"
    with _loop(f"127.0.0.1:{serving.config.grpc.listen.port}", _narrow_in_the_middle, one) as channel:
        for kind in ("unary_unary", "stream_unary", "unary_stream", "stream_stream"):
            assert _code(channel, kind, bearer) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("opening", [_threads, _loop])
def test_a_method_that_is_not_there(serving: Serving, user: Road, opening: Any) -> None:
    """UNIMPLEMENTED, as without the door."""
    with opening(f"127.0.0.1:{serving.config.grpc.listen.port}") as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/test.Kinds/nothing")(b"", timeout=PATIENCE, wait_for_ready=True)
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def _jump(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """The door's calls find the wall clock elsewhere than it was when their deadlines were noted."""

    def read() -> float:
        return time.time() + (seconds if threading.current_thread().name.startswith(_DOOR) else 0)

    monkeypatch.setattr("grpc._server.time", SimpleNamespace(**{**vars(time), "time": read}))


@pytest.mark.parametrize("jump", [-36_000, 36_000], ids=["back", "ahead"])
def test_a_jump_of_the_clock_while_a_call_waits(
    serving: Serving, user: Road, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library tells what is left of a call by the wall clock: set in between, a good token is accepted as ever."""
    _jump(monkeypatch, jump)
    bearer = f"Bearer {user.connect().access_token}"
    with _threads(f"127.0.0.1:{serving.config.grpc.listen.port}") as channel:
        assert _ask(channel, "unary_unary", bearer) == [user.username.encode()]


def test_a_jump_back_keeps_nobody_waiting_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers at the core's address: the call is refused after the verifier's own time."""
    _jump(monkeypatch, -36_000)
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with _threads(f"127.0.0.1:{silent.getsockname()[1]}") as channel:
            assert _code(channel, "unary_unary", "Bearer a.b.c") is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("methods", ["/test.Kinds/public", ["public"], ["test.Kinds/public"], ["/a/b/c"]])
def test_public_methods_are_full_names(methods: Any) -> None:
    """Anything else would open nothing, and be found out late."""
    with pytest.raises(ValueError, match="full names"):
        TokenInterceptor(TokenVerifier("127.0.0.1:1", audience=ISSUER), public_methods=methods)
