"""What the facade is told when it starts."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from facade.branding import OURS, Branding

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Address:
    """The public address, split. The issuer is the same text (RFC 8414 §2)."""

    scheme: str
    #: Host and port as browsers write them.
    host: str
    #: Empty, or with a leading and without a trailing slash.
    path: str

    @property
    def origin(self) -> str:
        """RFC 6454 §6.2."""
        return f"{self.scheme}://{self.host}"

    @property
    def https(self) -> bool:
        """Cookies may be Secure and replies may promise HSTS."""
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the facade needs to know; the facts of OAuth come from the core."""

    address: Address
    #: Who may name other addresses in X-Forwarded-For.
    trusted_proxies: tuple[Network, ...]
    core_socket: str
    branding: Branding = OURS
    #: The URL that spans are posted to, None: nothing is traced; and which share of the requests, above 0, at most 1.
    tracing_endpoint: str | None = None
    tracing_sample_ratio: float = 1.0


def parse_address(text: str) -> Address:
    """The public address. Raises ValueError with one sentence."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address starts with http:// or https:// and names a host")
    if parts.query or parts.fragment or "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError("an address has no user, query or fragment (RFC 8414 §2)")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or any(segment in (".", "..") for segment in path.split("/")):
        raise ValueError("an address has a path of plain segments")
    default_port = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(parts.scheme, host if parts.port in (None, default_port) else f"{host}:{parts.port}", path)


def parse_listen(text: str) -> tuple[str, int]:
    """HOST:PORT, with brackets around an IPv6 host. Raises ValueError with one sentence."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("where to listen is HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def parse_network(text: str) -> Network:
    """A network, or a single address, in CIDR form. Raises ValueError with one sentence."""
    return ipaddress.ip_network(text, strict=False)
