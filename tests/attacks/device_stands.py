"""Requests of the device flow (RFC 8628), wrong in any combination of ways."""

from dataclasses import dataclass

from core.domain.clients.grant_types import AUTHORIZATION_CODE, DEVICE_CODE
from core.domain.errors import Refusal
from core.domain.grants.device_consent import DevicePrompt
from core.domain.grants.token_request import TokenRequest
from core.domain.policy import Scope
from tests.attacks.combinations import Faults
from tests.attacks.stands import Cast
from tests.domain.device_road import Device, a_device, a_device_client, polling
from tests.domain.house import FILES, MCP, POLICY, House
from tests.domain.road import BINDING, refusal_of

_OTHER_BROWSER = b"another browser".ljust(32, b".")
#: Listed while requests are made, and no longer when they are decided.
_TAKEN_OFF = Scope("archive", "Read the archive")


class DeviceCast(Cast):
    """The same people, with clients for devices."""

    lifetime = POLICY.device_flow.code_lifetime

    def __init__(self, house: House) -> None:
        super().__init__(house)
        both = [AUTHORIZATION_CODE, DEVICE_CODE]
        self.other = a_device_client(house)
        self._clients = {
            ended: a_device_client(house, grant_types=both, redirect_uris=["http://127.0.0.1/"])
            for ended in (False, True)
        }


class Polls(DeviceCast):
    """grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4)."""

    faults = ("other client", "resource", "undecided", "expired", "spent", "user disabled", "client blocked")

    def make(self, faults: Faults) -> TokenRequest:
        """A poll."""
        device, session = a_device(self.house, MCP, client=self.client(faults)), self.session(faults)
        if "undecided" not in faults:
            device.answer(device.prompt(session), session)
        if "spent" in faults:
            device.refusal()
        presenter = self.other if "other client" in faults else device.client
        return polling(presenter.client_id, device.codes.device_code, FILES if "resource" in faults else MCP)

    def is_accepted(self, request: TokenRequest) -> bool:
        """Whether there are tokens."""
        return not refusal_of(self.house, request)


@dataclass(frozen=True)
class Answer:
    """The user's yes to a device."""

    device: Device
    prompt: DevicePrompt
    session: str
    binding: bytes


class DeviceDecisions(DeviceCast):
    """The consent form for a device (RFC 8628 §3.3)."""

    faults = (
        "other browser",
        "signed out",
        "expired",
        "decided",
        "scope",
        "user disabled",
        "client blocked",
    )

    def make(self, faults: Faults) -> Answer:
        """A yes."""
        session, policy = self.session(faults), self.house.policy.current
        with self.house.under(scopes=(*policy.scopes, _TAKEN_OFF)):
            scope = _TAKEN_OFF.name if "scope" in faults else "mcp"
            device = a_device(self.house, client=self.client(faults), scope=scope)
            prompt = device.prompt(session)
            if "decided" in faults:
                device.answer(device.prompt(session), session, approved=False)
        binding = _OTHER_BROWSER if "other browser" in faults else BINDING
        return Answer(device, prompt, "" if "signed out" in faults else session, binding)

    def is_accepted(self, request: Answer) -> bool:
        """Whether the device gets tokens for it."""
        try:
            request.device.answer(request.prompt, request.session, binding=request.binding)
        except Refusal:
            return False
        device = request.device
        return not refusal_of(self.house, polling(device.client.client_id, device.codes.device_code))


@dataclass(frozen=True)
class Typed:
    """A code that somebody types."""

    user_code: str
    session: str


class UserCodes(DeviceCast):
    """The form for a code (RFC 8628 §3.3, §5.1)."""

    faults = ("a letter", "signed out", "expired", "decided", "user disabled", "client blocked")

    def make(self, faults: Faults) -> Typed:
        """A code."""
        device, session = a_device(self.house, client=self.client(faults)), self.session(faults)
        code = device.codes.user_code
        if "decided" in faults:
            device.answer(device.prompt(session), session)
        wrong = ("H" if code[0] != "H" else "K") + code[1:]
        return Typed(wrong if "a letter" in faults else code, "" if "signed out" in faults else session)

    def is_accepted(self, request: Typed) -> bool:
        """Whether there is a question."""
        try:
            entered = self.house.device_consent.enter(
                request.user_code, session_token=request.session, browser_binding=BINDING, network_address="192.0.2.1"
            )
        except Refusal:
            return False
        return isinstance(entered, DevicePrompt)
