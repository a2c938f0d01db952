"""The example in deploy/envoy made one's own, in the ways that README, Behind Envoy, names; a real Envoy."""

from pathlib import Path
from typing import Any

from tests.deploy.envoy_process import connections_of, routes_of, running_envoy
from tests.rpc.road import Road
from tests.serving import Serving

_MCP = "https://mcp.example.com/mcp"
_ALLOWED = [{"exact": "authorization"}, {"prefix": "x-tokenhouse-"}, {"prefix": "x_tokenhouse_"}]


def _made_ones_own(config: Any) -> None:
    """Shows the core no more headers than it needs, and keeps the token from the service."""
    connections_of(config)["http_filters"][0]["typed_config"]["allowed_headers"] = {"patterns": _ALLOWED}
    for route in routes_of(config):
        if "route" in route:
            route["request_headers_to_remove"] = ["authorization"]


def test_the_core_sees_few_headers_and_the_service_no_token(tmp_path: Path) -> None:
    """README, Behind Envoy: `allowed_headers` and `request_headers_to_remove`; forged names are still taken away."""
    with Serving(tmp_path) as core:
        road = Road(core)
        road.begin()
        token = road.connect(resource=_MCP).access_token
        with running_envoy(tmp_path, core.config.grpc.listen.port, _made_ones_own, strips_early=False) as envoy:
            forged = [
                (name, "admin") for name in ("x-tokenhouse-roles", "X_Tokenhouse_Subject", "x-tokenhouse-subject")
            ]
            answer = envoy.get(headers=[("Authorization", f"Bearer {token}"), *forged])
    assert answer.status == 200
    assert answer.told("x-tokenhouse-username") == [road.username]
    assert answer.told("authorization") == []
    assert "admin" not in [value for _, value in answer.sent_on or ()]
