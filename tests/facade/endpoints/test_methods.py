"""Which methods and paths are answered, and how the others are refused."""

import json

import pytest

from tests.facade.pair import Pair
from tests.facade.raw import exchange, split_reply
from tests.plain_http import plain_client

_READ = {"GET", "HEAD", "OPTIONS"}
_POST = {"POST", "OPTIONS"}
_API = {
    "/.well-known/oauth-authorization-server": _READ,
    "/oauth/v1/jwks": _READ,
    "/oauth/v1/register": _POST,
    "/oauth/v1/token": _POST,
    "/oauth/v1/revoke": _POST,
    "/oauth/v1/introspect": _POST,
    "/oauth/v1/device_authorization": _POST,
}
_PAGES = {
    "/oauth/v1/authorize": _READ | _POST,
    "/login": _POST,
    "/login/upstream": _POST,
    "/login/callback/company": {"GET", "OPTIONS"},
    "/login/signed-out": {"GET", "OPTIONS"},
    "/logout": _POST,
    "/consent": _POST,
    "/account": _READ,
    "/account/login": _POST,
    "/account/logout": _POST,
    "/account/password": _READ | _POST,
    "/account/second-factor": _READ,
    "/account/second-factor/qr": _READ,
    "/account/second-factor/begin": _POST,
    "/account/second-factor/confirm": _POST,
    "/account/second-factor/off": _POST,
    "/account/recovery-codes": _POST,
    "/login/second-factor": _POST,
    "/account/end-session": _POST,
    "/account/sign-out-everywhere": _POST,
    "/account/disconnect": _POST,
    "/account/disconnect-all": _POST,
    "/device": _READ | _POST,
    "/device/login": _POST,
    "/device/logout": _POST,
    "/device/consent": _POST,
    "/admin": _READ,
    "/admin/clients": _READ,
    "/admin/client": _READ,
    "/admin/users": _READ,
    "/admin/user": _READ,
    "/admin/grants": _READ,
    "/admin/grant": _READ,
    "/admin/keys": _READ,
    "/admin/limits": _READ,
    "/admin/audit": _READ,
    "/admin/statistics": _READ,
    "/admin/connections": _READ,
    "/admin/act": _READ | _POST,
    "/admin/login": _POST,
    "/admin/logout": _POST,
}
_PLAIN = {"/livez": _READ, "/readyz": _READ}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
_ALLOWED = _API | _PAGES | _PLAIN


@pytest.mark.parametrize("path", _ALLOWED)
def test_other_methods_are_405_with_allow(pair: Pair, path: str) -> None:
    """RFC 9110 §15.5.6: 405 names the methods that are allowed, in the form the endpoint speaks."""
    kind = "application/json" if path in _API else "text/html" if path in _PAGES else "text/plain"
    for method in (each for each in _METHODS if each not in _ALLOWED[path]):
        response = pair.client.request(method, path)

        assert response.status_code == 405, method
        assert set(response.headers["allow"].split(", ")) == _ALLOWED[path]
        assert response.headers["content-type"].startswith(kind)


