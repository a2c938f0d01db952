"""Passkeys over HTTP: added at the user's own page, good for every login, by an authenticator in software."""

import re

import httpx
import pytest
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.facade.pair import Pair
from tests.facade.passkey_owner import PASSWORD, Owner, options
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import NOBODY

_PAGE = "/account/passkeys"
_LOGIN, _SECOND = "/login/passkey", "/login/second-factor/passkey"


@pytest.fixture
def owner(pair: Pair, users: UserAdminServiceStub, request: pytest.FixtureRequest) -> Owner:
    """Somebody new, signed in."""
    username = f"user-of-{request.node.name}"[:64]
    users.CreateUser(user_admin_pb2.CreateUserRequest(username=username, password=PASSWORD), timeout=PATIENCE)
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
    removed = owner.send(page, f"{_PAGE}/remove", password=PASSWORD)
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
    renewed = owner.send(owner.browser.get("/account/second-factor"), "/account/recovery-codes", password=PASSWORD)
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
    assert "your app" not in used.text
    assert 'href="/account"' in used.text
    assert owner.answer(nothing, _LOGIN).status_code == 303
    elsewhere = owner.browser.post(_LOGIN, data=hidden_fields(page, _LOGIN), headers={"Origin": "https://evil.example"})
    assert elsewhere.status_code == 403


def test_a_second_step_that_is_over_leads_back_to_the_page_it_was_for(owner: Owner) -> None:
    """WCAG 2.2 §3.3.3: whoever came from no app is told of none, whichever form of the step was sent too late, in a
    browser that has lost its cookie, say; and no page but ours is led to."""
    owner.add()
    for before in ("/account", "/admin", "/device"):
        owner.new_browser()
        page = owner.browser.get(before)
        step = owner.send(page, f"{before}/login", username=owner.username, password=PASSWORD)
        owner.browser.cookies.clear()
        over = [owner.answer(step, _SECOND), owner.send(step, "/login/second-factor", code="000000")]
        forged = owner.send(step, _SECOND, before="https://evil.example")

        assert [(each.status_code, f'href="{before}"' in each.text) for each in over] == [(403, True)] * 2
        assert not [each for each in over if "your app" in each.text]
        assert "evil.example" not in forged.text


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
