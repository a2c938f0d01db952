"""The core, which ends itself at the step that the test names. Nothing else of it is changed."""

from typing import Any

import grpc

from core.__main__ import main
from core.domain.grants.authorization_code import AuthorizationCode
from core.domain.grants.redemption import Redemption
from core.domain.grants.refresh_token import RefreshToken
from core.domain.grants.token_endpoint import TokenEndpoint
from core.rpc.token import TokenServicer
from tests.faults.last_step import Step, end_at

_authorize = {kind: kind.authorize for kind in (AuthorizationCode, RefreshToken)}
_redeem, _rotate = Redemption.redeem, RefreshToken._rotate
_finish = TokenEndpoint._finish
_issue_tokens = TokenServicer.IssueTokens


def _prepare(self: Any, *arguments: Any) -> Any:
    intent = _authorize[type(self)](self, *arguments)
    end_at(Step.BEFORE_BEGIN)
    return intent


def _update(verb: Any) -> Any:
    def update(self: Any, *arguments: Any) -> Any:
        updated = verb(self, *arguments)
        end_at(Step.AFTER_UPDATE)
        return updated

    return update


def _answer(self: Any, *arguments: Any) -> Any:
    end_at(Step.AFTER_COMMIT)
    return _finish(self, *arguments)


def _reply(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
    # Called when the status has been sent.
    context.add_callback(lambda: end_at(Step.AFTER_REPLY))
    return _issue_tokens(self, request, context)


for _kind in _authorize:
    _kind.authorize = _prepare  # type: ignore[method-assign, assignment]
Redemption.redeem = _update(_redeem)  # type: ignore[method-assign]
RefreshToken._rotate = _update(_rotate)  # type: ignore[method-assign]
TokenEndpoint._finish = _answer  # type: ignore[method-assign, assignment]
TokenServicer.IssueTokens = _reply  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
