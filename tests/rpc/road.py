"""The steps from a user and a client to tokens over gRPC, and how a refusal reads."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status
from tokenhouse.v1 import (
    authorization_pb2,
    registration_pb2,
    session_pb2,
    token_pb2,
    user_admin_pb2,
    validation_pb2,
)
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

from tests.serving import DEADLINE, ISSUER, Pkce, Serving, answer_of, parameters_of, public_client

REDIRECT_URI = "http://127.0.0.1:49152/callback"
BINDING = b"the browser that started".ljust(32, b".")
PASSWORD = "correct horse battery"
PKCE = Pkce()


@dataclass(frozen=True)
class Refused:
    """A refusal as a caller reads it."""

    code: grpc.StatusCode
    reason: str
    description: str
    retry_after: int | None
    #: The page that a login elsewhere was for.
    back_to: str = ""
    #: What pages say in other languages.
    sentences: tuple[RefusalSentence, ...] = ()
    #: Whose tries are used up.
    used_up: str = ""


def refused(method: Callable[..., Any], request: Any, **options: Any) -> Refused:
    """Call what must be refused."""
    try:
        answer = method(request, **{"timeout": DEADLINE, **options})
    except grpc.RpcError as error:
        return read_refusal(error)
    raise AssertionError(f"not refused: {answer}")


def read_refusal(error: grpc.RpcError) -> Refused:
    """The status, its ErrorInfo and its RetryInfo."""
    code, description = error.code(), error.details() or ""
    reason, retry_after, back_to, used_up = "", None, "", ""
    sentences: list[RefusalSentence] = []
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    for detail in status.details if status else ():
        info, retry, sentence = ErrorInfo(), RetryInfo(), RefusalSentence()
        if detail.Unpack(info):
            assert info.domain == "tokenhouse"
            reason, back_to = info.reason, info.metadata.get("back_to", "")
            used_up = info.metadata.get("used_up", "")
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.seconds
        elif detail.Unpack(sentence):
            sentences.append(sentence)
    return Refused(code, reason, description, retry_after, back_to, tuple(sentences), used_up)


@dataclass
class Road:
    """One user who is signed in, and one client, at one core."""

    serving: Serving
    username: str = ""
    client_id: str = ""
    session_token: str = ""

    def begin(self) -> None:
        """Create the user, register the client, sign in."""
        self.username = f"user-{secrets.token_hex(6)}"
        request = user_admin_pb2.CreateUserRequest(username=self.username, password=PASSWORD, groups=["dev"])
        self.serving.users.CreateUser(request, timeout=DEADLINE)
        self.client_id = register(self.serving)
        self.session_token = self.log_in().session_token

    def request(self, **parameters: str) -> dict[str, str]:
        """A good authorization request."""
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "code_challenge": PKCE.challenge,
            "code_challenge_method": "S256",
            "state": "the state",
            **parameters,
        }

    def start(self, session_token: str = "", **parameters: str) -> authorization_pb2.StartAuthorizationResponse:
        """StartAuthorization."""
        request = authorization_pb2.StartAuthorizationRequest(
            parameters=parameters_of(self.request(**parameters)), session_token=session_token, browser_binding=BINDING
        )
        return self.serving.authorization.StartAuthorization(request, timeout=DEADLINE)

    def login_request(self, **changes: str) -> session_pb2.LogInRequest:
        """A login form, filled in."""
        sealed = self.start().login.sealed_request
        form = {"username": self.username, "password": PASSWORD, "network_address": "192.0.2.1", **changes}
        return session_pb2.LogInRequest(sealed_request=sealed, browser_binding=BINDING, **form)

    def log_in(self) -> session_pb2.LogInResponse:
        """LogIn."""
        return self.serving.sessions.LogIn(self.login_request(), timeout=DEADLINE)

    def code(self, **parameters: str) -> str:
        """A code that the user has just allowed."""
        sealed = self.start(self.session_token, **parameters).consent.sealed_request
        request = authorization_pb2.DecideConsentRequest(
            sealed_request=sealed, session_token=self.session_token, browser_binding=BINDING, approved=True
        )
        decided = self.serving.authorization.DecideConsent(request, timeout=DEADLINE)
        return answer_of(decided.redirect)["code"]

    def redeeming(self, code: str) -> token_pb2.IssueTokenRequest:
        """A token request for a code."""
        grant = token_pb2.AuthorizationCodeGrant(code=code, code_verifier=PKCE.verifier)
        return self._token_request(authorization_code=grant)

    def refreshing(self, token: str) -> token_pb2.IssueTokenRequest:
        """A token request for a refresh token."""
        return self._token_request(refresh_token=token_pb2.RefreshTokenGrant(refresh_token=token))

    def connect(self, **parameters: str) -> token_pb2.IssueTokenResponse:
        """Tokens."""
        return self.serving.tokens.IssueToken(self.redeeming(self.code(**parameters)), timeout=DEADLINE)

    def validate(self, token: str, audience: str = ISSUER) -> validation_pb2.ValidateTokenResponse:
        """ValidateToken."""
        request = validation_pb2.ValidateTokenRequest(token=token, audience=audience)
        return self.serving.validation.ValidateToken(request, timeout=DEADLINE)

    def _token_request(self, **grant: Any) -> token_pb2.IssueTokenRequest:
        return token_pb2.IssueTokenRequest(
            client=public_client(self.client_id), attempt_id=secrets.token_bytes(16), **grant
        )


def register(serving: Serving, **members: Any) -> str:
    """The id of a new client."""
    body = {"client_name": f"tool {secrets.token_hex(6)}", "redirect_uris": [REDIRECT_URI], **members}
    request = registration_pb2.RegisterClientRequest(client_metadata=json.dumps(body).encode())
    answer = serving.registration.RegisterClient(request, timeout=DEADLINE)
    client_id: str = json.loads(answer.client_information)["client_id"]
    return client_id
