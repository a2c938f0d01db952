"""The second factor over HTTP: switched on at the user's own page, asked for at every login."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.facade.pair import Pair
from tests.facade.passkey_owner import Owner as PasskeyOwner
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import plain_client

_PASSWORD = "correct horse battery"
_BEGIN, _CONFIRM = "/account/second-factor/begin", "/account/second-factor/confirm"
_PAGE, _PROVE = "/account/second-factor", "/login/second-factor"


class Owner:
    """A user of this file's own, with a browser and a telephone."""

    def __init__(self, pair: Pair, username: str) -> None:
        self.pair, self.username, self.secret = pair, username, ""
        self.recovery_codes: list[str] = []
        self.new_browser()

    def new_browser(self) -> None:
        """One that nobody has used."""
        self.browser = plain_client(self.pair.base)

    def first_step(self) -> httpx.Response:
        """Name and password at the user's own page."""
        page = self.browser.get("/account")
        return self.send(page, "/account/login", username=self.username, password=_PASSWORD)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The form of the page that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)

    def code(self, steps: int = 0) -> str:
        """What the telephone shows."""
        return pyotp.TOTP(self.secret).at(time.time(), counter_offset=steps)

    def begin(self) -> httpx.Response:
        """Sign in, and the page with the secret."""
        assert self.first_step().status_code == 303
        return self.scan()

    def scan(self) -> httpx.Response:
        """The page with the secret, where somebody is signed in."""
        page = self.browser.get(_PAGE)
        assert self.send(page, _BEGIN).headers["location"] == _PAGE
        page = self.browser.get(_PAGE)
        shown = re.search('<p class="detail">([A-Z2-7 ]+)</p>', page.text)
        assert shown is not None
        self.secret = shown.group(1).replace(" ", "")
        return page

    def switch_on(self) -> httpx.Response:
        """With the code of now, whose step is used up then; that of the next one is good."""
        answer = self.send(self.begin(), _CONFIRM, code=self.code(), password=_PASSWORD)
        self.recovery_codes = re.findall("<li>([A-Z2-7-]{19})</li>", answer.text)
        return answer


@pytest.fixture
def owner(pair: Pair, users: UserAdminServiceStub, request: pytest.FixtureRequest) -> Owner:
    """Somebody new."""
    username = f"user-of-{request.node.name}"[:64]
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=username, password=_PASSWORD), timeout=PATIENCE)
    return Owner(pair, username)


def test_switching_on(owner: Owner) -> None:
    """The secret is an image that no URL holds, and letters beside it; the codes are in the reply and nowhere else."""
    page = owner.begin()
    image = owner.browser.get(f"{_PAGE}/qr")
    wrong = owner.send(page, _CONFIRM, code="000000", password=_PASSWORD)
    right = owner.send(page, _CONFIRM, code=owner.code(), password=_PASSWORD)
    codes = re.findall("<li>([A-Z2-7-]{19})</li>", right.text)
    after = owner.browser.get(_PAGE)

    assert (image.status_code, image.headers["content-type"]) == (200, "image/svg+xml")
    assert image.headers["cache-control"] == "no-store"
    assert b"style" not in image.content
    assert owner.secret not in str(image.url) + page.headers["content-security-policy"]
    assert (wrong.status_code, "The code is not good." in wrong.text) == (403, True)
    assert (right.status_code, len(codes), right.headers["cache-control"]) == (200, 10, "no-store")
    assert "On since" in after.text
    assert owner.secret not in after.text.replace(" ", "")
    assert [code for code in codes if code in after.text] == []
    assert owner.browser.get(f"{_PAGE}/qr").status_code == 404


def test_beside_a_passkey_there_are_no_new_recovery_codes(owner: Owner) -> None:
    """Those that came with it are good, so the page as it is now follows, and says how many are left."""
    other = PasskeyOwner(owner.pair, owner.username)
    assert other.first_step().status_code == 303
    assert other.add().status_code == 200
    owner.browser = other.browser
    switched_on = owner.send(owner.scan(), _CONFIRM, code=owner.code(), password=_PASSWORD)

    assert (switched_on.status_code, switched_on.headers["location"]) == (303, _PAGE)
    after = owner.browser.get(_PAGE).text
    assert "On since" in after
    assert "10 are left" in after


