"""The core, as the facade sees it: one channel, a deadline on every call, and retries within it.

A core that restarts is waited for, and UNAVAILABLE and a CANCELLED we did not cause (a server that stops cancels what
it has not begun) are tried again; so is a DEADLINE_EXCEEDED before its time: gRPC reckons with the wall clock, and
somebody has set that. Each call may happen twice: a token request by its attempt_id; a decision, for which the core has
one answer for some seconds; what ends something; what stores nothing; a device's request, of which nobody decides the
lost one. A login that was lost has cost one try and left a session that nobody can enter; one at another provider is
begun again by its user, since what comes back from there counts once.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar
from urllib.parse import quote

import grpc
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from tokenhouse.v1.authorization_pb2 import (
    DecideConsentRequest,
    DecideConsentResponse,
    StartAuthorizationByDocumentRequest,
    StartAuthorizationByDocumentResponse,
    StartAuthorizationRequest,
    StartAuthorizationResponse,
)
from tokenhouse.v1.client_keys_pb2 import FetchClientKeysRequest, FetchClientKeysResponse
from tokenhouse.v1.console_pb2 import ActRequest, ActResponse, LookRequest, LookResponse
from tokenhouse.v1.device_authorization_pb2 import (
    DecideDeviceAuthorizationRequest,
    DecideDeviceAuthorizationResponse,
    EnterUserCodeRequest,
    EnterUserCodeResponse,
    FetchDeviceClientRequest,
    FetchDeviceClientResponse,
    OpenDevicePageRequest,
    OpenDevicePageResponse,
    StartDeviceAuthorizationRequest,
    StartDeviceAuthorizationResponse,
)
from tokenhouse.v1.discovery_pb2 import GetServerMetadataRequest, GetServerMetadataResponse
from tokenhouse.v1.introspection_pb2 import IntrospectTokenRequest, IntrospectTokenResponse
from tokenhouse.v1.registration_pb2 import (
    RegisterClientRequest,
    RegisterClientResponse,
    RegisterClientsRequest,
    RegisterClientsResponse,
)
from tokenhouse.v1.revocation_pb2 import RevokeTokenRequest, RevokeTokenResponse
from tokenhouse.v1.session_pb2 import LogInRequest, LogInResponse, LogOutRequest, LogOutResponse
from tokenhouse.v1.token_pb2 import IssueTokenRequest, IssueTokenResponse, IssueTokensRequest, IssueTokensResponse
from tokenhouse.v1.upstream_pb2 import (
    FinishUpstreamLoginRequest,
    FinishUpstreamLoginResponse,
    FinishUpstreamLogoutRequest,
    FinishUpstreamLogoutResponse,
    StartUpstreamLoginRequest,
    StartUpstreamLoginResponse,
)
from tokenhouse_verifier.coalescing import Coalescer

from facade.account_calls import AccountCalls
from facade.core_status import is_explained, refusal_of_item, refusal_of_status, unavailable
from facade.correlation import METADATA_KEY, NETWORK_ADDRESS_KEY, asked_from, correlation_id
from facade.errors import Refusal
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.tracing import TRACEPARENT, Tracing

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
J = TypeVar("J", IssueTokenRequest, RegisterClientRequest)

#: The metadata entry that tells until when a call's answer is waited for: CLOCK_BOOTTIME in milliseconds.
UNTIL_KEY = "tokenhouse-until"
#: How long a request waits for the core in all, in seconds.
DEADLINE = 3.0
#: Logging in: Argon2id has a queue.
LOGIN_DEADLINE = 8.0
#: An authorization for which the core fetches a document: 3 s at the most, after a wait for its turn.
DOCUMENT_DEADLINE = 8.0
#: A login at another provider: metadata, tokens, keys and UserInfo, 3 s at the most for each.
UPSTREAM_DEADLINE = 14.0
#: An operator's act: it may end a hundred thousand grants, and who is told that it is not possible believes it.
ACT_DEADLINE = 15.0

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
_RETRYABLE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED})
_CHANNEL_OPTIONS: Sequence[tuple[str, str | int]] = (
    # A core that restarts is away for half a second: requests wait no longer than that to find it again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
    # How long a connection may take to be made, whatever its name says.
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
    ("grpc.default_authority", "localhost"),
)


@dataclass(frozen=True, slots=True)
class _Options:
    #: Wait for a core that is not there, and ask again, within the deadline.
    patient: bool = True
    #: In seconds, where the caller says nothing else.
    timeout: float = DEADLINE


#: Nobody's calls alone: what travels in them, and what the facade asks for everybody, is in no request's trace.
_OF_NOBODY = frozenset(
    {
        "/tokenhouse.v1.DiscoveryService/GetServerMetadata",
        "/tokenhouse.v1.RegistrationService/RegisterClients",
        "/tokenhouse.v1.TokenService/IssueTokens",
        "/grpc.health.v1.Health/Check",
    }
)
_ORDINARY = _Options()
_AT_ONCE = _Options(patient=False)
_LOGIN = _Options(timeout=LOGIN_DEADLINE)
_BY_DOCUMENT = _Options(timeout=DOCUMENT_DEADLINE)
_UPSTREAM = _Options(timeout=UPSTREAM_DEADLINE)
_ACT = _Options(timeout=ACT_DEADLINE)


class _Method(Generic[Q, R]):
    """One RPC, with the deadline and the retries it may have."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metrics: CoreCallMetrics,
        tracing: Tracing | None,
        path: str,
        response: type[R],
        options: _Options,
    ) -> None:
        self._call: grpc.aio.UnaryUnaryMultiCallable[Q, R] = channel.unary_unary(
            path, request_serializer=_serialize, response_deserializer=response.FromString
        )
        self._name = path.removeprefix("/")
        self._metrics = metrics.of_method(self._name)
        self._tracing = tracing
        self._options = options

    async def __call__(self, request: Q, timeout: float | None = None) -> R:
        """The answer within `timeout` seconds. Raises Refusal."""
        now = asyncio.get_running_loop().time
        deadline = now() + (self._options.timeout if timeout is None else timeout)
        pause = _FIRST_PAUSE
        while True:
            try:
                return await self._try(request, deadline - now())
            except grpc.aio.AioRpcError as error:
                again = self._options.patient and error.code() in _RETRYABLE and not is_explained(error)
                if not again or now() + pause >= deadline:
                    raise refusal_of_status(error) from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE)
            self._metrics.tried_again()

    async def _try(self, request: Q, timeout: float) -> R:
        if self._tracing is None:
            return await self._ask(request, timeout, "")
        with self._tracing.call(self._name) as traceparent:
            return await self._ask(request, timeout, traceparent)

    async def _ask(self, request: Q, timeout: float, traceparent: str) -> R:
        # What waits in the socket of a core that stands still must not be begun when nobody waits for it any longer.
        until = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + int(timeout * 1000)
        told = (
            (METADATA_KEY, correlation_id.get()),
            (NETWORK_ADDRESS_KEY, asked_from.get()),
            (TRACEPARENT, traceparent),
        )
        metadata = [(UNTIL_KEY, str(until)), *(pair for pair in told if pair[1])]
        started = perf_counter()
        try:
            answer = await self._call(request, timeout=timeout, metadata=metadata, wait_for_ready=self._options.patient)
        except grpc.aio.AioRpcError as error:
            self._metrics.failed(error.code().name, perf_counter() - started)
            raise
        self._metrics.answered(perf_counter() - started)
        return answer


