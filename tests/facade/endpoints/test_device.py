"""The device flow over HTTP (RFC 8628): the endpoint, the page, the polls."""

import re
from dataclasses import dataclass, field

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import hidden_fields
from tests.plain_http import plain_client

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
_ENDPOINT, _TOKEN = "/oauth/v1/device_authorization", "/oauth/v1/token"


@pytest.fixture(scope="module")
def client_id(pair: Pair) -> str:
    """A client for devices."""
    body = {"client_name": "A terminal", "grant_types": [GRANT_TYPE, "refresh_token"]}
    response = pair.client.post("/oauth/v1/register", json=body)
    assert response.status_code == 201, response.text
    registered: str = response.json()["client_id"]
    return registered


@dataclass
class Guest:
    """A browser on the page for devices."""

    pair: Pair
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = plain_client(self.pair.base)

    def open(self, **query: str) -> httpx.Response:
        """The page, or the login in front of it."""
        return self.browser.get("/device", params=query)

    def sign_in(self, **query: str) -> httpx.Response:
        """The page, after the login."""
        answer = self.send(self.open(**query), "/device/login", username="admin", password=self.pair.password)
        return self.browser.get(answer.headers["location"])

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The form of the page that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)


def _start(pair: Pair, client_id: str, **form: str) -> dict[str, str]:
    response = pair.client.post(_ENDPOINT, data={"client_id": client_id, **form})
    assert response.status_code == 200, response.text
    started: dict[str, str] = response.json()
    return started


def _poll(pair: Pair, client_id: str, device_code: str) -> httpx.Response:
    form = {"grant_type": GRANT_TYPE, "device_code": device_code, "client_id": client_id}
    return pair.client.post(_TOKEN, data=form)


def test_the_reply_of_the_endpoint(pair: Pair, client_id: str) -> None:
    """RFC 8628 §3.2: every member, numbers as numbers, addresses below the public one; nobody stores it."""
    response = pair.client.post(
        _ENDPOINT, data={"client_id": client_id, "scope": "mcp"}, headers={"Host": "evil.example"}
    )
    body = response.json()

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == "*"
    assert set(body) == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert re.fullmatch(r"[HKLMQRTWXY]{5}-[HKLMQRTWXY]{5}", body["user_code"])
    assert body["verification_uri"] == f"{pair.issuer}/device"
    assert body["verification_uri_complete"] == f"{pair.issuer}/device?user_code={body['user_code']}"
    assert (body["expires_in"], body["interval"]) == (600, 5)


def test_from_the_link_to_the_tokens(pair: Pair, client_id: str) -> None:
    """RFC 8628 §3.3, §3.5: login, the code to confirm, the question, and tokens once; and back at the page nothing is
    left of it."""
    started, guest = _start(pair, client_id), Guest(pair)
    page = guest.sign_in(user_code=started["user_code"])
    question = guest.send(
        page, "/device", user_code=re.findall('name="user_code" type="text" value="([^"]*)"', page.text)[0]
    )
    waiting = _poll(pair, client_id, started["device_code"])
    end = guest.send(question, "/device/consent", decision="allow")
    tokens = _poll(pair, client_id, started["device_code"])
    again = guest.send(page, "/device", user_code=started["user_code"])

    assert "Is this the code that your device shows?" in page.text
    assert started["user_code"] in question.text
    assert "Did somebody send you this code" in question.text
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    assert (end.status_code, "Go back to your device" in end.text) == (200, True)
    assert (tokens.status_code, tokens.json()["token_type"]) == (200, "Bearer")
    assert again.status_code == 400
    assert "This code is unknown, has expired or was used before." in again.text


def test_a_no(pair: Pair, client_id: str) -> None:
    """RFC 8628 §3.5: access_denied, with the status of every error of the token endpoint (RFC 6749 §5.2)."""
    started, guest = _start(pair, client_id), Guest(pair)
    question = guest.send(guest.sign_in(), "/device", user_code=started["user_code"].lower())
    end = guest.send(question, "/device/consent", decision="deny")
    refused = _poll(pair, client_id, started["device_code"])

    assert "Nothing was allowed" in end.text
    assert (refused.status_code, refused.json()["error"]) == (400, "access_denied")


def test_polling_too_often(pair: Pair, client_id: str) -> None:
    """RFC 8628 §3.5: slow_down."""
    started = _start(pair, client_id)
    first, *others = [_poll(pair, client_id, started["device_code"]).json()["error"] for _ in range(6)]

    # However slow the machine is, not every one of them comes seconds after the one before.
    assert first == "authorization_pending"
    assert "slow_down" in others


