"""Passkeys over HTTP: added at the user's own page, good for every login, by an authenticator in software."""

import re
from html import unescape

import httpx
import pytest
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.authenticator import Authenticator
from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import NOBODY, plain_client

_PASSWORD = "correct horse battery"
_PAGE = "/account/passkeys"
_LOGIN, _SECOND = "/login/passkey", "/login/second-factor/passkey"
_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"


class Owner:
    """A user of this file's own, with a browser and an authenticator."""

    def __init__(self, pair: Pair, username: str) -> None:
        self.pair, self.username = pair, username
        self.authenticator = Authenticator(pair.base, aaguid="00000000-0000-0000-0000-000000000000")
        self.new_browser()

    def new_browser(self) -> None:
        """One that nobody has used."""
        self.browser = plain_client(self.pair.base, headers={"User-Agent": _SAFARI})

    def first_step(self) -> httpx.Response:
        """Name and password at the user's own page."""
        page = self.browser.get("/account")
        return self.send(page, "/account/login", username=self.username, password=_PASSWORD)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The page's first form that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)

    def begin(self, password: str = _PASSWORD) -> httpx.Response:
        """The page where a browser makes one."""
        return self.send(self.browser.get(_PAGE), f"{_PAGE}/begin", password=password)

    def add(self, **fields: str) -> httpx.Response:
        """One more, of the signed-in user."""
        page = self.begin()
        return self.send(page, f"{_PAGE}/add", response=self.authenticator.create(options(page)), **fields)

    def answer(self, page: httpx.Response, action: str, **changes: object) -> httpx.Response:
        """What the browser sends after the page has asked for a passkey; `changes` is what is wrong with it."""
        return self.send(page, action, response=self.authenticator.get(options(page), **changes))


def options(page: httpx.Response) -> str:
    """What the page's script asks the browser with."""
    found = re.search('data-options="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found.group(1))


@pytest.fixture
def owner(pair: Pair, users: UserAdminServiceStub, request: pytest.FixtureRequest) -> Owner:
    """Somebody new, signed in."""
    username = f"user-of-{request.node.name}"[:64]
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=username, password=_PASSWORD), timeout=PATIENCE)
    somebody = Owner(pair, username)
    assert somebody.first_step().status_code == 303
    return somebody


def _said(page: httpx.Response) -> str:
    found = re.search('<p class="(?:problem|done)"[^>]*>(.*?)</p>', page.text)
    return "" if found is None else found.group(1)


def _is_signed_in(owner: Owner) -> bool:
    return "<h1>Your account</h1>" in owner.browser.get("/account").text


def test_from_the_first_to_the_last(owner: Owner) -> None:
    """Added with the recovery codes, named after the browser, renamed, removed with the password."""
    added = owner.add()
    page = owner.browser.get(_PAGE)
    renamed = owner.send(page, f"{_PAGE}/rename", name="the blue one")
    page = owner.browser.get(renamed.headers["location"])
    wrong = owner.send(page, f"{_PAGE}/remove", password="wrong")
    removed = owner.send(page, f"{_PAGE}/remove", password=_PASSWORD)
    after = owner.browser.get(removed.headers["location"])

    assert len(re.findall("<li>([A-Z2-7-]{19})</li>", added.text)) == 10
    assert "Safari, macOS" in owner.begin().text
    assert "<bdi>the blue one</bdi>" in page.text
    assert _said(page) == "The passkey has its new name."
    assert (wrong.status_code, _said(wrong)) == (403, "The current password is wrong.")
    assert _said(after) == "The passkey is removed, and every other browser was signed out."
    assert "the blue one" not in after.text
    owner.new_browser()
    assert owner.first_step().status_code == 303


def test_signing_in_without_a_password(owner: Owner) -> None:
    """To the user's own page, and on the way to an app (RFC 6749 §4.1): one form, no user name, no second step."""
    owner.add(name="mine")
    owner.new_browser()
    signed_in = owner.answer(owner.browser.get("/account"), _LOGIN)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/account")
    account = owner.browser.get("/account")
    assert "with a passkey" in account.text
    assert _is_signed_in(owner)

    owner.new_browser()
    visit = Visit(owner.pair, register(owner.pair))
    owner.browser = visit.browser
    back = owner.answer(visit.start(), _LOGIN)
    assert "<h1>" in visit.browser.get(back.headers["location"]).text
    assert "/oauth/v1/authorize?" in back.headers["location"]


