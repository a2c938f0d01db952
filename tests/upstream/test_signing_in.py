"""Signing in at another provider, over gRPC: what a login has to prove, and who is whom here."""

import logging
from typing import Any

import grpc
import jwt
import pytest
from tokenhouse.v1 import (
    account_pb2,
    account_pb2_grpc,
    audit_admin_pb2,
    back_to_pb2,
    console_pb2,
    console_pb2_grpc,
    device_authorization_pb2,
    limit_admin_pb2,
    overview_admin_pb2,
    second_factor_pb2,
    second_factor_pb2_grpc,
    upstream_pb2,
    user_admin_pb2,
)

from tests.openid_provider import ProviderVisit
from tests.rpc.audit_scenes import records
from tests.rpc.road import BINDING, PASSWORD, Refused, read_refusal, refused
from tests.running import wait_until
from tests.serving import DEADLINE
from tests.upstream.road import Away, answer_in

_FAILED = (grpc.StatusCode.UNAUTHENTICATED, "UPSTREAM_LOGIN_FAILED")


def refusal_of(away: Away, answer: dict[str, str], **changes: object) -> Refused:
    """What an answer that is no good gets."""
    return refused(away.serving.upstream.FinishUpstreamLogin, away.finishing(answer, **changes))


def test_from_the_button_to_tokens(away: Away) -> None:
    """Whoever comes for the first time becomes a user with a subject of their own, and goes on to the consent page and
    to tokens; whoever comes again is the same user (OpenID Connect Core §5.7)."""
    finished = away.sign_in()

    assert finished.back_to == back_to_pb2.BACK_TO_AUTHORIZE
    assert finished.remembered_browser
    assert {each.name: each.value for each in finished.parameters} == away.road.request()
    user = away.user()
    assert (user.username, list(user.groups), user.disabled) == (away.account, [], False)
    assert [(each.issuer, each.sub) for each in user.identities] == [(away.provider.issuer, away.account)]
    answer = away.road.validate(away.road.connect().access_token)
    assert (answer.active, answer.subject, answer.username) == (True, user.subject, away.account)
    away.sign_in()
    assert away.user().subject == user.subject


def test_the_request_is_what_openid_connect_asks_for(away: Away) -> None:
    """OpenID Connect Core §3.1.2.1 with PKCE (RFC 7636) and a nonce: none of them is ever the same twice, and none of
    the secrets behind them stands in the URL."""
    first, second = answer_in(away.url()), answer_in(away.url())

    assert first["response_type"] == "code"
    assert first["scope"] == "openid profile email groups"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == "http://localhost:8080/login/callback/company"
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))
    assert "client_secret" not in first
    assert "prompt" not in first


def test_prompt_login_is_handed_on(away: Away) -> None:
    """OpenID Connect Core §3.1.2.1: a client that wants the user to sign in anew has the provider ask, and the way back
    wants it no longer."""
    sent = answer_in(away.url(prompt="login"))
    assert (sent["prompt"], sent["max_age"]) == ("login", "0")
    finished = away.finish(away.answer(prompt="login"))
    assert "prompt" not in {each.name for each in finished.parameters}


def test_an_older_sign_in_there_is_no_new_one(away: Away) -> None:
    """OpenID Connect Core §3.1.3.7 rule 13: where the user was to sign in anew, a provider that takes whoever is signed
    in there already is refused, whether the ID token says so by its auth_time or has none; without prompt=login the
    same session is good."""
    away.sign_in()
    clock = away.serving.clock
    before = clock.milliseconds
    clock.advance(120)
    away.provider.misbehave(max_age="86400")
    told = [refusal_of(away, away.answer(account="", prompt="login"))]
    away.provider.misbehave(max_age="")
    told.append(refusal_of(away, away.answer(account="", prompt="login")))
    session = away.finish(away.answer(account="")).session_token
    away.provider.misbehave()
    clock.milliseconds = before
    anew = away.finish(away.answer(prompt="login")).session_token

    assert [(each.code, each.reason) for each in told] == [_FAILED] * 2
    assert "has taken an older one" in told[0].description
    assert "(auth_time)" in told[1].description
    assert session
    assert anew


