"""Browsers in which a user has signed in before: device cookies, as OWASP's "Slow Down Online Guessing Attacks with
Device Cookies" has them. Whoever guesses at an account from everywhere uses up the tries that are everybody's; such a
browser has tries of its own, wherever it is.

It proves nothing but that, and tells nobody whose it is: it is good for the one account it was sealed for, and for none
once that account's user has forgotten their browsers. Where nobody is named yet, on the way back from a provider, it
says whose browser it is, for tries and nothing else.
"""

import hashlib
from typing import Any, Protocol

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
#: Of no browser session: it outlives them all.
_BINDING = hashlib.sha256(_PURPOSE).digest()


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
        body = {"b": browser_id.hex(), "s": user.subject, "g": _generation(user)}
        return self._seal.seal(_PURPOSE, body, _BINDING)

    def find_id(self, remembered: str, user: User | None) -> bytes:
        """Which browser it is, for tries at this user's account; empty where it is none that its user has signed in
        with, or that was too long ago."""
        # Opened for nobody, too: a name that no user has takes no less time.
        body = self._open(remembered)
        if body is None or user is None or (body["s"], body["g"]) != (user.subject, _generation(user)):
            return b""
        return bytes.fromhex(body["b"])

    def find_owned(self, remembered: str) -> tuple[str, bytes]:
        """Whose browser it is, by their subject, and which; empty where it is nobody's, as `find_id` has it."""
        body = self._open(remembered)
        user = None if body is None else self._facts.find_user(body["s"])
        browser_id = self.find_id(remembered, user)
        return ("", b"") if user is None or not browser_id else (user.subject, browser_id)

    def _open(self, remembered: str) -> dict[str, Any] | None:
        return self._seal.find(_PURPOSE, remembered, _BINDING) if remembered else None


def _generation(user: User) -> str:
    # Of one length, as all that is sealed: how long a sealed value is can be seen.
    return f"{user.browsers_generation:012d}"
