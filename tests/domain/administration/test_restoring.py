"""After a restore: what the backup had forgotten does not come back to life with it."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.administration.restoring import NewBeginning, RestoredBackup, Restoring
from core.domain.grants.grant import GrantState, RevokeReason
from core.domain.keys.key_ring import KeyRing
from core.domain.tokens.change import ChangeKind
from core.store.sqlite.restore import restoring
from tests.domain.device_road import a_device
from tests.domain.house import House
from tests.domain.road import (
    Connection,
    a_client,
    a_code,
    a_session,
    a_user,
    asked,
    connect,
    grant_id_of,
    redeeming,
    refreshing,
    refusal_of,
    start,
    validate,
)

_STAMP = "20310101T000000Z"


class Times:
    """A house from which a backup was taken; `restore` goes back to it."""

    def __init__(self, house: House, file: Path) -> None:
        self.house = house
        self.file = file

    def back_up(self) -> None:
        """Keep the house as it is."""
        self.house.store.back_up(self.file, overwrite=False, wanted=lambda: True)

    def restore(self, *, keep_grants: bool, known_revision: int | None = None) -> NewBeginning:
        """Go back, as `tokenhouse restore` does; `known_revision` as where the old database is lost."""
        known = self.house.store.current_revision() if known_revision is None else known_revision
        self.house.close()
        with restoring(self.house.folder) as place:
            with closing(place.open_copy(self.file)) as store:
                keys = KeyRing(store, self.house.master_keys, self.house.clock)
                begun = Restoring(store, keys, self.house.clock).begin_anew(
                    RestoredBackup(str(self.file), store.persisted_time()),
                    known_revision=known,
                    keep_grants=keep_grants,
                )
            place.take_place(_STAMP)
        self.house.open()
        return begun


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of each test's own."""
    built = House(tmp_path / "database")
    yield built
    built.close()


@pytest.fixture
def times(house: House, tmp_path: Path) -> Times:
    """A house, and a place for its backup."""
    return Times(house, tmp_path / "tokenhouse.backup")


def revision_of(access_token: str) -> int:
    """The `rev` of an access token."""
    payload = access_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return int(claims["rev"])


def is_refused(connection: Connection) -> bool:
    """Whether neither token is good for anything; the client may be unknown or blocked."""
    request = refreshing(connection.client.client_id, connection.refresh_token)
    return refusal_of(connection.house, request) in ("InvalidGrant", "InvalidClient") and (
        validate(connection.house, connection.tokens.access_token) is None
    )


def end_something(house: House, times: int = 1) -> None:
    """Let the numbers of revocations go on."""
    for _ in range(times):
        connection = connect(house)
        house.grants.revoke(connection.grant().id.hex())


def test_everything_made_before_is_refused(house: House, times: Times) -> None:
    """Tokens and codes of before the backup and of after it, live or ended then; and each user connects again."""
    end_something(house)
    client, user = a_client(house), a_user(house)
    before, revoked_after, refreshed_after = connect(house, client=client, user=user), connect(house), connect(house)
    code = a_code(house, client, user)
    session = a_session(house, user)
    times.back_up()
    held = [before, revoked_after, refreshed_after]
    house.grants.revoke(revoked_after.grant().id.hex())
    spent = refreshed_after.refresh_token
    refreshed_after.rotate()
    end_something(house, 5)
    held.append(connect(house, client=client, user=user))
    assert revision_of(held[-1].tokens.access_token) == 7

    assert times.restore(keep_grants=False).ended_grants == 4

    for connection in held:
        assert connection.is_dead()
    assert refusal_of(house, refreshing(refreshed_after.client.client_id, spent)) == "InvalidGrant"
    assert refusal_of(house, redeeming(client.client_id, code)) == "InvalidGrant"
    assert house.logins.find_user(session) is None
    again = connect(house, client=client, user=user)
    assert validate(house, again.tokens.access_token) is not None
    again.rotate()
    house.grants.revoke(again.grant().id.hex())
    assert again.is_dead()
    house.restart()
    assert [each.is_dead() for each in (*held, again)] == [True] * 5


def test_operators_see_why(house: House, times: Times) -> None:
    """A grant that a restore ended says so; one that had ended before keeps its own reason."""
    live, ended = connect(house), connect(house)
    house.grants.revoke(ended.grant().id.hex())
    times.back_up()
    times.restore(keep_grants=False)
    assert (live.grant().state, live.grant().revoke_reason) == (GrantState.REVOKED, RevokeReason.RESTORED)
    assert ended.grant().revoke_reason is RevokeReason.REVOKED_BY_OPERATOR


@pytest.mark.parametrize("keep_grants", [False, True])
def test_keys_and_sessions_are_new(house: House, times: Times, keep_grants: bool) -> None:
    """Whoever checks signatures alone refuses the old tokens too, and every browser has to sign in again."""
    user = a_user(house)
    session, before = a_session(house, user), house.keys.jwks()
    times.back_up()
    house.keys.rotate(longest_token=3600)
    after = house.keys.jwks()
    times.restore(keep_grants=keep_grants)
    (key,) = json.loads(house.keys.jwks())["keys"]
    assert key["kid"] not in before + after
    assert house.logins.find_user(session) is None


