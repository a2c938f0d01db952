"""How often a password may be tried: per account, so that guessing is slow, and never so that guessers lock it.

Each network has tries of its own for an account, and all of them together ten times as many: who knows the password
gets in from where nobody is guessing. For all accounts together a network has so many tries more. From a network from
which the user has signed in lately an account has that network's tries for it, in the place of both: whoever guesses
from everywhere, or sits in the same network and guesses at everybody, keeps nobody out who comes from where they always
do. (So whoever has used up a network's tries can tell of a name whether its user has signed in from there.) A browser
in which the user has signed in before (`remembered_browser`) has tries of its own in the place of all others, wherever
it is, and is a stranger's while it has used them up. A try is counted before the password is looked at, so guesses side
by side count like guesses in a row; a stranger's refused one still counts against its network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.domain.clock import Clock
from core.domain.errors import TooManyAttempts
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import KNOWN_FOR
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate
from core.domain.limits.used_up import UsedUp
from core.domain.policy import Policy, PolicySource
from core.domain.writing import Writes

NETWORKS_AT_ONCE = 10


class AttemptStore(Writes[LimitIntents], Protocol):
    """What counting needs of a store."""


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One count of tries."""

    key: bytes
    rate: Rate
    #: What its being empty is called.
    used_up: UsedUp


@dataclass(frozen=True, slots=True)
class _Refused:
    """There was none left."""

    used_up: UsedUp
    #: How long it takes until there is one, in milliseconds.
    wait: int


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
        browser = self._browser(subject, browser_id)
        known = _known(account, network_address)

        def intent(tx: LimitIntents) -> tuple[_Refused | None, tuple[_Bucket, ...]]:
            if browser is not None and not _take(tx, (browser,), now_ms):
                return None, (browser,)
            taken = (mine,) if tx.is_remembered(known, now_ms=now_ms) else (network, mine, of_all)
            return _take(tx, taken, now_ms), taken

        refused, taken = self._store.write(intent)
        _require_none(refused)
        return Try(account, network_address, taken, (mine,) if browser is None else (mine, browser))

    def count_signed_in(self, account: str, network_address: str, subject: str, session_id: bytes) -> Try:
        """Count one try of somebody who is signed in already: the session's own, so that nobody outside keeps them from
        what they do there. It is one of this network's tries for the account, too, while there are any: whoever sits at
        somebody's open browser guesses as at the login.

        Raises:
            TooManyAttempts: the session's tries are used up.
        """
        now_ms = self._clock.now_ms()
        mine = self._buckets(account, network_address, subject)[1]
        key = LimitKey.of_browser("login session", subject, session_id)
        session = _Bucket(key, rate_of_account(self._policy.current), UsedUp.SESSION)

        def intent(tx: LimitIntents) -> tuple[_Refused | None, tuple[_Bucket, ...]]:
            refused = _take(tx, (session,), now_ms)
            if refused or _take(tx, (mine,), now_ms):
                return refused, (session,)
            return None, (session, mine)

        refused, taken = self._store.write(intent)
        _require_none(refused)
        return Try(account, network_address, taken, (mine, session))

    def count_elsewhere(self, tx: LimitIntents, network_address: str, owned: tuple[str, bytes] = ("", b"")) -> Try:
        """Count one try to sign in at another provider, where nobody is named yet: against its network, and apart from
        passwords, lest whoever guesses at those keeps a whole office out. A remembered browser (`owned` as
        `RememberedBrowsers.find_owned` has it) has tries of its own, so that a neighbour's made-up answers do neither.

        Raises:
            TooManyAttempts: the tries from this network are used up, and those of the browser.
        """
        now_ms, (subject, browser_id) = self._clock.now_ms(), owned
        mine = self._browser(subject, browser_id, "login elsewhere browser")
        if mine is not None and not _take(tx, (mine,), now_ms):
            return Try("", network_address, (mine,), ())
        key = LimitKey.of("login elsewhere", network=network_of(network_address))
        elsewhere = _Bucket(key, self._policy.current.login_failures_per_network, UsedUp.NETWORK)
        _require_none(_take(tx, (elsewhere,), now_ms))
        return Try("", network_address, (elsewhere,), ())

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
        tx.remember(_known(account, network_address), until_ms=self._clock.now_ms() + KNOWN_FOR * 1000)

    def _browser(self, subject: str, browser_id: bytes, kind: str = "login browser") -> _Bucket | None:
        if not browser_id:
            return None
        key = LimitKey.of_browser(kind, subject, browser_id)
        return _Bucket(key, rate_of_account(self._policy.current), UsedUp.ACCOUNT)

    def _buckets(self, account: str, network_address: str, subject: str = "") -> list[_Bucket]:
        """What a network has for everybody, what it has for the account, and what all networks have for that."""
        policy, network = self._policy.current, network_of(network_address)
        in_all = Rate(policy.login_failures.count * NETWORKS_AT_ONCE, policy.login_failures.period)
        of_network = LimitKey.of("login network", network=network)
        here = LimitKey.of("login account", account=account, network=network, shown_account=subject)
        of_all = LimitKey.of("login account", account=account, shown_account=subject)
        return [
            _Bucket(of_network, policy.login_failures_per_network, UsedUp.NETWORK),
            _Bucket(here, rate_of_account(policy), UsedUp.ACCOUNT_IN_NETWORK),
            _Bucket(of_all, in_all, UsedUp.ACCOUNT),
        ]


def _known(account: str, network_address: str) -> LimitKey:
    return LimitKey.of("login known", account=account, network=network_of(network_address))


def rate_of_account(policy: Policy) -> Rate:
    """What one account has in one network, one browser or one session: where accounts have no limit, as much as all of
    them have in a network, so that whoever uses that up keeps nobody out of theirs either."""
    return policy.login_failures if policy.login_failures.count else policy.login_failures_per_network


def _require_none(refused: _Refused | None) -> None:
    if refused:
        wait = -(-refused.wait // 1000)
        raise TooManyAttempts("too many failed logins; try again later", wait, refused.used_up)


def _take(tx: LimitIntents, buckets: Sequence[_Bucket], now_ms: int) -> _Refused | None:
    """Spend one try of each, as long as none refuses; the one that did."""
    for bucket in buckets:
        if bucket.rate.count:
            wait = tx.take_slot(bucket.key, now_ms=now_ms, interval_ms=bucket.rate.interval_ms, burst=bucket.rate.count)
            if wait:
                return _Refused(bucket.used_up, wait)
    return None
