"""TokenService: RFC 6749 §3.2 for the facade."""

import time

import grpc
from tokenhouse.v1 import token_pb2, token_pb2_grpc

from core.domain.audit.act import Act
from core.domain.audit.refusals import Refusals
from core.domain.errors import InvalidGrant, UnsupportedGrantType
from core.domain.grants.token_endpoint import TokenEndpoint
from core.domain.grants.token_request import (
    ClientCredentialsParameters,
    CodeParameters,
    DeviceCodeParameters,
    GrantParameters,
    RefreshParameters,
    TokenRequest,
    TokenResponse,
)
from core.metrics.calls import OTHER, CallMetrics
from core.metrics.outcomes import OutcomeMetrics
from core.metrics.tracing import Tracing
from core.rpc.batch import refuse_item, require_batch
from core.rpc.client_credentials import read_credentials
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.correlation import read_correlation_id
from core.rpc.deadlines import time_left
from core.rpc.errors import reason_of

_ONE = "tokenhouse.v1.TokenService/IssueToken"


class TokenServicer(token_pb2_grpc.TokenServiceServicer):
    """Proto → token request → proto."""

    def __init__(
        self,
        endpoint: TokenEndpoint,
        calls: CallMetrics,
        outcomes: OutcomeMetrics,
        notes: ConnectionNotes,
        tracing: Tracing | None,
        refusals: Refusals,
    ) -> None:
        self._endpoint = endpoint
        self._calls = calls
        self._outcomes = outcomes
        self._notes = notes
        self._tracing = tracing
        self._refusals = refusals

    def IssueToken(
        self, request: token_pb2.IssueTokenRequest, context: grpc.ServicerContext
    ) -> token_pb2.IssueTokenResponse:
        grant_type = _grant_type(request)
        try:
            response = self._endpoint.issue(_read(request), within=time_left(context))
        except Exception as error:
            self._outcomes.token_requests([(grant_type, _verdict(error))])
            self._notes.token(request, error)
            self._gather(request, error)
            raise
        self._notes.token(request, response)
        self._outcomes.token_requests([(grant_type, response.verdict)])
        return _write(response)

    def IssueTokens(
        self, request: token_pb2.IssueTokensRequest, context: grpc.ServicerContext
    ) -> token_pb2.IssueTokensResponse:
        requests, begun = require_batch(request.requests), time.time_ns()
        read = [_try_read(item) for item in requests]
        wanted = [item for item in read if isinstance(item, TokenRequest)]
        answers = iter(self._endpoint.issue_all(wanted, within=time_left(context)))
        outcomes = [next(answers) if isinstance(item, TokenRequest) else item for item in read]
        pairs = list(zip(requests, outcomes, strict=True))
        self._outcomes.token_requests((_grant_type(item), _verdict(outcome)) for item, outcome in pairs)
        for item, outcome in pairs:
            self._notes.token(item, outcome)
            if self._tracing is not None:
                self._tracing.item(_ONE, item.traceparent, begun, _verdict(outcome))
        return token_pb2.IssueTokensResponse(results=[self._write_result(item, outcome) for item, outcome in pairs])

    def _write_result(
        self, request: token_pb2.IssueTokenRequest, outcome: TokenResponse | Exception
    ) -> token_pb2.IssueTokenResult:
        if isinstance(outcome, Exception):
            self._gather(request, outcome)
            return token_pb2.IssueTokenResult(error=refuse_item(outcome, request.correlation_id, self._calls))
        return token_pb2.IssueTokenResult(response=_write(outcome))

    def _gather(self, request: token_pb2.IssueTokenRequest, refusal: Exception) -> None:
        self._refusals.add(
            Act.REFRESH if request.WhichOneof("grant") == "refresh_token" else Act.TOKEN,
            refusal,
            network_address=request.network_address,
            correlation_id=read_correlation_id(request.correlation_id),
        )


def _grant_type(request: token_pb2.IssueTokenRequest) -> str:
    """The oneof's fields have the grant types' names."""
    return request.WhichOneof("grant") or OTHER


def _verdict(outcome: TokenResponse | Exception) -> str:
    if isinstance(outcome, TokenResponse | InvalidGrant):
        return outcome.verdict
    return reason_of(outcome).lower()


def _try_read(request: token_pb2.IssueTokenRequest) -> TokenRequest | UnsupportedGrantType:
    try:
        return _read(request)
    except UnsupportedGrantType as refusal:
        return refusal


def _read(request: token_pb2.IssueTokenRequest) -> TokenRequest:
    return TokenRequest(
        grant=_read_grant(request),
        client=read_credentials(request.client),
        resources=tuple(request.resource),
        attempt_id=request.attempt_id,
        network_address=request.network_address,
        correlation_id=read_correlation_id(request.correlation_id),
    )


def _read_grant(request: token_pb2.IssueTokenRequest) -> GrantParameters:
    match request.WhichOneof("grant"):
        case "authorization_code":
            code = request.authorization_code
            return CodeParameters(
                code=code.code,
                code_verifier=code.code_verifier if code.HasField("code_verifier") else None,
                redirect_uri=code.redirect_uri if code.HasField("redirect_uri") else None,
            )
        case "refresh_token":
            refresh = request.refresh_token
            return RefreshParameters(refresh.refresh_token, refresh.scope if refresh.HasField("scope") else None)
        case "client_credentials":
            own = request.client_credentials
            return ClientCredentialsParameters(own.scope if own.HasField("scope") else None)
        case "device_code":
            return DeviceCodeParameters(request.device_code.device_code)
        case _:
            raise UnsupportedGrantType("the grant is missing or not one of this server's")


def _write(response: TokenResponse) -> token_pb2.IssueTokenResponse:
    return token_pb2.IssueTokenResponse(
        access_token=response.access_token,
        token_type="Bearer",
        expires_in=response.expires_in,
        refresh_token=response.refresh_token,
        scope=" ".join(response.scope),
    )
