"""Deadlines, retries and batches, against a real gRPC server that misbehaves as told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from prometheus_client import CollectorRegistry
from tokenhouse.v1.authorization_pb2 import (
    DecideConsentRequest,
    StartAuthorizationRequest,
    StartAuthorizationResponse,
)
from tokenhouse.v1.client_credentials_pb2 import ClientCredentials
from tokenhouse.v1.console_pb2 import ActRequest, ActResponse, LookRequest, LookResponse
from tokenhouse.v1.discovery_pb2 import GetServerMetadataRequest
from tokenhouse.v1.item_error_pb2 import ItemError
from tokenhouse.v1.session_pb2 import LogInRequest, LogInResponse
from tokenhouse.v1.token_pb2 import (
    IssueTokenRequest,
    IssueTokenResponse,
    IssueTokenResult,
    IssueTokensRequest,
    IssueTokensResponse,
)

from facade import core_client
from facade.core_client import CoreClient
from facade.errors import Refusal
from facade.metrics.core_call_metrics import CoreCallMetrics
from tests.patience import PATIENCE

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]
else:
    Context = grpc.aio.ServicerContext
Handler = Callable[[bytes, Context], Awaitable[Message]]


class Peer(grpc.GenericRpcHandler):
    """A server on a socket; `handlers` answer by the method's last name, and calls are counted."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "core.sock")
        self.handlers: dict[str, Handler] = {}
        self.calls: list[str] = []
        self.server: grpc.aio.Server | None = None

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        name = handler_call_details.method.rpartition("/")[2]

        async def answer(request: bytes, context: Context) -> bytes:
            self.calls.append(name)
            return (await self.handlers[name](request, context)).SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)

    async def start(self) -> None:
        """Begins to listen."""
        self.server = grpc.aio.server()
        self.server.add_generic_rpc_handlers((self,))
        self.server.add_insecure_port(f"unix:{self.socket}")
        await self.server.start()


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    """A peer that does not listen yet."""
    peer = Peer(tmp_path)
    yield peer
    if peer.server is not None:
        await peer.server.stop(None)


@pytest.fixture
async def core(peer: Peer) -> AsyncIterator[CoreClient]:
    """The facade's side of the socket."""
    client = CoreClient(peer.socket, CoreCallMetrics(CollectorRegistry()))
    yield client
    await client.close()


def refuse(code: grpc.StatusCode, reason: str = "", retry: float | None = None, times: int = 1000) -> Handler:
    """Refuses so many times, with an ErrorInfo where a reason is given, then answers with nothing in it."""
    left = times

    async def answer(request: bytes, context: Context) -> Message:
        nonlocal left
        left -= 1
        if left < 0:
            return StartAuthorizationResponse()
        details = [ErrorInfo(reason=reason, domain="tokenhouse")] if reason else []
        details += [RetryInfo(retry_delay=Duration(nanos=int(retry * 1e9)))] if retry else []
        packed = [AnyMessage() for _ in details]
        for holder, detail in zip(packed, details, strict=True):
            holder.Pack(detail)
        status = Status(code=code.value[0], message="said why", details=packed)
        trailing = (("grpc-status-details-bin", status.SerializeToString()),) if details else ()
        await context.abort(code, "said why", trailing)
        raise AssertionError

    return answer


async def test_a_core_that_is_not_there_is_waited_for(peer: Peer, core: CoreClient) -> None:
    """A restart of the core costs waiting, not an error."""
    peer.handlers["LogIn"] = lambda request, context: asyncio.sleep(0, LogInResponse(session_token="t"))
    answer = asyncio.create_task(core.log_in(LogInRequest(), PATIENCE))
    await asyncio.sleep(0.3)
    assert not answer.done()
    await peer.start()

    assert (await answer).session_token == "t"


async def test_an_act_of_an_operator_is_waited_for_longer_than_a_look(peer: Peer, core: CoreClient) -> None:
    """To end all grants of a client that everybody has takes seconds; the operator hears that it was done."""
    left: dict[str, float] = {}

    def note(name: str, answer: Message) -> Handler:
        async def noting(request: bytes, context: Context) -> Message:
            left[name] = context.time_remaining()
            return answer

        return noting

    peer.handlers |= {"Act": note("Act", ActResponse()), "Look": note("Look", LookResponse())}
    await peer.start()
    await core.act(ActRequest())
    await core.look(LookRequest())

    # gRPC rounds what is left up.
    assert left["Look"] < core_client.DEADLINE + 1 < left["Act"]


async def test_a_core_that_stays_away_is_unavailable_in_time(core: CoreClient) -> None:
    """The wait is bounded, and the refusal says when to come back."""
    with pytest.raises(Refusal) as refused:
        await asyncio.wait_for(core.start_authorization(StartAuthorizationRequest(), 0.4), PATIENCE)

    assert refused.value.reason == "TEMPORARILY_UNAVAILABLE"
    assert refused.value.retry_after is not None


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED]
)
async def test_what_was_not_answered_is_asked_again(peer: Peer, core: CoreClient, code: grpc.StatusCode) -> None:
    """UNAVAILABLE, and CANCELLED by a server that stops, are no answers: no restart of the core fails a request."""
    peer.handlers["StartAuthorization"] = refuse(code, times=2)
    peer.handlers["LogIn"] = refuse(code, times=1)
    peer.handlers["DecideConsent"] = refuse(code, times=1)
    await peer.start()

    await core.start_authorization(StartAuthorizationRequest())
    await core.log_in(LogInRequest())
    await core.decide_consent(DecideConsentRequest())

    assert peer.calls == ["StartAuthorization"] * 3 + ["LogIn"] * 2 + ["DecideConsent"] * 2


