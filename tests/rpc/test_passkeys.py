"""PasskeyService and PasskeyLoginService."""

import logging
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import account_pb2, back_to_pb2, passkey_login_pb2, session_pb2, user_admin_pb2
from tokenhouse.v1 import passkey_pb2 as pb

from tests.rpc.passkeys import ADDRESS, Keyring
from tests.rpc.road import BINDING, PASSWORD, Road, refused
from tests.rpc.second_factor import Telephone
from tests.serving import DEADLINE


@pytest.fixture
def keyring(road: Road) -> Keyring:
    """With one passkey."""
    has = Keyring(road)
    has.add()
    return has


def _to_account(road: Road) -> session_pb2.LogInRequest:
    question = account_pb2.OpenAccountPageRequest(browser_binding=BINDING)
    sealed = road.serving.accounts.OpenAccountPage(question, timeout=DEADLINE).login.sealed_page
    return session_pb2.LogInRequest(sealed_account_page=sealed)


def test_a_passkey_from_the_first_day_to_the_last(road: Road) -> None:
    """passkey.proto: added with recovery codes, used, renamed, removed."""
    service, keyring = road.serving.passkeys, Keyring(road)
    asking = pb.ListPasskeysRequest(session_token=road.session_token)
    before = service.ListPasskeys(asking, timeout=DEADLINE)
    added = keyring.add()
    road.serving.passkey_logins.LogInWithPasskey(keyring.signing_in(), timeout=DEADLINE)
    rename = pb.RenamePasskeyRequest(
        session_token=road.session_token, passkey_id=added.passkey.passkey_id, name="the blue one"
    )
    service.RenamePasskey(rename, timeout=DEADLINE)
    [passkey] = service.ListPasskeys(asking, timeout=DEADLINE).passkeys
    remove = pb.RemovePasskeyRequest(
        session_token=road.session_token, passkey_id=passkey.passkey_id, password=PASSWORD, network_address=ADDRESS
    )
    service.RemovePasskey(remove, timeout=DEADLINE)

    assert (list(before.passkeys), before.available, before.may_add) == ([], True, True)
    assert (added.passkey.name, len(added.recovery_codes)) == ("Bitwarden", 10)
    assert not added.passkey.HasField("last_used_at")
    assert (passkey.name, passkey.backed_up, passkey.backup_eligible) == ("the blue one", True, True)
    assert passkey.last_used_at >= passkey.created_at
    assert list(service.ListPasskeys(asking, timeout=DEADLINE).passkeys) == []
    assert road.log_in().session_token


def test_codes_beside_a_passkey_leave_its_recovery_codes_as_they_are(road: Road) -> None:
    """second_factor.proto: who has kept ten of them is told no others, and they are good."""
    added, telephone = Keyring(road).add(), Telephone(road)
    telephone.switch_on()
    by_code = telephone.proving(road.login_request(), added.recovery_codes[0])

    assert (len(added.recovery_codes), telephone.recovery_codes) == (10, [])
    assert road.serving.sessions.ProveSecondFactor(by_code, timeout=DEADLINE).session_token


def test_it_signs_in_wherever_a_login_leads(road: Road, keyring: Keyring) -> None:
    """passkey_login.proto: the same way back as with a password, and no second step."""
    service = road.serving.passkey_logins
    authorized = service.LogInWithPasskey(keyring.signing_in(), timeout=DEADLINE).session
    own = service.LogInWithPasskey(keyring.signing_in(_to_account(road)), timeout=DEADLINE).session
    second = service.ProvePasskey(keyring.proving(), timeout=DEADLINE).session

    for session in (authorized, second):
        assert session.back_to == back_to_pb2.BACK_TO_AUTHORIZE
        assert {each.name: each.value for each in session.parameters} == road.request()
        assert road.start(session.session_token).consent.username == road.username
        assert session.remembered_browser
    assert own.back_to == back_to_pb2.BACK_TO_ACCOUNT


def test_prompt_login_is_honoured(road: Road, keyring: Keyring) -> None:
    """OpenID Connect Core §3.1.2.1: whoever is signed in is asked again, and after the passkey once is enough."""
    form = session_pb2.LogInRequest(sealed_request=road.start(road.session_token, prompt="login").login.sealed_request)
    session = road.serving.passkey_logins.LogInWithPasskey(keyring.signing_in(form), timeout=DEADLINE).session
    back = {each.name: each.value for each in session.parameters}
    assert road.start(session.session_token, **back).consent.username == road.username
    assert session.remembered_browser


def test_how_it_is_refused(road: Road, keyring: Keyring) -> None:
    """passkey_login.proto: nothing tells what was wrong; a sealed value is one browser's, and good once."""
    log_in, prove = road.serving.passkey_logins.LogInWithPasskey, road.serving.passkey_logins.ProvePasskey
    wrong = refused(log_in, keyring.signing_in(signed=b""))
    copied = keyring.signing_in(count=9)
    log_in(copied, timeout=DEADLINE)
    again = refused(log_in, copied)
    counted_back = refused(log_in, keyring.signing_in(count=3))
    keyring.authenticator.credentials[0].count = 9
    elsewhere = keyring.signing_in()
    elsewhere.browser_binding = b"another browser".ljust(32, b".")
    second = refused(prove, keyring.proving(rp_id="example.com"))

    assert (wrong.code, wrong.reason) == (grpc.StatusCode.UNAUTHENTICATED, "PASSKEY_FAILED")
    assert wrong == counted_back == second
    assert again.reason == refused(log_in, elsewhere).reason == "INVALID_REQUEST"


