"""The user's own page, put together."""

from dataclasses import dataclass
from functools import cached_property

from core.domain.account.connected_apps import ConnectedApps
from core.domain.account.own_password import OwnPassword
from core.domain.account.own_second_factor import OwnSecondFactor
from core.domain.account.own_sessions import OwnSessions
from core.domain.account.page import ACCOUNT_PAGE, AccountPage
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clock import Clock
from core.domain.factors.totp import TotpSecrets
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins
from core.domain.sessions.login_attempts import LoginAttempts
from core.domain.sessions.second_factor_login import SecondFactorLogins
from core.domain.store import Store
from core.domain.upstream.sign_out import UpstreamSignOut
from core.domain.users.password import Passwords
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.account import AccountServicer
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.second_factor import SecondFactorServicer
from core.rpc.session import SessionServicer
from core.rpc.sign_in_pages import SignInPages


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
    def secrets(self) -> TotpSecrets:
        """Of codes by the clock."""
        return TotpSecrets(self.master_keys, self.randomness)

    @cached_property
    def second_factor(self) -> OwnSecondFactor:
        """What they sign in with beside the password."""
        return OwnSecondFactor(
            self.store, self.page, self.password, self.secrets, self.policy, self.clock, self.randomness
        )

    @cached_property
    def second_factor_logins(self) -> SecondFactorLogins:
        """The second step of every login."""
        return SecondFactorLogins(self.store, self.logins, self.secrets, self.master_keys, self.clock)

    def login_servicer(
        self, sign_out: UpstreamSignOut, pages: SignInPages, outcomes: OutcomeMetrics, notes: ConnectionNotes
    ) -> SessionServicer:
        """For the facade: both steps of a login, and the way out."""
        return SessionServicer(self.logins, self.second_factor_logins, sign_out, pages, outcomes, notes)

    @cached_property
    def second_factor_servicer(self) -> SecondFactorServicer:
        """For the facade."""
        return SecondFactorServicer(self.second_factor)

    @cached_property
    def servicer(self) -> AccountServicer:
        """For the facade."""
        return AccountServicer(self.page, self.apps, self.sessions, self.password)