def test_a_wrong_code_and_a_wrong_password_ask_again(pair: Pair) -> None:
    """What was typed stays, and the page says what was wrong; markup in it is text."""
    guest = Guest(pair)
    login = guest.send(guest.open(user_code="hklmq rtwxy"), "/device/login", username="admin", password="wrong")
    page = guest.sign_in(user_code="<b>")
    again = guest.send(page, "/device", user_code='"><script>alert(1)</script>')

    assert (login.status_code, "The user name or the password is wrong." in login.text) == (403, True)
    assert "<b>" not in page.text
    assert again.status_code == 400
    assert "<script>" not in again.text
    assert "&lt;script&gt;" in again.text


def test_a_session_that_ended_elsewhere(pair: Pair, client_id: str) -> None:
    """Whoever has been signed out since the page was shown signs in first; the code they typed decides nothing."""
    started, guest = _start(pair, client_id), Guest(pair)
    page = guest.sign_in()
    account = guest.browser.get("/account")
    assert guest.send(account, "/account/sign-out-everywhere").status_code == 303
    answer = guest.send(page, "/device", user_code=started["user_code"])

    assert answer.status_code == 200
    assert hidden_fields(answer, "/device/login")
    assert _poll(pair, client_id, started["device_code"]).json()["error"] == "authorization_pending"


def test_another_account(pair: Pair, client_id: str) -> None:
    """Signing out leads back to the page, with the code, and asks for a login."""
    started, guest = _start(pair, client_id), Guest(pair)
    question = guest.send(guest.sign_in(), "/device", user_code=started["user_code"])
    left = guest.send(question, "/device/logout")
    page = guest.browser.get(left.headers["location"])

    assert (left.status_code, left.headers["location"]) == (
        303,
        f"/device?user_code={started['user_code'].replace('-', '')}",
    )
    assert 'action="/device/login"' in page.text


@pytest.mark.parametrize("action", ["/device", "/device/login", "/device/logout", "/device/consent"])
def test_forms_of_other_sites_and_browsers_are_refused(pair: Pair, client_id: str, action: str) -> None:
    """RFC 9700 §4.7: a form needs this browser's cookie, its token, and this origin."""
    started, guest, other = _start(pair, client_id), Guest(pair), Guest(pair)
    login = guest.open()
    form = guest.sign_in()
    question = guest.send(form, "/device", user_code=started["user_code"])
    pages = {"/device": form, "/device/login": login, "/device/logout": question, "/device/consent": question}
    data = hidden_fields(pages[action], action) | {"decision": "allow", "user_code": started["user_code"]}
    other.sign_in()
    answers = [
        other.browser.post(action, data=data),
        guest.browser.post(action, data=data | {"csrf_token": "x"}),
        guest.browser.post(action, data=data, headers={"Origin": "https://evil.example"}),
        guest.browser.post(action, data=data, headers={"Sec-Fetch-Site": "cross-site"}),
    ]

    assert [each.status_code for each in answers] == [403] * 4
    assert _poll(pair, client_id, started["device_code"]).json()["error"] == "authorization_pending"


def test_the_pages_have_the_headers_of_pages(pair: Pair, client_id: str) -> None:
    """RFC 9700 §4.16: no script, no frame, no store, and forms that lead nowhere but here; never CORS."""
    started, guest = _start(pair, client_id), Guest(pair)
    login, form = guest.open(), guest.sign_in()
    question = guest.send(form, "/device", user_code=started["user_code"])
    end = guest.send(question, "/device/consent", decision="allow")

    for page in (login, form, question, end):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy.split("; ")
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in page.headers
        assert "<script" not in page.text


def test_bad_requests_of_devices(pair: Pair, client_id: str) -> None:
    """RFC 8628 §3.1: refused as at the token endpoint."""
    for form, status, error in (
        ({"scope": "mcp"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": client_id, "client_secret": "made up"}, 401, "invalid_client"),
        ({"client_id": client_id, "scope": "mcp admin"}, 400, "invalid_scope"),
        ({"client_id": client_id, "resource": "mcp"}, 400, "invalid_target"),
    ):
        response = pair.client.post(_ENDPOINT, data=form)
        assert (response.status_code, response.json()["error"]) == (status, error)
    repeated = pair.client.post(_ENDPOINT, content=f"client_id={client_id}&scope=mcp&scope=mcp",
                                headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert (repeated.status_code, repeated.json()["error"]) == (400, "invalid_request")
    missing = pair.client.post(_TOKEN, data={"grant_type": GRANT_TYPE, "client_id": client_id})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


def test_the_code_stands_in_no_log(pair: Pair, client_id: str) -> None:
    """A link's query is nobody's business but the page's."""
    started, guest = _start(pair, client_id), Guest(pair)
    guest.send(guest.sign_in(user_code=started["user_code"]), "/device", user_code=started["user_code"])
    _poll(pair, client_id, started["device_code"])
    logs = pair.facade_log.read_text() + pair.core_log.read_text()

    assert "GET /device 200" in logs
    for secret in (started["user_code"], started["user_code"].replace("-", ""), started["device_code"]):
        assert secret not in logs
