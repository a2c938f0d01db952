"""Addresses as operators write them: the public one, those to listen on, redirect URIs, resources.

Every parser raises ValueError with what is allowed, in words.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from core.domain.clients.redirect_policy import parse_redirect_uri
from core.domain.errors import InvalidRedirectUri, InvalidTarget
from core.domain.tokens.resource import is_loopback_host, normalise_resource

_HOST_NAME = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?", re.IGNORECASE)
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens. `host` stands without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen_address(text: str) -> ListenAddress:
    """`HOST:PORT`; an IPv6 host in brackets."""
    allowed = "HOST:PORT, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080, the port 1 to 65535"
    host, _, port = text.rpartition(":")
    if _PORT.fullmatch(port) is None or int(port) > 65535:
        raise ValueError(allowed)
    if host.startswith("[") and host.endswith("]"):
        try:
            return ListenAddress(str(IPv6Address(host[1:-1])), int(port))
        except ValueError:
            raise ValueError(allowed) from None
    if not _is_host(host):
        raise ValueError(allowed)
    return ListenAddress(host, int(port))


def parse_public_address(text: str) -> str:
    """The issuer (RFC 8414 §2): https, or http on this very machine; as browsers write it, without a trailing slash."""
    parts = _split(text, "an https:// URL, or http:// on localhost, 127.0.0.1 or [::1]")
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or (parts.scheme == "http" and not is_loopback_host(host)):
        raise ValueError("an https:// URL; http:// only on localhost, 127.0.0.1 or [::1]")
    if "@" in text or "?" in text or "#" in text:
        raise ValueError("a URL without user information, query and fragment (RFC 8414 §2)")
    if not (_is_host(host) or _is_ipv6(host)) or parts.netloc.endswith(":"):
        raise ValueError("a URL whose host is a name or an IP address")
    path = parts.path.rstrip("/")
    if _PATH.fullmatch(path) is None or any(segment in (".", "..") for segment in path.split("/")):
        raise ValueError("a URL whose path has plain segments: letters, digits and - . _ ~, no dot segments")
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}{_shown_port(parts.scheme, parts.port)}{path}"


def parse_allowed_redirect_uri(text: str) -> str:
    """An entry of the redirect policy: exact, or everything below it where it ends in "/"."""
    allowed = (
        "an absolute URI with a host, https, http on this machine or a private-use scheme, without wildcard, user "
        'information, fragment or dot segment; one that ends in "/" allows what lies below it'
    )
    try:
        uri = parse_redirect_uri(text)
    except InvalidRedirectUri:
        raise ValueError(allowed) from None
    host = uri.host.strip("[]")
    if "*" in text or (text.endswith("/") and "?" in text) or not (_is_host(host) or _is_ipv6(host)):
        raise ValueError(allowed)
    if not text.endswith("/"):
        return text
    # Below an entry, host and port are compared as names of places; an entry without the slash is exact.
    return f"{uri.scheme}://{uri.host.lower()}{_shown_port(uri.scheme, uri.port)}{uri.path}"


def parse_page(text: str) -> str:
    """A page for people."""
    allowed = "an absolute https:// or http:// URL, without user information"
    parts = _split(text, allowed)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(allowed)
    return text


def parse_resource(text: str) -> str:
    """A resource (RFC 8707 §2) in its owner's spelling."""
    allowed = "an absolute https URI, or http on this machine, without user information and fragment (RFC 8707 §2)"
    try:
        parts = urlsplit(normalise_resource(text))
    except InvalidTarget:
        raise ValueError(allowed) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback_host(parts.hostname or "")):
        raise ValueError(allowed)
    return text


def _shown_port(scheme: str, port: int | None) -> str:
    """Behind a host; nothing for the scheme's own."""
    return "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"


def _split(text: str, allowed: str) -> SplitResult:
    try:
        # First: taking text beyond ASCII apart would take the square of its length.
        if not text.isascii() or any(character in text for character in ' \\"<>^`{|}'):
            raise ValueError(allowed)
        parts = urlsplit(text)
        if parts.port == 0:
            raise ValueError(allowed)
    except ValueError:
        raise ValueError(allowed) from None
    return parts


def _is_host(host: str) -> bool:
    """A name, or an IPv4 address: what looks like a number must be one."""
    if _HOST_NAME.fullmatch(host) is None:
        return False
    if re.fullmatch(r"[0-9.]+", host):
        try:
            ip_address(host)
        except ValueError:
            return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True
