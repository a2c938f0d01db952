"""Forms that are shown once more, with what was wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sanic import HTTPResponse
from tokenhouse.v1.authorization_pb2 import RequestingClient
from tokenhouse.v1.device_authorization_pb2 import DeviceForm
from tokenhouse.v1.passkey_login_pb2 import OfferPasskeySecondFactorResponse
from tokenhouse.v1.passkey_pb2 import ListPasskeysResponse
from tokenhouse.v1.second_factor_pb2 import GetSecondFactorResponse

from facade.cookies import Cookies, new_browser
from facade.core_client import CoreClient
from facade.discovery import Discovery, SignIn
from facade.errors import Refusal
from facade.facade import Facade
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.pages.account_passkeys import passkeys_page
from facade.pages.account_password import password_page
from facade.pages.account_second_factor import second_factor_page
from facade.pages.device import device_page
from facade.pages.login import login_page
from facade.pages.rendering import Pages
from facade.pages.second_factor_login import second_factor_login_page
from facade.settings import Settings, parse_address

Again = Callable[[Facade, Refusal | None], HTTPResponse]
_BROWSER = new_browser()
_PAGES: dict[str, Again] = {
    "login": lambda facade, refusal: login_page(
        facade, _BROWSER, RequestingClient(), "r", SignIn(local_users=True, providers=()), refusal=refusal
    ),
    "second step": lambda facade, refusal: second_factor_login_page(
        facade, _BROWSER, "s", "", OfferPasskeySecondFactorResponse(has_codes=True), refusal
    ),
    "device": lambda facade, refusal: device_page(facade, _BROWSER, "s", DeviceForm(), typed="", refusal=refusal),
    "password": lambda facade, refusal: password_page(facade, _BROWSER, "s", refusal),
    "second factor": lambda facade, refusal: second_factor_page(
        facade, _BROWSER, "s", GetSecondFactorResponse(), refusal
    ),
    "passkeys": lambda facade, refusal: passkeys_page(facade, _BROWSER, "s", ListPasskeysResponse(), refusal),
}


@pytest.fixture(scope="module")
def pages() -> Pages:
    """The templates, which each page makes ready once."""
    return Pages(parse_address("https://h.example/auth"))


@pytest.fixture
async def facade(tmp_path: Path, pages: Pages) -> Facade:
    """A facade of its own; its core is not asked."""
    settings = Settings(pages.address, (), str(tmp_path / "core.sock"))
    core = CoreClient(settings.core_socket, CoreCallMetrics(CollectorRegistry()))
    return Facade(settings, core, Discovery(core), Cookies(https=True), pages)


@pytest.mark.parametrize("again", _PAGES.values(), ids=_PAGES)
async def test_whoever_has_to_wait_is_told_for_how_long(facade: Facade, again: Again) -> None:
    """RFC 6585 §4, RFC 9110 §10.2.3: 429 with Retry-After in seconds; where nothing is wrong, neither."""
    refused, asked = again(facade, Refusal("TOO_MANY_ATTEMPTS", retry_after=70)), again(facade, None)

    assert (refused.status, refused.headers["Retry-After"]) == (429, "70")
    assert (asked.status, asked.headers.get("Retry-After")) == (200, None)


def test_no_page_asks_the_browser_for_a_password(pages: Pages) -> None:
    """RFC 9110 §15.5.2: 401 names a scheme, and the browser would ask its user: pages say 400 instead."""
    values = {"allowed": True}

    assert pages.render("device_decided.html", values, refusal=Refusal("INVALID_CLIENT")).status == 400