@pytest.mark.parametrize("keep_grants", [False, True])
def test_the_number_lies_beyond_all_that_were_given_out(house: House, times: Times, keep_grants: bool) -> None:
    """Also where the database that gave them out is lost, and from one restore of the same backup to the next: a
    verifier that has seen a higher number than the backup's would pass over what it has not seen."""
    times.back_up()
    end_something(house, 3)
    seen = revision_of(connect(house).tokens.access_token)
    first = times.restore(keep_grants=keep_grants, known_revision=0).revision
    end_something(house, 3)
    seen_since = revision_of(connect(house).tokens.access_token)
    house.clock.advance(1)
    second = times.restore(keep_grants=keep_grants, known_revision=0).revision

    assert seen < first < seen_since < second
    (change,) = house.store.list_changes(since=seen_since, now=house.clock.now())
    assert (change.revision, change.kind) == (second, ChangeKind.ALL_REVOKED)
    # RFC 8259 §6: whoever reads `rev` as a double reads it exactly, until the year 2242.
    assert second < 2**53


def test_a_number_that_is_known_is_passed(house: House, times: Times) -> None:
    """A wrong clock at an earlier restore may have left higher numbers than the time gives."""
    times.back_up()
    known = house.clock.now() << 21
    assert times.restore(keep_grants=False, known_revision=known).revision == known + 1
    assert times.restore(keep_grants=False, known_revision=known + 1).revision == known + 2


def _revoke(connection: Connection) -> None:
    connection.house.grants.revoke(connection.grant().id.hex())


def _disable(connection: Connection) -> None:
    connection.house.users.disable(connection.user.username)


def _block(connection: Connection) -> None:
    connection.house.clients.block(connection.client.client_id)


@pytest.mark.parametrize("end", [_revoke, _disable, _block])
def test_kept_grants_are_those_of_the_backup(house: House, times: Times, end: Callable[[Connection], None]) -> None:
    """--keep-grants: a client that was not seen since refreshes and goes on; one whose grant, user or client was ended
    since is connected again, which is what the option says; one that connected since is unknown."""
    quiet, ended_after = connect(house), connect(house)
    ended_before = connect(house)
    end(ended_before)
    times.back_up()
    end(ended_after)
    connected_after = connect(house)
    assert times.restore(keep_grants=True).ended_grants == 0

    for connection in (quiet, ended_after):
        assert validate(house, connection.tokens.access_token) is None
        connection.rotate()
        assert validate(house, connection.tokens.access_token) is not None
        end(connection)
        assert is_refused(connection)
    assert is_refused(ended_before)
    assert is_refused(connected_after)


def test_kept_grants_and_what_was_refreshed_since(house: House, times: Times) -> None:
    """--keep-grants: a token of a generation that the backup does not know is refused and ends nothing; the one that
    was current then works again, though it was spent."""
    connection = connect(house)
    spent = connection.refresh_token
    times.back_up()
    connection.rotate()
    connection.rotate()
    times.restore(keep_grants=True)

    for _ in range(2):
        assert refusal_of(house, refreshing(connection.client.client_id, connection.refresh_token)) == "InvalidGrant"
    assert connection.grant().state is GrantState.ACTIVE
    assert connection.refresh(spent).access_token


@pytest.mark.parametrize("redeemed", [False, True])
def test_codes_are_dead_though_grants_are_kept(house: House, times: Times, redeemed: bool) -> None:
    """A code that the backup has as unspent may have been redeemed since: it works no second time (RFC 6749 §4.1.2)."""
    client, user = a_client(house), a_user(house)
    code = a_code(house, client, user)
    times.back_up()
    if redeemed:
        house.tokens.issue(redeeming(client.client_id, code))
    times.restore(keep_grants=True)
    assert refusal_of(house, redeeming(client.client_id, code)) == "InvalidGrant"
    grant = house.store.find_grant(grant_id_of(code))
    assert grant is not None
    assert grant.state is GrantState.DEAD


def test_a_request_that_was_under_way(house: House, times: Times) -> None:
    """The login form of before the restore goes on after it: nothing of it was in the database."""
    client, user = a_client(house), a_user(house)
    times.back_up()
    start(house, asked(client))
    times.restore(keep_grants=False)
    assert a_code(house, client, user)


@pytest.mark.parametrize("keep_grants", [False, True])
def test_devices_that_waited_start_again(times: Times, keep_grants: bool) -> None:
    """Their users may have decided since: neither what waits nor what was allowed and not fetched is good."""
    house = times.house
    waiting, allowed = a_device(house), a_device(house)
    allowed.decide()
    times.back_up()
    times.restore(keep_grants=keep_grants)

    assert (waiting.refusal(), allowed.refusal()) == ("InvalidGrant", "InvalidGrant")
