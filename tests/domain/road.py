"""The steps from a user and a client to tokens, each in one line of a test."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.domain.authorization.endpoint import ConsentPrompt, DocumentWanted, LoginPrompt, Redirect
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.clients.preregistration import Preregistration
from core.domain.clients.registration import RegistrationRequest
from core.domain.errors import Refusal
from core.domain.grants.grant import Grant
from core.domain.grants.token_request import (
    ClientCredentialsParameters,
    CodeParameters,
    GrantParameters,
    RefreshParameters,
    TokenRequest,
    TokenResponse,
)
from core.domain.sessions.login import begin_session
from core.domain.sessions.session import Session
from core.domain.tokens.grant_token import TokenKind, find_grant_token
from core.domain.tokens.validation import ValidToken
from core.domain.users.user import User, username_key
from tests.domain.house import ISSUER, House
from tests.serving import Pkce

REDIRECT_URI = "http://127.0.0.1:49152/callback"
BINDING = b"the browser that started".ljust(32, b".")
PKCE = Pkce()


def a_user(house: House, *groups: str) -> User:
    """A new user. The password hash opens for nobody: nothing here waits for Argon2id."""
    name = f"user-{secrets.token_hex(6)}"
    user = User(secrets.token_hex(16), name, username_key(name), "$no$", groups, house.clock.now())
    assert house.store.write(lambda tx: tx.create_user(user))
    return user


def a_session(house: House, user: User) -> str:
    """The token of a new browser session of this user."""
    secret = secrets.token_bytes(32)
    now = house.clock.now()
    session = Session(hashlib.sha256(secret).digest(), user.subject, now, now + house.policy.current.session_lifetime)
    house.store.write(lambda tx: tx.create_session(session))
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def a_network_that_is_known(house: House) -> str:
    """An address from which somebody has signed in just now; the network is no other test's."""
    address, now = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1", house.clock.now()
    session = Session(secrets.token_bytes(32), a_user(house).subject, now, now + 3600, address)
    house.store.write(lambda tx: begin_session(tx, session, ""))
    return address


def register(house: House, body: dict[str, Any], *, network_address: str = "192.0.2.1") -> dict[str, Any]:
    """The answer to a registration, as a client parses it."""
    answer = house.registrations.register(RegistrationRequest(json.dumps(body).encode(), network_address))
    parsed: dict[str, Any] = json.loads(json.dumps(answer.information))
    return parsed


def a_client(house: House, **members: Any) -> Client:
    """A new client, registered with a name of its own."""
    body = {"client_name": f"tool {secrets.token_hex(6)}", "redirect_uris": [REDIRECT_URI], **members}
    return house.clients.get(register(house, body)["client_id"])


def a_confidential_client(house: House, **wanted: Any) -> tuple[Client, str]:
    """A new client of an operator's, and its secret."""
    wanted = {"client_id": "", "client_name": "a program", "redirect_uris": (REDIRECT_URI,), **wanted}
    client, secret = house.preregistration.create(Preregistration(**wanted))
    return client, secret.text if secret else ""


def asked(client: Client, **parameters: str | None) -> list[tuple[str, str]]:
    """A good authorization request; None leaves a parameter out."""
    good: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "code_challenge": PKCE.challenge,
        "code_challenge_method": "S256",
        "state": "the state",
    }
    return [(name, value) for name, value in {**good, **parameters}.items() if value is not None]


def start(
    house: House, parameters: list[tuple[str, str]], session_token: str = "", binding: bytes = BINDING
) -> Redirect | LoginPrompt | ConsentPrompt:
    """What comes next for a request in this browser, after its client's document was fetched where that is wanted."""
    outcome = house.endpoint.start(parameters, session_token=session_token, browser_binding=binding)
    if isinstance(outcome, DocumentWanted):
        return house.endpoint.start_by_document(
            parameters, session_token=session_token, browser_binding=binding, network_address="192.0.2.1"
        )
    return outcome


def consent_page(house: House, parameters: list[tuple[str, str]], session_token: str) -> ConsentPrompt:
    """The consent page of a request that gets one."""
    prompt = start(house, parameters, session_token)
    assert isinstance(prompt, ConsentPrompt), prompt
    return prompt


def decide(
    house: House, sealed: str, session_token: str, *, approved: bool = True, binding: bytes = BINDING
) -> dict[str, str]:
    """The parameters of the answer to a decision."""
    redirect = house.consent.decide(sealed, session_token=session_token, browser_binding=binding, approved=approved)
    return dict(redirect.parameters)


def a_code(house: House, client: Client, user: User, *resources: str, **parameters: str | None) -> str:
    """A code that the user has just allowed."""
    session = a_session(house, user)
    request = asked(client, **parameters) + [("resource", resource) for resource in resources]
    return decide(house, consent_page(house, request, session).sealed_request, session)["code"]


