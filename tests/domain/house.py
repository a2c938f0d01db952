"""The domain put together over a real store in a temporary folder, without gRPC, with time by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.account_services import AccountServices
from core.domain.administration.clients import ClientAdministration
from core.domain.administration.grants import GrantAdministration
from core.domain.administration.keys import KeyAdministration, MasterKeyKeeper
from core.domain.administration.preregistration import ClientPreregistration
from core.domain.administration.users import UserAdministration
from core.domain.administration.uses import GrantUses
from core.domain.administration.verdicts import GrantVerdicts
from core.domain.authorization.device_clients import DeviceClients
from core.domain.authorization.device_endpoint import DeviceAuthorizationEndpoint
from core.domain.authorization.endpoint import AuthorizationEndpoint
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.authentication import ClientAuthentication
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.key_sets import KeySets
from core.domain.clients.registration import Registrations
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
)
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.rotation import KeyRotation
from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.limits.rate import Rate
from core.domain.policy import (
    DeviceFlowPolicy,
    DocumentPolicy,
    Policy,
    RegistrationMode,
    RegistrationPolicy,
    Scope,
)
from core.domain.randomness import SystemRandomness
from core.domain.sessions.login import Logins
from core.domain.sessions.remembered_browser import RememberedBrowsers
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import Change, ChangeKind
from core.domain.tokens.issuer import Issuer
from core.domain.tokens.revocations import Revocations
from core.domain.tokens.validation import Validation
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from core.store.master_key_file import MasterKeyFromEnvironment
from core.store.sqlite.store import open_store
from tests.fakes.clock import ManualClock
from tests.fakes.network import LaidOutNetwork
from tests.fakes.verifiers import Verifiers
from tests.passwords import quick_passwords

ISSUER = "https://auth.example.com"
MCP = "https://mcp.example.com/mcp"
FILES = "https://files.example.com/"
DAY = 24 * 60 * 60
OFF = Rate(0, 1)

#: What the settings' defaults say, with a few more scopes, and no rates but where a test asks for them.
POLICY = Policy(
    issuer=ISSUER,
    clients_enabled=True,
    allowed_redirect_uris=(),
    client_documents=DocumentPolicy(fetch=True, allowed_domains=(), refused_domains=(), trusted_hosts=(), fetches=OFF),
    device_flow=DeviceFlowPolicy(enabled=True, code_lifetime=600, authorizations=OFF, user_codes=OFF),
    registration=RegistrationPolicy(RegistrationMode.OPEN, unauthorized_lifetime=7 * DAY, unused_lifetime=365 * DAY),
    access_token_lifetime=3600,
    refresh_token_lifetime=30 * DAY,
    grant_lifetime=180 * DAY,
    refresh_reuse_window=120,
    code_lifetime=60,
    session_lifetime=12 * 60 * 60,
    service_documentation=None,
    operator_group="operators",
    scopes=(Scope("mcp", "Use MCP servers as you"), Scope("files", "Read your files"), Scope("mail", "Send mail")),
    default_scope=("mcp",),
    privileged_scopes=frozenset(),
    resources=(),
    server_wide_tokens=True,
    login_failures=OFF,
    login_failures_per_network=OFF,
    registrations=OFF,
    token_requests=OFF,
    callers=(),
    caller_tokens=(),
    signing_key_rotation=RotationSchedule(90 * DAY, 60 * 60),
)


class PolicyInHand:
    """A policy that a test replaces as a reload does."""

    def __init__(self, current: Policy) -> None:
        self.current = current


class House:
    """Every rule, wired as the core wires it; `restart` opens the same folder again."""

    def __init__(
        self,
        folder: Path,
        policy: Policy = POLICY,
        master_keys: MasterKeys | None = None,
        http: GuardedHttp | None = None,
    ) -> None:
        """`http` is the way out; without it nobody is found anywhere."""
        self.folder = folder
        self.http = http or GuardedHttp(LaidOutNetwork())
        self.clock = ManualClock()
        self.policy = PolicyInHand(policy)
        self.randomness = SystemRandomness()
        self.master_keys = master_keys or MasterKeys({1: self.randomness.token_bytes(32)}, self.randomness)
        self.passwords = quick_passwords()
        self.verifiers = Verifiers()
        self.open()

    def open(self) -> None:
        """Open the store in the folder and build everything on it."""
        self.store = open_store(self.folder, on_commit=self._announce)
        self.keys = KeyRing(self.store, self.master_keys, self.clock)
        self.uses, self.verdicts = GrantUses(self.store, self.clock), GrantVerdicts(self.store, self.clock)
        self.validation = Validation(
            self.store, self.keys, self.policy, self.clock, Revocations(), used=self.uses.note_one
        )
        self.validation.load()
        self.rotation = KeyRotation(
            self.keys,
            lambda: self.policy.current.signing_key_rotation,
            self.verifiers,
            self.clock,
            longest_token=LONGEST_LIFETIME,
        )
        self.users = UserAdministration(self.store, self.passwords, self.clock, self.randomness)
        self.clients = ClientAdministration(self.store, self.clock)
        self.preregistration = ClientPreregistration(self.store, self.policy, self.clock, self.randomness)
        self.grants = GrantAdministration(self.store, self.clock)
        self.registrations = Registrations(self.store, self.policy, self.clock)
        browsers = RememberedBrowsers(self.store, self.master_keys, self.clock, self.randomness)
        self.logins = Logins(self.store, self.passwords, self.policy, self.clock, self.randomness, browsers)
        self.documents = ClientDocuments(self.store, FetchedDocuments(self.http), self.clock)
        self.seal = RequestSeal(self.master_keys, self.clock, self.randomness)
        self.endpoint = AuthorizationEndpoint(
            self.store, self.documents, self.logins, self.seal, self.policy, self.clock
        )
        self.consent = Consent(
            self.endpoint, self.store, self.logins, self.master_keys, self.policy, self.clock, self.randomness
        )
        grant_types: dict[type[GrantParameters], Any] = {
            CodeParameters: AuthorizationCode(self.store, self.master_keys, self.clock),
            RefreshParameters: RefreshToken(self.store, self.master_keys, self.clock, self.verdicts.note),
            ClientCredentialsParameters: ClientCredentialsGrant(self.clock, self.randomness),
            DeviceCodeParameters: DeviceCode(self.store, self.master_keys, self.clock),
        }
        issuer = Issuer(self.keys, self.validation, self.clock, self.randomness)
        self.key_sets = KeySets(self.store, FetchedDocuments(self.http), self.clock, self.documents.turns)
        self.authentication = ClientAuthentication(self.store, self.key_sets, self.policy, self.clock)
        self.tokens = TokenEndpoint(
            grant_types,
            self.authentication,
            self.store,
            issuer,
            self.master_keys,
            self.policy,
            self.clock,
            heard=self.verdicts.note,
        )
        self.introspection = Introspection(self.authentication, self.store, self.validation, self.policy, self.clock)
        self.revocation = Revocation(
            self.authentication, self.store, self.keys, self.validation, self.master_keys, self.policy, self.clock
        )
        self._open_devices()

    def _open_devices(self) -> None:
        self.device_clients = DeviceClients(self.store, self.documents, self.policy, self.clock)
        self.devices = DeviceAuthorizationEndpoint(
            self.authentication,
            self.device_clients,
            self.store,
            self.master_keys,
            self.policy,
            self.clock,
            self.randomness,
        )
        page_seal = RequestSeal(self.master_keys, self.clock, self.randomness, DEVICE_PAGE)
        self.device_consent = DeviceConsent(
            self.store, self.logins, page_seal, self.master_keys, self.policy, self.clock
        )

    @property
    def account(self) -> AccountServices:
        """The user's own page, and what is done there."""
        return AccountServices(
            self.store, self.logins, self.passwords, self.master_keys, self.policy, self.clock, self.randomness
        )

    def key_administration(self, keeper: MasterKeyKeeper | None = None) -> KeyAdministration:
        """Every act on keys; without a keeper, master keys are not to be rotated."""
        return KeyAdministration(
            self.keys,
            self.rotation,
            self.store,
            self.master_keys,
            keeper or MasterKeyFromEnvironment(),
            self.randomness,
        )

    def close(self) -> None:
        """Close the store; what was acknowledged is on disk."""
        self.store.close()

    def restart(self) -> None:
        """Forget all that is only in memory."""
        self.close()
        self.open()

    @contextmanager
    def under(self, **settings: Any) -> Iterator[None]:
        """The same house under other settings for a while."""
        before = self.policy.current
        self.policy.current = replace(before, **settings)
        try:
            yield
        finally:
            self.policy.current = before

    def _announce(self, changes: Sequence[Change]) -> None:
        if any(change.kind is ChangeKind.KEY_WITHDRAWN for change in changes):
            self.keys.take_over()
        if hasattr(self, "validation"):
            self.validation.apply(changes)
