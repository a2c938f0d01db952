"""The steps of a device and of the person who lets it in, each in one line of a test."""

import secrets
from dataclasses import dataclass
from typing import Any

from core.domain.authorization.device_endpoint import DeviceAuthorizationRequest, DeviceAuthorizationResponse
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.grants.device_consent import DevicePrompt
from core.domain.grants.token_request import DeviceCodeParameters, TokenRequest, TokenResponse
from core.domain.users.user import User
from tests.domain.house import House
from tests.domain.road import BINDING, a_client, a_session, a_user, refusal_of


def a_device_client(house: House, **members: Any) -> Client:
    """A new client that never asks for a browser on its own machine."""
    return a_client(house, **{"redirect_uris": None, "grant_types": [DEVICE_CODE, "refresh_token"], **members})


def polling(client_id: str, device_code: str, *resources: str, **changes: Any) -> TokenRequest:
    """A poll (RFC 8628 §3.4); `changes`: attempt_id, secret, network_address."""
    credentials = ClientCredentials(client_id, changes.get("secret"), "none")
    attempt_id = changes.get("attempt_id") or secrets.token_bytes(16)
    address = changes.get("network_address", "192.0.2.1")
    return TokenRequest(DeviceCodeParameters(device_code), credentials, resources, attempt_id, address)


def enter(house: House, user_code: str, session_token: str, network_address: str = "192.0.2.1") -> DevicePrompt:
    """The question that a signed-in user gets for a code."""
    prompt = house.device_consent.enter(
        user_code, session_token=session_token, browser_binding=BINDING, network_address=network_address
    )
    assert isinstance(prompt, DevicePrompt), prompt
    return prompt


@dataclass
class Device:
    """A device that waits for its user."""

    house: House
    client: Client
    codes: DeviceAuthorizationResponse

    def prompt(self, session_token: str) -> DevicePrompt:
        """What the user is asked."""
        return enter(self.house, self.codes.user_code, session_token)

    def decide(self, user: User | None = None, *, approved: bool = True) -> None:
        """A user types the code and decides."""
        session = a_session(self.house, user or a_user(self.house))
        self.answer(self.prompt(session), session, approved=approved)

    def answer(
        self, prompt: DevicePrompt, session_token: str, *, approved: bool = True, binding: bytes = BINDING
    ) -> None:
        """The user presses a button."""
        self.house.device_consent.decide(
            prompt.sealed_page, session_token=session_token, browser_binding=binding, approved=approved
        )

    def poll(self, *resources: str, **changes: Any) -> TokenResponse:
        """Ask for tokens."""
        return self.house.tokens.issue(polling(self.client.client_id, self.codes.device_code, *resources, **changes))

    def refusal(self, **changes: Any) -> str:
        """Ask in vain: the name of the refusal; "" where there are tokens."""
        return refusal_of(self.house, polling(self.client.client_id, self.codes.device_code, **changes))


def a_device(house: House, *resources: str, client: Client | None = None, **changes: Any) -> Device:
    """A device that has just shown its code; `changes`: scope, network_address."""
    client = client or a_device_client(house)
    request = DeviceAuthorizationRequest(
        ClientCredentials(client.client_id, None, "none"),
        changes.get("scope"),
        resources,
        changes.get("network_address", "192.0.2.1"),
    )
    return Device(house, client, house.devices.start(request))
