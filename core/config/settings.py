"""The table of settings: every setting, once. Parsing, the environment, `config show` and the README follow it.

Times are in seconds once parsed.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.config import (
    audit_settings,
    console_settings,
    device_settings,
    discovery_settings,
    document_settings,
    https_settings,
    page_settings,
    registration_settings,
    scope_settings,
    tracing_settings,
    upstream_settings,
)
from core.config.addresses import (
    parse_allowed_redirect_uri,
    parse_listen_address,
    parse_public_address,
    parse_resource,
)
from core.config.service_settings import CALLER, CALLER_TOKEN, CERTIFICATE_FILE, CERTIFICATE_KEY_FILE, CLIENT_CA_FILE
from core.config.setting import Setting, duration, duration_or_never, parse_path, parse_socket_path, plain
from core.config.values import (
    parse_boolean,
    parse_master_key,
    parse_network,
    parse_rate,
    parse_scope,
    parse_scope_name,
    show_boolean,
    show_duration,
    show_duration_or_never,
    show_rate,
)
from core.domain.policy import Scope


def _show_scope(scope: Scope) -> str:
    return f"{scope.name}: {scope.description}"


ADDRESS: Final = Setting(
    "Server",
    "Address",
    plain(parse_public_address),
    ("http://localhost:8080",),
    "The public address, https or on this machine; also the issuer",
)
LISTEN: Final = Setting(
    "Server",
    "Listen",
    plain(parse_listen_address),
    ("127.0.0.1:8080",),
    "Where the facade listens for HTTP",
)
DATA_DIR: Final = Setting(
    "Server",
    "DataDir",
    parse_path,
    ("data",),
    "The folder of the database, the master key and the sockets",
)
TRUSTED_PROXY: Final = Setting(
    "Server",
    "TrustedProxy",
    plain(parse_network),
    (),
    "An address or network whose X-Forwarded-For is believed",
    default_words="none",
    repeatable=True,
)
CLIENTS_ENABLED: Final = Setting(
    "Server",
    "OAuthClientsEnabled",
    plain(parse_boolean),
    ("true",),
    "false: OAuth and its metadata answer 404, clients stay stored, tokens stop validating until it is true again",
    show=show_boolean,
    reloadable=True,
)
ALLOWED_REDIRECT_URI: Final = Setting(
    "Server",
    "OAuthAllowedRedirectURI",
    plain(parse_allowed_redirect_uri),
    (),
    'Allowed beyond the built-in ones: exact, or everything below it where it ends in "/"',
    default_words="none",
    repeatable=True,
    reloadable=True,
)
SESSION_LIFETIME: Final = Setting(
    "Server",
    "SessionLifetime",
    duration("1s", "30d"),
    ("12h",),
    "How long a browser stays signed in",
    show=show_duration,
    reloadable=True,
)
ACCESS_TOKEN_LIFETIME: Final = Setting(
    "OAuth",
    "AccessTokenLifetime",
    duration("1s", "24h"),
    ("1h",),
    "How long an access token is good",
    show=show_duration,
    reloadable=True,
)
REFRESH_TOKEN_LIFETIME: Final = Setting(
    "OAuth",
    "RefreshTokenLifetime",
    duration("1s", "3650d"),
    ("30d",),
    "How long a grant lives without a refresh; at most GrantLifetime",
    show=show_duration,
    reloadable=True,
)
GRANT_LIFETIME: Final = Setting(
    "OAuth",
    "GrantLifetime",
    duration("1s", "3650d"),
    ("180d",),
    "How long a grant lives in all",
    show=show_duration,
    reloadable=True,
)
REFRESH_REUSE_WINDOW: Final = Setting(
    "OAuth",
    "RefreshReuseWindow",
    duration("0", "10m"),
    ("120s",),
    "How long the previous refresh token gets the same successor again, for lost replies; 0 is off",
    show=show_duration,
    reloadable=True,
)
CODE_LIFETIME: Final = Setting(
    "OAuth",
    "CodeLifetime",
    duration("1s", "10m"),
    ("60s",),
    "How long an authorization code is good (RFC 6749 §4.1.2)",
    show=show_duration,
    reloadable=True,
)
SCOPE: Final = Setting(
    "OAuth",
    "Scope",
    plain(parse_scope),
    ("mcp: Use MCP servers as you",),
    "A scope and what the consent page says of it; `offline_access` is built in",
    show=_show_scope,
    repeatable=True,
    reloadable=True,
)
DEFAULT_SCOPE: Final = Setting(
    "OAuth",
    "DefaultScope",
    plain(parse_scope_name),
    (),
    "A scope that a request without one gets",
    default_words="every Scope but privileged ones",
    repeatable=True,
    reloadable=True,
)
RESOURCE: Final = Setting(
    "OAuth",
    "Resource",
    plain(parse_resource),
    (),
    "A service that tokens may be for; none listed: any https or loopback one, named on the consent page",
    default_words="none",
    repeatable=True,
    reloadable=True,
)
SERVER_WIDE_TOKENS: Final = Setting(
    "OAuth",
    "ServerWideTokens",
    plain(parse_boolean),
    ("true",),
    "A token asked for without a resource works at every service",
    show=show_boolean,
    reloadable=True,
)
SOCKET: Final = Setting(
    "Grpc",
    "Socket",
    parse_socket_path,
    (),
    "The Unix socket of the facade, mode 0600",
    default_words="core.sock in DataDir",
)
ADMIN_SOCKET: Final = Setting(
    "Grpc",
    "AdminSocket",
    parse_socket_path,
    (),
    "The Unix socket of operators, mode 0600",
    default_words="admin.sock in DataDir",
)
GRPC_LISTEN: Final = Setting(
    "Grpc",
    "Listen",
    plain(parse_listen_address),
    ("127.0.0.1:50051",),
    "Where internal services and Envoy ask: validation, changes, authorization and health only",
)
REFLECTION: Final = Setting(
    "Grpc",
    "Reflection",
    plain(parse_boolean),
    ("false",),
    "Let internal services ask what the contract is (gRPC reflection)",
    show=show_boolean,
)
METRICS_CORE_LISTEN: Final = Setting(
    "Metrics",
    "CoreListen",
    plain(parse_listen_address),
    (),
    "Where the core tells its metrics, at /metrics, to whoever can reach it",
    default_words="none",
)
METRICS_FACADE_LISTEN: Final = Setting(
    "Metrics",
    "FacadeListen",
    plain(parse_listen_address),
    (),
    "Where the facade tells its metrics, at /metrics, to whoever can reach it",
    default_words="none",
)
LOGIN_FAILURES: Final = Setting(
    "Limits",
    "LoginFailures",
    plain(parse_rate),
    ("10/15m",),
    "Wrong passwords per account: from one network, ten times as many in all; slows down, never locks; 0 is off",
    show=show_rate,
    reloadable=True,
)
LOGIN_FAILURES_PER_NETWORK: Final = Setting(
    "Limits",
    "LoginFailuresPerNetwork",
    plain(parse_rate),
    ("200/15m",),
    "Wrong passwords and, apart from them, logins elsewhere that came to nothing, per network (/64, /32); 0 is off",
    show=show_rate,
    reloadable=True,
)
TOKEN_REQUESTS: Final = Setting(
    "Limits",
    "TokenRequests",
    plain(parse_rate),
    ("0",),
    "Token requests per client: from one network, ten times as many in all; 0 is off",
    show=show_rate,
    reloadable=True,
)
TOKEN_REQUESTS_PER_NETWORK: Final = Setting(
    "Limits",
    "TokenRequestsPerNetwork",
    plain(parse_rate),
    ("0",),
    "Token requests per network (/64, /32), whichever clients ask; 0 is off",
    show=show_rate,
    reloadable=True,
)
MASTER_KEY_FILE: Final = Setting(
    "Keys",
    "MasterKeyFile",
    parse_path,
    (),
    "The file of the master key, mode 0600; keep it out of the database's backup",
    default_words="master.key in DataDir",
)
MASTER_KEY: Final = Setting(
    "Keys",
    "MasterKey",
    plain(parse_master_key),
    (),
    "The master key itself instead of a file: base64url of 32 random bytes; best from the environment",
    default_words="none",
    secret=True,
)
SIGNING_KEY_ROTATION_PERIOD: Final = Setting(
    "Keys",
    "SigningKeyRotationPeriod",
    duration_or_never("1h", "3650d"),
    ("90d",),
    "How long a key signs before the next one is published; `never`: only `keys rotate` does it",
    show=show_duration_or_never,
    reloadable=True,
)
SIGNING_KEY_PUBLICATION_PERIOD: Final = Setting(
    "Keys",
    "SigningKeyPublicationPeriod",
    duration("0", "30d"),
    ("1h",),
    "How long a new key is published before it signs at the latest; sooner where every connected verifier has it",
    show=show_duration,
    reloadable=True,
)

#: Every setting, in the order in which they are shown.
SETTINGS: Final[tuple[Setting[Any], ...]] = (
    ADDRESS,
    LISTEN,
    DATA_DIR,
    *https_settings.SETTINGS,
    TRUSTED_PROXY,
    CLIENTS_ENABLED,
    ALLOWED_REDIRECT_URI,
    SESSION_LIFETIME,
    upstream_settings.LOCAL_USERS,
    discovery_settings.SERVICE_DOCUMENTATION,
    ACCESS_TOKEN_LIFETIME,
    REFRESH_TOKEN_LIFETIME,
    GRANT_LIFETIME,
    REFRESH_REUSE_WINDOW,
    CODE_LIFETIME,
    SCOPE,
    scope_settings.SCOPE_TRANSLATION,
    DEFAULT_SCOPE,
    discovery_settings.PRIVILEGED_SCOPE,
    RESOURCE,
    SERVER_WIDE_TOKENS,
    *device_settings.OF_OAUTH,
    *upstream_settings.OF_PROVIDERS,
    *document_settings.SETTINGS,
    *registration_settings.SETTINGS,
    *console_settings.SETTINGS,
    *page_settings.SETTINGS,
    SOCKET,
    ADMIN_SOCKET,
    GRPC_LISTEN,
    CERTIFICATE_FILE,
    CERTIFICATE_KEY_FILE,
    CLIENT_CA_FILE,
    CALLER,
    CALLER_TOKEN,
    REFLECTION,
    METRICS_CORE_LISTEN,
    METRICS_FACADE_LISTEN,
    *tracing_settings.SETTINGS,
    *audit_settings.SETTINGS,
    LOGIN_FAILURES,
    LOGIN_FAILURES_PER_NETWORK,
    registration_settings.REGISTRATIONS,
    TOKEN_REQUESTS,
    TOKEN_REQUESTS_PER_NETWORK,
    document_settings.FETCHES,
    *device_settings.OF_LIMITS,
    MASTER_KEY_FILE,
    MASTER_KEY,
    SIGNING_KEY_ROTATION_PERIOD,
    SIGNING_KEY_PUBLICATION_PERIOD,
)
SECTIONS: Final = tuple(dict.fromkeys(setting.section for setting in SETTINGS))
BY_NAME: Final[Mapping[tuple[str, str], Setting[Any]]] = {
    (setting.section.casefold(), setting.key.casefold()): setting for setting in SETTINGS
}
