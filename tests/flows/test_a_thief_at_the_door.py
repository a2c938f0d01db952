"""Somebody who holds an access token, or another's page, tries every door of this server."""

import re
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
import pytest
from playwright.async_api import Browser
from tokenhouse.v1.user_admin_pb2 import SetPasswordRequest
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.flows.app import App, register_app
from tests.flows.browser import Person, sit_down
from tests.patience import PATIENCE
from tests.plain_http import NOBODY
from tests.running import Running

_COOKIES = ("tokenhouse-session", "__Host-tokenhouse-session", "session", "access_token")


def _carrying(token: str, browser: str) -> dict[str, str]:
    """The token in every place where a careless server might look for who this is; the browser cookie is genuine."""
    return {
        "Authorization": f"Bearer {token}",
        "Cookie": "; ".join([f"tokenhouse-browser={browser}", *(f"{name}={token}" for name in _COOKIES)]),
        "X-Api-Key": token,
        "X-Forwarded-User": token,
        "X-Access-Token": token,
    }


async def _assert_opens_no_door(app: App, person: Person, token: str) -> None:
    async with httpx.AsyncClient(base_url=app.issuer, timeout=PATIENCE, trust_env=False, verify=NOBODY) as thief:
        await thief.get(app.authorization_url())
        browser = thief.cookies.pop("tokenhouse-browser", "")
        assert browser
        thief.headers.update(_carrying(token, browser))
        page = await thief.get(app.authorization_url(access_token=token))
        assert page.status_code == 200
        assert "Password" in page.text
        assert person.username not in page.text
        silent = await thief.get(app.authorization_url(prompt="none"))
        assert parse_qs(urlsplit(silent.headers["location"]).query)["error"] == ["login_required"]
        forms = {
            "/login": {"username": person.username, "password": token},
            "/consent": {"decision": "allow"},
            "/logout": {},
        }
        for path, fields in forms.items():
            for hidden in ({}, _hidden_fields(page), {"csrf_token": token, "sealed_request": token}):
                reply = await thief.post(path, data={**hidden, **fields, "access_token": token})
                assert (reply.status_code, "location" in reply.headers) == (403, False)
                assert "set-cookie" not in reply.headers
        for signed_in in ("/account", "/admin"):
            page = await thief.get(signed_in)
            assert "Password" in page.text
            assert person.username not in page.text
        for path in (
            "/",
            "/password",
            "/users",
            "/grants",
            "/consent",
            "/login",
            "/oauth/v1/users",
        ):
            assert (await thief.get(path)).status_code in (404, 405)


async def test_an_access_token_opens_no_door(running: Running, person: Person) -> None:
    """An access token (and a refresh token) is no way into login, consent, logout or any other page: these take the
    browser session alone, so no token is ever turned into another credential."""
    async with register_app(running.issuer) as app:
        tokens = await app.get_tokens(person)
        await _assert_opens_no_door(app, person, tokens["access_token"])
        await _assert_opens_no_door(app, person, tokens["refresh_token"])
        assert running.validate(tokens["access_token"]).active


async def test_an_access_token_is_no_password(running: Running, person: Person) -> None:
    """At a login form of the thief's own an access token is a wrong password like any other."""
    async with register_app(running.issuer) as app:
        tokens = await app.get_tokens(person)
        await person.context.clear_cookies()
        await person.page.goto(app.authorization_url())
        await person.sign_in(tokens["access_token"])

        assert await person.page.get_by_role("alert").inner_text() == "The user name or the password is wrong."


async def test_an_access_token_is_no_operator(running: Running, person: Person) -> None:
    """On the TCP listener operators' methods do not exist, whoever asks with whatever token."""
    async with register_app(running.issuer) as app:
        tokens = await app.get_tokens(person)
    with (
        grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}", [("grpc.enable_http_proxy", 0)]) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        UserAdminServiceStub(channel).SetPassword(
            SetPasswordRequest(username=person.username, password="the thief's own"),
            metadata=(("authorization", f"Bearer {tokens['access_token']}"),),
            timeout=PATIENCE,
        )

    assert refused.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED)


async def test_a_consent_page_of_somebody_else(running: Running, person: Person, browser: Browser) -> None:
    """A consent form, taken whole to another browser, is refused there, signed in or not; in its own browser it then
    still works (RFC 9700 §4.7, §4.16)."""
    running.add_user("mallory")
    async with register_app(running.issuer) as app, sit_down(browser, "mallory") as thief:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        stolen = _hidden_fields_of(await person.page.content(), "/consent") | {"decision": "allow"}

        assert await _post(thief, running, "/consent", stolen) == (403, None)
        await thief.page.goto(app.authorization_url())
        await thief.sign_in()
        await thief.page.get_by_role("button", name="Allow", exact=True).wait_for()
        assert await _post(thief, running, "/consent", stolen) == (403, None)
        # Nor with the thief's own form around the stolen request.
        own = _hidden_fields_of(await thief.page.content(), "/consent")
        mixed = own | {"sealed_request": stolen["sealed_request"], "decision": "allow"}
        assert await _post(thief, running, "/consent", mixed) == (403, None)

        await person.allow()
        assert (await app.redeem(await app.take_code())).status_code == 200


async def test_a_login_page_of_somebody_else(running: Running, person: Person, browser: Browser) -> None:
    """A login form that was made for another browser signs nobody in (RFC 9700 §4.7)."""
    async with register_app(running.issuer) as app, sit_down(browser, "mallory") as thief:
        await thief.page.goto(app.authorization_url())
        planted = _hidden_fields_of(await thief.page.content(), "/login")
        await person.page.goto(app.authorization_url())
        entered = planted | {"username": person.username, "password": person.password}

        assert await _post(person, running, "/login", entered) == (403, None)
        assert {cookie.get("name") for cookie in await person.context.cookies()} == {"tokenhouse-browser"}


async def test_a_consent_form_is_sent_twice(running: Running, person: Person) -> None:
    """A sealed request decides once: the form that has been sent gives no second code (README, Grants)."""
    async with register_app(running.issuer) as app:
        await person.page.goto(app.authorization_url())
        await person.sign_in()
        await person.page.get_by_role("button", name="Allow", exact=True).wait_for()
        form = _hidden_fields_of(await person.page.content(), "/consent") | {"decision": "allow"}
        await person.allow()
        tokens = (await app.redeem(await app.take_code())).json()

        assert await _post(person, running, "/consent", form) == (403, None)
        assert running.validate(tokens["access_token"]).active


async def _post(person: Person, running: Running, path: str, form: dict[str, str]) -> tuple[int, str | None]:
    """What this person's browser is answered, with its cookies: the status and where it would go."""
    reply = await person.context.request.post(
        running.issuer + path, form=dict[str, str | float | bool](form), max_redirects=0
    )
    return reply.status, reply.headers.get("location")


def _hidden_fields(page: httpx.Response) -> dict[str, str]:
    return _hidden_fields_of(page.text, "/login")


def _hidden_fields_of(page: str, action: str) -> dict[str, str]:
    form = re.search(rf'<form method="post" action="{action}">(.*?)</form>', page, re.DOTALL)
    assert form is not None, page
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(1)))
