"""A real core and a real facade that requests are sent to, and what a browser and a client could know of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from facade.cookies import Browser
from facade.csrf import csrf_token
from tests.facade.pair import Pair
from tests.facade.road import Visit, register

DEVICE_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
FORM = "application/x-www-form-urlencoded"


class PairTarget:
    """A signed-in browser and a connected client of a pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.client_id = register(pair)
        self.visit = Visit(pair, self.client_id)
        consent = self.visit.consent_page()
        #: The sealed request of a consent page that waits for its answer.
        self.sealed_request = re.findall(r'name="sealed_request" value="([^"]+)"', consent.text)[0]
        connected = Visit(pair, self.client_id)
        self.tokens = connected.redeem(connected.code()).json()
        device = {"client_name": "A device", "grant_types": [DEVICE_GRANT_TYPE]}
        self.device_client_id = pair.client.post("/oauth/v1/register", json=device).json()["client_id"]
        #: RFC 8628 §3.2, of a device that waits.
        self.device = pair.client.post(
            "/oauth/v1/device_authorization", data={"client_id": self.device_client_id}
        ).json()
        cookies = self.visit.browser.cookies
        self.browser = Browser(cookies["tokenhouse-browser"])
        self.session_token = cookies["tokenhouse-session"]

    def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """The reply to any body; it is never a failure of the server."""
        sent = {"Content-Type": FORM, **headers}
        return require_no_failure(self.pair.client.post(path, content=body, headers=sent))

    def send_own_form(self, name: str, carried: dict[str, str], fields: dict[str, str]) -> httpx.Response:
        """A form of our own pages, with a right token over whatever it carries, from the signed-in browser."""
        bound = "" if name.endswith("login") else self.session_token
        token = csrf_token(self.browser, name, bound, *carried.values())
        form = {**fields, **carried, "csrf_token": token}
        return require_no_failure(self.visit.browser.post(f"/{name.replace(' ', '/')}", data=form))

    def require_well(self) -> None:
        """Pass where neither process had an incident and a code still becomes tokens."""
        for log in (self.pair.core_log, self.pair.facade_log):
            assert not [line for line in log.read_text().splitlines() if "incident" in line or "Traceback" in line]
        visit = Visit(self.pair, self.client_id)
        assert visit.redeem(visit.code()).status_code == 200


def require_no_failure(reply: httpx.Response) -> httpx.Response:
    """Pass a reply that tells of no failure of the server."""
    assert reply.status_code < 500, (reply.status_code, reply.text[:300])
    return reply


@contextmanager
def running_target(folder: Path) -> Iterator[PairTarget]:
    """A pair without limits."""
    off = (
        "DeviceAuthorizations = 0",
        "UserCodes = 0",
        "Registrations = 0",
        "LoginFailures = 0",
        "LoginFailuresPerNetwork = 0",
    )
    with Pair(folder, limit_lines=off) as pair:
        yield PairTarget(pair)
