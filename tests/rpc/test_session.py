"""SessionService: logins as the facade sees them."""

import logging

import grpc
import pytest
from tokenhouse.v1 import session_pb2, user_admin_pb2

from tests.rpc.road import BINDING, Refused, Road, refused
from tests.serving import DEADLINE, Serving

OTHER_BROWSER = b"another browser".ljust(32, b".")


def test_a_login_gives_the_request_back(road: Road) -> None:
    """session.proto: the parameters for the redirect back to the authorization endpoint, and a session that works."""
    answer = road.log_in()
    assert {parameter.name: parameter.value for parameter in answer.parameters} == road.request()
    assert answer.expires_at == road.serving.clock.now() + 12 * 3600
    assert road.start(answer.session_token).consent.username == road.username


def test_every_failed_login_reads_the_same(road: Road) -> None:
    """No user-name oracle: status, reason, description and retry are one and the same."""
    road.serving.users.CreateUser(
        user_admin_pb2.CreateUserRequest(username=f"off-{road.username}", password="a long password"), timeout=DEADLINE
    )
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=f"off-{road.username}"), timeout=DEADLINE)
    forms = [
        {"username": "nobody"},
        {"username": ""},
        {"password": "wrong"},
        {"password": ""},
        {"username": f"off-{road.username}", "password": "a long password"},
        {"username": f"off-{road.username}", "password": "wrong"},
    ]
    answers = {refused(road.serving.sessions.LogIn, road.login_request(**form)) for form in forms}
    assert answers == {Refused(grpc.StatusCode.UNAUTHENTICATED, "LOGIN_FAILED", "user name or password is wrong", None)}


def test_a_form_of_another_browser_never_gets_to_try_a_password(road: Road) -> None:
    """Login CSRF: the sealed request opens for the browser that started, before any password is looked at."""
    good = road.login_request()
    for sealed, binding in ((good.sealed_request, OTHER_BROWSER), ("", BINDING), ("x", BINDING)):
        request = road.login_request()
        request.sealed_request, request.browser_binding = sealed, binding
        refusal = refused(road.serving.sessions.LogIn, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


def test_logging_out_gives_a_request_back_and_is_never_an_error(road: Road) -> None:
    """session.proto: for "Not you?" on the consent page; ending a session that is not there is no error."""
    sealed = road.start(road.session_token).consent.sealed_request
    request = session_pb2.LogOutRequest(
        session_token=road.session_token, sealed_request=sealed, browser_binding=BINDING
    )
    answer = road.serving.sessions.LogOut(request, timeout=DEADLINE)
    assert {parameter.name: parameter.value for parameter in answer.parameters} == road.request()
    assert road.start(road.session_token).HasField("login")
    for token in (road.session_token, "", "unknown"):
        road.serving.sessions.LogOut(session_pb2.LogOutRequest(session_token=token), timeout=DEADLINE)


def test_the_defaults_slow_guessing_down(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Limits.LoginFailures = 10/15m is the default: TOO_MANY_ATTEMPTS with RetryInfo, one try back after 90 s."""
    with Serving(tmp_path_factory.mktemp("limited")) as serving:
        road = Road(serving)
        road.begin()
        for _ in range(10):
            assert refused(serving.sessions.LogIn, road.login_request(password="wrong")).reason == "LOGIN_FAILED"
        refusal = refused(serving.sessions.LogIn, road.login_request())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        assert (refusal.retry_after, refusal.used_up) == (90, "account_in_network")
        serving.clock.advance(90)
        assert road.log_in().session_token


def test_a_password_is_in_no_log(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """Secrets never in a log, right or wrong ones."""
    with caplog.at_level(logging.DEBUG):
        road.log_in()
        refused(road.serving.sessions.LogIn, road.login_request(password="a wrong canary"))
    assert "correct horse" not in caplog.text
    assert "a wrong canary" not in caplog.text