def test_it_is_the_second_step(owner: Owner) -> None:
    """After the password: the passkey, or a recovery code in its place."""
    codes = re.findall("<li>([A-Z2-7-]{19})</li>", owner.add().text)
    owner.new_browser()
    step = owner.first_step()
    assert "Use a passkey" in step.text
    assert "Recovery code</label>" in step.text
    wrong = owner.answer(step, _SECOND, signed=b"")
    assert (wrong.status_code, _said(wrong)) == (
        403,
        "That passkey is not good here. Try another one, or a code.",
    )
    signed_in = owner.answer(wrong, _SECOND)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/account")
    assert _is_signed_in(owner)

    owner.new_browser()
    assert owner.send(owner.first_step(), "/login/second-factor", code=codes[0]).status_code == 303
    assert _is_signed_in(owner)


def test_the_second_step_says_why_there_is_no_button(owner: Owner) -> None:
    """Where the script does not run or the browser has no WebAuthn, its page says so, beside the field for a code."""
    owner.add()
    owner.new_browser()
    step = owner.first_step().text
    assert re.search("<noscript><p[^>]*>Using a passkey needs JavaScript", step)
    assert re.search('data-problem="unsupported" hidden>This browser knows no passkeys', step)


def test_new_recovery_codes(owner: Owner) -> None:
    """Who has a passkey and no app for codes makes them at the page of the second factor, too."""
    old = re.findall("<li>([A-Z2-7-]{19})</li>", owner.add().text)
    renewed = owner.send(owner.browser.get("/account/second-factor"), "/account/recovery-codes", password=_PASSWORD)
    new = re.findall("<li>([A-Z2-7-]{19})</li>", renewed.text)
    assert (len(new), set(new) & set(old)) == (10, set())


def test_what_is_refused_shows_the_login_again(owner: Owner) -> None:
    """With one sentence, whatever was wrong, and a new challenge; a page that was used before is over."""
    owner.add()
    owner.new_browser()
    page = owner.browser.get("/account")
    wrong = owner.answer(page, _LOGIN, rp_id="example.com")
    nothing = owner.send(wrong, _LOGIN, response="")
    used = owner.answer(page, _LOGIN)

    assert (wrong.status_code, nothing.status_code, used.status_code) == (403, 403, 403)
    assert _said(wrong) == _said(nothing) == "That passkey is not good here. Try another one, or your password."
    assert options(wrong) != options(page)
    assert "<h1>This page has expired" in used.text
    assert owner.answer(nothing, _LOGIN).status_code == 303
    elsewhere = owner.browser.post(_LOGIN, data=hidden_fields(page, _LOGIN), headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403


def test_what_is_not_added(owner: Owner) -> None:
    """A wrong password asks again before any browser makes one; a credential of another origin is no good."""
    wrong = owner.begin("wrong")
    assert (wrong.status_code, _said(wrong)) == (403, "The current password is wrong.")
    page = owner.begin()
    bad = owner.authenticator.create(options(page), client_data={"origin": "https://evil.example"})
    refused = owner.send(page, f"{_PAGE}/add", response=bad)
    assert refused.status_code == 403
    assert _said(refused).startswith("The passkey was not added")
    nobody = httpx.get(f"{owner.pair.base}{_PAGE}", verify=NOBODY)
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/account")


def test_one_script_where_it_is_needed(owner: Owner) -> None:
    """CSP Level 3: pages that ask a browser for a passkey load one script of this origin, nothing inline; all others
    load none and may not. The forms that need it are hidden without it."""
    before = owner.browser.get(_PAGE)
    new = owner.begin()
    owner.add()
    owner.new_browser()
    login, step = owner.browser.get("/account"), owner.first_step()

    for page in (new, login, step):
        [script] = re.findall("<script([^>]*)></script>", page.text)
        [source] = re.findall('src="([^"]+)"', script)
        served = owner.browser.get(source)
        assert "script-src 'self';" in page.headers["content-security-policy"] + ";"
        assert served.headers["content-type"] == "text/javascript; charset=utf-8"
        assert re.search("<form [^>]*data-passkey=[^>]* hidden>", page.text)
    for page in (before, owner.browser.get("/device")):
        assert "script-src" not in page.headers["content-security-policy"] or "<script" in page.text
    assert "<script" not in before.text
    assert "script-src" not in before.headers["content-security-policy"]
