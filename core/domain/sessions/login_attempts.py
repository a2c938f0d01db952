"""How often a password may be tried: per account, so that guessing is slow, and never so that guessers lock it.

Each network has tries of its own for an account, and all of them together ten times as many: who knows the password
gets in from where nobody is guessing. A try is counted before the password is looked at, so guesses side by side count
like guesses in a row; a refused one still counts against its network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.domain.clock import Clock
from core.domain.errors import TooManyAttempts
from core.domain.limits.network import limit_key, network_of
from core.domain.limits.rate import LimitIntents, Rate
from core.domain.policy import PolicySource
from core.domain.writing import Writes

_NETWORKS_AT_ONCE = 10


class AttemptStore(Writes[LimitIntents], Protocol):
    """What counting needs of a store."""


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One count of tries."""

    key: bytes
    rate: Rate


class LoginAttempts:
    """Counts tries and gives them back."""

    def __init__(self, store: AttemptStore, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def count(self, account: str, network_address: str) -> None:
        """Count one try for the account, by its `username_key`; returns after the commit.

        Raises:
            TooManyAttempts: the tries from this network, or for this account, are used up.
        """
        now_ms = self._clock.now_ms()
        network, *accounts = self._buckets(account, network_address)
        wait = self._store.write(lambda tx: _take(tx, [network], now_ms) or _take(tx, accounts, now_ms))
        if wait:
            raise TooManyAttempts("too many failed logins; try again later", retry_after=-(-wait // 1000))

    def give_back(self, tx: LimitIntents, account: str, network_address: str) -> None:
        """Take one try back that was no failure."""
        self._each(
            account, network_address, lambda bucket: tx.give_slot_back(bucket.key, interval_ms=bucket.rate.interval_ms)
        )

    def forgive(self, tx: LimitIntents, account: str, network_address: str) -> None:
        """After a right password: this network has all its tries for the account again, and one more in all."""
        self.give_back(tx, account, network_address)
        tx.clear_slots(self._buckets(account, network_address)[1].key)

    def _each(self, account: str, network_address: str, act: Callable[[_Bucket], None]) -> None:
        for bucket in self._buckets(account, network_address):
            if bucket.rate.count:
                act(bucket)

    def _buckets(self, account: str, network_address: str) -> list[_Bucket]:
        policy, network = self._policy.current, network_of(network_address)
        rate = policy.login_failures
        return [
            _Bucket(limit_key("login network", network), policy.login_failures_per_network),
            _Bucket(limit_key("login account", account, network), rate),
            _Bucket(limit_key("login account", account), Rate(rate.count * _NETWORKS_AT_ONCE, rate.period)),
        ]


def _take(tx: LimitIntents, buckets: list[_Bucket], now_ms: int) -> int:
    """Spend one try of each, as long as none refuses; how long to wait, in milliseconds."""
    for bucket in buckets:
        if bucket.rate.count:
            wait = tx.take_slot(bucket.key, now_ms=now_ms, interval_ms=bucket.rate.interval_ms, burst=bucket.rate.count)
            if wait:
                return wait
    return 0
