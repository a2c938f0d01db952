"""Whose session a call names, for what is refused there: the audit trail has to say who it was."""

from core.domain.audit.origin import Actor
from core.domain.clock import Clock
from core.domain.sessions.login import SessionOwnerFacts, actor_of, find_live_session


class SignedIn:
    """Finds it, without a transaction."""

    def __init__(self, facts: SessionOwnerFacts, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock

    def find_actor(self, session_token: str) -> Actor | None:
        """The user whose session this is; None when it has ended or never was.

        Raises:
            StoreUnavailable: it cannot be read now.
        """
        session = find_live_session(self._facts, session_token, self._clock.now())
        user = self._facts.find_user(session.subject) if session else None
        return None if user is None else actor_of(user)
