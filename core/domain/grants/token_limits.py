"""How often tokens may be asked for: from a network, by a client from one network, and by a client from all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.domain.grants.grant import SAME_ATTEMPT_WINDOW
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import require_slot_in_all
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.policy import Policy

NETWORKS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """One of them."""

    rate: Rate
    per_client: bool
    per_network: bool

    def key(self, client_id: str, network: str) -> LimitKey:
        """The count that a request of this client from there spends."""
        return LimitKey.of(
            "token" if self.per_client else "token network",
            account=client_id if self.per_client else "",
            network=network if self.per_network else "",
        )


def spend_tries(
    tx: LimitIntents, limits: Sequence[TokenLimit], client_id: str, network: str, attempt_id: bytes, *, now_ms: int
) -> None:
    """Spend a try of each, inside the request's transaction, and once for one attempt.

    The facade asks again where an answer was lost. Where the first had spent the last try, the tokens that it was given
    would be lost too.

    Raises:
        TooManyAttempts: of one there is none left.
    """
    if not limits:
        return
    spent = LimitKey.of("token attempt", account=f"{client_id}\0{attempt_id.hex()}")
    if tx.is_remembered(spent, now_ms=now_ms):
        return
    what = "token requests"
    for limit in limits:
        key = limit.key(client_id, network)
        if limit.per_network:
            require_slot(tx, key, limit.rate, now_ms=now_ms, what=what)
        else:
            # Anybody may name a public client; whose users are at home here is not kept out by it.
            require_slot_in_all(tx, key, limit.rate, network, now_ms=now_ms, what=what)
    tx.remember(spent, until_ms=now_ms + SAME_ATTEMPT_WINDOW * 1000)


def token_limits(policy: Policy) -> tuple[TokenLimit, ...]:
    """Those that are on."""
    return _limits(policy.token_requests, policy.token_requests_per_network)


@lru_cache(maxsize=4)
def _limits(of_client: Rate, of_network: Rate) -> tuple[TokenLimit, ...]:
    limits = (
        TokenLimit(of_network, per_client=False, per_network=True),
        TokenLimit(of_client, per_client=True, per_network=True),
        TokenLimit(Rate(of_client.count * NETWORKS_AT_ONCE, of_client.period), per_client=True, per_network=False),
    )
    return tuple(limit for limit in limits if limit.rate.count)
