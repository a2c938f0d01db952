"""grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628)."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.domain.authorization.device_endpoint import DeviceAuthorizationRequest
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.errors import InvalidClient, InvalidScope, InvalidTarget, UnauthorizedClient
from core.domain.grants.grant import GrantState
from core.domain.limits.rate import Rate
from tests.domain.device_road import Device, a_device, a_device_client, polling
from tests.domain.house import FILES, MCP, House
from tests.domain.road import (
    Connection,
    a_client,
    a_confidential_client,
    a_network_that_is_known,
    a_session,
    a_user,
    grant_id_of,
    redeeming,
    refreshing,
    refusal_of,
    validate,
)


def test_a_device_gets_tokens_once_its_user_has_said_yes(house: House) -> None:
    """RFC 8628 §3.5: authorization_pending until then; what it gets is the user's, refreshes, and is revoked."""
    device, user = a_device(house, MCP, scope="files"), a_user(house)
    before = device.refusal()
    device.decide(user)
    tokens = device.poll()
    connection = Connection(house, device.client, user, tokens)
    valid = validate(house, tokens.access_token, MCP)

    assert before == "AuthorizationPending"
    assert valid is not None
    token = valid.token
    assert (token.subject, token.client_id, token.scope) == (user.subject, device.client.client_id, ("files",))
    assert validate(house, tokens.access_token, FILES) is None
    assert validate(house, connection.rotate().access_token, MCP) is not None
    assert house.grants.revoke(connection.grant().id.hex())
    assert validate(house, connection.tokens.access_token, MCP) is None


def test_both_codes_say_how_long_they_are_good(house: House) -> None:
    """RFC 8628 §3.2: expires_in and interval, in seconds."""
    codes = a_device(house).codes

    assert (codes.expires_in, codes.interval) == (600, 5)


def test_a_client_without_a_refresh_grant_gets_no_refresh_token(house: House) -> None:
    """RFC 6749 §5.1: a client gets what it registered for."""
    device = a_device(house, client=a_device_client(house, grant_types=[DEVICE_CODE]))
    device.decide()

    assert device.poll().refresh_token is None


def test_success_is_told_once(house: House) -> None:
    """RFC 9700 §4.5: a device code that is presented again ends the grant, as an authorization code does."""
    device = a_device(house)
    device.decide()
    tokens = device.poll()

    assert device.refusal() == "InvalidGrant"
    assert validate(house, tokens.access_token) is None


def test_a_lost_reply_is_given_again(house: House) -> None:
    """The facade's own retry of one HTTP request gets tokens of the same grant; ten seconds later it ends the grant."""
    device, attempt = a_device(house), secrets.token_bytes(16)
    device.decide()
    first, second = device.poll(attempt_id=attempt), device.poll(attempt_id=attempt)
    house.clock.advance(11)

    assert first.refresh_token == second.refresh_token
    assert device.refusal(attempt_id=attempt) == "InvalidGrant"


def test_of_parallel_polls_one_gets_tokens(house: House) -> None:
    """RFC 8628 §3.5: success exactly once, and then the grant has ended."""
    device = a_device(house)
    device.decide()
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: device.refusal(), range(24)))

    assert sorted(set(refusals)) == ["", "InvalidGrant"]
    assert refusals.count("") == 1


def test_a_no_is_access_denied(house: House) -> None:
    """RFC 8628 §3.5: as often as the device asks."""
    device = a_device(house)
    device.decide(approved=False)

    assert [device.refusal(), device.refusal()] == ["AccessDenied", "AccessDenied"]


def test_nobody_decides_in_time(house: House) -> None:
    """RFC 8628 §3.5: expired_token to the second; after the row has gone the code is no longer known."""
    device = a_device(house)
    house.clock.advance(599)
    before = device.refusal()
    house.clock.advance(1)
    after = device.refusal()
    house.clock.advance(3600)
    house.store.purge(now=house.clock.now(), limit=1000)

    assert (before, after, device.refusal()) == ("AuthorizationPending", "ExpiredToken", "InvalidGrant")


def test_a_yes_at_the_last_moment_can_be_fetched(house: House) -> None:
    """The user is told that all is well, so it is: a minute is left, and then expired_token."""
    late, later = a_device(house), a_device(house)
    house.clock.advance(599)
    late.decide()
    later.decide()
    house.clock.advance(59)
    fetched = late.refusal()
    house.clock.advance(1)

    assert (fetched, later.refusal()) == ("", "ExpiredToken")