def test_a_remembered_browser_has_tries_of_its_own_at_either_step(road: Road, keyring: Keyring) -> None:
    """passkey_login.proto: ten bad answers for an account from a network; what the browser keeps from a login lets it
    in, and `used_up` says what refused the others."""
    log_in, prove = road.serving.passkey_logins.LogInWithPasskey, road.serving.passkey_logins.ProvePasskey
    remembered = log_in(keyring.signing_in(), timeout=DEADLINE).session.remembered_browser
    steps: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "passkeys_in_network": (log_in, keyring.signing_in),
        "second_step": (prove, keyring.proving),
    }
    for used_up, (method, question) in steps.items():
        told = [refused(method, question(signed=b"")).reason for _ in range(10)]
        refusal = refused(method, question())
        browsers = question()
        browsers.remembered_browser = remembered

        assert told == ["PASSKEY_FAILED"] * 10
        assert (refusal.reason, refusal.used_up, refusal.retry_after) == ("TOO_MANY_ATTEMPTS", used_up, 90)
        assert method(browsers, timeout=DEADLINE).session.session_token


def test_how_adding_is_refused(road: Road) -> None:
    """passkey.proto: a wrong password, what proves nothing, and a session that has ended."""
    keyring, service = Keyring(road), road.serving.passkeys
    adding = keyring.adding(client_data={"origin": "http://localhost:8081"})
    assert refused(service.BeginPasskey, keyring.beginning("wrong")).reason == "LOGIN_FAILED"
    assert refused(service.AddPasskey, adding).reason == "PASSKEY_FAILED"
    nobody = pb.ListPasskeysRequest(session_token="x")
    assert refused(service.ListPasskeys, nobody).reason == "LOGIN_REQUIRED"


def test_nothing_is_offered_where_nobody_has_one(road: Road) -> None:
    """passkey_login.proto: absent for who has none; and what there is says whether there is an app for codes."""
    second = road.serving.passkey_logins
    keyring = Keyring(road)
    keyring.add()
    sealed = road.serving.sessions.LogIn(road.login_request(), timeout=DEADLINE).sealed_second_factor
    question = passkey_login_pb2.OfferPasskeySecondFactorRequest(sealed_second_factor=sealed, browser_binding=BINDING)
    answer = second.OfferPasskeySecondFactor(question, timeout=DEADLINE)
    assert (answer.HasField("offer"), answer.has_codes) == (True, False)


def test_an_operator_removes_them(road: Road, keyring: Keyring) -> None:
    """user_admin.proto: shown with the user, removed all at once; then a password alone is enough, and every session
    has ended: whoever has the lost device may have begun one."""
    about = user_admin_pb2.GetUserRequest(username=road.username)
    [passkey] = road.serving.users.GetUser(about, timeout=DEADLINE).user.passkeys
    request = user_admin_pb2.RemovePasskeysRequest(username=road.username)
    removed = [road.serving.users.RemovePasskeys(request, timeout=DEADLINE).removed for _ in range(2)]

    assert passkey.name == "Bitwarden"
    assert removed == [1, 0]
    signed_in = account_pb2.OpenAccountPageRequest(session_token=road.session_token, browser_binding=BINDING)
    assert road.serving.accounts.OpenAccountPage(signed_in, timeout=DEADLINE).WhichOneof("outcome") == "login"
    assert road.log_in().session_token
    nobody = user_admin_pb2.RemovePasskeysRequest(username="nobody")
    assert refused(road.serving.users.RemovePasskeys, nobody).reason == "NOT_FOUND"


def test_sessions_say_how_their_user_signed_in(road: Road, keyring: Keyring) -> None:
    """account.proto: for the list at the user's own page."""
    token = road.serving.passkey_logins.LogInWithPasskey(keyring.signing_in(), timeout=DEADLINE).session.session_token
    question = account_pb2.OpenAccountPageRequest(session_token=token, browser_binding=BINDING)
    sessions = road.serving.accounts.OpenAccountPage(question, timeout=DEADLINE).page.sessions
    assert {(each.is_this, each.method) for each in sessions} == {
        (True, account_pb2.SIGN_IN_METHOD_PASSKEY),
        (False, account_pb2.SIGN_IN_METHOD_PASSWORD),
    }


def test_no_credential_is_in_a_log(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """Neither an answer nor a challenge nor a recovery code; of what was refused the log says why."""
    keyring = Keyring(road)
    with caplog.at_level(logging.DEBUG):
        codes = keyring.add().recovery_codes
        question = keyring.signing_in()
        road.serving.passkey_logins.LogInWithPasskey(question, timeout=DEADLINE)
        refused(road.serving.passkey_logins.LogInWithPasskey, keyring.signing_in(rp_id="example.com"))

    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    secrets = (question.answer.response, question.answer.sealed_challenge, *codes)
    assert [text for text in secrets if text in told] == []
    assert "Unexpected RP ID hash" in told
