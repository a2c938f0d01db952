"""What the load is made of, prepared beforehand: a user, a client, codes, tokens."""

import json
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tokenhouse.v1 import authorization_pb2, registration_pb2, session_pb2, token_pb2

from tests.bench.servers import Core
from tests.serving import Pkce, answer_of, parameters_of, public_client

REDIRECT_URI = "http://127.0.0.1:7777/callback"
RESOURCE = "https://mcp.example.com/mcp"
PKCE = Pkce()
#: The first user's browser; and how many calls at a time prepare.
_BINDING = b"the browser that started".ljust(32, b".")
_AT_A_TIME = 16
_DEADLINE = 30.0
_BATCH = 128

T = TypeVar("T")
R = TypeVar("R")


def registration_body(name: str) -> dict[str, object]:
    """What a native public client registers with (RFC 7591 §2, RFC 8252)."""
    return {
        "client_name": name,
        "application_type": "native",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


@dataclass
class Road:
    """The first user, signed in, and one client."""

    core: Core
    client_id: str = ""
    session: str = ""

    def begin(self) -> None:
        """Register the client and sign in."""
        body = json.dumps(registration_body("A tool")).encode()
        request = registration_pb2.RegisterClientRequest(client_metadata=body)
        answer = self.core.registration.RegisterClient(request, timeout=_DEADLINE)
        self.client_id = json.loads(answer.client_information)["client_id"]
        form = session_pb2.LogInRequest(
            sealed_request=self._start().login.sealed_request,
            browser_binding=_BINDING,
            username="admin",
            password=self.core.password,
            network_address="192.0.2.1",
        )
        self.session = self.core.sessions.LogIn(form, timeout=_DEADLINE).session_token

    def codes(self, count: int) -> list[str]:
        """Codes that the user has just allowed, a grant each."""
        return _each(self._consent, range(count))

    def connect(self, count: int) -> list[token_pb2.IssueTokenResponse]:
        """The tokens of that many grants."""
        redeeming = [self._redeeming(code) for code in self.codes(count)]
        batches = [redeeming[start : start + _BATCH] for start in range(0, count, _BATCH)]
        return [tokens for batch in _each(self._issue, batches) for tokens in batch]

    def _issue(self, requests: list[token_pb2.IssueTokenRequest]) -> list[token_pb2.IssueTokenResponse]:
        answer = self.core.tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=requests), timeout=_DEADLINE)
        assert not any(result.HasField("error") for result in answer.results), answer.results[0]
        return [result.response for result in answer.results]

    def _redeeming(self, code: str) -> token_pb2.IssueTokenRequest:
        grant = token_pb2.AuthorizationCodeGrant(code=code, code_verifier=PKCE.verifier, redirect_uri=REDIRECT_URI)
        client, attempt_id = public_client(self.client_id), secrets.token_bytes(16)
        return token_pb2.IssueTokenRequest(authorization_code=grant, client=client, attempt_id=attempt_id)

    def _consent(self, _number: int) -> str:
        decision = authorization_pb2.DecideConsentRequest(
            sealed_request=self._start().consent.sealed_request,
            session_token=self.session,
            browser_binding=_BINDING,
            approved=True,
        )
        return answer_of(self.core.authorization.DecideConsent(decision, timeout=_DEADLINE).redirect)["code"]

    def _start(self) -> authorization_pb2.StartAuthorizationResponse:
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "resource": RESOURCE,
            "code_challenge": PKCE.challenge,
            "code_challenge_method": "S256",
        }
        request = authorization_pb2.StartAuthorizationRequest(
            parameters=parameters_of(parameters), browser_binding=_BINDING, session_token=self.session
        )
        return self.core.authorization.StartAuthorization(request, timeout=_DEADLINE)


def _each(step: Callable[[T], R], items: Iterable[T]) -> list[R]:
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(step, items))
