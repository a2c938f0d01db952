"""What the operator decided: the settings that rules depend on, as one value that a reload replaces whole."""

from dataclasses import dataclass
from typing import Protocol

from core.domain.limits.rate import Rate


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope and what the consent page says of it (RFC 6749 §3.3)."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Lifetimes are in seconds. The names are those of the settings."""

    #: The public address without a trailing slash (RFC 8414 §2 "issuer").
    issuer: str
    clients_enabled: bool
    #: What the operator allows beyond the built-in redirect URIs.
    allowed_redirect_uris: tuple[str, ...]
    access_token_lifetime: int
    refresh_token_lifetime: int
    grant_lifetime: int
    refresh_reuse_window: int
    code_lifetime: int
    session_lifetime: int
    scopes: tuple[Scope, ...]
    #: What a request without a scope gets; names from `scopes`.
    default_scope: tuple[str, ...]
    #: In their owners' spelling; empty: any https or loopback resource (RFC 8707).
    resources: tuple[str, ...]
    server_wide_tokens: bool
    login_failures: Rate
    login_failures_per_network: Rate
    registrations: Rate
    token_requests: Rate


class PolicySource(Protocol):
    """Where the policy in force is read; read it once per decision."""

    @property
    def current(self) -> Policy:
        """The policy in force."""
        ...
