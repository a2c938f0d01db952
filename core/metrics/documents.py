"""What came of fetching clients' documents (draft-ietf-oauth-client-id-metadata-document)."""

from prometheus_client import CollectorRegistry, Counter

from core.domain.clients.documents import FetchResult


class DocumentMetrics:
    """A counter by outcome, each of which begins at zero, so that the first one is a rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._fetches = Counter(
            "tokenhouse_client_document_fetches",
            "Fetches of clients' documents by result",
            ("result",),
            registry=registry,
        )
        for result in FetchResult:
            self._fetches.labels(result)

    def fetched(self, result: FetchResult) -> None:
        """Count one."""
        self._fetches.labels(result).inc()
