"""The configuration as one typed value, and the policy that the rules read from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from core.config import (
    audit_settings,
    console_settings,
    device_settings,
    discovery_settings,
    document_settings,
    https_settings,
    page_settings,
    registration_settings,
    service_settings,
    settings,
    tracing_settings,
)
from core.config.addresses import ListenAddress
from core.config.audit_settings import AuditSettings
from core.config.colors import Color
from core.config.page_colors import page_colors
from core.config.scope_settings import SCOPE_TRANSLATION, translated
from core.config.setting import Found, Setting
from core.config.upstream_providers import build_upstream
from core.config.values import Network
from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.limits.rate import Rate
from core.domain.policy import (
    CallerToken,
    DeviceFlowPolicy,
    DocumentPolicy,
    Policy,
    RegistrationPolicy,
    Scope,
    ServiceCaller,
    UpstreamPolicy,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The files that TLS needs."""

    certificate: Path
    key: Path
    #: None: callers need no certificate.
    client_ca: Path | None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """[Server]"""

    #: Without a trailing slash; also the issuer (RFC 8414 §2).
    address: str
    listen: ListenAddress
    data_dir: Path
    #: None: a proxy does the https, or there is none.
    certificate: CertificateFiles | None
    trusted_proxies: tuple[Network, ...]
    oauth_clients_enabled: bool
    allowed_redirect_uris: tuple[str, ...]
    session_lifetime: int
    service_documentation: str | None


@dataclass(frozen=True, slots=True)
class PageSettings:
    """[Pages]"""

    #: None: the host of the address.
    name: str | None
    logo: Path | None
    #: Those that are not the stylesheet's own, by scheme and name.
    colors: Mapping[tuple[str, str], Color]


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """[OAuth]; lifetimes in seconds."""

    access_token_lifetime: int
    refresh_token_lifetime: int
    grant_lifetime: int
    refresh_reuse_window: int
    code_lifetime: int
    scopes: tuple[Scope, ...]
    default_scope: tuple[str, ...]
    privileged_scopes: frozenset[str]
    resources: tuple[str, ...]
    server_wide_tokens: bool


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """[ClientDocuments]"""

    fetch: bool
    allowed_domains: tuple[str, ...]
    refused_domains: tuple[str, ...]
    trusted_hosts: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """[Grpc]"""

    socket: Path
    admin_socket: Path
    listen: ListenAddress
    #: None: plaintext.
    certificate: CertificateFiles | None
    callers: tuple[ServiceCaller, ...]
    caller_tokens: tuple[CallerToken, ...]
    reflection: bool


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """[Metrics]; None: nobody is told."""

    core_listen: ListenAddress | None
    facade_listen: ListenAddress | None


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """[Tracing]"""

    #: The URL that spans are posted to; None: nothing is traced.
    endpoint: str | None
    sample_ratio: float


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """[Limits]"""

    login_failures: Rate
    login_failures_per_network: Rate
    registrations: Rate
    token_requests: Rate
    token_requests_per_network: Rate
    client_documents: Rate


