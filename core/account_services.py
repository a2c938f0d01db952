"""The user's own page, put together."""

from dataclasses import dataclass
from functools import cached_property

from google.protobuf.descriptor import ServiceDescriptor
from tokenhouse.v1 import account_pb2, passkey_login_pb2, passkey_pb2, second_factor_pb2, session_pb2

from core.domain.account.connected_apps import ConnectedApps
from core.domain.account.own_passkeys import OwnPasskeys
from core.domain.account.own_password import OwnPassword
from core.domain.account.own_second_factor import OwnSecondFactor
from core.domain.account.own_sessions import OwnSessions
from core.domain.account.page import ACCOUNT_PAGE, AccountPage
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clock import Clock
from core.domain.factors.challenge import Challenges
from core.domain.factors.totp import TotpSecrets
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins
from core.domain.sessions.login_attempts import LoginAttempts
from core.domain.sessions.passkey_login import PasskeyLogins
from core.domain.sessions.second_factor_login import SecondFactorLogins
from core.domain.store import Store
from core.domain.upstream.sign_out import UpstreamSignOut
from core.domain.users.password import Passwords
from core.rpc.account import AccountServicer
from core.rpc.login_watch import LoginWatch
from core.rpc.passkey import PasskeyServicer
from core.rpc.passkey_login import PasskeyLoginServicer
from core.rpc.second_factor import SecondFactorServicer
from core.rpc.service import service
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

    @cached_property
    def challenges(self) -> Challenges:
        """Of passkeys."""
        return Challenges(self.master_keys, self.clock, self.randomness)

    @cached_property
    def passkeys(self) -> OwnPasskeys:
        """What they sign in with in its place."""
        return OwnPasskeys(
            self.store, self.page, self.password, self.challenges, self.policy, self.clock, self.randomness
        )

    @cached_property
    def passkey_logins(self) -> PasskeyLogins:
        """With and without a password."""
        return PasskeyLogins(
            self.store, self.logins, self.second_factor_logins, self.challenges, self.policy, self.clock
        )

    def every(
        self, sign_out: UpstreamSignOut, pages: SignInPages, watch: LoginWatch
    ) -> dict[ServiceDescriptor, object]:
        """What the facade may ask of it, and of every login."""
        second_factors = self.second_factor_logins
        return {
            service(session_pb2, "SessionService"): SessionServicer(
                self.logins, second_factors, sign_out, pages, watch
            ),
            service(passkey_login_pb2, "PasskeyLoginService"): PasskeyLoginServicer(
                self.passkey_logins, second_factors, self.logins.browsers, pages, watch
            ),
            service(account_pb2, "AccountService"): AccountServicer(self.page, self.apps, self.sessions, self.password),
            service(second_factor_pb2, "SecondFactorService"): SecondFactorServicer(self.second_factor),
            service(passkey_pb2, "PasskeyService"): PasskeyServicer(self.passkeys),
        }
