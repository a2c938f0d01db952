"""SecondFactorService, and the second step of every login."""

import logging
from collections.abc import Callable

import grpc
import pytest
from tokenhouse.v1 import account_pb2, back_to_pb2, console_pb2, device_authorization_pb2, session_pb2, user_admin_pb2
from tokenhouse.v1 import second_factor_pb2 as pb
from tokenhouse.v1.console_pb2_grpc import ConsoleServiceStub

from tests.rpc.connections import last_attempt
from tests.rpc.road import BINDING, PASSWORD, Road, refused
from tests.rpc.second_factor import Telephone
from tests.serving import DEADLINE

_OTHER_BROWSER = b"another browser".ljust(32, b".")


@pytest.fixture
def telephone(road: Road) -> Telephone:
    """Switched on."""
    has = Telephone(road)
    has.switch_on()
    return has


def _to_authorize(road: Road) -> session_pb2.LogInRequest:
    return road.login_request()


def _to_devices(road: Road) -> session_pb2.LogInRequest:
    question = device_authorization_pb2.OpenDevicePageRequest(user_code="HKLMQRTWXY", browser_binding=BINDING)
    sealed = road.serving.devices.OpenDevicePage(question, timeout=DEADLINE).login.sealed_page
    return session_pb2.LogInRequest(sealed_device_page=sealed)


def _to_account(road: Road) -> session_pb2.LogInRequest:
    question = account_pb2.OpenAccountPageRequest(browser_binding=BINDING)
    sealed = road.serving.accounts.OpenAccountPage(question, timeout=DEADLINE).login.sealed_page
    return session_pb2.LogInRequest(sealed_account_page=sealed)


def _to_console(road: Road) -> session_pb2.LogInRequest:
    question = console_pb2.LookRequest(browser_binding=BINDING)
    question.get_overview.SetInParent()
    console = ConsoleServiceStub(road.serving.channels["facade"])
    sealed = console.Look(question, timeout=DEADLINE).login.sealed_console
    return session_pb2.LogInRequest(sealed_console=sealed)


@pytest.mark.parametrize(
    ("way", "back"),
    [
        (_to_authorize, back_to_pb2.BACK_TO_AUTHORIZE),
        (_to_devices, back_to_pb2.BACK_TO_DEVICE),
        (_to_account, back_to_pb2.BACK_TO_ACCOUNT),
        (_to_console, back_to_pb2.BACK_TO_CONSOLE),
    ],
)
def test_every_login_asks_for_it(
    road: Road, telephone: Telephone, way: Callable[[Road], session_pb2.LogInRequest], back: int
) -> None:
    """Whatever page a login leads to: no session before the code, and the same way back after it."""
    form = way(road)
    form.MergeFrom(session_pb2.LogInRequest(browser_binding=BINDING, username=road.username, password=PASSWORD))
    form.network_address = "192.0.2.1"
    question = telephone.proving(form)
    answer = road.serving.sessions.ProveSecondFactor(question, timeout=DEADLINE)

    assert answer.back_to == back
    assert road.start(answer.session_token).consent.username == road.username
    expected: dict[int, dict[str, str]] = {
        back_to_pb2.BACK_TO_AUTHORIZE: road.request(),
        back_to_pb2.BACK_TO_DEVICE: {"user_code": "HKLMQRTWXY"},
    }
    assert {parameter.name: parameter.value for parameter in answer.parameters} == expected.get(back, {})
    # The code is used up.
    assert refused(road.serving.sessions.ProveSecondFactor, question).reason == "SECOND_FACTOR_FAILED"


def test_the_operator_sees_the_second_step_as_a_step(road: Road, telephone: Telephone) -> None:
    """README, When a tool does not connect: that a code is asked for is nothing that went wrong; a wrong one is."""
    prove = road.serving.sessions.ProveSecondFactor
    refused(prove, telephone.proving(road.login_request(), "000000"))
    prove(telephone.proving(road.login_request()), timeout=DEADLINE)
    # The first of them was before there was a telephone.
    logins = [event for event in last_attempt(road.serving, road.client_id).events if event.step == "login"]

    assert [(event.outcome, event.refused) for event in logins[1:]] == [
        ("second_factor_asked", False),
        ("second_factor_failed", True),
        ("second_factor_asked", False),
        ("succeeded", False),
    ]


