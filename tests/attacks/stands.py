"""Requests of each kind, wrong in any combination of ways."""

from dataclasses import dataclass

from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.errors import Refusal
from core.domain.grants.token_request import TokenRequest
from core.domain.keys.browser_seal import LIFETIME as SEAL_LIFETIME
from core.domain.users.user import User
from tests.attacks.combinations import Faults, Stand
from tests.domain.house import FILES, MCP, POLICY, House
from tests.domain.road import (
    BINDING,
    REDIRECT_URI,
    Connection,
    a_client,
    a_confidential_client,
    a_program,
    a_resource_server,
    a_session,
    a_user,
    asked,
    asking_for_itself,
    consent_page,
    decide,
    introspect,
    redeeming,
    refreshing,
    refusal_of,
    validate,
)

#: Allowed while pages are made, and taken off the list before they are answered.
LISTED = "https://workbench.example.com/callback"


class Cast(Stand):
    """Who takes part: a user and a client who stay, a user and a client who are ended, and a client beside them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.other = a_client(house)
        self._users = {ended: a_user(house) for ended in (False, True)}
        with house.under(allowed_redirect_uris=(LISTED,)):
            self._clients = {ended: a_client(house, redirect_uris=[REDIRECT_URI, LISTED]) for ended in (False, True)}
        self._sessions = {ended: a_session(house, user) for ended, user in self._users.items()}

    def user(self, faults: Faults) -> User:
        """The one who will be disabled where that is among the faults."""
        return self._users["user disabled" in faults]

    def client(self, faults: Faults) -> Client:
        """The one that will be blocked where that is among the faults."""
        return self._clients["client blocked" in faults]

    def session(self, faults: Faults) -> str:
        """Of that user; whoever waited too long has signed in anew meanwhile."""
        if self.house.logins.find_user(self._sessions["user disabled" in faults]) is None:
            self._sessions["user disabled" in faults] = a_session(self.house, self.user(faults))
        return self._sessions["user disabled" in faults]

    def code(self, faults: Faults) -> str:
        """A code for MCP."""
        request = [*asked(self.client(faults)), ("resource", MCP)]
        session = self.session(faults)
        return decide(self.house, consent_page(self.house, request, session).sealed_request, session)["code"]

    def connection(self, faults: Faults) -> Connection:
        """That client, connected by that user."""
        client = self.client(faults)
        tokens = self.house.tokens.issue(redeeming(client.client_id, self.code(faults)))
        return Connection(self.house, client, self.user(faults), tokens)

    def spoil(self) -> None:
        """End who is to be ended."""
        self.house.users.disable(self._users[True].username)
        self.house.clients.block(self._clients[True].client_id)


class Redemptions(Cast):
    """grant_type=authorization_code (RFC 6749 §4.1.3)."""

    faults = ("verifier", "redirect_uri", "other client", "resource", "expired", "spent", "user disabled",
              "client blocked")  # fmt: skip
    lifetime = POLICY.code_lifetime

    def make(self, faults: Faults) -> TokenRequest:
        """A redemption."""
        code = self.code(faults)
        client = self.client(faults)
        if "spent" in faults:
            self.house.tokens.issue(redeeming(client.client_id, code))
        changes = {"verifier": "x" * 43} if "verifier" in faults else {}
        if "redirect_uri" in faults:
            changes["redirect_uri"] = LISTED
        presenter = self.other if "other client" in faults else client
        return redeeming(presenter.client_id, code, FILES if "resource" in faults else MCP, **changes)

    def is_accepted(self, request: TokenRequest) -> bool:
        """Whether there are tokens."""
        return not refusal_of(self.house, request)


class Refreshes(Cast):
    """grant_type=refresh_token (RFC 6749 §6)."""

    faults = ("other client", "scope", "resource", "expired", "reused", "user disabled", "client blocked")
    lifetime = POLICY.refresh_token_lifetime

    def make(self, faults: Faults) -> TokenRequest:
        """A refresh."""
        connection = self.connection(faults)
        presented = connection.refresh_token
        if "reused" in faults:
            connection.rotate()
            connection.rotate()
        presenter = self.other if "other client" in faults else connection.client
        scope = "mcp mail" if "scope" in faults else "mcp"
        resource = FILES if "resource" in faults else MCP
        return refreshing(presenter.client_id, presented, resource, scope=scope)

    def is_accepted(self, request: TokenRequest) -> bool:
        """Whether there are tokens."""
        return not refusal_of(self.house, request)


class Programs(Cast):
    """grant_type=client_credentials (RFC 6749 §4.4)."""

    faults = ("no secret", "another's secret", "method", "scope", "resource", "grant type", "client blocked")
    lifetime = 0

    def __init__(self, house: House) -> None:
        super().__init__(house)
        wanted = {"scope": ("mcp",)}
        self._programs = {ended: (a_program(house, **wanted), a_confidential_client(house, **wanted))
                          for ended in (False, True)}  # fmt: skip
        _, self._others_secret = a_program(house)

    def make(self, faults: Faults) -> TokenRequest:
        """A request of a program, for itself."""
        program, portal = self._programs["client blocked" in faults]
        client, secret = portal if "grant type" in faults else program
        sent = self._others_secret if "another's secret" in faults else secret
        return asking_for_itself(
            client.client_id,
            None if "no secret" in faults else sent,
            "http://files.example.com/" if "resource" in faults else MCP,
            scope="mcp mail" if "scope" in faults else "mcp",
            method="client_secret_post" if "method" in faults else "client_secret_basic",
        )

    def spoil(self) -> None:
        """End the programs that are to be ended, too."""
        super().spoil()
        for client, _ in self._programs[True]:
            self.house.clients.block(client.client_id)

    def is_accepted(self, request: TokenRequest) -> bool:
        """Whether there is a token."""
        return not refusal_of(self.house, request)


@dataclass(frozen=True)
class Decision:
    """The user's yes."""

    sealed_request: str
    session: str
    binding: bytes


