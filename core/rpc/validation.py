"""ValidationService: access tokens, for internal services."""

from collections.abc import Sequence

import grpc
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.domain.clock import Clock
from core.domain.tokens.validation import Standing, Validation, ValidToken
from core.metrics.calls import CallMetrics
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.batch import refuse_item, require_batch
from core.rpc.known_answers import KnownAnswers, NotGood
from core.rpc.service_callers import Permit, admitted


class ValidationServicer(validation_pb2_grpc.ValidationServiceServicer):
    """Proto → validation → proto. The answers leave serialised: most have been given before."""

    def __init__(
        self,
        validation: Validation,
        clock: Clock,
        calls: CallMetrics,
        outcomes: OutcomeMetrics,
        *,
        tell_callers_apart: bool = False,
    ) -> None:
        """With `tell_callers_apart`, each gets answers for its own audiences alone; who calls was found out before."""
        self._validation = validation
        self._clock = clock
        self._calls = calls
        self._outcomes = outcomes
        self._tell_callers_apart = tell_callers_apart
        self._answers = KnownAnswers(validation, _write)
        self._results = KnownAnswers(validation, _write_result)

    def ValidateToken(  # type: ignore[override]
        self, request: validation_pb2.ValidateTokenRequest, context: grpc.ServicerContext
    ) -> bytes:
        if (permit := self._permit()) is not None:
            permit.require_audience(request.audience)
        not_good: NotGood = []
        answer = self._answers.find(request, self._validation.standing(), self._clock.now(), not_good)
        self._outcomes.validated(1 - len(not_good), not_good)
        return answer

    def ValidateTokens(  # type: ignore[override]
        self, request: validation_pb2.ValidateTokensRequest, context: grpc.ServicerContext
    ) -> bytes:
        return self._answer(request.requests)

    def StreamValidateTokens(  # type: ignore[override]
        self, request: validation_pb2.StreamValidateTokensRequest, context: grpc.ServicerContext
    ) -> bytes:
        """Answers one message of the stream."""
        # The answers to a batch have the same form on a stream, and fields may stand in any order.
        number = validation_pb2.StreamValidateTokensResponse(number=request.number)
        return self._answer(request.requests) + number.SerializeToString()

    def _answer(self, requests: Sequence[validation_pb2.ValidateTokenRequest]) -> bytes:
        # Before anything else is looked at: a change in the middle may be counted, and need not be.
        standing, now = self._validation.standing(), self._clock.now()
        not_good: NotGood = []
        permit = self._permit()
        results = [self._result(item, standing, now, not_good, permit) for item in require_batch(requests)]
        # Counted together: for each of them alone it would be felt.
        self._outcomes.validated(len(results) - len(not_good), not_good)
        # Messages of a repeated field, one after the other, are the message of all of them.
        return b"".join(results)

    def _permit(self) -> Permit | None:
        return admitted() if self._tell_callers_apart else None

    def _result(
        self,
        request: validation_pb2.ValidateTokenRequest,
        standing: Standing,
        now: int,
        not_good: NotGood,
        permit: Permit | None,
    ) -> bytes:
        try:
            if permit is not None:
                permit.require_audience(request.audience)
            return self._results.find(request, standing, now, not_good)
        except Exception as error:
            not_good.append(error)
            failed = validation_pb2.ValidateTokenResult(error=refuse_item(error, "", self._calls))
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
