"""What came of a grant's refreshes (RFC 9700 §4.14.2): each verdict counted; no database grows by it."""

from collections.abc import Sequence

import pytest

from core.domain.administration.verdicts import GrantVerdicts, VerdictCount
from core.domain.errors import InvalidGrant
from core.domain.keys.master_key import MasterKeys
from core.domain.tokens.grant_token import TokenKind, format_grant_token
from tests.domain.house import DAY, House
from tests.domain.road import Connection, a_client, connect, grant_id_of, refreshing


def _told(connection: Connection) -> Sequence[VerdictCount]:
    house = connection.house
    house.verdicts.write_down()
    return house.grants.get(grant_id_of(connection.refresh_token).hex()).verdicts


def _refuse(connection: Connection, token: str, client_id: str = "") -> str:
    with pytest.raises(InvalidGrant) as refused:
        connection.house.tokens.issue(refreshing(client_id or connection.client.client_id, token))
    return refused.value.verdict


def _made_up(connection: Connection) -> str:
    """Of the very grant, by somebody who knows its id and no secret."""
    keys = MasterKeys({1: bytes(32)}, connection.house.randomness)
    grant = connection.grant()
    return format_grant_token(
        TokenKind.REFRESH_TOKEN, keys, grant_id=grant.id, generation=grant.generation, grant_secret=bytes(32)
    )


def test_each_verdict_is_counted_with_its_last_time(house: House) -> None:
    """Rotations are the row's; what is replayed, forged, another client's and reused is counted beside it, and what
    comes after the grant has ended, too."""
    connection = connect(house)
    assert _told(connection) == []
    first, began = connection.refresh_token, house.clock.now()
    connection.rotate()
    house.clock.advance(1)
    for _ in range(2):
        connection.refresh(first)
    house.clock.advance(1)
    _refuse(connection, _made_up(connection))
    _refuse(connection, connection.refresh_token, a_client(house).client_id)
    rotated = VerdictCount("rotated", 1, began)
    before = [VerdictCount("forged", 1, began + 2), VerdictCount("mismatched", 1, began + 2)]
    assert _told(connection) == [rotated, *before, VerdictCount("replayed", 2, began + 1)]

    house.clock.advance(1)
    connection.refresh(first)
    house.clock.advance(200)
    assert [_refuse(connection, first) for _ in range(2)] == ["reused", "ended"]
    after = [VerdictCount("ended", 1, began + 203), VerdictCount("reused", 1, began + 203)]
    assert _told(connection) == [rotated, *after, VerdictCount("replayed", 3, began + 3), *before]


def test_nothing_is_written_when_a_verdict_is_given(house: House) -> None:
    """A replay that is counted costs no more than one that was not: it is written with all others, half a minute
    later; until then no row is there, and a hundred leave one."""
    connection = connect(house)
    first = connection.refresh_token
    connection.rotate()
    house.verdicts.write_down()

    def rows() -> object:
        return house.store.rows("SELECT COUNT(*) FROM grant_verdicts WHERE grant_id = ?", (grant_id_of(first),))

    for _ in range(100):
        connection.refresh(first)
    assert rows() == [(0,)]
    assert _told(connection)[1] == VerdictCount("replayed", 100, house.clock.now())
    assert rows() == [(1,)]


def test_nobody_makes_the_table_grow(house: House) -> None:
    """A grant that there is not has no row, and what is counted goes with its grant."""
    connection = connect(house)
    house.verdicts.note(bytes(16), "forged")
    house.verdicts.note(connection.grant().id, "forged")
    house.verdicts.write_down()
    counted = house.store.rows("SELECT COUNT(*) FROM grant_verdicts WHERE grant_id = ?", (bytes(16),))
    house.store.purge(now=house.clock.now() + 400 * DAY, limit=1000)

    assert counted == [(0,)]
    assert house.store.rows("SELECT COUNT(*) FROM grant_verdicts") == [(0,)]


def test_a_clock_in_doubt_dates_nothing(house: House) -> None:
    """Its times would be later than every right one."""
    connection, verdicts = connect(house), GrantVerdicts(house.store, house.clock)
    verdicts.note(connection.grant().id, "forged")
    house.clock.unconfirmed = True
    verdicts.write_down()
    house.clock.unconfirmed = False
    verdicts.write_down()

    assert _told(connection) == []
