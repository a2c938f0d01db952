"""The steps of users, clients and operators through a running core; what is acknowledged becomes a promise."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from tokenhouse.v1 import (
    authorization_pb2,
    client_admin_pb2,
    grant_admin_pb2,
    registration_pb2,
    revocation_pb2,
    session_pb2,
    token_pb2,
    user_admin_pb2,
    validation_pb2,
)

from core.domain.tokens.grant_token import TokenKind, find_grant_token
from tests.faults.promises import Promise, PromiseKind
from tests.faults.stubs import Stubs
from tests.serving import DEADLINE, ISSUER, Pkce, answer_of, parameters_of, public_client

REDIRECT_URI = "http://127.0.0.1:7777/callback"
PASSWORD = "correct horse battery staple"
_BINDING = b"the browser that started".ljust(32, b".")
PKCE = Pkce()


@dataclass
class Held:
    """What a client holds of one grant."""

    client_id: str
    grant_id: bytes
    generation: int
    refresh_token: str
    access_token: str


@dataclass
class Road:
    """One browser and its clients. `promise` hears of each acknowledgement as soon as it has arrived."""

    core: Stubs
    promise: Callable[[Promise], None] = field(default=lambda promise: None)
    session: str = ""

    def create_user(self, username: str) -> None:
        """Add a user whose password is PASSWORD."""
        request = user_admin_pb2.CreateUserRequest(username=username, password=PASSWORD)
        self.core.users.CreateUser(request, timeout=DEADLINE)
        self.promise(Promise(PromiseKind.USER, username))

    def log_in(self, username: str = "admin") -> None:
        """Begin a browser session, in a browser that has none."""
        self.session = ""
        sealed = self._start(self.register()).login.sealed_request
        request = session_pb2.LogInRequest(
            sealed_request=sealed,
            browser_binding=_BINDING,
            username=username,
            password=self.core.password if username == "admin" else PASSWORD,
            network_address="192.0.2.1",
        )
        self.session = self.core.sessions.LogIn(request, timeout=DEADLINE).session_token

    def log_out(self) -> None:
        """End the browser session."""
        self.core.sessions.LogOut(session_pb2.LogOutRequest(session_token=self.session), timeout=DEADLINE)

    def register(self) -> str:
        """A new client's id."""
        document = {"client_name": f"tool {secrets.token_hex(6)}", "redirect_uris": [REDIRECT_URI]}
        request = registration_pb2.RegisterClientRequest(client_metadata=json.dumps(document).encode())
        answer = self.core.registration.RegisterClient(request, timeout=DEADLINE)
        client_id: str = json.loads(answer.client_information)["client_id"]
        self.promise(Promise(PromiseKind.CLIENT, client_id))
        return client_id

    def consent(self, client_id: str) -> str:
        """The code that the user's yes gave the client."""
        request = authorization_pb2.DecideConsentRequest(
            sealed_request=self._start(client_id).consent.sealed_request,
            session_token=self.session,
            browser_binding=_BINDING,
            approved=True,
        )
        code = answer_of(self.core.authorization.DecideConsent(request, timeout=DEADLINE).redirect)["code"]
        token = find_grant_token(code, TokenKind.CODE)
        assert token is not None
        self.promise(Promise(PromiseKind.GRANT, token.grant_id.hex(), 0))
        return code

    def redeem(self, client_id: str, code: str) -> Held:
        """The tokens for a code."""
        grant = token_pb2.AuthorizationCodeGrant(code=code, code_verifier=PKCE.verifier)
        return self._issue(token_pb2.IssueTokenRequest(client=public_client(client_id), authorization_code=grant))

    def refresh(self, held: Held) -> Held:
        """The successors of what the client holds."""
        grant = token_pb2.RefreshTokenGrant(refresh_token=held.refresh_token)
        return self._issue(token_pb2.IssueTokenRequest(client=public_client(held.client_id), refresh_token=grant))

    def connect(self) -> Held:
        """The whole way of a new client."""
        client_id = self.register()
        return self.redeem(client_id, self.consent(client_id))

    def revoke(self, held: Held) -> None:
        """End the grant as its client does (RFC 7009)."""
        request = revocation_pb2.RevokeTokenRequest(token=held.refresh_token, client=public_client(held.client_id))
        self.core.revocation.RevokeToken(request, timeout=DEADLINE)
        self.promise(Promise(PromiseKind.REVOKED, held.grant_id.hex()))

    def revoke_as_operator(self, held: Held) -> None:
        """End the grant as an operator does."""
        self.core.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=held.grant_id.hex()), timeout=DEADLINE)
        self.promise(Promise(PromiseKind.REVOKED, held.grant_id.hex()))

    def disable(self, username: str) -> None:
        """Disable a user."""
        answer = self.core.users.DisableUser(user_admin_pb2.DisableUserRequest(username=username), timeout=DEADLINE)
        self.promise(Promise(PromiseKind.DISABLED, answer.user.username))

    def block(self, client_id: str) -> None:
        """Block a client."""
        self.core.clients.BlockClient(client_admin_pb2.BlockClientRequest(client_id=client_id), timeout=DEADLINE)
        self.promise(Promise(PromiseKind.BLOCKED, client_id))

    def is_signed_in(self, session: str) -> bool:
        """Whether a browser with this session is asked for a consent rather than a password."""
        before, self.session = self.session, session
        try:
            return self._start(self.register()).HasField("consent")
        finally:
            self.session = before

    def is_active(self, held: Held) -> bool:
        """What an internal service is told of the access token."""
        request = validation_pb2.ValidateTokenRequest(token=held.access_token, audience=ISSUER)
        answer = self.core.validation.ValidateToken(request, timeout=DEADLINE)
        return answer.active and answer.account_active

    def _start(self, client_id: str) -> authorization_pb2.StartAuthorizationResponse:
        parameters = parameters_of(
            {
                "response_type": "code",
                "client_id": client_id,
                "redirect_uri": REDIRECT_URI,
                "code_challenge": PKCE.challenge,
                "code_challenge_method": "S256",
            }
        )
        request = authorization_pb2.StartAuthorizationRequest(
            parameters=parameters, browser_binding=_BINDING, session_token=self.session
        )
        return self.core.authorization.StartAuthorization(request, timeout=DEADLINE)

    def _issue(self, request: token_pb2.IssueTokenRequest) -> Held:
        answer = self._send(request)
        token = find_grant_token(answer.refresh_token, TokenKind.REFRESH_TOKEN)
        assert token is not None
        self.promise(Promise(PromiseKind.GRANT, token.grant_id.hex(), token.generation))
        client_id = request.client.client_id
        return Held(client_id, token.grant_id, token.generation, answer.refresh_token, answer.access_token)

    def _send(self, request: token_pb2.IssueTokenRequest) -> token_pb2.IssueTokenResponse:
        """As a facade does, for a request of its own."""
        request.attempt_id = secrets.token_bytes(16)
        return self.core.tokens.IssueToken(request, timeout=DEADLINE)