class CoreClient:
    """Every call the facade makes. Create it inside the event loop it serves."""

    def __init__(self, socket_path: str, metrics: CoreCallMetrics, tracing: Tracing | None = None) -> None:
        """`socket_path`: where core.sock is; nothing is connected before the first call."""
        # gRPC reads the target as a URI: a folder's name may hold what a URI may not.
        self._channel = grpc.aio.insecure_channel(f"unix:{quote(socket_path)}", options=_CHANNEL_OPTIONS)

        self._metrics = metrics
        self._tracing = tracing
        method = self._method
        self.get_server_metadata = method(
            "/tokenhouse.v1.DiscoveryService/GetServerMetadata",
            GetServerMetadataRequest,
            GetServerMetadataResponse,
            _AT_ONCE,
        )
        self._register_clients = method(
            "/tokenhouse.v1.RegistrationService/RegisterClients", RegisterClientsRequest, RegisterClientsResponse
        )
        self.start_authorization = method(
            "/tokenhouse.v1.AuthorizationService/StartAuthorization",
            StartAuthorizationRequest,
            StartAuthorizationResponse,
        )
        self.start_authorization_by_document = method(
            "/tokenhouse.v1.AuthorizationService/StartAuthorizationByDocument",
            StartAuthorizationByDocumentRequest,
            StartAuthorizationByDocumentResponse,
            _BY_DOCUMENT,
        )
        self.decide_consent = method(
            "/tokenhouse.v1.AuthorizationService/DecideConsent", DecideConsentRequest, DecideConsentResponse
        )
        self._begin_devices()
        self.account = AccountCalls(method)
        self.look = method("/tokenhouse.v1.ConsoleService/Look", LookRequest, LookResponse)
        self.act = method("/tokenhouse.v1.ConsoleService/Act", ActRequest, ActResponse, _ACT)
        self.log_in = method("/tokenhouse.v1.SessionService/LogIn", LogInRequest, LogInResponse, _LOGIN)
        self.log_out = method("/tokenhouse.v1.SessionService/LogOut", LogOutRequest, LogOutResponse)
        self.revoke_token = method(
            "/tokenhouse.v1.RevocationService/RevokeToken", RevokeTokenRequest, RevokeTokenResponse
        )
        self.introspect_token = method(
            "/tokenhouse.v1.IntrospectionService/IntrospectToken", IntrospectTokenRequest, IntrospectTokenResponse
        )
        self.fetch_client_keys = method(
            "/tokenhouse.v1.ClientKeysService/FetchClientKeys",
            FetchClientKeysRequest,
            FetchClientKeysResponse,
            _BY_DOCUMENT,
        )
        self._issue_tokens = method("/tokenhouse.v1.TokenService/IssueTokens", IssueTokensRequest, IssueTokensResponse)
        self._check = method("/grpc.health.v1.Health/Check", HealthCheckRequest, HealthCheckResponse, _AT_ONCE)
        self._begin_upstream()
        self._begin_coalescing(metrics)

    def _method(self, path: str, _request: type[Q], response: type[R], options: _Options = _ORDINARY) -> _Method[Q, R]:
        tracing = None if path in _OF_NOBODY else self._tracing
        return _Method(self._channel, self._metrics, tracing, path, response, options)

    def _begin_upstream(self) -> None:
        method = self._method
        upstream = "/tokenhouse.v1.UpstreamService/"
        self.start_upstream_login = method(
            upstream + "StartUpstreamLogin", StartUpstreamLoginRequest, StartUpstreamLoginResponse, _UPSTREAM
        )
        self.finish_upstream_login = method(
            upstream + "FinishUpstreamLogin", FinishUpstreamLoginRequest, FinishUpstreamLoginResponse, _UPSTREAM
        )
        self.finish_upstream_logout = method(
            upstream + "FinishUpstreamLogout", FinishUpstreamLogoutRequest, FinishUpstreamLogoutResponse
        )

    def _begin_devices(self) -> None:
        method = self._method
        devices = "/tokenhouse.v1.DeviceAuthorizationService/"
        self.start_device_authorization = method(
            devices + "StartDeviceAuthorization", StartDeviceAuthorizationRequest, StartDeviceAuthorizationResponse
        )
        self.fetch_device_client = method(
            devices + "FetchDeviceClient", FetchDeviceClientRequest, FetchDeviceClientResponse, _BY_DOCUMENT
        )
        self.open_device_page = method(devices + "OpenDevicePage", OpenDevicePageRequest, OpenDevicePageResponse)
        self.enter_user_code = method(devices + "EnterUserCode", EnterUserCodeRequest, EnterUserCodeResponse)
        self.decide_device_authorization = method(
            devices + "DecideDeviceAuthorization", DecideDeviceAuthorizationRequest, DecideDeviceAuthorizationResponse
        )

    def _begin_coalescing(self, metrics: CoreCallMetrics) -> None:
        self._token_requests = Coalescer(self._send_token_requests, size=IssueTokenRequest.ByteSize, half_as_many=True)
        self._registrations = Coalescer(self._send_registrations, size=RegisterClientRequest.ByteSize)
        self._count_token_requests = metrics.coalescing(
            "tokenhouse.v1.TokenService/IssueTokens", lambda: self._token_requests.waiting
        )
        self._count_registrations = metrics.coalescing(
            "tokenhouse.v1.RegistrationService/RegisterClients", lambda: self._registrations.waiting
        )

    async def issue_token(self, request: IssueTokenRequest) -> IssueTokenResponse:
        """Answers one token request, in a batch with those that wait at the same time. Raises Refusal."""
        return await self._join(self._token_requests, "tokenhouse.v1.TokenService/IssueToken", request)

    async def register_client(self, request: RegisterClientRequest) -> RegisterClientResponse:
        """Answers one registration, in a batch with those that wait at the same time. Raises Refusal."""
        return await self._join(self._registrations, "tokenhouse.v1.RegistrationService/RegisterClient", request)

    async def _join(self, queue: Coalescer[J, R], method: str, request: J) -> R:
        """The answer to a request that travels with others."""
        request.correlation_id = correlation_id.get()
        if self._tracing is None:
            return await _wait(queue, request)
        with self._tracing.call(method) as request.traceparent:
            return await _wait(queue, request)

    async def _send_registrations(
        self, requests: Sequence[RegisterClientRequest], timeout: float
    ) -> list[RegisterClientResponse | Exception]:
        _leave_request()
        self._count_registrations(len(requests))
        answer = await self._register_clients(RegisterClientsRequest(requests=requests), timeout)
        return [
            result.response if result.WhichOneof("result") == "response" else refusal_of_item(result.error)
            for result in answer.results
        ]

    async def _send_token_requests(
        self, requests: Sequence[IssueTokenRequest], timeout: float
    ) -> list[IssueTokenResponse | Exception]:
        _leave_request()
        self._count_token_requests(len(requests))
        answer = await self._issue_tokens(IssueTokensRequest(requests=requests), timeout)
        return [
            result.response if result.WhichOneof("result") == "response" else refusal_of_item(result.error)
            for result in answer.results
        ]

    async def is_serving(self, timeout: float) -> bool:
        """The core says that it serves (grpc.health.v1), within `timeout` seconds."""
        try:
            answer = await self._check(HealthCheckRequest(), timeout)
        except Refusal:
            return False
        return answer.status == HealthCheckResponse.SERVING

    async def close(self) -> None:
        """Ends the channel; calls in flight have a second to finish."""
        await self._channel.close(grace=1.0)


async def _wait(queue: Coalescer[Q, R], request: Q) -> R:
    try:
        return await queue.ask(request, timeout=DEADLINE)
    except TimeoutError:
        raise unavailable() from None


def _leave_request() -> None:
    """A batch is nobody's alone, though the first of its requests has begun it: each item says whose it is."""
    correlation_id.set("")
    asked_from.set("")


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