def test_polling_too_often_lengthens_the_interval(house: House) -> None:
    """RFC 8628 §3.5: slow_down, and 5 s more for this and all later polls; other devices notice nothing."""
    device, other = a_device(house), a_device(house)
    device.refusal()
    told = []
    for seconds in (1, 5, 15, 14, 20, 20):
        house.clock.advance(seconds)
        told.append(device.refusal())

    assert told == [
        "SlowDown",
        "SlowDown",
        "AuthorizationPending",
        "AuthorizationPending",
        *["AuthorizationPending"] * 2,
    ]
    assert other.refusal() == "AuthorizationPending"


def test_a_second_try_of_the_same_request_is_no_other_poll(house: House) -> None:
    """The facade asks again where a reply was lost, and no device pays for it."""
    device, attempt = a_device(house), secrets.token_bytes(16)

    assert {device.refusal(attempt_id=attempt) for _ in range(3)} == {"AuthorizationPending"}


def test_a_poll_in_vain_writes_nothing(house: House) -> None:
    """Pending, slowed down, denied or expired: no poll reaches the writer."""
    pending, denied = a_device(house), a_device(house)
    denied.decide(approved=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.store, "_writer", None)
        told = [pending.refusal(), pending.refusal(), denied.refusal()]
        house.clock.advance(600)
        told.append(pending.refusal())
        with pytest.raises(AttributeError):
            a_device(house)

    assert told == ["AuthorizationPending", "SlowDown", "AccessDenied", "ExpiredToken"]


def test_a_restart_loses_no_device(house: House) -> None:
    """What waits goes on waiting, what was allowed can be fetched."""
    waiting, allowed = a_device(house), a_device(house)
    allowed.decide()
    house.restart()
    pending = waiting.refusal()
    waiting.decide()

    assert (pending, waiting.refusal(), allowed.refusal()) == ("AuthorizationPending", "", "")


@pytest.mark.parametrize("decided", [False, True])
def test_a_code_in_the_wrong_hands_is_spent(house: House, decided: bool) -> None:
    """OAuth 2.1 §4.1.3: as with an authorization code, before the user decided and after."""
    device, other = a_device(house), a_device_client(house)
    if decided:
        device.decide()

    assert refusal_of(house, polling(other.client_id, device.codes.device_code)) == "InvalidGrant"
    assert device.refusal() == "InvalidGrant"


def test_a_code_that_another_client_fails_to_present_is_spent(house: House) -> None:
    """RFC 9700 §4.5: whoever cannot prove who they are holds the code all the same."""
    device, other = a_device(house), a_device_client(house)
    presented = polling(other.client_id, device.codes.device_code, secret="made up")

    assert refusal_of(house, presented) == "InvalidClient"
    assert device.refusal() == "InvalidGrant"


def test_codes_of_one_kind_are_none_of_another(house: House) -> None:
    """RFC 8725 §3.11: a device code is neither an authorization code nor a refresh token, nor the other way round."""
    device = a_device(house)
    device.decide()
    code, client_id = device.codes.device_code, device.client.client_id
    both = a_client(house, grant_types=["authorization_code", "refresh_token", DEVICE_CODE])

    assert refusal_of(house, refreshing(client_id, code)) == "InvalidGrant"
    assert refusal_of(house, redeeming(both.client_id, code)) == "InvalidGrant"
    tokens = device.poll()
    assert tokens.refresh_token is not None
    assert refusal_of(house, polling(client_id, tokens.refresh_token)) == "InvalidGrant"


def test_scopes_that_are_not_listed_are_refused(house: House) -> None:
    """RFC 6749 §5.2: invalid_scope, since no user sees what would be left out; none at all is the default."""
    with pytest.raises(InvalidScope):
        a_device(house, scope="mcp admin")
    device = a_device(house, scope="offline_access mail")
    device.decide()

    assert device.poll().scope == ("mail", "offline_access")
    assert a_device(house).prompt(a_session(house, a_user(house))).scopes[0].name == "mcp"


def test_resources_are_those_of_the_other_flow(house: House) -> None:
    """RFC 8707 §2: unknown ones are invalid_target, and a poll may narrow what was granted."""
    with pytest.raises(InvalidTarget):
        a_device(house, "http://elsewhere.example.com/")
    device = a_device(house, MCP, FILES)
    device.decide()

    assert validate(house, device.poll(FILES).access_token, MCP) is None