async def test_a_clock_that_jumps_takes_no_time_from_a_call(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC notes a deadline as a moment of the wall clock; one that a jump has made pass is not the caller's."""
    peer.handlers["StartAuthorization"] = refuse(grpc.StatusCode.INTERNAL, times=0)
    await peer.start()
    registry = CollectorRegistry()
    core = CoreClient(peer.socket, CoreCallMetrics(registry))
    right, moments = time.time, iter([-3600.0])
    monkeypatch.setattr(time, "time", lambda: right() + next(moments, 0.0))

    await core.start_authorization(StartAuthorizationRequest())
    await core.close()

    method = {"rpc_method": "tokenhouse.v1.AuthorizationService/StartAuthorization"}
    assert registry.get_sample_value("tokenhouse_rpc_client_retries_total", method) == 1


async def test_what_is_asked_at_once_is_asked_once(peer: Peer, core: CoreClient) -> None:
    """Who asks for what may be old, or how the core is, has something better to do than to wait."""
    peer.handlers["GetServerMetadata"] = peer.handlers["Check"] = refuse(grpc.StatusCode.UNAVAILABLE)
    await peer.start()

    with pytest.raises(Refusal, match="TEMPORARILY_UNAVAILABLE"):
        await core.get_server_metadata(GetServerMetadataRequest())
    assert not await core.is_serving(0.2)
    assert peer.calls == ["GetServerMetadata", "Check"]


async def test_what_the_core_explains_is_not_asked_again(peer: Peer, core: CoreClient) -> None:
    """A status with ErrorInfo is the core's own word, whatever its code; RetryInfo is rounded up to seconds."""
    peer.handlers["StartAuthorization"] = refuse(grpc.StatusCode.UNAVAILABLE, "TOO_MANY_ATTEMPTS", retry=0.2)
    await peer.start()

    with pytest.raises(Refusal) as refused:
        await core.start_authorization(StartAuthorizationRequest())
    assert (refused.value.reason, refused.value.description, refused.value.retry_after) == (
        "TOO_MANY_ATTEMPTS",
        "said why",
        1,
    )
    assert peer.calls == ["StartAuthorization"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "TEMPORARILY_UNAVAILABLE"),
        (grpc.StatusCode.INTERNAL, "SERVER_ERROR"),
        (grpc.StatusCode.UNKNOWN, "SERVER_ERROR"),
        (grpc.StatusCode.PERMISSION_DENIED, "SERVER_ERROR"),
    ],
)
async def test_an_unexplained_status_tells_nothing(
    peer: Peer, core: CoreClient, code: grpc.StatusCode, reason: str
) -> None:
    """Without a reason it is "later" or an incident; the text of the status stays in the log."""
    peer.handlers["StartAuthorization"] = refuse(code)
    await peer.start()

    with pytest.raises(Refusal) as refused:
        await core.start_authorization(StartAuthorizationRequest())
    assert refused.value.reason == reason
    assert "said why" not in refused.value.description


async def test_token_requests_share_calls_and_keep_their_own_answers(peer: Peer, core: CoreClient) -> None:
    """Three hundred requests at once are a few calls; one refusal among them is that request's alone."""

    async def answer(request: bytes, context: Context) -> IssueTokensResponse:
        questions = IssueTokensRequest.FromString(request).requests
        await asyncio.sleep(0.01)
        return IssueTokensResponse(
            results=[
                IssueTokenResult(error=ItemError(code=9, reason="INVALID_GRANT", description="no", retry_after=7))
                if question.client.client_id == "13"
                else IssueTokenResult(response=IssueTokenResponse(access_token=question.client.client_id))
                for question in questions
            ]
        )

    peer.handlers["IssueTokens"] = answer
    await peer.start()
    questions = [IssueTokenRequest(client=ClientCredentials(client_id=str(number))) for number in range(300)]
    answers = await asyncio.gather(*map(core.issue_token, questions), return_exceptions=True)

    refused = answers.pop(13)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.description, refused.retry_after) == ("INVALID_GRANT", "no", 7)
    assert [getattr(each, "access_token", each) for each in answers] == [str(n) for n in range(300) if n != 13]
    assert len(peer.calls) <= 5


async def test_a_token_request_is_retried_with_its_attempt_id(peer: Peer, core: CoreClient) -> None:
    """README, Grants: the same attempt within 10 s gets the same answer, so a lost reply may be asked for again."""
    seen: list[bytes] = []

    async def answer(request: bytes, context: Context) -> IssueTokensResponse:
        questions = IssueTokensRequest.FromString(request).requests
        seen.extend(question.attempt_id for question in questions)
        if len(seen) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        return IssueTokensResponse(results=[IssueTokenResult(response=IssueTokenResponse(access_token="t"))])

    peer.handlers["IssueTokens"] = answer
    await peer.start()

    assert (await core.issue_token(IssueTokenRequest(attempt_id=b"a" * 16))).access_token == "t"
    assert seen == [b"a" * 16] * 2


async def test_a_core_without_health_is_not_serving(peer: Peer, core: CoreClient) -> None:
    """Not there, silent and failing are all "not serving" (grpc.health.v1)."""
    assert not await asyncio.wait_for(core.is_serving(0.3), PATIENCE)

    peer.handlers["Check"] = refuse(grpc.StatusCode.UNKNOWN)
    await peer.start()
    assert not await core.is_serving(PATIENCE)
