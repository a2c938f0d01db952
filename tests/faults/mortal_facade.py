"""The patient facade, which ends itself at the step that the test names."""

from tokenhouse.v1.token_pb2 import IssueTokenRequest, IssueTokenResponse

from facade.core_client import CoreClient
from tests.faults.last_step import Step, end_at
from tests.faults.patient_facade import main

_issue_token = CoreClient.issue_token


async def _issue(self: CoreClient, request: IssueTokenRequest) -> IssueTokenResponse:
    end_at(Step.BEFORE_ASKING)
    answer = await _issue_token(self, request)
    end_at(Step.AFTER_ANSWER)
    return answer


CoreClient.issue_token = _issue  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
