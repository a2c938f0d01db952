"""A user with a passkey, in a real browser with a virtual authenticator (WebAuthn Level 3 §11)."""

from typing import Any

from playwright.async_api import CDPSession, expect

from tests.flows.app import register_app
from tests.flows.browser import Person
from tests.running import Running

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def _plug_in(person: Person) -> tuple[CDPSession, dict[str, Any]]:
    """An authenticator whose user is always there."""
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("WebAuthn.enable")
    return devtools, await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})


async def _verifies(devtools: CDPSession, authenticator: dict[str, Any], *, verified: bool) -> None:
    """Whether the authenticator finds that its user is who they are."""
    await devtools.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": verified})


async def _answers(devtools: CDPSession, authenticator: dict[str, Any], *, at_once: bool) -> None:
    """Whether its user touches it when it is asked; the browser's list at the user name counts as asking."""
    await devtools.send("WebAuthn.setAutomaticPresenceSimulation", {**authenticator, "enabled": at_once})


async def test_from_the_first_passkey_to_the_last(running: Running, person: Person) -> None:
    """Added at the user's own page with the password; an app is connected without one; who cannot be verified is not
    let in; after the password the same passkey is the second step; removed, a password alone is enough again."""
    page = person.page
    devtools, authenticator = await _plug_in(person)
    await page.goto(f"{running.issuer}/account")
    await person.sign_in()
    await page.get_by_role("link", name="Passkeys").click()
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_role("button", name="Add a passkey").click()
    await page.get_by_label("Name").fill("my laptop")
    await page.get_by_role("button", name="Create the passkey").click()
    await page.get_by_role("heading", name="Recovery codes").wait_for()
    kept = await devtools.send("WebAuthn.getCredentials", authenticator)

    await person.context.clear_cookies()
    await _verifies(devtools, authenticator, verified=False)
    async with register_app(running.issuer, "Without a password") as app:
        await page.goto(app.authorization_url())
        button = page.get_by_role("button", name="Sign in with a passkey")
        await button.click()
        await page.get_by_text("There was no passkey").wait_for()
        # WCAG 2.2 §2.4.3: whoever tries again goes on from where they were.
        await expect(button).to_be_focused()
        await _verifies(devtools, authenticator, verified=True)
        await button.click()
        await person.allow()
        tokens = (await app.redeem(await app.take_code())).json()
    assert running.validate(tokens["access_token"]).username == person.username

    # Chosen from the browser's list at the user name: nothing is pressed at all (§5.1.4, conditional mediation).
    await person.context.clear_cookies()
    await page.goto(f"{running.issuer}/account")
    await page.get_by_role("heading", name="Your account").wait_for()

    await person.context.clear_cookies()
    await _answers(devtools, authenticator, at_once=False)
    await page.goto(f"{running.issuer}/account")
    await person.sign_in()
    await _answers(devtools, authenticator, at_once=True)
    await page.get_by_role("button", name="Use a passkey").click()
    await page.get_by_text("with a password and a passkey").wait_for()
    account = await person.text()
    await page.get_by_role("link", name="Passkeys").click()
    text = await person.text()
    await page.get_by_label("Remove “my laptop”").click()
    await page.get_by_label("Password").first.fill(person.password)
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_text("The passkey is removed").wait_for()
    await person.context.clear_cookies()
    await page.goto(f"{running.issuer}/account")
    await person.sign_in()
    await page.get_by_role("heading", name="Your account").wait_for()

    [credential] = kept["credentials"]
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)
    assert account.count("with a passkey") == 2
    assert "On one device, and never leaves it" in text
    assert "Not yet" not in text
    assert person.complaints == []
