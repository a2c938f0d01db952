"""What one client sends, in its own order: data that `tests.clients.connection` puts on the wire.

In values, `{…}` stands for what is known only on the way: issuer, port, client_id, redirect_uri, state, challenge,
verifier, code, resource, scope (what was granted) and refresh_token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Pairs = tuple[tuple[str, str], ...]

INSERTED: Final = "/.well-known/oauth-authorization-server"
OPENID: Final = "/.well-known/openid-configuration"
#: RFC 6749 §4.1.1 and RFC 7636 §4.3, in the order in which most libraries write it.
AUTHORIZE: Final[Pairs] = (
    ("response_type", "code"),
    ("client_id", "{client_id}"),
    ("code_challenge", "{challenge}"),
    ("code_challenge_method", "S256"),
    ("redirect_uri", "{redirect_uri}"),
    ("state", "{state}"),
)
#: RFC 6749 §4.1.3 and RFC 7636 §4.5.
TOKEN: Final[Pairs] = (
    ("grant_type", "authorization_code"),
    ("code", "{code}"),
    ("code_verifier", "{verifier}"),
    ("redirect_uri", "{redirect_uri}"),
    ("client_id", "{client_id}"),
)
#: RFC 6749 §6.
REFRESH: Final[Pairs] = (
    ("grant_type", "refresh_token"),
    ("refresh_token", "{refresh_token}"),
    ("client_id", "{client_id}"),
)
RESOURCE: Final[Pairs] = (("resource", "{resource}"),)
#: Where the settings stand that a client may need.
SECTIONS: Final = {
    "OAuthAllowedRedirectURI": "Server",
    "TrustedClientHost": "ClientDocuments",
    "File": "ClientDocuments",
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One client, in one of the ways in which it connects."""

    #: As its users call it.
    tool: str
    #: How it connects, where it has several ways.
    way: str = ""
    #: Where it looks for the metadata, one after the other, until something is there.
    probes: tuple[str, ...] = (INSERTED,)
    #: On each of its requests.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: It runs in a browser page, which asks by OPTIONS before it sends (Fetch §3.3).
    origin: str | None = None
    #: It looks with HEAD before it reads.
    head_first: bool = False
    #: What stands at its client_id, which is an https URL; None: it registers.
    document: Mapping[str, object] | None = None
    #: What it registers with (RFC 7591 §3.1).
    registration: Mapping[str, object] | None = None
    #: The lines of the configuration that it needs.
    settings: tuple[str, ...] = ()
    #: What it sends at the authorization endpoint; its `{port}` is another one each time.
    redirect_uri: str
    state: str = "af0ifjsldkj"
    authorize: Pairs = AUTHORIZE + RESOURCE
    token: Pairs = TOKEN + RESOURCE
    refresh: Pairs = REFRESH + RESOURCE
    #: How many of its processes send the same refresh token at the same moment.
    refreshes_at_once: int = 1
    #: What the service calls itself, whatever the client makes of it; empty: the client asks for no service.
    resource: str = "https://mcp.example.com/mcp"
    #: What it is granted.
    scope: str = "mcp"

    @property
    def name(self) -> str:
        """The tool and its way."""
        return f"{self.tool} {self.way}".rstrip()


def without(pairs: Pairs, *names: str) -> Pairs:
    """The same pairs but for these."""
    return tuple((name, value) for name, value in pairs if name not in names)
