"""Browsers in which a user has signed in before: device cookies, as OWASP's "Slow Down Online Guessing Attacks with
Device Cookies" has them. Whoever guesses at an account from everywhere uses up the tries that are everybody's; such a
browser has tries of its own, wherever it is.

It proves nothing but that, and tells nobody whose it is: it opens for the one account it was sealed for, and for none
once that account's user has forgotten their browsers.
"""

import hashlib
from typing import Protocol

from core.domain.clock import Clock
from core.domain.keys.browser_seal import BrowserSeal
from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import Randomness
from core.domain.sessions.session import Session, SessionFacts
from core.domain.users.user import User, UserFacts

#: In seconds, from the last time that somebody has signed in there.
REMEMBERED_FOR = 365 * 24 * 60 * 60
_PURPOSE = b"remembered browser"
_ID_BYTES = 16


class BrowserFacts(UserFacts, SessionFacts, Protocol):
    """What tells whether somebody is signed in still."""


class RememberedBrowsers:
    """Seals what a browser keeps, and opens it again; nothing is stored."""

    def __init__(self, facts: BrowserFacts, master_keys: MasterKeys, clock: Clock, randomness: Randomness) -> None:
        self._facts = facts
        self._seal = BrowserSeal(master_keys, clock, lifetime=REMEMBERED_FOR)
        self._clock = clock
        self._randomness = randomness

    def remember(self, session: Session) -> str:
        """What the browser of this session keeps, a new one for each; empty where the session has ended meanwhile."""
        user = self._facts.find_user(session.subject)
        # After the user: what forgets a user's browsers ends their sessions with it, so this is no older user's row.
        live = self._facts.find_session(session.token_hash, now=self._clock.now())
        if user is None or live is None:
            return ""
        browser_id = self._randomness.token_bytes(_ID_BYTES)
        return self._seal.seal(_PURPOSE, {"b": browser_id.hex()}, _account(user))

    def find_id(self, remembered: str, user: User | None) -> bytes:
        """Which browser it is, for tries at this user's account; empty where it is none that its user has signed in
        with, or that was too long ago."""
        # Opened for nobody, too: a name that no user has takes no less time.
        body = self._seal.find(_PURPOSE, remembered, _account(user)) if remembered else None
        return b"" if body is None or user is None else bytes.fromhex(body["b"])


def _account(user: User | None) -> bytes:
    of = "" if user is None else f"{user.subject}\0{user.browsers_generation}"
    return hashlib.sha256(of.encode()).digest()
