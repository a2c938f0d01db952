"""ValidationService: access tokens, for internal services."""

import grpc
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.domain.clock import Clock
from core.domain.tokens.validation import Standing, Validation, ValidToken
from core.rpc.batch import require_batch
from core.rpc.errors import describe
from core.rpc.known_answers import KnownAnswers


class ValidationServicer(validation_pb2_grpc.ValidationServiceServicer):
    """Proto → validation → proto. The answers leave serialised: most have been given before."""

    def __init__(self, validation: Validation, clock: Clock) -> None:
        self._validation = validation
        self._clock = clock
        self._answers = KnownAnswers(validation, _write)
        self._results = KnownAnswers(validation, _write_result)

    def ValidateToken(  # type: ignore[override]
        self, request: validation_pb2.ValidateTokenRequest, context: grpc.ServicerContext
    ) -> bytes:
        return self._answers.find(request, self._validation.standing(), self._clock.now())

    def ValidateTokens(  # type: ignore[override]
        self, request: validation_pb2.ValidateTokensRequest, context: grpc.ServicerContext
    ) -> bytes:
        # Before anything else is looked at: a change in the middle may be counted, and need not be.
        standing, now = self._validation.standing(), self._clock.now()
        # Messages of a repeated field, one after the other, are the message of all of them.
        return b"".join([self._result(item, standing, now) for item in require_batch(request.requests)])

    def _result(self, request: validation_pb2.ValidateTokenRequest, standing: Standing, now: int) -> bytes:
        try:
            return self._results.find(request, standing, now)
        except Exception as error:
            failed = validation_pb2.ValidateTokenResult(error=describe(error).to_item_error())
            return validation_pb2.ValidateTokensResponse(results=[failed]).SerializeToString()


def _write_result(valid: ValidToken | None, revision: int) -> validation_pb2.ValidateTokensResponse:
    """A batch of one."""
    result = validation_pb2.ValidateTokenResult(response=_write(valid, revision))
    return validation_pb2.ValidateTokensResponse(results=[result])


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
