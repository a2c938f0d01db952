"""The user's own page: who is signed in, or the login that leads there."""

from core.domain.authorization.sealed_request import RequestSeal
from core.domain.errors import LoginRequired, SignedInElsewhere
from core.domain.sessions.login import Logins
from core.domain.sessions.session import Session, SessionFacts
from core.domain.users.user import User

#: What the page's way through the login is sealed for; no other seal opens it.
ACCOUNT_PAGE = b"account page"
_SIGNED_OUT = "you have been signed out: sign in again"


class AccountPage:
    """Whose page it is, looked at again by everything that is done there."""

    def __init__(self, logins: Logins, seal: RequestSeal) -> None:
        """`seal` is one for ACCOUNT_PAGE."""
        self._logins = logins
        self._seal = seal

    def find_user(self, session_token: str) -> User | None:
        """The user whose session this is, while it lives."""
        return self._logins.find_user(session_token)

    def require_user(self, session_token: str) -> User:
        """The user whose session this is.

        Raises:
            LoginRequired: the session has ended.
        """
        user = self.find_user(session_token)
        if user is None:
            raise LoginRequired(_SIGNED_OUT)
        return user

    def require_user_with_password(self, session_token: str) -> User:
        """The same, for what wants the password, or comes after it at a login.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
        """
        user = self.require_user(session_token)
        if not user.password_hash:
            raise SignedInElsewhere("you sign in at another provider: your password and a second factor are kept there")
        return user

    def require_live(self, facts: SessionFacts, session_token: str, user: User) -> Session:
        """The session, while it is this user's, as the transaction that acts sees it: it may have ended meanwhile.

        Raises:
            LoginRequired: it has ended.
        """
        session = self._logins.find_session(facts, session_token)
        if session is None or session.subject != user.subject:
            raise LoginRequired(_SIGNED_OUT)
        return session

    def remember_browser(self, session_token: str) -> str:
        """What the browser of this session keeps anew, once its user's browsers were forgotten; empty where the session
        has ended."""
        return self._logins.remember_browser(session_token)

    def seal(self, browser_binding: bytes) -> str:
        """What brings this browser back here after signing in or out, for 10 minutes.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        return self._seal.seal([], browser_binding)

    def parameters_after_login(self, sealed: str, browser_binding: bytes) -> tuple[tuple[str, str], ...]:
        """What to go on with: nothing but the page.

        Raises:
            InvalidRequest: it has expired, or is another browser's.
        """
        return self._seal.require_open(sealed, browser_binding).parameters
