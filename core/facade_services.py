"""What the facade may ask, put together: the services of core.sock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from tokenhouse.v1 import (
    authorization_pb2,
    client_keys_pb2,
    console_pb2,
    device_authorization_pb2,
    discovery_pb2,
    introspection_pb2,
    registration_pb2,
    revocation_pb2,
    token_pb2,
    upstream_pb2,
)

from core.account_services import AccountServices
from core.domain.administration.operators import CONSOLE_PAGE, Operators
from core.domain.audit.record import AuditRecord
from core.domain.audit.refusals import Refusals
from core.domain.authorization.device_clients import DeviceClients
from core.domain.authorization.device_endpoint import DeviceAuthorizationEndpoint
from core.domain.authorization.endpoint import AuthorizationEndpoint
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.authentication import ClientAuthentication
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.key_sets import KeySets
from core.domain.clients.registration import Registrations
from core.domain.clock import ServingClock
from core.domain.grants.authorization_code import AuthorizationCode
from core.domain.grants.client_credentials import ClientCredentialsGrant
from core.domain.grants.consent import Consent
from core.domain.grants.device_code import DeviceCode
from core.domain.grants.device_consent import DEVICE_PAGE, DeviceConsent
from core.domain.grants.introspection import Introspection
from core.domain.grants.refresh_token import RefreshToken
from core.domain.grants.revocation import Revocation
from core.domain.grants.token_endpoint import TokenEndpoint
from core.domain.grants.token_request import (
    ClientCredentialsParameters,
    CodeParameters,
    DeviceCodeParameters,
    GrantParameters,
    RefreshParameters,
    VerdictHeard,
)
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins
from core.domain.sessions.remembered_browser import RememberedBrowsers
from core.domain.store import Store
from core.domain.tokens.issuer import Issuer
from core.domain.tokens.validation import Validation
from core.domain.users.password import Passwords
from core.metrics.core_metrics import CoreMetrics
from core.metrics.tracing import Tracing
from core.operator_services import OperatorServices
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from core.rpc.authorization import AuthorizationServicer
from core.rpc.client_keys import ClientKeysServicer
from core.rpc.console import ConsoleServicer
from core.rpc.device_authorization import DeviceAuthorizationServicer
from core.rpc.discovery import DiscoveryServicer
from core.rpc.introspection import IntrospectionServicer
from core.rpc.login_watch import LoginWatch
from core.rpc.registration import RegistrationServicer
from core.rpc.revocation import RevocationServicer
from core.rpc.service import service
from core.rpc.sign_in_pages import SignInPages
from core.rpc.token import TokenServicer
from core.seen_connections import SeenConnections
from core.upstream_services import UpstreamServices


@dataclass(frozen=True, slots=True)
class FacadeServices:
    """Makes the servicers, once for each core."""

    store: Store
    passwords: Passwords
    documents: ClientDocuments
    http: GuardedHttp
    keys: KeyRing
    validation: Validation
    master_keys: MasterKeys
    seen: SeenConnections
    operator_services: OperatorServices
    metrics: CoreMetrics
    tracing: Tracing | None
    refusals: Refusals
    #: Hears of tokens that are issued again and again, where somebody wants to know.
    tell: Callable[[AuditRecord], None] | None
    #: Hears of verdicts on refresh tokens that are no rotation.
    heard: VerdictHeard
    policy: PolicySource
    clock: ServingClock
    randomness: Randomness

    def _logins(self) -> Logins:
        browsers = RememberedBrowsers(self.store, self.master_keys, self.clock, self.randomness)
        return Logins(self.store, self.passwords, self.policy, self.clock, self.randomness, browsers)

    def every(self) -> dict[ServiceDescriptor, object]:
        """All services of core.sock."""
        store, policy, clock = self.store, self.policy, self.clock
        logins = self._logins()
        seal = RequestSeal(self.master_keys, clock, self.randomness)
        endpoint = AuthorizationEndpoint(store, self.documents, logins, seal, policy, clock)
        consent = Consent(endpoint, store, logins, self.master_keys, policy, clock, self.randomness)
        issuer = Issuer(self.keys, self.validation, clock, self.randomness)
        # A new grant type is one more line here.
        grant_types: dict[type[GrantParameters], Any] = {
            CodeParameters: AuthorizationCode(store, self.master_keys, clock),
            RefreshParameters: RefreshToken(store, self.master_keys, clock, self.heard),
            ClientCredentialsParameters: ClientCredentialsGrant(clock, self.randomness),
            DeviceCodeParameters: DeviceCode(store, self.master_keys, clock),
        }
        key_sets = KeySets(store, FetchedDocuments(self.http), clock, self.documents.turns)
        authentication = ClientAuthentication(store, key_sets, policy, clock)
        tokens = TokenEndpoint(
            grant_types, authentication, store, issuer, self.master_keys, policy, clock, self.tell, self.heard
        )
        revocation = Revocation(authentication, store, self.keys, self.validation, self.master_keys, policy, clock)
        page_seal = RequestSeal(self.master_keys, clock, self.randomness, DEVICE_PAGE)
        device_consent = DeviceConsent(store, logins, page_seal, self.master_keys, policy, clock)
        operators = Operators(
            store, logins, RequestSeal(self.master_keys, clock, self.randomness, CONSOLE_PAGE), policy
        )
        account = AccountServices(store, logins, self.passwords, self.master_keys, policy, clock, self.randomness)
        upstream = UpstreamServices(store, logins, self.http, self.master_keys, policy, clock, self.randomness)
        pages = SignInPages(endpoint, device_consent, account.page, operators)
        device_clients = DeviceClients(store, self.documents, policy, clock)
        devices = DeviceAuthorizationEndpoint(
            authentication, device_clients, store, self.master_keys, policy, clock, self.randomness
        )
        calls, outcomes = self.metrics.calls, self.metrics.outcomes
        notes = self.seen.notes(seal)
        watch = LoginWatch(outcomes, notes)
        return {
            service(device_authorization_pb2, "DeviceAuthorizationService"): DeviceAuthorizationServicer(
                devices, device_clients, device_consent, self.metrics.devices, self.seen.device_notes(page_seal)
            ),
            service(authorization_pb2, "AuthorizationService"): AuthorizationServicer(endpoint, consent, notes),
            **account.every(upstream.sign_out, pages, watch),
            service(upstream_pb2, "UpstreamService"): upstream.servicer(pages, outcomes, notes),
            service(console_pb2, "ConsoleService"): ConsoleServicer(
                operators, store, self.operator_services.over, self.refusals
            ),
            service(registration_pb2, "RegistrationService"): RegistrationServicer(
                Registrations(store, policy, clock), calls, outcomes, notes, self.tracing, self.refusals
            ),
            service(token_pb2, "TokenService"): TokenServicer(
                tokens, calls, outcomes, notes, self.tracing, self.refusals
            ),
            service(revocation_pb2, "RevocationService"): RevocationServicer(revocation),
            service(introspection_pb2, "IntrospectionService"): IntrospectionServicer(
                Introspection(authentication, store, self.validation, policy, clock), policy, outcomes
            ),
            service(client_keys_pb2, "ClientKeysService"): ClientKeysServicer(authentication),
            service(discovery_pb2, "DiscoveryService"): DiscoveryServicer(
                policy, self.keys, self.documents, self.seen.reads
            ),
        }