def test_an_answer_counts_once(away: Away) -> None:
    """RFC 9700 §4.7.1: a state that comes again is refused before the provider is asked, whatever it brings along."""
    answer = away.answer()
    away.finish(answer)
    asked = away.provider.asked("/token")

    again = refusal_of(away, answer)
    assert (again.code, again.reason) == _FAILED
    assert refusal_of(away, answer | {"code": "another"}).reason == "UPSTREAM_LOGIN_FAILED"
    assert away.provider.asked("/token") == asked


def test_of_the_same_answers_side_by_side_one_counts(away: Away) -> None:
    """Which one is decided where the state is taken, so eight at once are one login and one redeemed code."""
    request, asked = away.finishing(away.answer()), away.provider.asked("/token")
    method: Any = away.serving.upstream.FinishUpstreamLogin
    calls = [method.future(request, timeout=DEADLINE) for _ in range(8)]
    wait_until(lambda: all(call.done() for call in calls), "every answer")

    refusals = [read_refusal(call.exception()).reason for call in calls if call.exception()]
    assert refusals == ["UPSTREAM_LOGIN_FAILED"] * 7
    assert away.provider.asked("/token") == asked + 1


def test_made_up_answers_cost_their_network(away: Away) -> None:
    """Limits.LoginFailuresPerNetwork: a network that brings one after the other has to wait, and others have not; what
    leads to a session costs nothing."""
    for _ in range(9):
        away.finish(away.answer())
    here = "192.0.2.7"
    reasons = [refusal_of(away, away.answer() | {"code": "made up"}, network_address=here).reason for _ in range(9)]
    assert reasons == ["UPSTREAM_LOGIN_FAILED"] * 8 + ["TOO_MANY_ATTEMPTS"]
    assert refusal_of(away, away.answer(), network_address=here).reason == "TOO_MANY_ATTEMPTS"
    request = away.finishing(away.answer(), network_address="198.51.100.1")
    assert away.serving.upstream.FinishUpstreamLogin(request, timeout=DEADLINE).session_token


def test_made_up_answers_keep_a_remembered_browser_out_of_no_network(away: Away) -> None:
    """OWASP, Device Cookies: its tries at providers are its own, and as few as Limits.LoginFailures says for who made
    one up, has copied it, or whose user has forgotten their browsers since."""
    remembered = away.sign_in().remembered_browser
    for _ in range(8):
        refusal_of(away, away.answer() | {"code": "made up"})
    assert refusal_of(away, away.answer()).reason == "TOO_MANY_ATTEMPTS"
    assert refusal_of(away, away.answer(), remembered_browser="A" * len(remembered)).reason == "TOO_MANY_ATTEMPTS"
    request = away.finishing(away.answer(), remembered_browser=remembered)
    assert away.serving.upstream.FinishUpstreamLogin(request, timeout=DEADLINE).session_token

    made_up = [away.answer() | {"code": "made up"} for _ in range(11)]
    told = [refusal_of(away, each, remembered_browser=remembered).reason for each in made_up]
    assert told == ["UPSTREAM_LOGIN_FAILED"] * 10 + ["TOO_MANY_ATTEMPTS"]
    found = away.serving.limits.ListLimits(limit_admin_pb2.ListLimitsRequest(username=away.account), timeout=DEADLINE)
    assert [(each.kind, each.left, each.setting) for each in found.limits] == [
        ("login elsewhere browser", 0, "Limits.LoginFailures")
    ]
    away.serving.limits.ClearLimits(limit_admin_pb2.ClearLimitsRequest(username=away.account), timeout=DEADLINE)
    away.serving.users.SignOutUser(user_admin_pb2.SignOutUserRequest(username=away.account), timeout=DEADLINE)
    assert refusal_of(away, away.answer(), remembered_browser=remembered).reason == "TOO_MANY_ATTEMPTS"


