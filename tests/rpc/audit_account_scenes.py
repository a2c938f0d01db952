"""Acts of users at their own page and at the second step of a login, each with the record that it has to leave."""

from collections.abc import Callable
from typing import Any

from tokenhouse.v1 import account_pb2, passkey_pb2, second_factor_pb2

from tests.rpc.audit_scenes import ADDRESS, ANONYMOUS, FROM_THERE, Scene, ask, be_refused, by_user, subject_of
from tests.rpc.passkeys import Keyring
from tests.rpc.road import BINDING, PASSWORD, Road
from tests.rpc.second_factor import Telephone
from tests.serving import DEADLINE


def _telephone(road: Road) -> Telephone:
    telephone = Telephone(road)
    telephone.switch_on()
    return telephone


def _let_in(road: Road, method: Callable[..., Any], question: Any, **about: str) -> Scene:
    """The last step of a login, from there."""
    question.network_address = ADDRESS
    return Scene(ask(method, question), {"act": "LOGIN", **about, **by_user(road)})


def _turned_away(road: Road, method: Callable[..., Any], question: Any, reason: str) -> Scene:
    """The same, in vain: nobody has acted, and whose account it was about is known."""
    question.network_address = ADDRESS
    record = {"act": "LOGIN", "result": "REFUSED", "reason": reason, "subject": subject_of(road)}
    return Scene(be_refused(method, question), {**record, **ANONYMOUS, **FROM_THERE})


def signing_a_browser_out(road: Road) -> Scene:
    """At the user's own page."""
    page = account_pb2.OpenAccountPageRequest(session_token=road.session_token, browser_binding=BINDING)
    [session] = road.serving.accounts.OpenAccountPage(page, timeout=DEADLINE).page.sessions
    request = account_pb2.EndSessionRequest(session_token=road.session_token, session_id=session.session_id)
    return Scene(ask(road.serving.accounts.EndSession, request), {"act": "LOGOUT", **by_user(road)})


def signing_out_everywhere(road: Road) -> Scene:
    """At the user's own page."""
    request = account_pb2.EndAllSessionsRequest(session_token=road.session_token)
    record = {"act": "USER_SIGN_OUT", "target": road.username, **by_user(road)}
    return Scene(ask(road.serving.accounts.EndAllSessions, request), record)


def changing_the_password(road: Road) -> Scene:
    """At the user's own page."""
    request = account_pb2.ChangePasswordRequest(
        session_token=road.session_token, old_password=PASSWORD, new_password="another battery", network_address=ADDRESS
    )
    record = {"act": "PASSWORD_SET", "target": road.username, **by_user(road)}
    return Scene(ask(road.serving.accounts.ChangePassword, request), record)


def guessing_the_old_password(road: Road) -> Scene:
    """At an open browser: whose browser it is, is known."""
    request = account_pb2.ChangePasswordRequest(
        session_token=road.session_token, old_password="guessed", new_password="a battery", network_address=ADDRESS
    )
    record = {"act": "PASSWORD_SET", "result": "REFUSED", "reason": "login_failed", **by_user(road)}
    return Scene(be_refused(road.serving.accounts.ChangePassword, request), record)


def typing_a_code(road: Road) -> Scene:
    """After a right password, which is no decision yet."""
    question = _telephone(road).proving(road.login_request())
    return _let_in(road, road.serving.sessions.ProveSecondFactor, question)


def typing_a_wrong_code_after_the_password(road: Road) -> Scene:
    """Whose password was right is known."""
    question = _telephone(road).proving(road.login_request(), "000000")
    return _turned_away(road, road.serving.sessions.ProveSecondFactor, question, "second_factor_failed")


def switching_codes_on(road: Road) -> Scene:
    """With the first code."""
    telephone = Telephone(road)
    telephone.begin()
    record = {"act": "SECOND_FACTOR_ON", "target": road.username, **by_user(road)}
    return Scene(ask(road.serving.second_factors.ConfirmSecondFactor, telephone.confirming()), record)


