"""Signing in and out at other OpenID providers, put together."""

from dataclasses import dataclass
from functools import cached_property

from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clock import Clock
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins
from core.domain.store import Store
from core.domain.upstream.id_token import IdTokens
from core.domain.upstream.login import UPSTREAM_LOGIN, UpstreamLogins
from core.domain.upstream.sign_out import UPSTREAM_SIGN_OUT, UpstreamSignOut
from core.metrics.outcomes import OutcomeMetrics
from core.outbound.guarded_http import GuardedHttp
from core.outbound.openid_providers import FetchedProviders
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.sign_in_pages import SignInPages
from core.rpc.upstream import UpstreamServicer


@dataclass(frozen=True)
class UpstreamServices:
    """What is made for it."""

    store: Store
    logins: Logins
    http: GuardedHttp
    master_keys: MasterKeys
    policy: PolicySource
    clock: Clock
    randomness: Randomness

    @cached_property
    def sign_out(self) -> UpstreamSignOut:
        """The way out."""
        return UpstreamSignOut(
            self.store, self._seal(UPSTREAM_SIGN_OUT), IdTokens(self.master_keys), self.policy, self.clock
        )

    def servicer(self, pages: SignInPages, outcomes: OutcomeMetrics, notes: ConnectionNotes) -> UpstreamServicer:
        """For the facade."""
        providers, seal = FetchedProviders(self.http, self.clock), self._seal(UPSTREAM_LOGIN)
        logins = UpstreamLogins(
            self.store,
            providers,
            self.logins,
            seal,
            IdTokens(self.master_keys),
            self.policy,
            self.clock,
            self.randomness,
        )
        return UpstreamServicer(logins, self.logins.browsers, self.sign_out, pages, self.policy, outcomes, notes)

    def _seal(self, purpose: bytes) -> RequestSeal:
        return RequestSeal(self.master_keys, self.clock, self.randomness, purpose)