def test_nothing_secret_is_logged(away: Away, caplog: pytest.LogCaptureFixture) -> None:
    """Neither code, state, nonce, ID token nor the client's secret stands in a log, and no error repeats one."""
    caplog.set_level(logging.DEBUG)
    sent = answer_in(away.url())
    answer = away.answer()
    away.finish(answer)
    told = [refusal_of(away, answer).description]
    away.provider.misbehave(nonce="another")
    told.append(refusal_of(away, away.answer()).description)

    away.provider.misbehave()
    away.sign_in()
    id_token = answer_in(away.sign_out().end_session_url)["id_token_hint"]
    secret = (away.serving.folder / "company.secret").read_text().strip()
    # The browser of the test logs, too.
    ours = [vars(record) for record in caplog.records if not record.name.startswith("http")]
    written = f"{ours} {told}"
    for value in (secret, id_token, answer["code"], answer["state"], sent["nonce"], sent["code_challenge"]):
        assert value not in written


def test_an_answer_is_one_browsers(away: Away) -> None:
    """RFC 9700 §4.7: what another browser began, what is damaged and what is ten minutes old opens nothing."""
    answer, clock = away.answer(), away.serving.clock
    other = b"another browser".ljust(32, b".")

    assert refusal_of(away, answer, browser_binding=other).reason == "UPSTREAM_LOGIN_FAILED"
    assert refusal_of(away, answer | {"state": answer["state"][:-8]}).reason == "UPSTREAM_LOGIN_FAILED"
    assert refusal_of(away, {"code": answer["code"]}).reason == "UPSTREAM_LOGIN_FAILED"
    before = clock.milliseconds
    clock.advance(600)
    assert refusal_of(away, answer).reason == "UPSTREAM_LOGIN_FAILED"
    clock.milliseconds = before
    assert away.finish(answer).session_token


@pytest.mark.parametrize("issuer", ["https://other.example.com", ""])
def test_an_answer_of_another_issuer_is_mixed_up(away: Away, issuer: str) -> None:
    """RFC 9207 §2.4: the `iss` of an answer is the provider's own, and where the provider promises one it is there."""
    away.provider.misbehave(iss=issuer)
    answer = away.answer()

    asked = away.provider.asked("/token")
    refusal = refusal_of(away, answer)
    assert (refusal.code, refusal.reason) == _FAILED
    assert away.provider.asked("/token") == asked


def test_an_id_token_for_another_login_is_refused(away: Away) -> None:
    """OpenID Connect Core §3.1.3.7: the nonce of the ID token is the one that was sent, or somebody put it there."""
    away.provider.misbehave(nonce="of somebody else's login")
    answer = away.answer()

    refusal = refusal_of(away, answer)
    assert (refusal.code, refusal.reason) == _FAILED
    assert "nonce" in refusal.description
    assert refused(away.serving.users.GetUser, user_admin_pb2.GetUserRequest(username=away.account)).reason == (
        "NOT_FOUND"
    )


def test_a_code_of_somebody_else_is_refused(away: Away) -> None:
    """RFC 7636 §4.6: a code that was injected belongs to another verifier, and the provider refuses it."""
    other = answer_in(ProviderVisit(away.provider).sign_in(away.url(), "mallory"))
    answer = away.answer()

    refusal = refusal_of(away, answer | {"code": other["code"]})
    assert (refusal.code, refusal.reason) == _FAILED
    assert "invalid_grant" in refusal.description


def test_giving_up_at_the_provider(away: Away) -> None:
    """RFC 6749 §4.1.2.1: an error is a refusal that names it."""
    refusal = refusal_of(away, away.answer(account=""))

    assert (refusal.code, refusal.reason) == _FAILED
    assert "access_denied" in refusal.description


def test_keys_that_were_rotated(away: Away) -> None:
    """OpenID Connect Core §10.1.1: an ID token with an unknown key has the provider's keys fetched again."""
    away.sign_in()
    away.provider.rotate_keys()
    fetched = away.provider.asked("/jwks")

    away.visit = ProviderVisit(away.provider)
    assert away.sign_in().session_token
    assert away.provider.asked("/jwks") == fetched + 1


