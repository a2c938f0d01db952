"""Networks from which somebody has signed in lately, whoever it was.

What bounds everybody together is for strangers: whoever comes from many networks at once, as one line with IPv6 can,
uses that up and keeps nobody out who is in a network that is known. Such a one has what each network has, so all of
them together are bounded still.
"""

from typing import Final

from core.domain.limits.key import LimitKey
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate, require_slot

#: For how long after a login, in seconds.
KNOWN_FOR: Final = 30 * 24 * 60 * 60
_NO_ADDRESS: Final = network_of("")


def know_network(tx: LimitIntents, network_address: str, *, now: int) -> None:
    """Somebody has signed in from there, at `now` (seconds since the epoch)."""
    network = network_of(network_address)
    if network != _NO_ADDRESS:
        tx.remember(_known(network), until_ms=(now + KNOWN_FOR) * 1000)


def require_slot_in_all(tx: LimitIntents, key: LimitKey, rate: Rate, network: str, *, now_ms: int, what: str) -> None:
    """As `require_slot`, of what all networks have together; a `network` that is known needs none of it.

    Raises:
        TooManyAttempts: the rate is used up; nothing was spent.
    """
    if rate.count and not tx.is_remembered(_known(network), now_ms=now_ms):
        require_slot(tx, key, rate, now_ms=now_ms, what=what)


def _known(network: str) -> LimitKey:
    return LimitKey.of("known network", network=network)
