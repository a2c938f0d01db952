"""How often a user code may be tried in vain (RFC 8628 §5.1); the arithmetic stands in `authorization.user_code`.

Counted for the user who is signed in, so that a new session brings no new tries, for the network, and for everybody
together. Codes that are good cost nothing.
"""

from collections.abc import Iterator

from core.domain.clock import Clock
from core.domain.limits.key import LimitKey
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.policy import PolicySource

USERS_OF_A_NETWORK = 10
USERS_AT_ONCE = 100


class UserCodeAttempts:
    """Counts tries and gives them back, inside the transaction that looks for the code."""

    def __init__(self, policy: PolicySource, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock

    def spend(self, tx: LimitIntents, subject: str, network_address: str) -> None:
        """Count one try.

        Raises:
            TooManyAttempts: the tries of the user, the network or everybody are used up; nothing was spent.
        """
        now_ms = self._clock.now_ms()
        for key, rate in self._buckets(subject, network_address):
            require_slot(tx, key, rate, now_ms=now_ms, what="wrong codes")

    def give_back(self, tx: LimitIntents, subject: str, network_address: str) -> None:
        """Take one try back: the code was good."""
        for key, rate in self._buckets(subject, network_address):
            if rate.count:
                tx.give_slot_back(key, interval_ms=rate.interval_ms)

    def _buckets(self, subject: str, network_address: str) -> Iterator[tuple[bytes, Rate]]:
        rate = self._policy.current.device_flow.user_codes
        yield LimitKey.of("user code", account=subject), rate
        yield (
            LimitKey.of("user code network", network=network_of(network_address)),
            Rate(rate.count * USERS_OF_A_NETWORK, rate.period),
        )
        yield LimitKey.of("user codes"), Rate(rate.count * USERS_AT_ONCE, rate.period)
