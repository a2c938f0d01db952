"""How often what is no password may be tried: ten bad answers, and then one more each 90 seconds, by no setting.

Whoever guesses at codes has the password, and three codes of a million are good at a time: an account has its tries
from wherever they come, so that a day of guessing succeeds once in three hundred. A network from which its user has
been through the second step lately has as many of its own in the place of those: nobody makes one such who has only
the password, so whoever guesses elsewhere, however long, keeps nobody out who comes from where they always do.

A signature is nobody's guess (WebAuthn Level 3 §7.2): what is bounded there is the work of verifying, for each account
in each network. So whoever guesses at passwords keeps no passkey out, from however near; it takes a credential ID of
this very account, in its user's network.

A browser in which the user has signed in before (`remembered_browser`) has as many of its own, before all others.
"""

from enum import StrEnum

from core.domain.errors import TooManyAttempts
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import KNOWN_FOR
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate
from core.domain.limits.used_up import UsedUp
from core.domain.users.user import User

WRONG_ANSWERS = Rate(10, 900)


class Factor(StrEnum):
    """What is tried; by these names operators see it. Each is counted apart: who guesses at one leaves the others."""

    CODE = "second factor"
    RECOVERY_CODE = "recovery code"
    #: In the place of user name and password.
    PASSKEY = "passkey"
    #: After a right password.
    PASSKEY_STEP = "passkey step"


class FactorTries:
    """Those of one account, where a try of it comes from."""

    def __init__(self, factor: Factor, user: User, network_address: str, browser_id: bytes) -> None:
        """`browser_id` is that of a browser in which the user has signed in before, or empty."""
        subject, network = user.subject, network_of(network_address)
        self._of_network = LimitKey.of(factor.value, account=subject, network=network)
        self._of_account = LimitKey.of(factor.value, account=subject)
        self._of_browser = LimitKey.of_browser(f"{factor} browser", subject, browser_id) if browser_id else None
        # What forgets a user's browsers forgets their networks: somebody else may have had the second factor, too.
        known = f"{subject}\0{user.browsers_generation}"
        self._known = LimitKey.of("second step known", account=known, network=network)
        self._is_passkey = factor in (Factor.PASSKEY, Factor.PASSKEY_STEP)
        self._used_up = UsedUp.PASSKEYS_IN_NETWORK if factor is Factor.PASSKEY else UsedUp.SECOND_STEP

    def take(self, tx: LimitIntents, now_ms: int) -> LimitKey:
        """Spend one, of the browser's while it has any; which that was.

        Raises:
            TooManyAttempts: there is none left; nothing was spent.
        """
        here = self._is_passkey or tx.is_remembered(self._known, now_ms=now_ms)
        of_others = self._of_network if here else self._of_account
        interval_ms, burst, waits = WRONG_ANSWERS.interval_ms, WRONG_ANSWERS.count, []
        for key in (of_others,) if self._of_browser is None else (self._of_browser, of_others):
            wait = tx.take_slot(key, now_ms=now_ms, interval_ms=interval_ms, burst=burst)
            if not wait:
                return key
            waits.append(wait)
        raise TooManyAttempts("too many bad answers; try again later", -(-min(waits) // 1000), self._used_up)

    def give_back(self, tx: LimitIntents, key: LimitKey) -> None:
        """Take one back that was good."""
        tx.give_slot_back(key, interval_ms=WRONG_ANSWERS.interval_ms)

    def clear(self, tx: LimitIntents) -> None:
        """Give back what this browser has, and this network for the account by itself."""
        tx.clear_slots(self._of_network)
        if self._of_browser is not None:
            tx.clear_slots(self._of_browser)

    def know(self, tx: LimitIntents, now_ms: int) -> None:
        """The network is one from which the user has been through the second step, or was spared it by a passkey."""
        tx.remember(self._known, until_ms=now_ms + KNOWN_FOR * 1000)
