"""The user's own page over HTTP: what is shown, and ending it with one click."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import grpc
import httpx
import pytest
from tokenhouse.v1 import user_admin_pb2, validation_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub
from tokenhouse.v1.validation_pb2_grpc import ValidationServiceStub

from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import plain_client

_HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
_DISCONNECT, _DISCONNECT_ALL = "/account/disconnect", "/account/disconnect-all"


@dataclass
class Owner:
    """A browser at the user's own page."""

    pair: Pair
    username: str = "admin"
    #: Where it is not the first user's.
    password: str = ""
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = plain_client(self.pair.base)

    def open(self) -> httpx.Response:
        """The page, or the login in front of it."""
        return self.browser.get("/account")

    def sign_in(self, password: str | None = None) -> httpx.Response:
        """The reply to the login form."""
        secret = (self.password or self.pair.password) if password is None else password
        return self.send(self.open(), "/account/login", username=self.username, password=secret)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The first form of the page that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)


@pytest.fixture
def owner(pair: Pair) -> Owner:
    """The first user, signed in."""
    signed_in = Owner(pair)
    assert signed_in.sign_in().status_code == 303
    return signed_in


@pytest.fixture(scope="module")
def is_good(pair: Pair) -> Iterator[Callable[[str], bool]]:
    """What a service is told of a token, asked anew each time."""
    with grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}") as channel:
        stub = ValidationServiceStub(channel)

        def ask(token: str) -> bool:
            question = validation_pb2.ValidateTokenRequest(token=token, audience=pair.issuer)
            return stub.ValidateToken(question, timeout=PATIENCE).active

        yield ask


def _connect(pair: Pair, name: str) -> tuple[str, str]:
    visit = Visit(pair, register(pair, name=name))
    token: str = visit.redeem(visit.code()).json()["access_token"]
    return visit.client_id, token


def test_the_login_leads_to_the_page(pair: Pair) -> None:
    """Who is not signed in is asked to; a wrong password asks again; and nothing of the page is stored or framed."""
    owner = Owner(pair)
    wrong = owner.sign_in("wrong")
    right = owner.sign_in()
    page = owner.open()

    assert (wrong.status_code, "The user name or the password is wrong." in wrong.text) == (403, True)
    assert (right.status_code, right.headers["location"]) == (303, "/account")
    assert "Your account" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]


def test_one_click_ends_an_app(pair: Pair, owner: Owner, is_good: Callable[[str], bool]) -> None:
    """RFC 7009 §2.1: the ValidateToken that follows the click refuses, the page no longer shows the app, and another
    one goes on."""
    gone, gone_token = _connect(pair, "To be gone")
    kept, kept_token = _connect(pair, "To be kept")
    page = owner.open()
    assert is_good(gone_token)
    form = next(part for part in page.text.split("<li>") if f'value="{gone}"' in part)
    fields = hidden_fields(httpx.Response(200, text=form), _DISCONNECT)
    answer = owner.browser.post(_DISCONNECT, data=fields)

    assert not is_good(gone_token)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert is_good(kept_token)
    page = owner.open()
    assert f'value="{gone}"' not in page.text
    assert f'value="{kept}"' in page.text


def test_one_click_ends_everything(pair: Pair, owner: Owner, is_good: Callable[[str], bool]) -> None:
    """As for one."""
    tokens = [_connect(pair, f"App {number}")[1] for number in range(2)]
    answer = owner.send(owner.open(), _DISCONNECT_ALL)

    assert [is_good(token) for token in tokens] == [False, False]
    assert answer.headers["location"] == "/account"
    assert "No app is connected." in owner.open().text


def test_a_form_for_one_app_ends_no_other(pair: Pair, owner: Owner, is_good: Callable[[str], bool]) -> None:
    """The form's token is of its client: another one in it is no form of ours, nor is one from another site."""
    (first, first_token), (second, second_token) = _connect(pair, "First"), _connect(pair, "Second")
    page = owner.open()
    form = next(part for part in page.text.split("<li>") if f'value="{first}"' in part)
    fields = hidden_fields(httpx.Response(200, text=form), _DISCONNECT)
    swapped = owner.browser.post(_DISCONNECT, data=fields | {"client_id": second})
    elsewhere = owner.browser.post(_DISCONNECT, data=fields, headers={"Origin": "https://evil.example"})
    framed = owner.browser.post(_DISCONNECT, data=fields, headers={"Sec-Fetch-Site": "cross-site"})

    assert [reply.status_code for reply in (swapped, elsewhere, framed)] == [403] * 3
    assert is_good(first_token)
    assert is_good(second_token)


