"""ValidationService: access tokens, for internal services."""

import grpc
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.domain.tokens.validation import Validation, ValidToken
from core.rpc.batch import require_batch
from core.rpc.errors import describe


class ValidationServicer(validation_pb2_grpc.ValidationServiceServicer):
    """Proto → validation → proto."""

    def __init__(self, validation: Validation) -> None:
        self._validation = validation

    def ValidateToken(
        self, request: validation_pb2.ValidateTokenRequest, context: grpc.ServicerContext
    ) -> validation_pb2.ValidateTokenResponse:
        return self._answer(request)

    def ValidateTokens(
        self, request: validation_pb2.ValidateTokensRequest, context: grpc.ServicerContext
    ) -> validation_pb2.ValidateTokensResponse:
        return validation_pb2.ValidateTokensResponse(
            results=[self._result(item) for item in require_batch(request.requests)]
        )

    def _result(self, request: validation_pb2.ValidateTokenRequest) -> validation_pb2.ValidateTokenResult:
        try:
            response = self._answer(request)
        except Exception as error:
            return validation_pb2.ValidateTokenResult(error=describe(error).to_item_error())
        return validation_pb2.ValidateTokenResult(response=response)

    def _answer(self, request: validation_pb2.ValidateTokenRequest) -> validation_pb2.ValidateTokenResponse:
        # Before anything else is looked at: a change in the middle may be counted, and need not be.
        revision = self._validation.require_revision(request.min_revision)
        return _write(self._validation.validate(request.token, request.audience), revision)


def _write(valid: ValidToken | None, revision: int) -> validation_pb2.ValidateTokenResponse:
    if valid is None:
        return validation_pb2.ValidateTokenResponse(revision=revision)
    token, user = valid.token, valid.user
    return validation_pb2.ValidateTokenResponse(
        active=True,
        subject=token.subject,
        client_id=token.client_id,
        scope=token.scope,
        audience=token.audience,
        expires_at=token.expires_at,
        issued_at=token.issued_at,
        token_id=token.token_id,
        grant_id=token.grant_id,
        username=user.username,
        groups=user.groups,
        account_active=user.active,
        revision=revision,
    )