class Decisions(Cast):
    """The consent form (RFC 6749 §4.1.1)."""

    faults = ("other browser", "signed out", "expired", "decided", "redirect_uri", "user disabled", "client blocked")
    lifetime = SEAL_LIFETIME

    def make(self, faults: Faults) -> Decision:
        """A yes."""
        session = self.session(faults)
        with self.house.under(allowed_redirect_uris=(LISTED,)):
            request = asked(self.client(faults), redirect_uri=LISTED if "redirect_uri" in faults else REDIRECT_URI)
            sealed = consent_page(self.house, request, session).sealed_request
            if "decided" in faults:
                decide(self.house, sealed, session, approved=False)
        binding = b"another browser".ljust(32, b".") if "other browser" in faults else BINDING
        return Decision(sealed, "" if "signed out" in faults else session, binding)

    def is_accepted(self, request: Decision) -> bool:
        """Whether there is a code."""
        try:
            answer = decide(self.house, request.sealed_request, request.session, binding=request.binding)
        except Refusal:
            return False
        return "code" in answer


@dataclass(frozen=True)
class Question:
    """A service's question."""

    token: str
    audience: str


class Questions(Cast):
    """ValidateToken (RFC 9068 §4), of tokens that were validated before, and so are remembered."""

    faults = ("audience", "forged", "expired", "revoked", "user disabled", "client blocked")
    lifetime = POLICY.access_token_lifetime

    def make(self, faults: Faults) -> Question:
        """A question."""
        connection = self.connection(faults)
        token = connection.tokens.access_token
        assert validate(self.house, token, MCP) is not None
        if "revoked" in faults:
            assert self.house.grants.revoke(connection.grant().id.hex())
        # Not the last letter, of which some bits are nobody's.
        forged = token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:]
        return Question(forged if "forged" in faults else token, FILES if "audience" in faults else MCP)

    def is_accepted(self, request: Question) -> bool:
        """Whether the token is active."""
        return validate(self.house, request.token, request.audience) is not None


@dataclass(frozen=True)
class Inquiry:
    """A resource server's question over HTTP."""

    token: str
    client_id: str
    secret: str | None
    method: str


class Inquiries(Cast):
    """Introspection (RFC 7662 §2.1): who asks, and about what."""

    faults = ("no secret", "method", "no resource server", "server blocked", "audience", "refresh token", "expired",
              "revoked", "client blocked")  # fmt: skip
    lifetime = POLICY.access_token_lifetime

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._servers = {ended: {resource: a_resource_server(house, resource) for resource in (MCP, FILES)}
                         for ended in (False, True)}  # fmt: skip
        self._portals = {ended: a_confidential_client(house) for ended in (False, True)}
        self._connected: dict[Faults, Connection] = {}

    def make(self, faults: Faults) -> Inquiry:
        """A question about a token that is for MCP."""
        ended = "server blocked" in faults
        server = self._servers[ended][FILES if "audience" in faults else MCP]
        client, secret = self._portals[ended] if "no resource server" in faults else server
        connection = self.connected(faults & {"revoked", "client blocked", "expired"})
        token = connection.refresh_token if "refresh token" in faults else connection.tokens.access_token
        method = "client_secret_post" if "method" in faults else "client_secret_basic"
        return Inquiry(token, client.client_id, None if "no secret" in faults else secret, method)

    def connected(self, faults: Faults) -> Connection:
        """One connection for all questions about the like of it, which end nothing."""
        if faults not in self._connected:
            self._connected[faults] = self.connection(faults)
            if "revoked" in faults:
                assert self.house.grants.revoke(self._connected[faults].grant().id.hex())
        return self._connected[faults]

    def spoil(self) -> None:
        """End the resource servers that are to be ended, too."""
        super().spoil()
        for client, _ in (*self._servers[True].values(), self._portals[True]):
            self.house.clients.block(client.client_id)

    def is_accepted(self, request: Inquiry) -> bool:
        """Whether the answer is more than that it is not active."""
        try:
            return introspect(self.house, request.token, request.client_id, request.secret, request.method) is not None
        except Refusal:
            return False


@dataclass(frozen=True)
class Withdrawal:
    """A client's wish that a grant should end."""

    token: str
    client_id: str


class Withdrawals(Cast):
    """Revocation (RFC 7009), whose effect is that a grant ends."""

    faults = ("other client", "forged", "revoked", "client blocked")
    lifetime = 0

    def make(self, faults: Faults) -> Withdrawal:
        """A revocation."""
        connection = self.connection(faults)
        if "revoked" in faults:
            assert self.house.grants.revoke(connection.grant().id.hex())
        token = connection.refresh_token
        forged = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
        presenter = self.other if "other client" in faults else connection.client
        return Withdrawal(forged if "forged" in faults else token, presenter.client_id)

    def is_accepted(self, request: Withdrawal) -> bool:
        """Whether something ended."""
        try:
            return self.house.revocation.revoke(request.token, ClientCredentials(request.client_id, None, "none"))
        except Refusal:
            return False
