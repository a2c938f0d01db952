"""A client_id that is a URL (draft-ietf-oauth-client-id-metadata-document): one spelling, and a host with a name."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.domain.clients.redirect_policy import LOOPBACK_HOSTS, has_dot_segment
from core.domain.errors import ClientDocumentRefused
from core.domain.sayings import say

#: It stands in access tokens and on pages.
_MAXIMUM_LENGTH = 512
#: Names in lower case with a dot in them, the last part no number in any base: for inet_aton 127.1 and 0x7f.1 are
#: addresses, as 2130706433 is.
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!0x)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class DocumentUrl:
    """Where a client's document is, which is also the client's id."""

    text: str
    #: In lower case; an IPv6 address in brackets.
    host: str
    port: int
    #: Path and query: what an HTTP request asks for.
    target: str

    @property
    def authority(self) -> str:
        """The host, and the port where it is another than https's own."""
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """It is on this very machine."""
        return self.host in LOOPBACK_HOSTS


def names_document(client_id: str) -> bool:
    """Whether the client is known by a document: no id that is made here begins like that."""
    return client_id.startswith("https://")


def parse_document_url(client_id: str) -> DocumentUrl:
    """The URL in a client_id that `names_document`.

    Raises:
        ClientDocumentRefused: it is not what the draft asks for, or means different things to different readers.
    """
    if len(client_id) > _MAXIMUM_LENGTH:
        raise ClientDocumentRefused(say("document_url_too_long", most=_MAXIMUM_LENGTH), client_id)
    if not client_id.isascii() or not client_id.isprintable() or any(letter in ' \\"<>^`{|}' for letter in client_id):
        raise ClientDocumentRefused(say("document_url_letters"), client_id)
    if "#" in client_id:
        raise ClientDocumentRefused(say("document_url_fragment"), client_id)
    try:
        parts = urlsplit(client_id)
        host, port = _split_authority(parts.netloc)
    except ValueError:
        raise ClientDocumentRefused(say("document_url_host"), client_id) from None
    if not parts.path:
        raise ClientDocumentRefused(say("document_url_path"), client_id)
    if has_dot_segment(parts.path):
        raise ClientDocumentRefused(say("document_url_dots"), client_id)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return DocumentUrl(client_id, host, port, target)


def is_on_loopback(issuer: str) -> bool:
    """Whether this server's own address is on this very machine: then others there may be asked, too."""
    authority = urlsplit(issuer).netloc
    return authority in LOOPBACK_HOSTS or authority.rpartition(":")[0] in LOOPBACK_HOSTS


def _split_authority(authority: str) -> tuple[str, int]:
    """Host and port. Raises ValueError: user information, an address, or a second way to write the same."""
    for loopback in LOOPBACK_HOSTS:
        if authority == loopback or authority.startswith(f"{loopback}:"):
            return loopback, _parse_port(authority.removeprefix(loopback))
    host, colon, port = authority.partition(":")
    if _HOST_NAME.match(host) is None or host.rpartition(".")[2].isdigit():
        raise ValueError(authority)
    return host, _parse_port(colon + port)


def _parse_port(text: str) -> int:
    if not text:
        return _HTTPS
    if _PORT.fullmatch(text[1:]) is None or not _HTTPS != int(text[1:]) <= 65535:
        raise ValueError(text)
    return int(text[1:])
