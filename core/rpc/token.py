"""TokenService: RFC 6749 §3.2 for the facade."""

import grpc
from tokenhouse.v1 import token_pb2, token_pb2_grpc

from core.domain.errors import UnsupportedGrantType
from core.domain.grants.token_endpoint import TokenEndpoint
from core.domain.grants.token_request import CodeParameters, RefreshParameters, TokenRequest, TokenResponse
from core.rpc.batch import require_batch
from core.rpc.client_credentials import read_credentials
from core.rpc.errors import describe


class TokenServicer(token_pb2_grpc.TokenServiceServicer):
    """Proto → token request → proto."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint

    def IssueToken(
        self, request: token_pb2.IssueTokenRequest, context: grpc.ServicerContext
    ) -> token_pb2.IssueTokenResponse:
        return _write(self._endpoint.issue(_read(request)))

    def IssueTokens(
        self, request: token_pb2.IssueTokensRequest, context: grpc.ServicerContext
    ) -> token_pb2.IssueTokensResponse:
        read = [_try_read(item) for item in require_batch(request.requests)]
        answers = iter(self._endpoint.issue_all([item for item in read if isinstance(item, TokenRequest)]))
        outcomes = [next(answers) if isinstance(item, TokenRequest) else item for item in read]
        return token_pb2.IssueTokensResponse(results=[_write_result(outcome) for outcome in outcomes])


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
    )


def _read_grant(request: token_pb2.IssueTokenRequest) -> CodeParameters | RefreshParameters:
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


def _write_result(outcome: TokenResponse | Exception) -> token_pb2.IssueTokenResult:
    if isinstance(outcome, Exception):
        return token_pb2.IssueTokenResult(error=describe(outcome).to_item_error())
    return token_pb2.IssueTokenResult(response=_write(outcome))
