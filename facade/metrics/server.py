"""GET /metrics on an address of its own, as strictly read and bounded as the public one, and never at that."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from sanic import HTTPResponse, Request

from facade.facade import Facade
from facade.gate import Gate
from facade.metrics.http_metrics import HttpMetrics
from facade.route import Endpoint, Kind, Route
from facade.web_server import WebServer, create_web_server


def create_metrics_server(facade: Facade, registry: CollectorRegistry) -> WebServer:
    """A server of its own for one path. What it answers is no request of the public server's, and counts for none."""
    gate = Gate(facade, HttpMetrics(CollectorRegistry()), public=False)
    route = Route("/metrics", ("GET", "HEAD"), _metrics_of(registry), Kind.PLAIN)
    app = create_web_server({route.path: route}, gate, name="tokenhouse-metrics")
    # Sanic rewrites its own classes for an application, and can do that once in a process: the public one's turn.
    app.config.TOUCHUP = False
    return app


def _metrics_of(registry: CollectorRegistry) -> Endpoint:
    async def show_metrics(request: Request, _facade: Facade) -> HTTPResponse:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return HTTPResponse(encode(registry), 200, {"Cache-Control": "no-store"}, content_type=content_type)

    return show_metrics
