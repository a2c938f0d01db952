"""A running pair, and a user who is signed in at one browser and says yes as often as a matrix needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.facade.pair import Pair
from tests.facade.road import Visit, register

TOKEN, REVOKE = "/oauth/v1/token", "/oauth/v1/revoke"
FORM = {"content-type": "application/x-www-form-urlencoded"}
#: No rate stops a matrix, and a code that was made before a restart is good after it, however busy the machine is.
_LINES = ("LoginFailures = 0", "LoginFailuresPerNetwork = 0", "Registrations = 0", "[OAuth]", "CodeLifetime = 10m")


@contextmanager
def serve(folder: Path, *lines: str) -> Iterator[Pair]:
    """Core and facade as processes; `lines` are of the section [OAuth]."""
    with Pair(folder, limit_lines=(*_LINES, *lines)) as pair:
        yield pair


def restart(pair: Pair) -> None:
    """Another core on the same database, after a crash of the one before; the facade goes on."""
    pair.kill_core()
    pair.start_core()


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

    def post(self, url: str, **form: str) -> httpx.Response:
        """A form, sent for the client."""
        return self.pair.client.post(url, data={"client_id": self.client_id, **form})

    def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        """RFC 6749 §6."""
        return self.post(TOKEN, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})