def test_groups_come_at_every_login_and_are_told_at_once(away: Away) -> None:
    """Groups that the settings name are taken over, others are not; a change counts at the next validation of every
    token that there is, and a login that changes nothing tells nobody anything."""
    away.know(groups=["IT Admins", "Finance"])
    away.sign_in()
    token = away.road.connect().access_token
    assert list(away.road.validate(token).groups) == ["operators"]

    away.know(groups=["Research"])
    away.sign_in()
    assert list(away.road.validate(token).groups) == ["research"]
    revision = away.road.validate(token).revision
    away.sign_in()
    assert away.road.validate(token).revision == revision
    changes = records(away.road.serving, acts=[audit_admin_pb2.AUDIT_ACT_GROUPS_SET], user=away.account)
    assert [record.reason for record in changes] == ["+research, -operators", "+operators"]


def test_nobody_is_taken_over_by_name(away: Away) -> None:
    """A user who is here already is somebody else, whatever name or e-mail address the provider tells; an operator
    links the two, by issuer and sub, and takes the link away again, with the sessions."""
    users = away.serving.users
    name = f"local-{away.account}"
    created = users.CreateUser(
        user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD), timeout=DEADLINE
    ).user
    away.know(preferred_username=name.upper())

    refusal = refusal_of(away, away.answer())
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "UPSTREAM_USER_REFUSED")
    link = user_admin_pb2.LinkIdentityRequest(username=name, provider="company", sub=away.account)
    users.LinkIdentity(link, timeout=DEADLINE)
    assert refused(users.LinkIdentity, link).reason == "ALREADY_EXISTS"
    away.sign_in()
    assert away.road.validate(away.road.connect().access_token).subject == created.subject

    unlink = user_admin_pb2.UnlinkIdentityRequest(username=name, issuer="company", sub=away.account)
    users.UnlinkIdentity(unlink, timeout=DEADLINE)
    assert away.road.start(away.road.session_token).WhichOneof("outcome") == "login"
    assert refusal_of(away, away.answer()).reason == "UPSTREAM_USER_REFUSED"
    assert refused(users.UnlinkIdentity, unlink).reason == "NOT_FOUND"


def test_a_disabled_user_is_refused(away: Away) -> None:
    """Who is disabled here gets in by no provider; who is deleted comes back as somebody new."""
    away.sign_in()
    users, before = away.serving.users, away.user()
    users.DisableUser(user_admin_pb2.DisableUserRequest(username=away.account), timeout=DEADLINE)

    assert refusal_of(away, away.answer()).reason == "UPSTREAM_USER_REFUSED"
    users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=away.account), timeout=DEADLINE)
    away.sign_in()
    assert away.user().subject != before.subject


def test_a_user_of_a_provider_has_no_password(away: Away) -> None:
    """The login form opens for no password, not even for none at all."""
    away.sign_in()
    road = away.road
    road.username = away.account

    for password in ("", "A" * 43, PASSWORD):
        refusal = refused(away.serving.sessions.LogIn, road.login_request(password=password))
        assert refusal.reason == "LOGIN_FAILED"


def test_signing_out_goes_by_the_provider(away: Away) -> None:
    """RP-Initiated Logout §2: the session here ends, the browser goes to the provider and comes back to the request,
    where the provider will ask who it is; a session of a password has no such way."""
    away.sign_in()
    answer = away.sign_out()

    assert away.road.start(away.road.session_token).WhichOneof("outcome") == "login"
    assert answer.end_session_url.startswith(f"{away.provider.issuer}/session/end?")
    sent = answer_in(answer.end_session_url)
    assert sent["post_logout_redirect_uri"] == "http://localhost:8080/login/signed-out"
    assert sent["client_id"] == jwt.decode(sent["id_token_hint"], options={"verify_signature": False})["aud"]
    assert ProviderVisit(away.provider).browser.get(answer.end_session_url).is_success
    request = upstream_pb2.FinishUpstreamLogoutRequest(state=sent["state"], browser_binding=BINDING)
    back = away.serving.upstream.FinishUpstreamLogout(request, timeout=DEADLINE)
    assert ("prompt", "login") in {(each.name, each.value) for each in back.parameters}
    assert back.back_to == back_to_pb2.BACK_TO_AUTHORIZE
    request.browser_binding = b"another browser".ljust(32, b".")
    assert refused(away.serving.upstream.FinishUpstreamLogout, request).reason == "UPSTREAM_LOGIN_FAILED"


