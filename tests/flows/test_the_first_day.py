"""A newcomer starts the server with one command and signs in with the password it shows."""

import re
from pathlib import Path

from playwright.async_api import Browser

from tests.cli.served import Served
from tests.flows.app import register_app
from tests.flows.browser import sit_down


async def test_the_password_that_is_shown_once(tmp_path: Path, browser: Browser) -> None:
    """The generated password of the first user signs in and connects an app, and it stands in no log (README, Two
    commands)."""
    with Served(tmp_path) as served:
        greeting = served.wait_until_ready()
        (password,) = re.findall(r"with the password (\S+)", greeting)
        async with register_app(served.address) as app, sit_down(browser, "admin", password) as person:
            tokens = await app.get_tokens(person)
            assert person.complaints == []

    assert greeting.startswith(f"ready {served.address}\n")
    assert tokens["token_type"] == "Bearer"
    assert password not in served.stderr
    assert "/oauth/v1/token" in served.stderr