def test_how_the_second_step_is_refused(road: Road, telephone: Telephone) -> None:
    """session.proto: a wrong code, another browser, a first step that was never taken, and too many codes."""
    prove = road.serving.sessions.ProveSecondFactor
    wrong = refused(prove, telephone.proving(road.login_request(), "000000"))
    question = telephone.proving(road.login_request())
    question.browser_binding = _OTHER_BROWSER
    elsewhere = refused(prove, question)
    question.browser_binding, question.sealed_second_factor = BINDING, "x"
    nothing = refused(prove, question)
    for _ in range(9):
        refused(prove, telephone.proving(road.login_request(), "000000"))
    many = refused(prove, telephone.proving(road.login_request()))

    assert (wrong.code, wrong.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SECOND_FACTOR_FAILED")
    assert (elsewhere.code, elsewhere.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert nothing.reason == "INVALID_REQUEST"
    assert (many.code, many.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
    assert many.retry_after


def test_recovery_codes_and_switching_off(road: Road, telephone: Telephone) -> None:
    """second_factor.proto: a recovery code signs in; new ones replace the old; off is off."""
    serving, token = road.serving, road.session_token
    by_code = telephone.proving(road.login_request(), telephone.recovery_codes[0])
    assert serving.sessions.ProveSecondFactor(by_code, timeout=DEADLINE).session_token
    asking = pb.GetSecondFactorRequest(session_token=token)
    assert serving.second_factors.GetSecondFactor(asking, timeout=DEADLINE).recovery_codes_left == 9
    renewing = pb.RenewRecoveryCodesRequest(session_token=token, password=PASSWORD, network_address="192.0.2.1")
    renewed = serving.second_factors.RenewRecoveryCodes(renewing, timeout=DEADLINE).recovery_codes
    assert len(renewed) == 10
    begin = refused(serving.second_factors.BeginSecondFactor, pb.BeginSecondFactorRequest(session_token=token))
    assert (begin.code, begin.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FAILED_PRECONDITION")
    off = pb.SwitchOffSecondFactorRequest(session_token=token, password="wrong", network_address="192.0.2.1")
    assert refused(serving.second_factors.SwitchOffSecondFactor, off).reason == "LOGIN_FAILED"
    off.password = PASSWORD
    serving.second_factors.SwitchOffSecondFactor(off, timeout=DEADLINE)

    assert road.log_in().session_token
    assert not serving.second_factors.GetSecondFactor(asking, timeout=DEADLINE).HasField("on_since")


def test_an_operator_resets_it(road: Road, telephone: Telephone) -> None:
    """user_admin.proto: a password alone is enough again, and every session has ended; without one nothing is reset."""
    request = user_admin_pb2.ResetSecondFactorRequest(username=road.username)
    asking = pb.GetSecondFactorRequest(session_token=road.session_token)
    assert road.serving.second_factors.GetSecondFactor(asking, timeout=DEADLINE).HasField("on_since")
    assert road.serving.users.ResetSecondFactor(request, timeout=DEADLINE).reset
    assert refused(road.serving.second_factors.GetSecondFactor, asking).reason == "LOGIN_REQUIRED"
    assert road.log_in().session_token
    assert not road.serving.users.ResetSecondFactor(request, timeout=DEADLINE).reset


def test_no_secret_is_in_a_log(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the secret nor a code of either kind."""
    telephone = Telephone(road)
    with caplog.at_level(logging.DEBUG):
        telephone.switch_on()
        code = telephone.code()
        refused(road.serving.sessions.ProveSecondFactor, telephone.proving(road.login_request(), "123456"))
        road.serving.sessions.ProveSecondFactor(telephone.proving(road.login_request()), timeout=DEADLINE)

    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert [text for text in (telephone.secret, code, *telephone.recovery_codes) if text in told] == []
