"""Devices' requests (core.domain.authorization.device_authorization): every verb is one conditional statement."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from core.domain.authorization.device_authorization import DeviceAuthorization, DeviceState
from core.domain.store import Store
from tests.store_contract.nouns import HOUR, MINUTE, NOW

_TAG = b"tag-of-the-code-0123456789-01234"
_NO_TAG = b"another-tag-0123456789-012345678"
_ASKED = DeviceAuthorization(
    id=b"device-012345678",
    secret=b"secret-0123456789-secret-0123456",
    user_code_tag=_TAG,
    client_id="client-1",
    scope=("mcp", "files:read"),
    resources=("https://mcp.example.com/mcp", "https://other.example.com/a%20b?c=d"),
    state=DeviceState.PENDING,
    created_at=NOW,
    expires_at=NOW + 10 * MINUTE,
)


def _create(store: Store, asked: DeviceAuthorization = _ASKED) -> bool:
    return store.write(lambda transaction: transaction.create_device_authorization(asked))


def _decide(store: Store, state: DeviceState, *, now: int = NOW + 5) -> DeviceAuthorization | None:
    return store.write(
        lambda transaction: transaction.decide_device_authorization(_ASKED.id, state=state, subject="s", now=now)
    )


def test_what_was_stored_is_found(populated: Store) -> None:
    """By its id in any state, and by its code, under either master key, while it is pending and good."""
    assert _create(populated)

    assert populated.find_device_authorization(_ASKED.id) == _ASKED
    for tags in ((_TAG, _NO_TAG), (_NO_TAG, _TAG), (_TAG, _TAG)):
        assert populated.find_undecided(tags, now=_ASKED.expires_at - 1) == _ASKED
    assert populated.find_undecided((_TAG, _TAG), now=_ASKED.expires_at) is None
    assert populated.find_undecided((_NO_TAG, _NO_TAG), now=NOW) is None
    assert populated.find_device_authorization(b"another") is None


def test_ids_and_codes_are_unique_and_clients_must_live(populated: Store) -> None:
    """False, and nothing stored, for a taken id, a taken code, and a client that is gone or blocked."""
    assert _create(populated)
    other = replace(_ASKED, id=b"device-2", user_code_tag=_NO_TAG)

    assert not _create(populated, replace(_ASKED, user_code_tag=_NO_TAG))
    assert not _create(populated, replace(_ASKED, id=b"device-2"))
    assert not _create(populated, replace(other, client_id="nobody"))
    populated.write(lambda transaction: transaction.block_client("client-1", now=NOW))
    assert not _create(populated, other)


def test_it_is_decided_once(populated: Store) -> None:
    """pending → approved or denied, by one of many, before it expires; the code is found no more."""
    _create(populated)
    assert _decide(populated, DeviceState.APPROVED, now=_ASKED.expires_at) is None
    with ThreadPoolExecutor(8) as pool:
        decided = [each for each in pool.map(lambda _: _decide(populated, DeviceState.DENIED), range(16)) if each]

    assert decided == [replace(_ASKED, state=DeviceState.DENIED, subject="s", decided_at=NOW + 5)]
    assert populated.find_device_authorization(_ASKED.id) == decided[0]
    assert populated.find_undecided((_TAG, _TAG), now=NOW) is None


def test_what_is_pending_can_be_ended(populated: Store) -> None:
    """pending → dead, alone, for a client, or all; what was decided stays so."""
    ids = [b"alone", b"client", b"all", b"decided"]
    for number, each in enumerate(ids):
        assert _create(populated, replace(_ASKED, id=each, user_code_tag=bytes([number])))
    populated.write(
        lambda tx: tx.decide_device_authorization(b"decided", state=DeviceState.APPROVED, subject="s", now=NOW)
    )
    assert populated.write(
        lambda tx: (tx.kill_device_authorization(b"alone"), tx.kill_device_authorization(b"alone"))
    ) == (
        True,
        False,
    )
    assert populated.write(lambda tx: tx.kill_device_authorizations_of_client("client-2")) == 0
    assert populated.write(lambda tx: tx.kill_device_authorizations_of_client("client-1")) == 2
    assert _create(populated, replace(_ASKED, id=b"last", user_code_tag=b"last"))
    assert populated.write(lambda tx: tx.kill_all_device_authorizations()) == 1

    states = {each: found.state for each in [*ids, b"last"] if (found := populated.find_device_authorization(each))}
    assert states == dict.fromkeys([*ids, b"last"], DeviceState.DEAD) | {b"decided": DeviceState.APPROVED}


def test_they_go_an_hour_after_they_expired(populated: Store) -> None:
    """To the second; the table does not grow (core.domain.store.Store.purge)."""
    _create(populated)

    assert populated.purge(now=_ASKED.expires_at + HOUR - 1, limit=10) == 0
    assert populated.purge(now=_ASKED.expires_at + HOUR, limit=10) == 1
    assert populated.find_device_authorization(_ASKED.id) is None