def test_signing_in_takes_a_code(owner: Owner) -> None:
    """No cookie of a session before it; a wrong one asks again; a right one leads where the login does, once."""
    owner.switch_on()
    owner.new_browser()
    step = owner.first_step()
    wrong = owner.send(step, _PROVE, code="000000")
    code = owner.code(1)
    right = owner.send(wrong, _PROVE, code=code)
    again = owner.send(wrong, _PROVE, code=code)

    assert (step.status_code, "Enter a code" in step.text) == (200, True)
    assert "set-cookie" not in step.headers
    assert (wrong.status_code, "The code is not good." in wrong.text) == (403, True)
    assert (right.status_code, right.headers["location"]) == (303, "/account")
    assert "tokenhouse-session" in right.headers["set-cookie"]
    assert "tokenhouse-remembered" in right.headers["set-cookie"]
    assert "Your account" in owner.browser.get("/account").text
    assert again.status_code == 403


def test_on_the_way_to_an_app(owner: Owner) -> None:
    """RFC 6749 §4.1.1: the authorization request goes on after the code, and the form may lead where it does."""
    owner.switch_on()
    visit = Visit(owner.pair, register(owner.pair, name="Behind a code"), state="the state")
    step = visit.log_in(visit.start(), _PASSWORD, owner.username)
    fields = hidden_fields(step, _PROVE)
    answer = visit.browser.post(_PROVE, data=fields | {"code": owner.recovery_codes[0].lower()})
    consent = visit.browser.get(answer.headers["location"])
    allowed = visit.send(consent, "/consent", decision="allow")

    assert "form-action 'self' http://127.0.0.1:7777" in step.headers["content-security-policy"]
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["the state"]
    assert "Behind a code" in consent.text
    assert visit.redeem(parse_qs(urlsplit(allowed.headers["location"]).query)["code"][0]).status_code == 200


def test_a_form_that_is_not_ours_proves_nothing(owner: Owner) -> None:
    """Changed, from another browser, or from another site."""
    owner.switch_on()
    owner.new_browser()
    step = owner.first_step()
    fields = hidden_fields(step, _PROVE) | {"code": owner.code(1)}
    opened = owner.browser.post(_PROVE, data=fields | {"form_targets": "https://evil.example"})
    elsewhere = owner.browser.post(_PROVE, data=fields, headers={"Origin": "https://evil.example"})
    owner.new_browser()
    owner.browser.get("/account")
    another = owner.browser.post(_PROVE, data=fields)

    assert [reply.status_code for reply in (opened, elsewhere, another)] == [403] * 3


def test_recovery_codes_anew_and_off(owner: Owner) -> None:
    """Both want the password; off means a password alone."""
    owner.switch_on()
    page = owner.browser.get(_PAGE)
    wrong = owner.send(page, "/account/recovery-codes", password="wrong")
    renewed = owner.send(page, "/account/recovery-codes", password=_PASSWORD)
    refused = owner.send(page, f"{_PAGE}/off", password="wrong")
    off = owner.send(page, f"{_PAGE}/off", password=_PASSWORD)
    late = owner.send(page, "/account/recovery-codes", password=_PASSWORD)
    owner.new_browser()

    assert "10 are left." in page.text
    assert [(reply.status_code, "The current password is wrong." in reply.text) for reply in (wrong, refused)] == [
        (403, True)
    ] * 2
    codes = re.findall("<li>([A-Z2-7-]{19})</li>", renewed.text)
    assert len(codes) == 10
    assert set(codes).isdisjoint(owner.recovery_codes)
    assert off.headers["location"] == "/account?done=second-factor-off"
    assert late.status_code == 403
    assert owner.first_step().status_code == 303


def test_without_a_session(pair: Pair) -> None:
    """The page, the image and every form lead to the login."""
    browser = plain_client(pair.base)
    browser.get("/account")
    replies = [browser.get(path) for path in (_PAGE, f"{_PAGE}/qr")]
    replies += [browser.post(path, data={}) for path in (_BEGIN, _CONFIRM, f"{_PAGE}/off", "/account/recovery-codes")]

    assert [(reply.status_code, reply.headers["location"]) for reply in replies] == [(303, "/account")] * 6
