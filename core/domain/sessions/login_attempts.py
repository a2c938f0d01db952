"""How often a password may be tried: per account, so that guessing is slow, and never so that guessers lock it.

Each network has tries of its own for an account, and all of them together ten times as many: who knows the password
gets in from where nobody is guessing. Those that come from a network from which the user has signed in lately do not
share the tries of all: whoever guesses from everywhere, however long, keeps nobody out who comes from where they always
do. A try is counted before the password is looked at, so guesses side by side count
like guesses in a row; a refused one still counts against its network.
"""

from dataclasses import dataclass
from typing import Protocol

from core.domain.clock import Clock
from core.domain.errors import TooManyAttempts
from core.domain.limits.key import LimitKey
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate
from core.domain.policy import PolicySource
from core.domain.writing import Writes

NETWORKS_AT_ONCE = 10
#: For how long a network is known after a right password, in seconds.
_KNOWN_FOR = 30 * 24 * 60 * 60


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

    def count(self, account: str, network_address: str, subject: str = "") -> None:
        """Count one try for the account, by its `username_key`; returns after the commit. `subject` is for operators
        to see: the user's, where there is one.

        Raises:
            TooManyAttempts: the tries from this network, or for this account, are used up.
        """
        now_ms = self._clock.now_ms()
        network, *accounts = self._buckets(account, network_address, subject)
        known = _known(account, network_address)

        def intent(tx: LimitIntents) -> int:
            mine = accounts[:1] if tx.is_remembered(known, now_ms=now_ms) else accounts
            return _take(tx, [network], now_ms) or _take(tx, mine, now_ms)

        _require_no_wait(self._store.write(intent))

    def count_elsewhere(self, tx: LimitIntents, network_address: str) -> None:
        """Count one try to sign in at another provider, where nobody is named yet: against its network alone.

        Raises:
            TooManyAttempts: the tries from this network are used up.
        """
        _require_no_wait(_take(tx, self._buckets("", network_address)[:1], self._clock.now_ms()))

    def give_back_elsewhere(self, tx: LimitIntents, network_address: str) -> None:
        """Take a try back that led to a session."""
        network = self._buckets("", network_address)[0]
        if network.rate.count:
            tx.give_slot_back(network.key, interval_ms=network.rate.interval_ms)

    def give_back(self, tx: LimitIntents, account: str, network_address: str) -> None:
        """Take one try back that was no failure."""
        *mine, of_all = self._buckets(account, network_address)
        known = tx.is_remembered(_known(account, network_address), now_ms=self._clock.now_ms())
        for bucket in mine if known else (*mine, of_all):
            if bucket.rate.count:
                tx.give_slot_back(bucket.key, interval_ms=bucket.rate.interval_ms)

    def forgive(self, tx: LimitIntents, account: str, network_address: str) -> None:
        """After a right password: this network has all its tries for the account again, and one more in all; and it is
        known as one from which its user comes."""
        self.give_back(tx, account, network_address)
        tx.remember(_known(account, network_address), until_ms=self._clock.now_ms() + _KNOWN_FOR * 1000)
        tx.clear_slots(self._buckets(account, network_address)[1].key)

    def _buckets(self, account: str, network_address: str, subject: str = "") -> list[_Bucket]:
        policy, network = self._policy.current, network_of(network_address)
        rate = policy.login_failures
        return [
            _Bucket(LimitKey.of("login network", network=network), policy.login_failures_per_network),
            _Bucket(LimitKey.of("login account", account=account, network=network, shown_account=subject), rate),
            _Bucket(
                LimitKey.of("login account", account=account, shown_account=subject),
                Rate(rate.count * NETWORKS_AT_ONCE, rate.period),
            ),
        ]


def _known(account: str, network_address: str) -> LimitKey:
    return LimitKey.of("login known", account=account, network=network_of(network_address))


def _require_no_wait(wait: int) -> None:
    if wait:
        raise TooManyAttempts("too many failed logins; try again later", retry_after=-(-wait // 1000))


def _take(tx: LimitIntents, buckets: list[_Bucket], now_ms: int) -> int:
    """Spend one try of each, as long as none refuses; how long to wait, in milliseconds."""
    for bucket in buckets:
        if bucket.rate.count:
            wait = tx.take_slot(bucket.key, now_ms=now_ms, interval_ms=bucket.rate.interval_ms, burst=bucket.rate.count)
            if wait:
                return wait
    return 0
