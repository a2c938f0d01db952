"""Operators see whose tries are used up, and give them back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.administration.limits import LimitAdministration, WantedLimits
from core.domain.authorization.device_endpoint import DeviceAuthorizationRequest
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.errors import InvalidArgument, LoginFailed, NotFound, TooManyAttempts, UnknownUserCode
from core.domain.limits.key import LimitKey
from core.domain.limits.rate import Rate
from core.domain.policy import DeviceFlowPolicy
from core.domain.users.user import User
from tests.domain.device_road import enter
from tests.domain.house import OFF, House
from tests.domain.road import a_client, a_session, a_user, register
from tests.domain.sessions.form import PASSWORD, log_in

EVERYTHING = WantedLimits()
HERE, THERE = "192.0.2.1", "2001:db8::/64"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house whose counts are this test's alone."""
    built = House(tmp_path / "database")
    with built.under(
        login_failures=Rate(3, 300),
        login_failures_per_network=Rate(20, 900),
        registrations=Rate(2, 600),
        token_requests=OFF,
        device_flow=DeviceFlowPolicy(enabled=True, code_lifetime=600, authorizations=Rate(2, 600), user_codes=OFF),
    ):
        yield built
    built.close()


@pytest.fixture
def limits(house: House) -> LimitAdministration:
    """What operators use."""
    return LimitAdministration(house.store, house.policy, house.clock)


def _fail(house: House, username: str, network_address: str = HERE) -> None:
    with pytest.raises(LoginFailed):
        log_in(house, username, "wrong", network_address=network_address)


def _seen(
    limits: LimitAdministration, wanted: WantedLimits = EVERYTHING, *, used_up: bool = False
) -> set[tuple[object, ...]]:
    found, _, has_more = limits.list(wanted, used_up=used_up, limit=100, after="")
    assert not has_more
    return {(each.bucket.kind, each.account, each.bucket.network, each.left, each.count) for each in found}


def test_each_count_says_what_whose_and_from_where(house: House, limits: LimitAdministration) -> None:
    """Accounts by name, networks, everybody; how many tries are left of how many; none of what nobody has tried."""
    user = a_user(house)
    _fail(house, user.username)
    _fail(house, user.username, "2001:db8::7")
    register(house, {"client_name": "a", "redirect_uris": ["http://127.0.0.1/"]})

    assert _seen(limits) == {
        ("login account", user.username, HERE, 2, 3),
        ("login account", user.username, THERE, 2, 3),
        ("login account", user.username, "", 28, 30),
        ("login network", "", HERE, 19, 20),
        ("login network", "", THERE, 19, 20),
        ("registration", "", HERE, 1, 2),
        ("registrations", "", "", 7, 8),
    }
    assert _seen(limits, WantedLimits(username=user.username.upper(), network="2001:db8::9")) == {
        ("login account", user.username, THERE, 2, 3)
    }
    house.clock.advance(900)
    assert _seen(limits) == set()


def test_what_was_typed_as_a_name_and_is_none_is_not_kept(house: House, limits: LimitAdministration) -> None:
    """It may be a password: it is counted, and nobody can read it."""
    _fail(house, "correct horse battery")
    assert ("login account", "", HERE, 2, 3) in _seen(limits)
    rows = house.store.rows("SELECT kind, account, network FROM rates")
    assert "correct" not in str(rows)


def test_a_count_that_is_used_up_says_when_it_goes_on(house: House, limits: LimitAdministration) -> None:
    """To the second, as whoever was refused was told."""
    user = a_user(house)
    for _ in range(3):
        _fail(house, user.username)
    with pytest.raises(TooManyAttempts) as refused:
        log_in(house, user.username)
    [used_up], _, _ = limits.list(EVERYTHING, used_up=True, limit=10, after="")
    assert (used_up.account, used_up.left, used_up.setting) == (user.username, 0, "Limits.LoginFailures")
    assert used_up.next_at == house.clock.now() + refused.value.retry_after


@pytest.mark.parametrize("by", ["user", "network", "id", "all"])
def test_cleared_tries_are_back(house: House, limits: LimitAdministration, by: str) -> None:
    """By user, by network, one alone, or all; whoever was refused gets in, and a record says who did it."""
    user = a_user(house)
    for _ in range(3):
        _fail(house, user.username)
    [used_up], _, _ = limits.list(EVERYTHING, used_up=True, limit=10, after="")
    cleared = {
        "user": lambda: limits.clear_matching(WantedLimits(username=user.username), everything=False),
        "network": lambda: limits.clear_matching(WantedLimits(network=HERE), everything=False),
        "id": lambda: limits.clear(used_up.bucket.key.hex()),
        "all": lambda: limits.clear_matching(EVERYTHING, everything=True),
    }[by]()
    assert cleared == {"user": 2, "network": 2, "id": 1, "all": 3}[by]
    _fail(house, user.username)


