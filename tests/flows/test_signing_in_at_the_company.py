"""Users sign in at their company's provider and sign out there: a real provider, a real browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.certificates import Authority
from tests.flows.app import register_app
from tests.flows.browser import Person
from tests.openid_provider import OpenIdProvider
from tests.patience import PATIENCE
from tests.plain_http import plain_client
from tests.running import Running, wait_until


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[OpenIdProvider]:
    """The company's own."""
    with OpenIdProvider(tmp_path_factory.mktemp("provider"), authority) as started:
        yield started


@pytest.fixture
def company(tmp_path: Path, provider: OpenIdProvider, authority: Authority) -> Iterator[Running]:
    """A server with users of its own, and a button for the company's."""
    running = Running(tmp_path, environment=authority.trusted_in(tmp_path))
    client = provider.register(running.issuer, "company")
    (tmp_path / "secret").write_text(client.client_secret)
    running.settings |= {
        "UpstreamProvider_Issuer": f"company: {provider.issuer}",
        "UpstreamProvider_Label": "company: Example Company",
        "UpstreamProvider_ClientId": f"company: {client.client_id}",
        "UpstreamProvider_ClientSecretFile": "company: secret",
        "UpstreamProvider_Scope": "company: openid profile groups",
        "UpstreamProvider_GroupClaim": "company: groups",
        "UpstreamProvider_Group": "company: * -> *",
    }
    with running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def employee(browser: Browser) -> AsyncIterator[Person]:
    """Somebody who has no password here; their browser knows the company's certificates."""
    context = await browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE * 1000)
    yield Person(context, await context.new_page(), "grace", "")
    await context.close()


async def sign_in_there(person: Person, account: str) -> None:
    """Fill in the provider's own form."""
    await person.page.get_by_label("Account").fill(account)
    await person.page.get_by_role("button", name="Sign in there").click()


async def test_there_and_back(company: Running, provider: OpenIdProvider, employee: Person) -> None:
    """The login page has a button beside the password; it leads to the provider and back to the question, with the name
    and groups of the provider. Operators see who is who, and can change it. Who is somebody else signs out there, too,
    and is then asked who they are."""
    provider.know("grace", preferred_username="grace", groups=["research"])
    provider.know("linus", preferred_username="linus")
    page = employee.page
    async with register_app(company.issuer) as app:
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.goto(app.authorization_url())
        await page.get_by_label("Password").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await page.get_by_role("button", name="Sign in with Example Company").click()
        await sign_in_there(employee, "grace")
        await page.get_by_text("Signed in as grace").wait_for()
        await employee.allow()
        tokens = (await app.redeem(await app.take_code())).json()
        answer = company.validate(tokens["access_token"])
        assert (answer.username, list(answer.groups)) == ("grace", ["research"])

        assert f"grace of {provider.issuer}" in company.tokenhouse("users", "show", "grace")
        company.tokenhouse("users", "unlink", "grace", "company", "grace")
        company.tokenhouse("users", "link", "grace", "company", "grace")
        await page.goto(app.authorization_url())
        await page.get_by_label("Password").wait_for()
        await page.get_by_role("button", name="Sign in with Example Company").click()
        await page.get_by_text("Signed in as grace").wait_for()

        company.reload(Server_LocalUsers="false")
        # The facade knows it at most a second later.
        with plain_client() as stranger:
            wait_until(
                lambda: 'type="password"' not in stranger.get(app.authorization_url()).text,
                "the login page to ask for no password",
            )
        await page.goto(app.authorization_url())
        await page.get_by_role("button", name="Not you? Use another account").click()
        await page.get_by_role("button", name="Sign out there").click()
        # The only way in that is left is taken without a question of ours.
        await sign_in_there(employee, "linus")
        await page.get_by_text("Signed in as linus").wait_for()

        # OWASP, Device Cookies: a neighbour's made-up answers keep who has signed in here before out of nothing.
        company.reload(Limits_LoginFailuresPerNetwork="1/1h")
        with plain_client() as neighbour:
            assert [_make_up_an_answer(neighbour, app.authorization_url()) for _ in range(2)] == [400, 429]
        await employee.context.clear_cookies(name="tokenhouse-session")
        await page.goto(app.authorization_url())
        await page.get_by_text("Signed in as linus").wait_for()
        assert employee.complaints == []


def _make_up_an_answer(browser: httpx.Client, authorization_url: str) -> int:
    """Come back from the company's provider with a code that it never made; the status."""
    asked = parse_qs(urlsplit(browser.get(authorization_url).headers["refresh"].partition("url=")[2]).query)
    answer = {"state": asked["state"][0], "code": "made-up"}
    return browser.get(asked["redirect_uri"][0], params=answer).status_code
