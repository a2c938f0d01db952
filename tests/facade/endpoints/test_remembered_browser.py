"""An attack on one account, from many networks, and its user on a journey: OWASP's device cookies over HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register

_NAME = "tokenhouse-remembered"


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Behind a trusted proxy; one try for each network and account, ten for an account in all."""
    limits = ("LoginFailures = 1/15m",)
    with Pair(tmp_path_factory.mktemp("siege"), limit_lines=limits, trusted_proxies=("127.0.0.0/8",)) as pair:
        yield pair


class Traveller:
    """One browser, and the network that it is in."""

    def __init__(self, pair: Pair, client_id: str, remembered: str = "") -> None:
        self.visit = Visit(pair, client_id)
        if remembered:
            self.visit.browser.cookies.set(_NAME, remembered)

    @property
    def remembered(self) -> str:
        """What the browser keeps."""
        return self.visit.browser.cookies.get(_NAME) or ""

    def sign_in(self, network: str, password: str | None = None) -> httpx.Response:
        """As the first user, at the beginning of an authorization request."""
        self.visit.browser.headers["X-Forwarded-For"] = network
        # Whoever is signed in would be asked to.
        return self.visit.log_in(self.visit.start(prompt="login"), password)


def test_an_attack_from_everywhere_keeps_the_user_out_of_no_browser_of_theirs(besieged: Pair) -> None:
    """From a network that is new, too. Who has copied that cookie has its one try, and no session; every refusal looks
    the same, and leaves no cookie."""
    client_id = register(besieged)
    user = Traveller(besieged, client_id)
    first = user.sign_in("192.0.2.1")
    copied = user.remembered
    guesses = [Traveller(besieged, client_id).sign_in(f"198.51.100.{n}", "guess") for n in range(10)]
    stranger = Traveller(besieged, client_id).sign_in("203.0.113.1")
    on_the_way = user.sign_in("203.0.113.2")
    thief = Traveller(besieged, client_id, copied)
    page = thief.visit.browser.get("/account")
    tried = [thief.sign_in(f"203.0.113.{10 + n}", "guess") for n in range(3)]
    again = user.sign_in("203.0.113.3")

    cookie = next(each for each in first.headers.get_list("set-cookie") if each.startswith(_NAME))
    assert cookie.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
    assert "admin" not in cookie
    assert [guess.status_code for guess in guesses] == [403] * 10
    assert (stranger.status_code, "a browser in which you have signed in" in stranger.text.lower()) == (429, True)
    assert on_the_way.status_code == 303
    assert user.remembered not in ("", copied)
    assert (page.status_code, 'name="password"' in page.text) == (200, True)
    assert [each.status_code for each in tried] == [403, 429, 429]
    assert again.status_code == 303
    assert [each for each in (*guesses, stranger, *tried) if "set-cookie" in each.headers] == []
