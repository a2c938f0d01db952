"""Who is an operator at a browser: a user of one group, for as long as their session lives."""

from dataclasses import dataclass
from typing import Protocol

from core.domain.authorization.sealed_request import RequestSeal
from core.domain.errors import ConsoleOff, LoginRequired, NotAnOperator
from core.domain.policy import PolicySource
from core.domain.sessions.login import Logins
from core.domain.sessions.session import SessionFacts
from core.domain.users.user import User, UserFacts

#: What the console's pages are sealed for on the way to a login; such a seal opens nothing else.
CONSOLE_PAGE = b"console page"


class OperatorFacts(UserFacts, SessionFacts, Protocol):
    """What tells an operator from others."""


@dataclass(frozen=True, slots=True)
class OperatorLogin:
    """Ask for a login; `sealed_console` brings back to the console."""

    sealed_console: str


class Operators:
    """Every check of the console."""

    def __init__(self, store: OperatorFacts, logins: Logins, seal: RequestSeal, policy: PolicySource) -> None:
        """`seal` is one for CONSOLE_PAGE."""
        self._store = store
        self._logins = logins
        self._seal = seal
        self._policy = policy

    def find(self, *, session_token: str, browser_binding: bytes) -> User | OperatorLogin:
        """The operator whose session this is, or the login to ask for.

        Raises:
            ConsoleOff: no group is named.
            NotAnOperator: the session's user is not in it.
        """
        try:
            return self.require(self._store, session_token)
        except LoginRequired:
            return OperatorLogin(self._seal.seal((), browser_binding))

    def require(self, facts: OperatorFacts, session_token: str) -> User:
        """The operator whose session this is, as `facts` see it: in a transaction it stays so until its end.

        Raises:
            ConsoleOff: no group is named.
            LoginRequired: the session has ended, or its user is disabled.
            NotAnOperator: they are not in the group.
        """
        group = self._require_switched_on()
        user = self._logins.find_user_by(facts, session_token)
        if user is None:
            raise LoginRequired("you have been signed out: open the console again")
        if group not in user.groups:
            raise NotAnOperator("this account is not one of the operators'")
        return user

    def parameters_after_login(self, sealed: str, browser_binding: bytes) -> tuple[tuple[str, str], ...]:
        """Nothing: there is one way into the console.

        Raises:
            ConsoleOff: no group is named.
            InvalidRequest: the page has expired, or is another browser's.
        """
        self._require_switched_on()
        return self._seal.require_open(sealed, browser_binding).parameters

    def _require_switched_on(self) -> str:
        group = self._policy.current.operator_group
        if not group:
            raise ConsoleOff("there is no console: Console.OperatorGroup names no group")
        return group
