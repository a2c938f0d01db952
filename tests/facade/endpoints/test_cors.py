"""Scripts of any origin may call the endpoints for clients, and never the pages."""

import pytest

from tests.facade.pair import Pair

_API = {
    "/.well-known/oauth-authorization-server": "GET",
    "/oauth/v1/jwks": "GET",
    "/oauth/v1/register": "POST",
    "/oauth/v1/token": "POST",
    "/oauth/v1/revoke": "POST",
    "/oauth/v1/introspect": "POST",
    "/oauth/v1/device_authorization": "POST",
}
_PAGES = ("/oauth/v1/authorize", "/login", "/logout", "/consent", "/device", "/device/consent", "/", "/livez")
_ORIGIN = {"Origin": "https://app.example"}


@pytest.mark.parametrize("path", _API)
def test_preflights_are_answered(pair: Pair, path: str) -> None:
    """Browser clients send MCP-Protocol-Version and so must ask first (Fetch §3.3.2)."""
    asked = _ORIGIN | {
        "Access-Control-Request-Method": _API[path],
        "Access-Control-Request-Headers": "content-type, mcp-protocol-version, authorization",
    }
    response = pair.client.options(path, headers=asked)

    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert _API[path] in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "mcp-protocol-version"} <= set(allowed)
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("path", _API)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_replies_and_errors_can_be_read(pair: Pair, path: str, method: str) -> None:
    """An error that a script cannot read is an error nobody understands: 2xx, 4xx and 405 alike."""
    response = pair.client.request(method, path, headers=_ORIGIN)

    assert response.headers["access-control-allow-origin"] == "*"
    assert set(response.headers["access-control-expose-headers"].split(", ")) == {"WWW-Authenticate", "Retry-After"}
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server/x",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/",
        "/mcp/.well-known/openid-configuration",
        "/a/b/.well-known/oauth-authorization-server",
    ],
)
def test_a_script_can_read_that_a_document_is_not_there(pair: Pair, path: str) -> None:
    """A browser client that looks for other documents gets a 404 it can read, after a preflight that allows asking."""
    asked = _ORIGIN | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "mcp-protocol-version"}
    preflight = pair.client.options(path, headers=asked)
    got, posted = (pair.client.request(method, path, headers=_ORIGIN) for method in ("GET", "POST"))

    assert preflight.status_code == 204
    assert "mcp-protocol-version" in preflight.headers["access-control-allow-headers"].lower()
    assert (got.status_code, posted.status_code) == (404, 404)
    assert got.json()["error"] == "not_found"
    for response in (preflight, got, posted):
        assert response.headers["access-control-allow-origin"] == "*"


def test_an_oversized_request_can_be_read_too(pair: Pair) -> None:
    """What the server refuses before the endpoint has the same headers."""
    response = pair.client.post("/oauth/v1/register", content=b"x" * 60_000, headers=_ORIGIN)

    assert response.status_code == 413
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", _PAGES)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_never_allow_scripts_of_others(pair: Pair, path: str, method: str) -> None:
    """Row 9 of the reply table: no CORS header on authorize, pages or anything else."""
    asked = _ORIGIN | {"Access-Control-Request-Method": "POST"}
    response = pair.client.request(method, path, headers=asked)

    assert not [name for name in response.headers if name.startswith("access-control")]
