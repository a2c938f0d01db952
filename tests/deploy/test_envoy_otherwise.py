"""The example in deploy/envoy made one's own, in the ways that README, Behind Envoy, names; a real Envoy."""

from pathlib import Path
from typing import Any

from tests.deploy.envoy_process import connections_of, routes_of, running_envoy
from tests.deploy.spellings import METADATA_PATH
from tests.ports import free_port
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


def _with_an_open_route(config: Any) -> None:
    routes = routes_of(config)
    (open_to_all,) = (route for route in routes if route["match"].get("path", "").startswith(METADATA_PATH))
    routes.insert(0, {**open_to_all, "match": {"path": "/public"}, "route": {"cluster": "mcp"}})
    del routes[0]["direct_response"]


def test_a_route_without_a_check_lets_no_name_pass(tmp_path: Path) -> None:
    """README, Behind Envoy: there the core is not asked, and it is the example that takes forged names away."""
    forged = [("X-Tokenhouse-Subject", "admin"), ("x_tokenhouse_subject", "admin"), ("x-tokenhouse_roles", "admin")]
    with running_envoy(tmp_path, free_port(), _with_an_open_route) as envoy:
        answer = envoy.get("/public", headers=forged)
    assert (answer.status, answer.path) == (200, "/public")
    assert "admin" not in [value for _, value in answer.sent_on or ()]
