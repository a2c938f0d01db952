"""A real core that inputs are sent to, and what a caller could know of it."""

import json
import logging
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from tokenhouse.envoy import authorization_pb2 as envoy_pb2
from tokenhouse.v1 import (
    authorization_pb2,
    device_authorization_pb2,
    introspection_pb2,
    registration_pb2,
    revocation_pb2,
    session_pb2,
    token_pb2,
    validation_pb2,
)

from core.domain.clients.grant_types import DEVICE_CODE
from tests.rpc.road import BINDING, PKCE, REDIRECT_URI, Road, register
from tests.serving import DEADLINE, ISSUER, Serving, parameters_of, public_client


class Incidents(logging.Handler):
    """Keeps the messages of everything at the level of an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@dataclass
class CoreTarget:
    """For a `with`. What it logs as an error is kept."""

    serving: Serving
    incidents: Incidents = field(default_factory=Incidents)

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self.incidents)
        self.road = Road(self.serving)
        self.road.begin()
        tokens, code = self.road.connect(), self.road.code()
        sealed_request = self.road.start(self.road.session_token).consent.sealed_request
        waiting = start_device(self.road)
        page = _question(self.road, waiting.user_code)
        #: Text that means something to this core.
        self.words = [
            self.road.username,
            self.road.client_id,
            self.road.session_token,
            tokens.access_token,
            tokens.refresh_token,
            code,
            sealed_request,
            waiting.device_code,
            waiting.user_code,
            page,
            ISSUER,
            REDIRECT_URI,
            PKCE.verifier,
            PKCE.challenge,
        ]
        #: Bytes that do.
        self.blobs = [BINDING, b"0123456789abcdef", b'{"redirect_uris": ["http://localhost/"]}']
        self._good = [
            *_good_requests(self.road, tokens, sealed_request),
            *_good_device_requests(self.road, waiting, page),
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger().removeHandler(self.incidents)

    def good(self, kind: Descriptor) -> list[bytes]:
        """Requests of this type that are good, or were until one of them was sent."""
        return [each.SerializeToString() for each in self._good if kind == each.DESCRIPTOR]

    def require_well(self) -> None:
        """Pass where nothing was logged as an error and the road still leads from a user to a valid token."""
        assert self.incidents.messages == []
        road = Road(self.serving)
        road.begin()
        assert road.validate(road.connect().access_token).active


def _good_requests(road: Road, tokens: token_pb2.IssueTokenResponse, sealed_request: str) -> list[Message]:
    here: dict[str, Any] = {"session_token": road.session_token, "browser_binding": BINDING}
    login, sign_out = road.login_request(), {"sealed_request": sealed_request, **here}
    code, refresh = road.redeeming(road.code()), road.refreshing(tokens.refresh_token)
    validate = validation_pb2.ValidateTokenRequest(token=tokens.access_token, audience=ISSUER)
    body = json.dumps({"client_name": "good", "redirect_uris": [REDIRECT_URI]}).encode()
    registration = registration_pb2.RegisterClientRequest(client_metadata=body, network_address="192.0.2.1")
    http = envoy_pb2.HttpRequest(headers={"authorization": f"Bearer {tokens.access_token}"})
    passing = envoy_pb2.AttributeContext(
        request=envoy_pb2.Request(http=http), context_extensions={"audience": ISSUER, "scope": "mcp"}
    )
    return [
        envoy_pb2.CheckRequest(attributes=passing),
        authorization_pb2.StartAuthorizationRequest(parameters=parameters_of(road.request()), **here),
        authorization_pb2.DecideConsentRequest(approved=True, **sign_out),
        session_pb2.LogOutRequest(**{**sign_out, "session_token": "none"}),
        login,
        code,
        refresh,
        token_pb2.IssueTokensRequest(requests=[code, refresh]),
        revocation_pb2.RevokeTokenRequest(token="none", client=public_client(road.client_id)),
        introspection_pb2.IntrospectTokenRequest(token="none", client=public_client(road.client_id)),
        validate,
        validation_pb2.ValidateTokensRequest(requests=[validate, validate]),
        registration,
        registration_pb2.RegisterClientsRequest(requests=[registration, registration]),
    ]


def start_device(road: Road) -> device_authorization_pb2.StartDeviceAuthorizationResponse:
    """The codes of a new device, of the client that every device here is."""
    client_id = register(road.serving, client_name="devices", grant_types=[DEVICE_CODE])
    request = device_authorization_pb2.StartDeviceAuthorizationRequest(client=public_client(client_id))
    return road.serving.devices.StartDeviceAuthorization(request, timeout=DEADLINE)


def _question(road: Road, user_code: str) -> str:
    request = device_authorization_pb2.EnterUserCodeRequest(
        user_code=user_code, session_token=road.session_token, browser_binding=BINDING
    )
    return road.serving.devices.EnterUserCode(request, timeout=DEADLINE).consent.sealed_page


def _good_device_requests(
    road: Road, waiting: device_authorization_pb2.StartDeviceAuthorizationResponse, page: str
) -> list[Message]:
    pb, here = device_authorization_pb2, {"session_token": road.session_token, "browser_binding": BINDING}
    client = public_client(register(road.serving, client_name="devices", grant_types=[DEVICE_CODE]))
    grant = token_pb2.DeviceCodeGrant(device_code=waiting.device_code)
    return [
        pb.StartDeviceAuthorizationRequest(client=client, scope="mcp", network_address="192.0.2.1"),
        pb.OpenDevicePageRequest(user_code=waiting.user_code, **here),  # type: ignore[arg-type]
        pb.EnterUserCodeRequest(user_code=waiting.user_code, network_address="192.0.2.1", **here),  # type: ignore[arg-type]
        pb.DecideDeviceAuthorizationRequest(sealed_page=page, approved=True, **here),  # type: ignore[arg-type]
        token_pb2.IssueTokenRequest(client=client, attempt_id=b"0123456789abcdef", device_code=grant),
    ]
