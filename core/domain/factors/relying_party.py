"""Whom a passkey is for: the RP ID and the origin, both from the configured issuer and never from a request."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.domain.policy import Policy

_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This server, as authenticators and browsers know it (WebAuthn Level 3 §5.1.2, §13.4.9)."""

    #: A domain; passkeys are good at it alone.
    rp_id: str
    #: As `collectedClientData.origin` has it.
    origin: str


@lru_cache(maxsize=8)
def find_relying_party(issuer: str) -> RelyingParty | None:
    """The issuer's; None where there can be none: an RP ID is a domain, and pages without TLS have no WebAuthn unless
    they are on localhost (Secure Contexts §3.1)."""
    parts = urlsplit(issuer)
    host = (parts.hostname or "").lower()
    if not host or _is_address(host):
        return None
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        return None
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}")


def find_relying_party_now(policy: Policy) -> RelyingParty | None:
    """The issuer's, while users sign in here; None where passkeys can be neither added nor used."""
    return find_relying_party(policy.issuer) if policy.upstream.local_users else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