def test_networks_that_are_known_are_no_counts(house: House, limits: LimitAdministration, quick_user: User) -> None:
    """Where somebody comes from is neither listed nor forgotten when everything is cleared."""
    log_in(house, quick_user.username, network_address="203.0.113.9")
    limits.clear_matching(EVERYTHING, everything=True)
    assert _seen(limits) == set()
    for n in range(30):
        _fail(house, quick_user.username, f"198.51.100.{n // 3}")
    assert log_in(house, quick_user.username, network_address="203.0.113.9")


@pytest.fixture
def quick_user(house: House) -> User:
    """Somebody with the password of the form."""
    return house.users.create("ada", PASSWORD, [])


def test_each_page_goes_on_after_the_one_before(house: House, limits: LimitAdministration) -> None:
    """By limit_id, and used-up ones are found however many others there are."""
    rate = Rate(2, 600)
    with house.under(registrations=rate):
        keys = [LimitKey.of("registration", network=f"198.51.100.{n}") for n in range(25)]
        now_ms = house.clock.now_ms()
        for number, key in enumerate(keys):
            for _ in range(2 if number % 5 == 0 else 1):
                house.store.write(
                    lambda tx, key=key: tx.take_slot(key, now_ms=now_ms, interval_ms=rate.interval_ms, burst=2)  # type: ignore[misc]
                )
        pages, after, has_more = [], "", True
        while has_more:
            page, after, has_more = limits.list(EVERYTHING, used_up=False, limit=7, after=after)
            pages += [each.bucket.key for each in page]
        assert pages == sorted(map(bytes, keys))
        found, _, more = limits.list(EVERYTHING, used_up=True, limit=3, after="")
        assert (len(found), more) == (3, True)
        rest, _, more = limits.list(EVERYTHING, used_up=True, limit=3, after=found[-1].bucket.key.hex())
        assert (len(rest), more) == (2, False)


def test_devices_and_their_restart(house: House, limits: LimitAdministration) -> None:
    """RFC 8628 §5.2: codes asked for from one network are counted across a restart; another network has its own."""
    client = a_client(house, redirect_uris=[], grant_types=[DEVICE_CODE])
    limits.clear_matching(EVERYTHING, everything=True)

    def ask(network_address: str) -> None:
        house.devices.start(
            DeviceAuthorizationRequest(ClientCredentials(client.client_id, None, "none"), None, (), network_address)
        )

    for _ in range(2):
        ask(HERE)
    house.restart()
    with pytest.raises(TooManyAttempts):
        ask(HERE)
    ask("203.0.113.1")
    assert ("device", "", HERE, 0, 2) in _seen(
        LimitAdministration(house.store, house.policy, house.clock), used_up=True
    )


def test_codes_that_a_user_typed_and_their_restart(house: House, limits: LimitAdministration) -> None:
    """RFC 8628 §5.1: wrong codes are counted for the user apart from the network, across a restart; operators see them
    by the user's name, and give them back."""
    user = a_user(house)
    flow = replace(house.policy.current.device_flow, user_codes=Rate(2, 600))
    limits.clear_matching(EVERYTHING, everything=True)

    def type_a_wrong_one(network_address: str) -> None:
        with pytest.raises(UnknownUserCode):
            enter(house, "HKLMQ-RTWXY", a_session(house, user), network_address)

    with house.under(device_flow=flow):
        type_a_wrong_one(HERE)
        type_a_wrong_one("203.0.113.1")
        house.restart()
        with pytest.raises(TooManyAttempts):
            enter(house, "HKLMQ-RTWXY", a_session(house, user), "203.0.113.2")
        limits = LimitAdministration(house.store, house.policy, house.clock)
        assert _seen(limits, WantedLimits(username=user.username)) == {("user code", user.username, "", 0, 2)}
        assert {("user code network", "", HERE, 19, 20), ("user codes", "", "", 198, 200)} < _seen(limits)
        assert limits.clear_matching(WantedLimits(username=user.username), everything=False) == 1
        type_a_wrong_one("203.0.113.2")


def test_what_cannot_be_meant_is_refused(limits: LimitAdministration) -> None:
    """Nothing named, a user and a client, a user that there is not, no id, and an id of nothing."""
    with pytest.raises(InvalidArgument):
        limits.clear_matching(EVERYTHING, everything=False)
    with pytest.raises(InvalidArgument):
        limits.clear_matching(WantedLimits(network=HERE), everything=True)
    with pytest.raises(InvalidArgument):
        limits.clear_matching(WantedLimits(username="a", client_id="b"), everything=False)
    with pytest.raises(NotFound):
        limits.clear_matching(WantedLimits(username="nobody"), everything=False)
    with pytest.raises(InvalidArgument):
        limits.clear("xyz")
    with pytest.raises(NotFound):
        limits.clear("00" * 16)