def redeeming(client_id: str, code: str, *resources: str, **changes: Any) -> TokenRequest:
    """A token request for a code; `changes`: verifier, redirect_uri, attempt_id, secret, method."""
    verifier = changes.get("verifier", PKCE.verifier)
    parameters = CodeParameters(code, verifier, changes.get("redirect_uri", REDIRECT_URI))
    return _request(parameters, client_id, resources, changes)


def refreshing(client_id: str, token: str, *resources: str, **changes: Any) -> TokenRequest:
    """A token request for a refresh token; `changes`: scope, attempt_id, secret, method."""
    return _request(RefreshParameters(token, changes.get("scope")), client_id, resources, changes)


def a_program(house: House, **wanted: Any) -> tuple[Client, str]:
    """A new client that asks for itself, and its secret."""
    wanted = {"redirect_uris": (), "grant_types": ("client_credentials",), "scope": ("mcp", "files"), **wanted}
    return a_confidential_client(house, **wanted)


def a_resource_server(house: House, *resources: str, **wanted: Any) -> tuple[Client, str]:
    """A new client that is a service itself, and its secret."""
    return a_confidential_client(house, **{"redirect_uris": (), "resources": resources, **wanted})


def introspect(
    house: House, token: str, client_id: str, secret: str | None, method: str = "client_secret_basic"
) -> ValidToken | None:
    """What the client learns of a token; None where it is not active."""
    answer = house.introspection.introspect(token, ClientCredentials(client_id, secret, method))
    return answer if isinstance(answer, ValidToken) else None


def asking_for_itself(client_id: str, secret: str | None, *resources: str, **changes: Any) -> TokenRequest:
    """A token request of a program (RFC 6749 §4.4); `changes`: scope, method, attempt_id."""
    changes = {"method": "client_secret_basic", **changes, "secret": secret}
    return _request(ClientCredentialsParameters(changes.get("scope")), client_id, resources, changes)


def _request(
    grant: GrantParameters, client_id: str, resources: tuple[str, ...], changes: dict[str, Any]
) -> TokenRequest:
    credentials = ClientCredentials(client_id, changes.get("secret"), changes.get("method", "none"))
    attempt_id = changes.get("attempt_id") or secrets.token_bytes(16)
    return TokenRequest(grant, credentials, resources, attempt_id, changes.get("network_address", "192.0.2.1"))


@dataclass
class Connection:
    """A client that a user has connected, as the client sees it."""

    house: House
    client: Client
    user: User
    tokens: TokenResponse

    @property
    def refresh_token(self) -> str:
        """The refresh token the client holds."""
        assert self.tokens.refresh_token is not None
        return self.tokens.refresh_token

    def refresh(self, token: str | None = None, *resources: str, **changes: Any) -> TokenResponse:
        """Refresh with `token`, or with the one held; the answer is not taken over."""
        request = refreshing(self.client.client_id, token or self.refresh_token, *resources, **changes)
        return self.house.tokens.issue(request)

    def rotate(self) -> TokenResponse:
        """Refresh, and take the answer over."""
        self.tokens = self.refresh()
        return self.tokens

    def grant(self) -> Grant:
        """The row."""
        found = self.house.store.find_grant(grant_id_of(self.refresh_token))
        assert found is not None
        return found

    def is_dead(self) -> bool:
        """Whether no token of the grant is good for anything."""
        refused = refusal_of(self.house, refreshing(self.client.client_id, self.refresh_token))
        return refused == "InvalidGrant" and validate(self.house, self.tokens.access_token) is None


def connect(
    house: House, *resources: str, client: Client | None = None, user: User | None = None, **parameters: str | None
) -> Connection:
    """A connected client."""
    client, user = client or a_client(house), user or a_user(house)
    code = a_code(house, client, user, *resources, **parameters)
    return Connection(house, client, user, house.tokens.issue(redeeming(client.client_id, code)))


def grant_id_of(token: str) -> bytes:
    """The grant that a code or refresh token names."""
    for kind in TokenKind:
        parsed = find_grant_token(token, kind)
        if parsed is not None:
            return parsed.grant_id
    raise AssertionError("not a token of a grant")


def refusal(act: Callable[[], object]) -> type[Refusal] | None:
    """What it is refused with; None where it is done."""
    try:
        act()
    except Refusal as met:
        return type(met)
    return None


def refusal_of(house: House, request: TokenRequest) -> str:
    """The name of the refusal that a token request meets, "" where it is answered."""
    met = refusal(lambda: house.tokens.issue(request))
    return met.__name__ if met else ""


def validate(house: House, access_token: str, audience: str = ISSUER) -> ValidToken | None:
    """What a service learns of a token."""
    found = house.validation.validate(access_token, audience)
    return found if isinstance(found, ValidToken) else None
