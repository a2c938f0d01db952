"""Rates (GCRA): a burst at once, then one more each interval, and a refused try costs nothing."""

from core.domain.store import Store
from tests.store_contract.nouns import NOW
from tests.store_contract.writers import race

NOW_MS = NOW * 1000
INTERVAL = 90_000


def take(store: Store, now_ms: int, key: bytes = b"key", burst: int = 3) -> int:
    """Spend a try; the milliseconds to wait."""
    return store.write(lambda transaction: transaction.take_slot(key, now_ms=now_ms, interval_ms=INTERVAL, burst=burst))


def test_a_burst_is_exact(store: Store) -> None:
    """`burst` tries go on at once, the next must wait one interval, and asking again does not lengthen the wait."""
    assert [take(store, NOW_MS) for _ in range(5)] == [0, 0, 0, INTERVAL, INTERVAL]


def test_one_try_comes_back_each_interval(store: Store) -> None:
    """After the wait that was said, and not a millisecond sooner, exactly one more goes on."""
    for _ in range(3):
        take(store, NOW_MS)
    assert take(store, NOW_MS + INTERVAL - 1) == 1
    assert take(store, NOW_MS + INTERVAL) == 0
    assert take(store, NOW_MS + INTERVAL) == INTERVAL


def test_a_long_rest_gives_one_burst_and_no_more(store: Store) -> None:
    """Tries do not pile up beyond the burst."""
    take(store, NOW_MS)
    later = NOW_MS + 1000 * INTERVAL
    assert [take(store, later) for _ in range(4)] == [0, 0, 0, INTERVAL]


def test_keys_do_not_concern_one_another(store: Store) -> None:
    """One account's or network's failures slow nobody else."""
    assert [take(store, NOW_MS, key=key, burst=1) for key in (b"a", b"b", b"a", b"b")] == [0, 0, INTERVAL, INTERVAL]


def test_a_success_gives_every_try_back(store: Store) -> None:
    """A cleared key has its whole burst again; clearing an unknown one is no error."""
    for _ in range(3):
        take(store, NOW_MS)
    store.write(lambda transaction: transaction.clear_slots(b"key"))
    store.write(lambda transaction: transaction.clear_slots(b"unknown"))
    assert [take(store, NOW_MS) for _ in range(4)] == [0, 0, 0, INTERVAL]


def test_a_burst_is_exact_under_a_race(store: Store) -> None:
    """Of 50 tries at the same moment exactly `burst` go on."""
    waits = race(store, lambda transaction: transaction.take_slot(b"key", now_ms=NOW_MS, interval_ms=INTERVAL, burst=7))
    assert sorted(waits) == [0] * 7 + [INTERVAL] * 43
