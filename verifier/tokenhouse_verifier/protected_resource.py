"""Protected-resource metadata (RFC 9728): where a client learns which authorization server a service trusts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

_WELL_KNOWN = "/.well-known/oauth-protected-resource"
#: With which the metadata may be asked for.
METHODS = ("GET", "HEAD", "OPTIONS")
_ALLOWED = ", ".join(METHODS)
#: Scripts of any origin may read it: it is public, and no credentials come with the request.
_CORS = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {"Access-Control-Allow-Methods": _ALLOWED, "Access-Control-Allow-Headers": "MCP-Protocol-Version"}


class Answer(NamedTuple):
    """An HTTP answer; the body is `application/json` where there is one."""

    status: int
    headers: dict[str, str]
    body: bytes


def metadata_url(resource: str) -> str:
    """Where the metadata of a resource is (RFC 9728 §3.1): the well-known path between its host and its own path.

    Raises:
        ValueError: the resource is no absolute URI without a fragment.
    """
    _require_url("resource", resource)
    parts = urlsplit(resource)
    return urlunsplit((parts.scheme, parts.netloc, _path(resource), parts.query, ""))


@dataclass(frozen=True)
class ProtectedResource:
    """The metadata of one resource. Every door serves it, given as its `metadata`.

    Raises:
        ValueError: something cannot be used, in one sentence.
    """

    #: The resource, as clients ask for it (RFC 8707); the audience of the verifier.
    resource: str
    #: Issuers, each spelled as in its own metadata: they are compared as strings (RFC 8414 §3.3).
    authorization_servers: Sequence[str]
    #: What clients should ask for; none listed: the authorization server's default.
    scopes_supported: Sequence[str] = ()
    #: What people read.
    resource_name: str = ""
    resource_documentation: str = ""

    def __post_init__(self) -> None:
        _require_url("resource", self.resource)
        if isinstance(self.authorization_servers, str) or not self.authorization_servers:
            raise ValueError("authorization_servers is a list with at least one issuer")
        if isinstance(self.scopes_supported, str):
            raise ValueError("scopes_supported is one string: give a list of scopes")
        for issuer in self.authorization_servers:
            _require_url("authorization_servers", issuer)

    @property
    def metadata_url(self) -> str:
        """Where it is served; the verifier's `resource_metadata`."""
        return metadata_url(self.resource)

    @property
    def path(self) -> str:
        """The path of that URL."""
        return _path(self.resource)

    def document(self) -> dict[str, object]:
        """The metadata (RFC 9728 §2), without what is not known."""
        told = {
            "resource": self.resource,
            "authorization_servers": list(self.authorization_servers),
            "scopes_supported": list(self.scopes_supported),
            "bearer_methods_supported": ["header"],
            "resource_name": self.resource_name,
            "resource_documentation": self.resource_documentation,
        }
        return {name: value for name, value in told.items() if value}

    def answer(self, method: str) -> Answer:
        """What a request for it gets (RFC 9728 §3.2), for services with a door of their own."""
        if method in ("GET", "HEAD"):
            return Answer(200, _CORS | {"Content-Type": "application/json"}, json.dumps(self.document()).encode())
        if method == "OPTIONS":
            return Answer(204, _CORS | _PREFLIGHT | {"Allow": _ALLOWED}, b"")
        return Answer(405, _CORS | {"Allow": _ALLOWED}, b"")


def _path(resource: str) -> str:
    path = urlsplit(resource).path
    # §3.1: the slash after the host goes, where nothing else follows.
    return _WELL_KNOWN + ("" if path == "/" else path)


def _require_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname or "#" in url:
        raise ValueError(f"{name} is an http or https URL without a fragment, as in https://mcp.example.com/mcp")
