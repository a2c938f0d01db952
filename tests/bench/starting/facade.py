"""The facade that sends each token request by itself, as it would without the coalescer."""

from tokenhouse.v1.token_pb2 import IssueTokenRequest, IssueTokenResponse

from facade import core_client, serving
from facade.__main__ import main
from facade.core_client import CoreClient
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.tracing import Tracing


class DirectCoreClient(CoreClient):
    """One call to the core for each token request, at once."""

    def __init__(self, socket_path: str, metrics: CoreCallMetrics, tracing: Tracing | None = None) -> None:
        super().__init__(socket_path, metrics, tracing)
        self._issue_token: core_client._Method[IssueTokenRequest, IssueTokenResponse] = core_client._Method(
            self._channel,
            metrics,
            tracing,
            "/tokenhouse.v1.TokenService/IssueToken",
            IssueTokenResponse,
            core_client._ORDINARY,
        )

    async def issue_token(self, request: IssueTokenRequest) -> IssueTokenResponse:
        """Answers one token request. Raises Refusal."""
        return await self._issue_token(request)


if __name__ == "__main__":
    serving.CoreClient = DirectCoreClient  # type: ignore[attr-defined]
    main()
