"""Where a user is signed in, and signing out there."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.account.own_record import own_record
from core.domain.account.page import AccountPage
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument
from core.domain.sayings import say
from core.domain.sessions.session import Session, SessionFacts, SessionIntents
from core.domain.users.user import User, UserIntents
from core.domain.writing import Writes

_MOST = 100


class OwnSessionTransaction(SessionFacts, SessionIntents, UserIntents, AuditIntents, Protocol):
    """What signing out reads and writes."""


class OwnSessionStore(SessionFacts, Writes[OwnSessionTransaction], Protocol):
    """What sessions need of a store."""


class OwnSessions:
    """Lists and ends them. No app is connected by a session, so none is disconnected."""

    def __init__(self, store: OwnSessionStore, page: AccountPage, clock: Clock) -> None:
        self._store = store
        self._page = page
        self._clock = clock

    def list(self, user: User, *, session_token: str) -> tuple[Session, Sequence[Session]]:
        """This one, and the newest 100 of the user's.

        Raises:
            LoginRequired: the session has ended.
        """
        this = self._page.require_live(self._store, session_token, user)
        return this, self._store.list_sessions(user.subject, now=self._clock.now(), limit=_MOST)

    def end(self, session_id: str, *, session_token: str) -> bool:
        """End one of the user's; False when it had ended before, or is somebody else's.

        Raises:
            InvalidArgument: that is no name of a session.
            LoginRequired: the session that asks has ended.
        """
        user, token_hash = self._page.require_user(session_token), _parse_session_id(session_id)
        record = own_record(Act.LOGOUT, user, self._clock.now())

        def intent(tx: OwnSessionTransaction) -> bool:
            self._page.require_live(tx, session_token, user)
            ended = tx.delete_session_of_subject(token_hash, user.subject)
            if ended:
                tx.record_act(record)
            return ended

        return self._store.write(intent)

    def end_all(self, *, session_token: str) -> int:
        """End every session of the user, this one too, and forget their browsers; how many sessions.

        Raises:
            LoginRequired: the session that asks has ended.
        """
        user = self._page.require_user(session_token)
        now = self._clock.now()
        record = own_record(Act.USER_SIGN_OUT, user, now, target=user.username)

        def intent(tx: OwnSessionTransaction) -> int:
            self._page.require_live(tx, session_token, user)
            tx.record_act(record)
            tx.forget_browsers(user.subject, now=now)
            return tx.delete_sessions_of_subject(user.subject)

        return self._store.write(intent)


def _parse_session_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidArgument(say("no_session_id")) from None
