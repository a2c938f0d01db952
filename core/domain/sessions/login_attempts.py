"""How often a password may be tried: per account, so that guessing is slow, and never so that guessers lock it.

Each network has tries of its own for an account, and all of them together ten times as many: who knows the password
gets in from where nobody is guessing. Those that come from a network from which the user has signed in lately do not
share the tries of all: whoever guesses from everywhere, however long, keeps nobody out who comes from where they always
do. A browser in which the user has signed in before (`remembered_browser`) has tries of its own in the place of all
others, wherever it is, and is a stranger's while it has used them up. A try is counted before the password is looked
at, so guesses side by side count like guesses in a row; a refused one still counts against its network.
"""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Try:
    """One that was counted."""

    account: str
    network_address: str
    #: What it was taken from.
    taken: tuple[_Bucket, ...]
    #: Which a right password fills up again.
    own: tuple[_Bucket, ...]


class LoginAttempts:
    """Counts tries and gives them back."""

    def __init__(self, store: AttemptStore, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def count(self, account: str, network_address: str, subject: str = "", *, browser_id: bytes = b"") -> Try:
        """Count one try for the account, by its `username_key`; returns after the commit. `subject` is for operators
        to see: the user's, where there is one. `browser_id` is that of a browser in which they have signed in before.

        Raises:
            TooManyAttempts: the tries from this network, or for this account, are used up.
        """
        now_ms = self._clock.now_ms()
        network, mine, of_all = self._buckets(account, network_address, subject)
        browser = self._browser("login browser", subject, browser_id)
        known = _known(account, network_address)

        def intent(tx: LimitIntents) -> tuple[int, tuple[_Bucket, ...]]:
            # Where accounts have no limit nobody is kept out of one, and that of networks is no browser's to pass by.
            if browser is not None and browser.rate.count and not _take(tx, (browser,), now_ms):
                return 0, (browser,)
            taken = (network, mine) if tx.is_remembered(known, now_ms=now_ms) else (network, mine, of_all)
            return _take(tx, taken, now_ms), taken

        wait, taken = self._store.write(intent)
        _require_no_wait(wait)
        return Try(account, network_address, taken, (mine,) if browser is None else (mine, browser))

    def count_signed_in(self, account: str, network_address: str, subject: str, session_id: bytes) -> Try:
        """Count one try of somebody who is signed in already: this network's tries for the account as at the login,
        and in the place of those that are everybody's, the session's own.

        Raises:
            TooManyAttempts: one of them is used up.
        """
        now_ms = self._clock.now_ms()
        network, mine, _ = self._buckets(account, network_address, subject)
        session = self._browser("login session", subject, session_id)
        taken = (network, mine) if session is None else (network, mine, session)
        _require_no_wait(self._store.write(lambda tx: _take(tx, taken, now_ms)))
        return Try(account, network_address, taken, taken[1:])

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

    def give_back(self, tx: LimitIntents, tried: Try) -> None:
        """Take one try back that was no failure."""
        for bucket in tried.taken:
            if bucket.rate.count:
                tx.give_slot_back(bucket.key, interval_ms=bucket.rate.interval_ms)

    def forgive(self, tx: LimitIntents, tried: Try) -> None:
        """After a right password: this network and this browser have all their tries for the account again, and there
        is one more in all; and the network is known as one from which its user comes."""
        self.give_back(tx, tried)
        self.know(tx, tried.account, tried.network_address)
        for bucket in tried.own:
            tx.clear_slots(bucket.key)

    def know(self, tx: LimitIntents, account: str, network_address: str) -> None:
        """The network is one from which the account's user comes."""
        tx.remember(_known(account, network_address), until_ms=self._clock.now_ms() + _KNOWN_FOR * 1000)

    def _browser(self, kind: str, subject: str, browser_id: bytes) -> _Bucket | None:
        if not browser_id:
            return None
        return _Bucket(LimitKey.of_browser(kind, subject, browser_id), self._policy.current.login_failures)

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


def _take(tx: LimitIntents, buckets: Sequence[_Bucket], now_ms: int) -> int:
    """Spend one try of each, as long as none refuses; how long to wait, in milliseconds."""
    for bucket in buckets:
        if bucket.rate.count:
            wait = tx.take_slot(bucket.key, now_ms=now_ms, interval_ms=bucket.rate.interval_ms, burst=bucket.rate.count)
            if wait:
                return wait
    return 0
