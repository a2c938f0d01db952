"""The user's own page, put together."""

from dataclasses import dataclass
from functools import cached_property

from core.domain.account.connected_apps import ConnectedApps
from core.domain.account.own_password import OwnPassword
from core.domain.account.own_sessions import OwnSessions
from core.domain.account.page import ACCOUNT_PAGE, AccountPage
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clock import Clock
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins
from core.domain.sessions.login_attempts import LoginAttempts
from core.domain.store import Store
from core.domain.users.password import Passwords
from core.rpc.account import AccountServicer


@dataclass(frozen=True)
class AccountServices:
    """What is made for it."""

    store: Store
    logins: Logins
    passwords: Passwords
    master_keys: MasterKeys
    policy: PolicySource
    clock: Clock
    randomness: Randomness

    @cached_property
    def page(self) -> AccountPage:
        """Who is signed in there."""
        return AccountPage(self.logins, RequestSeal(self.master_keys, self.clock, self.randomness, ACCOUNT_PAGE))

    @cached_property
    def apps(self) -> ConnectedApps:
        """What they connected."""
        return ConnectedApps(self.store, self.page, self.policy, self.clock)

    @cached_property
    def sessions(self) -> OwnSessions:
        """Where they are signed in."""
        return OwnSessions(self.store, self.page, self.clock)

    @cached_property
    def password(self) -> OwnPassword:
        """What they sign in with."""
        attempts = LoginAttempts(self.store, self.policy, self.clock)
        return OwnPassword(self.store, self.page, self.passwords, attempts, self.clock)

    @cached_property
    def servicer(self) -> AccountServicer:
        """For the facade."""
        return AccountServicer(self.page, self.apps, self.sessions, self.password)
