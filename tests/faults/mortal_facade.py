"""The facade, which ends itself at the step that the test names, and waits longer for a core that is starting."""

from tokenhouse.v1.token_pb2 import IssueTokenRequest, IssueTokenResponse

from facade import core_client
from facade.__main__ import main
from tests.faults.last_step import Step, end_at

_issue_token = core_client.CoreClient.issue_token


async def _issue(self: core_client.CoreClient, request: IssueTokenRequest) -> IssueTokenResponse:
    end_at(Step.BEFORE_ASKING)
    answer = await _issue_token(self, request)
    end_at(Step.AFTER_ANSWER)
    return answer


core_client.CoreClient.issue_token = _issue  # type: ignore[method-assign]
#: A busy machine may take longer than 3 s to start a core; less than the 10 s in which an attempt may be repeated.
core_client.DEADLINE = 9.0

if __name__ == "__main__":
    main()
