"""What came of fetching clients' documents."""

import ssl

import pytest
from tokenhouse.v1 import authorization_pb2

from core.outbound.guarded_http import GuardedHttp
from tests.certificates import Authority
from tests.document_host import DocumentHost
from tests.fakes.network import LaidOutNetwork
from tests.ports import free_port
from tests.rpc.road import BINDING, Road, refused
from tests.scrape import grown, scrape
from tests.serving import DEADLINE, Serving, parameters_of


def test_fetches_are_counted_by_result(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fetched, unusable and unavailable, each once; what is remembered, or not to be asked for again, is no fetch."""
    authority = Authority()
    settings = f"[Metrics]\nCoreListen = 127.0.0.1:{free_port()}"
    with DocumentHost(authority) as host:
        context = ssl.create_default_context(cadata=authority.pem.decode())
        http = GuardedHttp(LaidOutNetwork(routes={"127.0.0.1": host.port}), lambda: context)
        with Serving(tmp_path_factory.mktemp("core"), settings, http=http) as serving:
            address = f"http://{serving.config.metrics.core_listen}"
            before = scrape(address)
            host.publish(host.url())
            host.serve("/broken.json", b"{", "Content-Type: application/json")

            def by_document(path: str) -> authorization_pb2.StartAuthorizationByDocumentRequest:
                parameters = parameters_of(Road(serving, client_id=host.url(path)).request())
                request = authorization_pb2.StartAuthorizationRequest(parameters=parameters, browser_binding=BINDING)
                return authorization_pb2.StartAuthorizationByDocumentRequest(request=request)

            start = serving.authorization.StartAuthorizationByDocument
            for _ in range(2):
                start(by_document("/client.json"), timeout=DEADLINE)
                refused(start, by_document("/broken.json"))
                refused(start, by_document("/nothing.json"))
            after = scrape(address)

    name = "tokenhouse_client_document_fetches_total"
    assert grown(before, after, name, ("result",)) == {("fetched",): 1, ("unusable",): 1, ("unavailable",): 1}
    assert after.value(name, result="busy") == 0