def test_a_session_that_is_over_leads_to_the_login_and_back(
    pair: Pair, owner: Owner, is_good: Callable[[str], bool]
) -> None:
    """A form that waited too long ends nothing: its user signs in, is back at the page, and presses again."""
    _, token = _connect(pair, "Waiting")
    page = owner.open()
    left = owner.send(page, "/account/logout")
    without_cookie = owner.send(page, _DISCONNECT_ALL)
    login = owner.open()

    assert left.headers["location"] == "/account"
    assert (without_cookie.status_code, without_cookie.headers["location"]) == (303, "/account")
    assert 'action="/account/login"' in login.text
    assert is_good(token)
    assert owner.sign_in().headers["location"] == "/account"
    # The form of the session before is none of the new one's.
    assert owner.send(page, _DISCONNECT_ALL).status_code == 403
    assert is_good(token)


def test_signing_out_elsewhere_and_everywhere(pair: Pair, users: UserAdminServiceStub) -> None:
    """One browser, by the button beside it; then all of them, and each is asked for a login."""
    creation = user_admin_pb2.CreateUserRequest(username="two-browsers", password="correct horse")
    users.CreateUser(creation, timeout=PATIENCE)
    owner, elsewhere = (Owner(pair, "two-browsers", "correct horse") for _ in range(2))
    for each in (owner, elsewhere):
        each.sign_in()
    page = owner.open()
    form = next(part for part in page.text.split("<li>") if "Another browser" in part)
    fields = hidden_fields(httpx.Response(200, text=form), "/account/end-session")
    answer = owner.browser.post("/account/end-session", data=fields)

    assert answer.headers["location"] == "/account"
    assert "This browser" in page.text
    assert 'action="/account/login"' in elsewhere.open().text
    assert "Your account" in owner.open().text
    assert owner.send(owner.open(), "/account/sign-out-everywhere").status_code == 303
    assert 'action="/account/login"' in owner.open().text


def test_a_new_password_asks_again_where_something_is_wrong(pair: Pair, owner: Owner) -> None:
    """The page says what: the old one, the length, or that the new ones differ; and what was typed is not in it."""
    page = owner.browser.get("/account/password")

    def change(old: str, new: str, again: str) -> httpx.Response:
        fields = {"old_password": old, "new_password": new, "new_password_again": again}
        return owner.send(page, "/account/password", **fields)

    wrong = change("a wrong canary", "a new canary", "a new canary")
    short = change(pair.password, "short", "short")
    differ = change(pair.password, "a new canary", "a new canarx")

    assert (wrong.status_code, "The current password is wrong." in wrong.text) == (403, True)
    assert short.status_code == 400
    assert short.text.count("A password has 8 to 1,024 characters.") == 2
    assert (differ.status_code, "The two new passwords are not the same." in differ.text) == (400, True)
    assert "canar" not in wrong.text + differ.text
    # Nothing was changed.
    assert Owner(pair).sign_in().status_code == 303


def test_a_password_is_changed(pair: Pair, owner: Owner) -> None:
    """It leads back to the page, which says so; the same password may be set again."""
    page, elsewhere = owner.browser.get("/account/password"), Owner(pair)
    elsewhere.sign_in()
    again = {"new_password": pair.password, "new_password_again": pair.password}
    answer = owner.send(page, "/account/password", old_password=pair.password, **again)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    assert answer.headers["set-cookie"].startswith("tokenhouse-remembered=")
    assert "Your password was changed" in owner.browser.get("/account?done=password").text
    assert "Your password was changed" not in owner.browser.get("/account?done=else").text
    assert 'action="/account/login"' in elsewhere.open().text
    # Without a session there is nothing to change.
    assert Owner(pair).browser.get("/account/password").headers["location"] == "/account"


@pytest.mark.parametrize("skip", ["0", "-1", "x", "1" * 30, "\u00b2"])
def test_the_list_begins_at_the_beginning_where_no_number_says_otherwise(pair: Pair, owner: Owner, skip: str) -> None:
    """What stands in an address may be anything."""
    _connect(pair, "First of all")

    page = owner.browser.get("/account", params={"from": skip})
    assert (page.status_code, "First of all" in page.text) == (200, True)


def test_behind_the_last_app_is_nothing(owner: Owner) -> None:
    """Whoever has disconnected the rest meanwhile is led to the beginning."""
    assert owner.browser.get("/account", params={"from": "999999999"}).headers["location"] == "/account"


def test_what_an_app_says_of_itself_is_text(pair: Pair, owner: Owner) -> None:
    """Names and addresses that apps choose are shown as they are, in text and in attributes."""
    _connect(pair, _HOSTILE)
    page = owner.open()

    assert "<script" not in page.text
    assert "<img src=x" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
