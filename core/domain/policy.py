"""What the operator decided: the settings that rules depend on, as one value that a reload replaces whole."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.limits.rate import Rate


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope and what the consent page says of it (RFC 6749 §3.3)."""

    name: str
    description: str
    #: The same in other languages: a tag (RFC 5646) in small letters, and the words.
    translations: tuple[tuple[str, str], ...] = ()


class Service(StrEnum):
    """What internal services may be allowed to use; the names are those of the contract's services."""

    VALIDATION = "ValidationService"
    CHANGES = "ChangesService"
    #: Envoy's envoy.service.auth.v3.Authorization.
    AUTHORIZATION = "Authorization"
    REFLECTION = "ServerReflection"


@dataclass(frozen=True, slots=True)
class ServiceCaller:
    """An internal service, and what it may ask."""

    #: A SPIFFE ID or a DNS name in lower case; where a token tells who it is, any such name.
    name: str
    services: tuple[Service, ...]
    #: The audiences that are its own, in its spelling (RFC 8707).
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallerToken:
    """What a caller without a certificate proves its name with."""

    name: str
    #: SHA-256 of the token: 32 bytes. Tokens are random, so it gives nothing away.
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentPolicy:
    """Which clients may be known by a document of their own (draft-ietf-oauth-client-id-metadata-document)."""

    #: Documents may be fetched.
    fetch: bool
    #: From these domains and what is below them; empty: from any.
    allowed_domains: tuple[str, ...]
    refused_domains: tuple[str, ...]
    #: Hosts, with a port where it is not 443, whose documents may have their own host's redirect URIs.
    trusted_hosts: tuple[str, ...]
    #: How many are fetched for one network, ten times as many in all.
    fetches: Rate


class RegistrationMode(StrEnum):
    """Who may register (RFC 7591 §3)."""

    OPEN = "open"
    #: Whoever has an initial access token.
    TOKEN = "token"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """Clients that register by themselves. Lifetimes are in seconds, None: for good."""

    mode: RegistrationMode
    #: One that got no token, after its registration.
    unauthorized_lifetime: int | None
    #: One that has no live grant any more, after its last token.
    unused_lifetime: int | None


@dataclass(frozen=True, slots=True)
class DeviceFlowPolicy:
    """Devices without a browser (RFC 8628)."""

    enabled: bool
    #: How long both codes are good, in seconds.
    code_lifetime: int
    #: How many may be started from one network, ten times as many in all.
    authorizations: Rate
    #: Wrong user codes of one user, ten times as many from one network, a hundred times as many in all.
    user_codes: Rate


@dataclass(frozen=True, slots=True)
class UpstreamProvider:
    """An OpenID provider that users may sign in at."""

    #: The operator's word for it, in the settings, in URLs and on the command line.
    name: str
    #: What the button says.
    label: str
    #: As the provider spells it: compared whole (OpenID Connect Core §3.1.3.7).
    issuer: str
    client_id: str
    #: One of the two, or neither: a public client.
    client_secret: str | None = field(repr=False)
    client_secret_file: Path | None
    scope: str
    #: Where the name of a new user stands; the first claim that has one that can be used.
    username_claims: tuple[str, ...]
    #: None: groups are the operator's.
    group_claim: str | None
    #: Groups of the claim and the groups they stand for here; `*` is any, or the same name.
    groups: tuple[tuple[str, str], ...]
    #: Of the verified e-mail address; empty: whoever the provider lets in.
    allowed_domains: tuple[str, ...]
    #: Whoever comes for the first time becomes a user; False: only those whom an operator has linked come in.
    creates_users: bool


@dataclass(frozen=True, slots=True)
class UpstreamPolicy:
    """How users sign in."""

    #: With a user name and a password of this server.
    local_users: bool = True
    providers: tuple[UpstreamProvider, ...] = ()

    def find(self, name: str) -> UpstreamProvider | None:
        """The provider of this name."""
        return next((provider for provider in self.providers if provider.name == name), None)


@dataclass(frozen=True, slots=True)
class Policy:
    """Lifetimes are in seconds. The names are those of the settings."""

    #: The public address without a trailing slash (RFC 8414 §2 "issuer").
    issuer: str
    clients_enabled: bool
    #: What the operator allows beyond the built-in redirect URIs.
    allowed_redirect_uris: tuple[str, ...]
    client_documents: DocumentPolicy
    device_flow: DeviceFlowPolicy
    registration: RegistrationPolicy
    access_token_lifetime: int
    refresh_token_lifetime: int
    grant_lifetime: int
    refresh_reuse_window: int
    code_lifetime: int
    session_lifetime: int
    #: A page for people who connect something (RFC 8414 §2 "service_documentation"), where there is one.
    service_documentation: str | None
    #: Who may use the console; empty: nobody, there is none.
    operator_group: str
    scopes: tuple[Scope, ...]
    #: What a request without a scope gets; names from `scopes`.
    default_scope: tuple[str, ...]
    #: Names from `scopes` that are not told and that nobody gets without naming them.
    privileged_scopes: frozenset[str]
    #: In their owners' spelling; empty: any https or loopback resource (RFC 8707).
    resources: tuple[str, ...]
    server_wide_tokens: bool
    login_failures: Rate
    login_failures_per_network: Rate
    #: For one network; four times as many in all.
    registrations: Rate
    token_requests: Rate
    #: Who may ask over TCP, where that is not everybody.
    callers: tuple[ServiceCaller, ...]
    caller_tokens: tuple[CallerToken, ...]
    signing_key_rotation: RotationSchedule
    #: For one network, whichever clients ask.
    token_requests_per_network: Rate = field(default_factory=lambda: Rate(0, 0))
    #: How long records of the audit trail are kept; None: for good.
    audit_retention: int | None = 90 * 24 * 60 * 60
    upstream: UpstreamPolicy = UpstreamPolicy()


class PolicySource(Protocol):
    """Where the policy in force is read; read it once per decision."""

    @property
    def current(self) -> Policy:
        """The policy in force."""
        ...
