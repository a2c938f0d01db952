"""A running pair, and a user who is signed in at one browser and says yes as often as a matrix needs it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.document_host import a_document
from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register

TOKEN, REVOKE = "/oauth/v1/token", "/oauth/v1/revoke"
DEVICE = "/oauth/v1/device_authorization"
DEVICE_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: A redirect URI that is allowed until a matrix has the core started again without the line.
LISTED = "https://workbench.example.com/callback"
ALLOWING = f"OAuthAllowedRedirectURI = {LISTED}"
#: A client that is known by a document, and what stands there for a redirect URI and is not allowed here.
DOCUMENT, OF_THE_DOCUMENT = "https://client.example/tool.json", "https://client.example/callback"
#: No rate stops a matrix, and a code that was made before a restart is good after it, however busy the machine is.
_LIMITS = (
    "LoginFailures = 0",
    "LoginFailuresPerNetwork = 0",
    "Registrations = 0",
    "ClientDocuments = 0",
    "DeviceAuthorizations = 0",
    "UserCodes = 0",
)
_OAUTH = ("CodeLifetime = 10m", "Scope = mcp: Use MCP servers as you", "Scope = files: Read your files",
          "DefaultScope = mcp")  # fmt: skip


def make_pair(folder: Path) -> Pair:
    """Core and facade as processes, once started."""
    (folder / "tool.json").write_bytes(a_document(DOCUMENT, redirect_uris=[REDIRECT_URI, OF_THE_DOCUMENT]))
    return Pair(
        folder,
        server_lines=(ALLOWING,),
        document_lines=("File = tool.json",),
        limit_lines=(*_LIMITS, "[OAuth]", *_OAUTH),
    )


def restart(pair: Pair, *, without: str = "") -> None:
    """Another core on the same database, after a crash of the one before; the facade goes on.

    The line `without` of the configuration is gone.
    """
    pair.kill_core()
    config = pair.folder / "t.conf"
    config.write_text("".join(line for line in config.read_text().splitlines(keepends=True) if line.strip() != without))
    pair.start_core()


def register_device(pair: Pair, name: str = "A device") -> str:
    """The id of a client that may ask for codes, for devices and for others."""
    grant_types = ["authorization_code", "refresh_token", DEVICE_GRANT_TYPE]
    body = {"client_name": name, "redirect_uris": [REDIRECT_URI], "grant_types": grant_types}
    registered: str = pair.client.post("/oauth/v1/register", json=body).json()["client_id"]
    return registered


@dataclass
class Desk:
    """One client, and the browser of somebody who is signed in."""

    pair: Pair
    client_id: str = ""
    visit: Visit = field(init=False)

    def __post_init__(self) -> None:
        self.client_id = self.client_id or register(self.pair, name="A desk")
        self.visit = Visit(self.pair, self.client_id)
        self.visit.log_in(self.visit.start())

    def code(self, **changes: str) -> str:
        """A code that the user has just allowed."""
        answer = self.visit.send(self.visit.start(**changes), "/consent", decision="allow")
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def tokens(self, **changes: str) -> dict[str, str]:
        """What a code was redeemed for."""
        response = self.visit.redeem(self.code(**changes))
        assert response.status_code == 200, response.text
        tokens: dict[str, str] = response.json()
        return tokens

    @cached_property
    def device_client_id(self) -> str:
        """A client for devices."""
        return register_device(self.pair)

    def device_question(self) -> tuple[str, httpx.Response]:
        """The device code of a device that waits, and the page that asks the user about it."""
        started = self.pair.client.post(DEVICE, data={"client_id": self.device_client_id}).json()
        form = self.visit.browser.get("/device")
        return started["device_code"], self.visit.send(form, "/device", user_code=started["user_code"])

    def device_code(self) -> str:
        """The device code of a device that the user has just let in."""
        code, question = self.device_question()
        assert self.visit.send(question, "/device/consent", decision="allow").status_code == 200
        return code

    def post(self, url: str, **form: str) -> httpx.Response:
        """A form, sent for the client."""
        return self.pair.client.post(url, data={"client_id": self.client_id, **form})

    def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        """RFC 6749 §6."""
        return self.post(TOKEN, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})
