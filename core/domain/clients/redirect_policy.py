"""Which redirect URIs may be used at all, and when a requested one equals a registered one (RFC 9700 §4.1.3).

Checked at registration, at the authorization endpoint and again when the code is made. No patterns, no suffixes, no
regular expressions: a URI is on the list or it is not, and only the port of this very machine may vary (RFC 8252 §7.3).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from core.domain.errors import InvalidRedirectUri
from core.domain.sayings import say

_MAXIMUM_LENGTH = 2048
#: What stays as it is where a URI that is none is quoted to whoever sent it; the rest is percent-encoded.
_QUOTABLE = "!#$%&'()*+,-./:;=?@[]_~"
#: How this very machine is written in a URL.
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_BUILT_IN = frozenset(
    {
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    }
)
#: In a path without escapes: `.` or `..`, with path parameters or without.
_DOT_SEGMENT = re.compile(r"(?:\A|/)\.\.?(?:[;/]|\Z)")
#: A host that browsers take for an IPv4 address (WHATWG URL, the ends-in-a-number checker).
_ENDS_IN_A_NUMBER = re.compile(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?\Z")
#: A redirect URI that brings these along would make our own answer ambiguous.
_RESERVED_PARAMETERS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
_NEVER = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "ws", "wss"}
)


@dataclass(frozen=True, slots=True)
class RedirectUri:
    """A redirect URI that is safe to compare and to send a browser to."""

    text: str
    scheme: str
    #: The authority without the port, as written.
    host: str
    port: int | None
    path: str

    @property
    def loopback(self) -> bool:
        """It leads to the user's own machine, where any program may listen."""
        return self.scheme == "http" and self.host in LOOPBACK_HOSTS

    @property
    def on_own_machine(self) -> bool:
        """It leads nowhere but to the user's machine: to a listener, or to the program that has claimed the scheme."""
        return self.loopback or self.scheme not in ("http", "https")

    @property
    def shown_host(self) -> str:
        """What a user recognises: the host, or the scheme where a program on the machine answers to it."""
        return self.host if self.scheme in ("http", "https") else f"{self.scheme}:"

    @property
    def kept(self) -> str:
        """The form that is stored and compared: a loopback URI without its port, any other as it is."""
        if not self.loopback or self.port is None:
            return self.text
        return self.text.replace(f"{self.host}:{self.port}", self.host, 1)


@lru_cache(maxsize=4096)
def parse_redirect_uri(text: str) -> RedirectUri:
    """A redirect URI that is absolute and means the same to every reader.

    Raises:
        InvalidRedirectUri: it is relative, ambiguous, or of a kind no browser should be sent to.
    """
    try:
        return _parse(text)
    except InvalidRedirectUri as refusal:
        raise refusal.because("redirect_uri_unusable", text[:_MAXIMUM_LENGTH]) from None


def _parse(text: str) -> RedirectUri:
    if len(text) > _MAXIMUM_LENGTH:
        raise InvalidRedirectUri(say("redirect_uri_too_long", most=_MAXIMUM_LENGTH))
    if not text.isascii() or not text.isprintable() or any(character in ' \\"<>^`{|}' for character in text):
        quoted = quote(text, safe=_QUOTABLE, errors="replace")
        raise InvalidRedirectUri(say("redirect_uri_letters", uri=quoted))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidRedirectUri(say("redirect_uri_no_uri", uri=text)) from None
    _require_plain(text, parts)
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if (port is not None and parts.netloc != f"{host}:{port}") or parts.netloc.endswith(":"):
        raise InvalidRedirectUri(say("redirect_uri_port", uri=text))
    if port == 0:
        raise InvalidRedirectUri(say("redirect_uri_port_0", uri=text))
    if (("[" in host or "]" in host) and not _is_ipv6_host(host)) or _is_unusual_ipv4(host):
        raise InvalidRedirectUri(say("redirect_uri_host", uri=text))
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise InvalidRedirectUri(say("redirect_uri_https", uri=text))
    return RedirectUri(text, parts.scheme, host, port, parts.path)


def is_allowed(uri: RedirectUri, allowed: Iterable[str]) -> bool:
    """Whether policy lets codes be sent there: loopback, built in, or on the operator's list.

    An entry that ends in "/" allows what lies below it on the same scheme, host and port; any other is exact.
    """
    if uri.loopback or uri.text in _BUILT_IN:
        return True
    return any(_lies_below(uri, entry) if entry.endswith("/") else uri.text == entry for entry in allowed)


def require_allowed(uri: RedirectUri, allowed: Iterable[str]) -> None:
    """Pass a URI that `is_allowed`.

    Raises:
        InvalidRedirectUri: it is not; names the URI and the setting that would allow it.
    """
    if not is_allowed(uri, allowed):
        raise InvalidRedirectUri(say("redirect_uri_not_allowed", uri=uri.text)).because(
            "redirect_uri_not_allowed", uri.text
        )


def _lies_below(uri: RedirectUri, entry: str) -> bool:
    parts = urlsplit(entry)
    authority = uri.host if uri.port is None else f"{uri.host}:{uri.port}"
    return uri.scheme == parts.scheme and authority == parts.netloc and uri.path.startswith(parts.path)


def _require_plain(text: str, parts: SplitResult) -> None:
    scheme = text.partition(":")[0]
    if scheme.lower() in _NEVER:
        raise InvalidRedirectUri(say("redirect_uri_scheme", uri=text, scheme=scheme))
    if not parts.scheme or scheme != parts.scheme or not text.startswith(f"{scheme}://") or not parts.netloc:
        raise InvalidRedirectUri(say("redirect_uri_absolute", uri=text))
    if "#" in text:
        raise InvalidRedirectUri(say("redirect_uri_fragment", uri=text))
    if "@" in parts.netloc or "%" in parts.netloc:
        raise InvalidRedirectUri(say("redirect_uri_userinfo", uri=text))
    if has_dot_segment(parts.path):
        raise InvalidRedirectUri(say("redirect_uri_dots", uri=text))
    named = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if named & _RESERVED_PARAMETERS:
        raise InvalidRedirectUri(
            say("redirect_uri_reserved", uri=text, names=", ".join(sorted(named & _RESERVED_PARAMETERS)))
        )


def _is_ipv6_host(host: str) -> bool:
    """Brackets around an address, and nothing behind them: some readers stop at the bracket, some do not."""
    try:
        IPv6Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return host.startswith("[") and host.endswith("]")


def _is_unusual_ipv4(host: str) -> bool:
    """It ends in a number and is no address of four: browsers read one in 0x7f.1 and 127.1, others a name."""
    if _ENDS_IN_A_NUMBER.search(host) is None:
        return False
    try:
        IPv4Address(host)
    except ValueError:
        return True
    return False


def has_dot_segment(path: str) -> bool:
    """`.` or `..` in any spelling: escaped once or twice, with path parameters, or split by an escaped slash."""
    return _DOT_SEGMENT.search(unquote(unquote(path)).replace("\\", "/")) is not None