def test_a_client_that_is_not_registered_for_it(house: House) -> None:
    """RFC 6749 §5.2: unauthorized_client, at both endpoints."""
    with pytest.raises(UnauthorizedClient):
        a_device(house, client=a_client(house))
    assert (
        refusal_of(house, polling(a_client(house).client_id, a_device(house).codes.device_code)) == "UnauthorizedClient"
    )


def test_a_client_that_keeps_a_secret_proves_it_at_every_step(house: House) -> None:
    """RFC 8628 §3.1, §3.4: authentication as at the token endpoint; an operator's list of scopes holds here, too."""
    client, secret = a_confidential_client(house, redirect_uris=(), grant_types=(DEVICE_CODE,), scope=("files",))
    with pytest.raises(InvalidClient):
        a_device(house, client=client)
    proof = ClientCredentials(client.client_id, secret, "client_secret_basic")
    with pytest.raises(InvalidScope):
        house.devices.start(DeviceAuthorizationRequest(proof, "mail", (), "192.0.2.1"))
    started = house.devices.start(DeviceAuthorizationRequest(proof, None, (), "192.0.2.1"))
    device = Device(house, client, started)
    device.decide()
    poll = polling(client.client_id, started.device_code)

    assert refusal_of(house, poll) == "InvalidClient"
    assert house.tokens.issue(replace(poll, client=proof)).scope == ("files",)


def test_ended_users_and_clients_get_nothing(house: House) -> None:
    """What was allowed ends with its user, what waits ends with its client, and enabling revives nothing."""
    allowed, waiting, user = a_device(house), a_device(house), a_user(house)
    allowed.decide(user)
    house.users.disable(user.username)
    house.users.enable(user.username)
    house.clients.block(waiting.client.client_id)
    house.clients.unblock(waiting.client.client_id)

    assert (allowed.refusal(), waiting.refusal()) == ("InvalidGrant", "InvalidGrant")


def test_a_device_that_was_let_in_is_a_grant_like_any_other(house: House) -> None:
    """README, Grants: one row, from the yes to the last refresh; its id is in the device code."""
    device = a_device(house)
    device.decide()
    grant_id = grant_id_of(device.codes.device_code)
    states = []
    for _ in range(2):
        grant = house.store.find_grant(grant_id)
        assert grant is not None
        states.append(grant.state)
        device.refusal() if len(states) == 1 else None

    assert states == [GrantState.PENDING, GrantState.ACTIVE]


def test_switched_off(house: House) -> None:
    """Setting OAuth.DeviceFlow: nothing starts, nothing is decided, nothing is fetched; afterwards all goes on."""
    device = a_device(house)
    flow = house.policy.current.device_flow
    with house.under(device_flow=type(flow)(False, flow.code_lifetime, flow.authorizations, flow.user_codes)):
        refused = device.refusal()
        for step in (lambda: a_device(house, client=device.client), device.decide):
            with pytest.raises(Exception, match="without a browser"):
                step()
    device.decide()

    assert (refused, device.refusal()) == ("UnsupportedGrantType", "")


def test_devices_have_a_rate(house: House) -> None:
    """Setting Limits.DeviceAuthorizations: for one network, and ten times as many for all from which nobody has signed
    in within a month."""
    flow = house.policy.current.device_flow
    client = a_device_client(house)
    with house.under(device_flow=type(flow)(True, flow.code_lifetime, Rate(2, 3600), flow.user_codes)):
        networks = [*(f"198.51.100.{number}" for number in range(24)), a_network_that_is_known(house)]
        started = []
        for number, network in enumerate(networks):
            for _ in range(3):
                try:
                    a_device(house, client=client, network_address=network)
                except Exception as refusal:
                    assert type(refusal).__name__ == "TooManyAttempts"
                else:
                    started.append(number)

    assert started == [number for number in (*range(10), 24) for _ in range(2)]


@pytest.mark.parametrize("approved", [False, True], ids=["before the user's yes", "after it"])
def test_who_names_no_client_spends_no_device_code(house: House, approved: bool) -> None:
    """RFC 6749 §5.2: it is refused, and the device that has the code gets its tokens."""
    device = a_device(house)
    if approved:
        device.decide()
    assert refusal_of(house, polling("", device.codes.device_code)) == "InvalidClient"
    if not approved:
        device.decide()

    assert device.poll().access_token