def test_the_page_for_devices(away: Away) -> None:
    """A login for the page for devices leads back to it, with the code that a link brought."""
    opened = away.serving.devices.OpenDevicePage(
        device_authorization_pb2.OpenDevicePageRequest(user_code="BCDF-GHJK-LM", browser_binding=BINDING),
        timeout=DEADLINE,
    )
    start = upstream_pb2.StartUpstreamLoginRequest(
        provider="company", sealed_device_page=opened.login.sealed_page, browser_binding=BINDING, fresh=True
    )
    url = away.serving.upstream.StartUpstreamLogin(start, timeout=DEADLINE).authorization_url
    assert answer_in(url)["prompt"] == "login"
    finished = away.finish(answer_in(away.visit.sign_in(url, away.account)))
    assert finished.back_to == back_to_pb2.BACK_TO_DEVICE
    assert [each.name for each in finished.parameters] == ["user_code"]


def test_the_users_own_page_and_the_console(away: Away) -> None:
    """A login for either leads back to it; the console's is for whoever the provider's groups make an operator."""
    facade = away.serving.channels["facade"]
    away.know(groups=["IT Admins"])
    account = account_pb2_grpc.AccountServiceStub(facade).OpenAccountPage(
        account_pb2.OpenAccountPageRequest(browser_binding=BINDING), timeout=DEADLINE
    )
    console = console_pb2_grpc.ConsoleServiceStub(facade)
    look = console_pb2.LookRequest(get_overview=overview_admin_pb2.GetOverviewRequest(), browser_binding=BINDING)
    sealed_console = console.Look(look, timeout=DEADLINE).login.sealed_console
    asked = upstream_pb2.StartUpstreamLoginRequest
    for start, back_to in (
        (asked(sealed_account_page=account.login.sealed_page), back_to_pb2.BACK_TO_ACCOUNT),
        (asked(sealed_console=sealed_console), back_to_pb2.BACK_TO_CONSOLE),
    ):
        start.provider, start.browser_binding = "company", BINDING
        url = away.serving.upstream.StartUpstreamLogin(start, timeout=DEADLINE).authorization_url
        finished = away.finish(answer_in(away.visit.sign_in(url, away.account)))
        assert (finished.back_to, list(finished.parameters)) == (back_to, [])
        # Whoever gives up there is told of the page that they came from.
        url = away.serving.upstream.StartUpstreamLogin(start, timeout=DEADLINE).authorization_url
        nobody = away.finishing(answer_in(ProviderVisit(away.provider).sign_in(url, "")))
        assert (
            refused(away.serving.upstream.FinishUpstreamLogin, nobody).back_to
            == back_to_pb2.BackTo.Name(back_to).removeprefix("BACK_TO_").lower()
        )
    opened = account_pb2_grpc.AccountServiceStub(facade).OpenAccountPage(
        account_pb2.OpenAccountPageRequest(session_token=finished.session_token, browser_binding=BINDING),
        timeout=DEADLINE,
    )
    assert opened.page.without_password
    factor = second_factor_pb2.GetSecondFactorRequest(session_token=finished.session_token)
    factors = second_factor_pb2_grpc.SecondFactorServiceStub(facade)
    assert refused(factors.GetSecondFactor, factor).reason == "SIGNED_IN_ELSEWHERE"
    look.session_token = finished.session_token
    assert console.Look(look, timeout=DEADLINE).WhichOneof("outcome") != "login"