def test_options_says_what_is_allowed(pair: Pair) -> None:
    """RFC 9110 §9.3.7: without a body, and whoever asks."""
    for path, allowed in _ALLOWED.items():
        response = pair.client.options(path)

        assert (response.status_code, response.content) == (204, b""), path
        assert set(response.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/favicon.ico",
        "/admin/",
        "/oauth/v1/tokens",
        "/oauth/v1/token/",
        "/oauth/v1//token",
        "//oauth/v1/token",
        "/oauth/v1/token;x=1",
        "/oauth/v1/%74oken",
        "/oauth/v1/x/../token",
        "/OAuth/v1/token",
        "/static/",
        "/static/page.css",
        "/static/..%2f..%2fsettings.py",
        "/.well-known",
        "/livez/",
        "/livez//",
        "/" * 30_000,
        "/oauth/v1/token" + "/" * 2000,
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_other_path_is_a_small_404(pair: Pair, method: str, path: str) -> None:
    """Nothing but the routes is answered: clients probe, and an HTML 200 leads them astray; tricks reach no route."""
    status, headers, body = raw_request(pair, f"{method} {path} HTTP/1.1")

    assert status == 404
    assert headers["content-type"].startswith("text/plain")
    assert len(body) < 200


@pytest.mark.parametrize("path", [path for path, allowed in (_API | _PLAIN).items() if "GET" in allowed])
def test_head_is_get_without_a_body(pair: Pair, path: str) -> None:
    """RFC 9110 §9.3.2: the same headers and no content."""
    head, get = pair.client.head(path), pair.client.get(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /oauth/v1/authorize?state=%ff HTTP/1.1",
        "GET /oauth/v1/authorize?state=%zz HTTP/1.1",
        "GET /oauth/v1/authorize?client_id=a&client_id=b HTTP/1.1",
        f"GET /oauth/v1/authorize?state={'a' * 20000} HTTP/1.1",
    ],
)
def test_malformed_authorization_requests_get_a_page(pair: Pair, request_line: str) -> None:
    """Row 1 and 6 of the reply table: a request nobody can attribute ends on a page, never in a redirect."""
    status, headers, body = raw_request(pair, request_line)

    assert status == 400
    assert headers["content-type"].startswith("text/html")
    assert "location" not in headers
    assert b"<h1>" in body


@pytest.mark.parametrize(
    "request_line", ["GET /\xff HTTP/1.1", "GET / HTTP/3.7", "nonsense", f"GET /?{'a' * 40000} HTTP/1.1"]
)
def test_what_is_no_request_gets_no_detail(pair: Pair, request_line: str) -> None:
    """No trace, no framework page: a small 4xx."""
    status, _, body = raw_request(pair, request_line)

    assert status in (400, 414)
    assert len(body) < 200


def test_a_large_body_is_refused_in_the_words_of_its_endpoint(pair: Pair) -> None:
    """48 KiB is more than any request needs; RFC 7591 and RFC 6749 have their own codes."""
    large = b"a=" + b"x" * 60_000
    form = {"content-type": "application/x-www-form-urlencoded"}
    token = pair.client.post("/oauth/v1/token", content=large, headers=form)
    registration = pair.client.post("/oauth/v1/register", content=large)
    login = pair.client.post("/login", content=large, headers=form)

    assert (token.status_code, token.json()["error"]) == (413, "invalid_request")
    assert (registration.status_code, registration.json()["error"]) == (413, "invalid_client_metadata")
    assert login.status_code == 413
    assert login.headers["content-type"].startswith("text/html")


def test_no_error_names_the_machinery(pair: Pair) -> None:
    """Replies name neither the framework nor a version, nor anything of the inside."""
    for path in ("/", "/oauth/v1/token", "/oauth/v1/authorize", "/login"):
        for method in ("GET", "POST"):
            response = pair.client.request(method, path)
            assert "server" not in response.headers
            for word in ("Sanic", "sanic", "Traceback", "python", "grpc", "sqlite"):
                assert word not in response.text


def test_json_errors_are_well_formed(pair: Pair) -> None:
    """RFC 6749 §5.2: error and error_description, texts both, and nothing null."""
    for path in ("/oauth/v1/token", "/oauth/v1/register", "/oauth/v1/revoke"):
        body = json.loads(pair.client.post(path).content)
        assert set(body) == {"error", "error_description"}
        assert all(isinstance(value, str) and value for value in body.values())


def raw_request(pair: Pair, request_line: str) -> tuple[int, dict[str, str], bytes]:
    """Sends a request line exactly as it is; the tidy clients would mend it."""
    head = f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return split_reply(exchange(pair, head.encode("latin-1")))


def test_replies_are_the_same_over_a_kept_connection(pair: Pair) -> None:
    """An error does not leave the connection in a state in which the next reply is another request's."""
    with plain_client(pair.base) as client:
        statuses = [
            client.post("/oauth/v1/token", data={"grant_type": "x", "client_id": "a"}).status_code,
            client.get("/nothing").status_code,
            client.get("/livez").status_code,
            client.put("/oauth/v1/token").status_code,
            client.get("/livez").status_code,
        ]

    assert statuses == [400, 404, 200, 405, 200]