@dataclass(frozen=True, slots=True)
class KeySettings:
    """[Keys]"""

    master_key_file: Path
    #: 32 bytes that take the place of the file; None where there is a file.
    master_key: bytes | None = field(repr=False)
    #: None: by command alone.
    signing_key_rotation_period: int | None
    signing_key_publication_period: int


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the operator decided, checked."""

    #: None where no file was read.
    file: Path | None
    server: ServerSettings
    pages: PageSettings
    oauth: OAuthSettings
    client_documents: DocumentSettings
    device_flow: DeviceFlowPolicy
    #: [Registration]
    registration: RegistrationPolicy
    #: Console.OperatorGroup; empty: there is no console.
    operator_group: str
    #: [UpstreamProvider], and Server.LocalUsers
    upstream: UpstreamPolicy
    grpc: GrpcSettings
    metrics: MetricsSettings
    tracing: TracingSettings
    #: [Audit]
    audit: AuditSettings
    limits: LimitSettings
    keys: KeySettings
    #: Every setting with its values and where they came from.
    found: Mapping[str, Found[Any]] = field(repr=False)

    @property
    def database_folder(self) -> Path:
        """The folder that the store owns."""
        return self.server.data_dir / "database"

    def policy(self) -> Policy:
        """What the rules depend on."""
        return Policy(
            issuer=self.server.address,
            clients_enabled=self.server.oauth_clients_enabled,
            allowed_redirect_uris=self.server.allowed_redirect_uris,
            client_documents=DocumentPolicy(
                fetch=self.client_documents.fetch,
                allowed_domains=self.client_documents.allowed_domains,
                refused_domains=self.client_documents.refused_domains,
                trusted_hosts=self.client_documents.trusted_hosts,
                fetches=self.limits.client_documents,
            ),
            device_flow=self.device_flow,
            registration=self.registration,
            access_token_lifetime=self.oauth.access_token_lifetime,
            refresh_token_lifetime=self.oauth.refresh_token_lifetime,
            grant_lifetime=self.oauth.grant_lifetime,
            refresh_reuse_window=self.oauth.refresh_reuse_window,
            code_lifetime=self.oauth.code_lifetime,
            session_lifetime=self.server.session_lifetime,
            service_documentation=self.server.service_documentation,
            operator_group=self.operator_group,
            scopes=self.oauth.scopes,
            default_scope=self.oauth.default_scope,
            privileged_scopes=self.oauth.privileged_scopes,
            resources=self.oauth.resources,
            server_wide_tokens=self.oauth.server_wide_tokens,
            login_failures=self.limits.login_failures,
            login_failures_per_network=self.limits.login_failures_per_network,
            registrations=self.limits.registrations,
            token_requests=self.limits.token_requests,
            token_requests_per_network=self.limits.token_requests_per_network,
            callers=self.grpc.callers,
            caller_tokens=self.grpc.caller_tokens,
            signing_key_rotation=RotationSchedule(
                self.keys.signing_key_rotation_period, self.keys.signing_key_publication_period
            ),
            audit_retention=self.audit.retention,
            upstream=self.upstream,
        )


class _Values:
    """What was found of a setting, with its type."""

    def __init__(self, found: Mapping[str, Found[Any]]) -> None:
        self._found = found

    def every(self, setting: Setting[T]) -> tuple[T, ...]:
        return self._found[setting.name].values

    def one(self, setting: Setting[T]) -> T:
        return self.every(setting)[0]

    def maybe(self, setting: Setting[T]) -> T | None:
        return next(iter(self.every(setting)), None)


def build_config(file: Path | None, found: Mapping[str, Found[Any]]) -> Config:
    """The typed value of settings that have been parsed, defaults filled in."""
    values = _Values(found)
    every, one, maybe = values.every, values.one, values.maybe
    scopes = translated(every(settings.SCOPE), every(SCOPE_TRANSLATION))
    privileged = frozenset(every(discovery_settings.PRIVILEGED_SCOPE))
    return Config(
        file=file,
        server=ServerSettings(
            address=one(settings.ADDRESS),
            listen=one(settings.LISTEN),
            data_dir=one(settings.DATA_DIR),
            certificate=_certificate(*map(maybe, https_settings.SETTINGS)),
            trusted_proxies=every(settings.TRUSTED_PROXY),
            oauth_clients_enabled=one(settings.CLIENTS_ENABLED),
            allowed_redirect_uris=every(settings.ALLOWED_REDIRECT_URI),
            session_lifetime=one(settings.SESSION_LIFETIME),
            service_documentation=maybe(discovery_settings.SERVICE_DOCUMENTATION),
        ),
        pages=PageSettings(maybe(page_settings.NAME), maybe(page_settings.LOGO), page_colors(found)),
        oauth=OAuthSettings(
            access_token_lifetime=one(settings.ACCESS_TOKEN_LIFETIME),
            refresh_token_lifetime=one(settings.REFRESH_TOKEN_LIFETIME),
            grant_lifetime=one(settings.GRANT_LIFETIME),
            refresh_reuse_window=one(settings.REFRESH_REUSE_WINDOW),
            code_lifetime=one(settings.CODE_LIFETIME),
            scopes=scopes,
            default_scope=every(settings.DEFAULT_SCOPE)
            or tuple(scope.name for scope in scopes if scope.name not in privileged),
            privileged_scopes=privileged,
            resources=every(settings.RESOURCE),
            server_wide_tokens=one(settings.SERVER_WIDE_TOKENS),
        ),
        client_documents=DocumentSettings(one(document_settings.FETCH), *map(every, document_settings.REPEATABLE)),
        device_flow=DeviceFlowPolicy(*map(one, device_settings.ALL)),
        registration=RegistrationPolicy(*map(one, registration_settings.SETTINGS)),
        operator_group=one(console_settings.OPERATOR_GROUP),
        upstream=build_upstream(found),
        grpc=GrpcSettings(
            socket=one(settings.SOCKET),
            admin_socket=one(settings.ADMIN_SOCKET),
            listen=one(settings.GRPC_LISTEN),
            certificate=_certificate(*map(maybe, service_settings.FILES)),
            callers=every(service_settings.CALLER),
            caller_tokens=every(service_settings.CALLER_TOKEN),
            reflection=one(settings.REFLECTION),
        ),
        metrics=MetricsSettings(
            core_listen=maybe(settings.METRICS_CORE_LISTEN), facade_listen=maybe(settings.METRICS_FACADE_LISTEN)
        ),
        tracing=TracingSettings(maybe(tracing_settings.ENDPOINT), one(tracing_settings.SAMPLE_RATIO)),
        limits=_limits(values),
        audit=AuditSettings(stream=maybe(audit_settings.STREAM), retention=one(audit_settings.RETENTION)),
        keys=_key_settings(values),
        found=found,
    )


def _key_settings(values: _Values) -> KeySettings:
    return KeySettings(
        master_key_file=values.one(settings.MASTER_KEY_FILE),
        master_key=values.maybe(settings.MASTER_KEY),
        signing_key_rotation_period=values.one(settings.SIGNING_KEY_ROTATION_PERIOD),
        signing_key_publication_period=values.one(settings.SIGNING_KEY_PUBLICATION_PERIOD),
    )


def _certificate(certificate: Path | None, key: Path | None, client_ca: Path | None = None) -> CertificateFiles | None:
    return None if certificate is None or key is None else CertificateFiles(certificate, key, client_ca)


def _limits(values: _Values) -> LimitSettings:
    return LimitSettings(
        login_failures=values.one(settings.LOGIN_FAILURES),
        login_failures_per_network=values.one(settings.LOGIN_FAILURES_PER_NETWORK),
        registrations=values.one(registration_settings.REGISTRATIONS),
        token_requests=values.one(settings.TOKEN_REQUESTS),
        token_requests_per_network=values.one(settings.TOKEN_REQUESTS_PER_NETWORK),
        client_documents=values.one(document_settings.FETCHES),
    )
