"""AuthorizationService: pages are statuses, everything else is an outcome."""

import grpc
import pytest
from tokenhouse.v1 import authorization_pb2

from tests.rpc.road import BINDING, REDIRECT_URI, Road, refused, register
from tests.serving import DEADLINE, ISSUER, answer_of, parameters_of

CODE = grpc.StatusCode


def _refused_start(road: Road, **parameters: str) -> tuple[grpc.StatusCode, str]:
    request = authorization_pb2.StartAuthorizationRequest(
        parameters=parameters_of(road.request(**parameters)), browser_binding=BINDING
    )
    refusal = refused(road.serving.authorization.StartAuthorization, request)
    return refusal.code, refusal.reason


PAGES = [
    ({"client_id": ""}, CODE.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ({"client_id": "unknown"}, CODE.UNAUTHENTICATED, "INVALID_CLIENT"),
    ({"redirect_uri": ""}, CODE.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ({"redirect_uri": "https://evil.example/"}, CODE.INVALID_ARGUMENT, "INVALID_REDIRECT_URI"),
    ({"redirect_uri": "https://evil.example/" + "x" * 2000}, CODE.INVALID_ARGUMENT, "INVALID_REDIRECT_URI"),
    ({"redirect_uri": "\U0001f600" * 2000}, CODE.INVALID_ARGUMENT, "INVALID_REDIRECT_URI"),
    ({"redirect_uri": "\n" * 2000}, CODE.INVALID_ARGUMENT, "INVALID_REDIRECT_URI"),
]


@pytest.mark.parametrize(("change", "code", "reason"), PAGES)
def test_what_needs_a_page_is_a_status(road: Road, change: dict[str, str], code: grpc.StatusCode, reason: str) -> None:
    """RFC 6749 §4.1.2.1: a bad client or redirect_uri is never an outcome that could be redirected."""
    assert _refused_start(road, **change) == (code, reason)
    assert _refused_start(road, **change, response_type="token", code_challenge="") == (code, reason)


def test_every_other_refusal_is_a_redirect(road: Road) -> None:
    """RFC 6749 §4.1.2.1, RFC 9207: error, state and iss for the client."""
    outcome = road.start(response_type="token").redirect
    assert outcome.redirect_uri == REDIRECT_URI
    answer = answer_of(outcome)
    assert (answer["error"], answer["state"], answer["iss"]) == ("unsupported_response_type", "the state", ISSUER)


def test_the_pages_tell_who_asks_for_what(road: Road) -> None:
    """Authorization.proto: name, host, a warning, each scope in words, the resources, who is signed in."""
    login = road.start().login.client
    assert login == authorization_pb2.RequestingClient(
        client_name=login.client_name,
        client_id=road.client_id,
        redirect_host="127.0.0.1",
        redirect_uri=REDIRECT_URI,
        own_machine=True,
    )
    assert login.client_name.startswith("tool ")
    prompt = road.start(
        road.session_token, scope="files offline_access", resource="https://mcp.example.com/mcp"
    ).consent
    assert prompt.client == login
    assert prompt.username == road.username
    assert [scope.name for scope in prompt.scopes] == ["files", "offline_access"]
    assert prompt.scopes[0].description == "Read your files"
    assert dict(prompt.scopes[0].translations) == {"de": "Ihre Dateien lesen"}
    assert list(prompt.resources) == ["https://mcp.example.com/mcp"]
    assert list(road.start(road.session_token).consent.resources) == []


@pytest.mark.parametrize(
    ("uri", "host", "own_machine"),
    [
        ("http://localhost:3000/cb", "localhost", True),
        ("http://[::1]:3000/cb", "[::1]", True),
        ("https://vscode.dev/redirect", "vscode.dev", False),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:", True),
    ],
)
def test_the_page_shows_where_the_code_goes(road: Road, uri: str, host: str, own_machine: bool) -> None:
    """MCP 2026-07-28: the redirect URI's host on the consent page, and a warning where it is only this machine."""
    road.client_id = register(road.serving, redirect_uris=[uri], client_name="")
    client = road.start(road.session_token, redirect_uri=uri).consent.client
    assert (client.redirect_host, client.own_machine, client.redirect_uri) == (host, own_machine, uri)
    assert client.client_name == road.client_id


def test_a_decision_needs_the_session_the_page_was_shown_in(road: Road) -> None:
    """Authorization.proto: UNAUTHENTICATED with LOGIN_REQUIRED where the session has ended."""
    sealed = road.start(road.session_token).consent.sealed_request
    for session_token in ("", "unknown"):
        request = authorization_pb2.DecideConsentRequest(
            sealed_request=sealed, session_token=session_token, browser_binding=BINDING, approved=True
        )
        refusal = refused(road.serving.authorization.DecideConsent, request)
        assert (refusal.code, refusal.reason) == (CODE.UNAUTHENTICATED, "LOGIN_REQUIRED")


def test_a_lying_facade_gets_no_code(road: Road) -> None:
    """The core takes raw parameters and checks them itself; without a yes there is no code."""
    request = authorization_pb2.DecideConsentRequest(
        sealed_request=road.start(road.session_token).consent.sealed_request,
        session_token=road.session_token,
        approved=True,
    )
    for binding in (b"", b"x", BINDING[::-1]):
        request.browser_binding = binding
        assert refused(road.serving.authorization.DecideConsent, request).code is CODE.INVALID_ARGUMENT
    request.browser_binding, request.approved = BINDING, False
    denied = road.serving.authorization.DecideConsent(request, timeout=DEADLINE)
    assert answer_of(denied.redirect)["error"] == "access_denied"
    request.approved = True
    assert refused(road.serving.authorization.DecideConsent, request).reason == "INVALID_REQUEST"
