"""AccountService: the user's own page as the facade sees it."""

import logging
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import account_pb2 as pb
from tokenhouse.v1 import session_pb2

from tests.rpc.road import BINDING, PASSWORD, REDIRECT_URI, Road, refused
from tests.serving import DEADLINE

_OTHER_BROWSER = b"another browser".ljust(32, b".")


def _open(road: Road, session_token: str) -> pb.OpenAccountPageResponse:
    question = pb.OpenAccountPageRequest(session_token=session_token, browser_binding=BINDING)
    return road.serving.accounts.OpenAccountPage(question, timeout=DEADLINE)


def test_the_page_says_what_is_connected(road: Road) -> None:
    """account.proto: each client with what it may do, where the answer went, and since when."""
    road.connect(scope="files", resource="https://mcp.example.com/mcp")
    page = _open(road, road.session_token).page
    [app] = page.apps

    assert page.username == road.username
    assert (app.client.client_id, app.client.redirect_uri) == (road.client_id, REDIRECT_URI)
    assert (app.client.redirect_host, app.client.own_machine) == ("127.0.0.1", True)
    assert [(scope.name, scope.description) for scope in app.scopes] == [("files", "Read your files")]
    assert (list(app.resources), app.everywhere, app.installs) == (["https://mcp.example.com/mcp"], False, 1)
    assert app.connected_at == app.last_used_at == road.serving.clock.now()


def test_a_disconnected_app_is_refused_at_the_next_validation(road: Road) -> None:
    """RFC 7009 §2.1: the reply to the click comes after the end, so whoever asks next is told."""
    kept, gone = Road(road.serving), road.connect()
    kept.begin()
    others = kept.connect()
    assert road.validate(gone.access_token).active
    act = pb.DisconnectAppRequest(session_token=road.session_token, client_id=road.client_id)
    answer = road.serving.accounts.DisconnectApp(act, timeout=DEADLINE)

    assert not road.validate(gone.access_token).active
    assert answer.ended == 1
    refusal = refused(road.serving.tokens.IssueToken, road.refreshing(gone.refresh_token))
    assert refusal.reason == "INVALID_GRANT"
    assert kept.validate(others.access_token).active
    assert list(_open(road, road.session_token).page.apps) == []


def test_every_app_is_refused_at_the_next_validation(road: Road) -> None:
    """As for one."""
    tokens = [road.connect().access_token for _ in range(3)]
    act = pb.DisconnectAllAppsRequest(session_token=road.session_token)
    answer = road.serving.accounts.DisconnectAllApps(act, timeout=DEADLINE)

    assert [road.validate(token).active for token in tokens] == [False] * 3
    assert answer.ended == 3


@pytest.mark.parametrize(
    "message",
    [
        pb.DisconnectAppRequest,
        pb.DisconnectAllAppsRequest,
        pb.EndSessionRequest,
        pb.EndAllSessionsRequest,
        pb.ChangePasswordRequest,
    ],
)
def test_without_a_session_nothing_is_ended(road: Road, message: Any) -> None:
    """account.proto: UNAUTHENTICATED with LOGIN_REQUIRED."""
    name = message.DESCRIPTOR.name.removesuffix("Request")
    for token in ("", "unknown"):
        refusal = refused(getattr(road.serving.accounts, name), message(session_token=token))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "LOGIN_REQUIRED")


def test_the_login_in_front_of_the_page(road: Road) -> None:
    """Login CSRF: it leads to a session in the browser that opened the page, and in no other."""
    sealed = _open(road, "").login.sealed_page
    form = session_pb2.LogInRequest(
        sealed_account_page=sealed, username=road.username, password=PASSWORD, network_address="192.0.2.1"
    )
    form.browser_binding = _OTHER_BROWSER
    elsewhere = refused(road.serving.sessions.LogIn, form)
    form.browser_binding = BINDING
    answer = road.serving.sessions.LogIn(form, timeout=DEADLINE)

    assert (elsewhere.code, elsewhere.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert list(answer.parameters) == []
    assert _open(road, answer.session_token).page.username == road.username
    # A page sealed for something else opens no login here, and this one none there.
    form.sealed_device_page, form.sealed_account_page = sealed, ""
    assert refused(road.serving.sessions.LogIn, form).reason == "INVALID_REQUEST"


def test_browsers_are_told_and_signed_out(road: Road) -> None:
    """account.proto: which of them asks, from where each signed in, until when; one ends, or all."""
    other = road.log_in().session_token
    page = _open(road, other).page
    asking = next(session for session in page.sessions if session.is_this)
    [first] = [session for session in page.sessions if not session.is_this]

    assert (asking.network_address, asking.expires_at) == ("192.0.2.1", asking.created_at + 12 * 3600)
    act = pb.EndSessionRequest(session_token=other, session_id=first.session_id)
    assert road.serving.accounts.EndSession(act, timeout=DEADLINE).ended
    assert _open(road, road.session_token).HasField("login")
    everywhere = pb.EndAllSessionsRequest(session_token=other)
    assert road.serving.accounts.EndAllSessions(everywhere, timeout=DEADLINE).ended == 1
    assert _open(road, other).HasField("login")


def test_a_new_password(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """account.proto: the refusals, and the change; no password is ever in a log."""
    change = pb.ChangePasswordRequest(
        session_token=road.session_token,
        old_password="a wrong canary",
        new_password="a new canary",
        network_address="192.0.2.1",
    )
    with caplog.at_level(logging.DEBUG):
        wrong = refused(road.serving.accounts.ChangePassword, change)
        change.old_password, change.new_password = PASSWORD, "short"
        short = refused(road.serving.accounts.ChangePassword, change)
        change.new_password = "a new canary"
        answer = road.serving.accounts.ChangePassword(change, timeout=DEADLINE)
    login = road.serving.sessions.LogIn(road.login_request(password="a new canary"), timeout=DEADLINE)

    assert (wrong.code, wrong.reason) == (grpc.StatusCode.UNAUTHENTICATED, "LOGIN_FAILED")
    assert (short.code, short.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert (answer.ended_sessions, answer.ended_grants) == (0, 0)
    assert login.session_token
    assert "canary" not in caplog.text