def switching_codes_off(road: Road) -> Scene:
    """At the user's own page."""
    _telephone(road)
    request = second_factor_pb2.SwitchOffSecondFactorRequest(
        session_token=road.session_token, password=PASSWORD, network_address=ADDRESS
    )
    record = {"act": "SECOND_FACTOR_OFF", "target": road.username, **by_user(road)}
    return Scene(ask(road.serving.second_factors.SwitchOffSecondFactor, request), record)


def making_recovery_codes(road: Road) -> Scene:
    """At the user's own page."""
    _telephone(road)
    request = second_factor_pb2.RenewRecoveryCodesRequest(
        session_token=road.session_token, password=PASSWORD, network_address=ADDRESS
    )
    record = {"act": "RECOVERY_CODES_RENEW", "target": road.username, **by_user(road)}
    return Scene(ask(road.serving.second_factors.RenewRecoveryCodes, request), record)


def signing_in_with_a_passkey(road: Road) -> Scene:
    """Which one it was is told, too."""
    keyring = Keyring(road)
    about = {"reason": "passkey", "target": keyring.add().passkey.passkey_id}
    return _let_in(road, road.serving.passkey_logins.LogInWithPasskey, keyring.signing_in(), **about)


def signing_in_with_a_passkey_after_the_password(road: Road) -> Scene:
    """As the second step."""
    keyring = Keyring(road)
    about = {"reason": "password+passkey", "target": keyring.add().passkey.passkey_id}
    return _let_in(road, road.serving.passkey_logins.ProvePasskey, keyring.proving(), **about)


def signing_in_with_a_copied_passkey(road: Road) -> Scene:
    """Its count went back: whose it is is known, and why it was refused (WebAuthn Level 3 §6.1.1)."""
    keyring = Keyring(road)
    keyring.add()
    log_in = road.serving.passkey_logins.LogInWithPasskey
    log_in(keyring.signing_in(count=5), timeout=DEADLINE)
    return _turned_away(road, log_in, keyring.signing_in(count=4), "passkey_counted_back")


def renaming_a_passkey(road: Road) -> Scene:
    """At the user's own page."""
    passkey_id = Keyring(road).add().passkey.passkey_id
    request = passkey_pb2.RenamePasskeyRequest(session_token=road.session_token, passkey_id=passkey_id, name="blue")
    record = {"act": "PASSKEY_RENAME", "target": passkey_id, **by_user(road)}
    return Scene(ask(road.serving.passkeys.RenamePasskey, request), record)


def removing_a_passkey(road: Road) -> Scene:
    """At the user's own page."""
    passkey_id = Keyring(road).add().passkey.passkey_id
    request = passkey_pb2.RemovePasskeyRequest(
        session_token=road.session_token, passkey_id=passkey_id, password=PASSWORD, network_address=ADDRESS
    )
    record = {"act": "PASSKEY_REMOVE", "target": passkey_id, **by_user(road)}
    return Scene(ask(road.serving.passkeys.RemovePasskey, request), record)


def a_passkey_that_proves_nothing(road: Road) -> Scene:
    """Made for another site."""
    request = Keyring(road).adding(rp_id="example.com")
    record = {"act": "PASSKEY_ADD", "result": "REFUSED", "reason": "passkey_failed", **by_user(road)}
    return Scene(be_refused(road.serving.passkeys.AddPasskey, request), record)


OWNERS = [
    signing_in_with_a_passkey,
    signing_in_with_a_passkey_after_the_password,
    signing_in_with_a_copied_passkey,
    renaming_a_passkey,
    removing_a_passkey,
    a_passkey_that_proves_nothing,
    signing_a_browser_out,
    signing_out_everywhere,
    changing_the_password,
    guessing_the_old_password,
    typing_a_code,
    typing_a_wrong_code_after_the_password,
    switching_codes_on,
    switching_codes_off,
    making_recovery_codes,
]
