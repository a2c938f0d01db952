"""An attack on one account, from many networks, and its user on a journey: OWASP's device cookies over HTTP."""

from collections.abc import Iterator

import grpc
import httpx
import pytest
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.facade.pair import Pair
from tests.facade.passkey_owner import PASSWORD, Owner
from tests.facade.road import Visit, register
from tests.patience import PATIENCE

_NAME = "tokenhouse-remembered"


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Behind a trusted proxy; one try for each network and account, ten for an account in all, three for a network."""
    limits = ("LoginFailures = 1/15m", "LoginFailuresPerNetwork = 3/15m")
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


@pytest.fixture
def traveller(besieged: Pair) -> Owner:
    """Somebody with a passkey, signed in from where nobody else is."""
    with grpc.insecure_channel(f"unix:{besieged.folder / 'data' / 'admin.sock'}") as channel:
        wanted = user_admin_pb2.CreateUserRequest(username="grace", password=PASSWORD)
        UserAdminServiceStub(channel).CreateUser(wanted, timeout=PATIENCE)
    owner = Owner(besieged, "grace")
    owner.browser.headers["X-Forwarded-For"] = "192.0.2.20"
    assert owner.first_step().status_code == 303
    assert owner.add().status_code == 200
    return owner


def test_a_neighbour_who_guesses_keeps_nobody_out(besieged: Pair, traveller: Owner) -> None:
    """OWASP, Device Cookies: in a network whose tries are used up a remembered browser comes in by password with a
    passkey after it; a passkey alone does so in any browser (WebAuthn Level 3 §7.2: it is no guess), and the page of
    who is refused says so; and from then on the network is known, and lets the password in."""
    shared = "198.51.100.200"
    remembered = traveller.browser
    traveller.new_browser()
    traveller.browser.headers["X-Forwarded-For"] = shared
    page = traveller.browser.get("/account")
    for n in range(3):
        assert traveller.send(page, "/account/login", username=f"nobody {n}", password="guess").status_code == 403
    stranger, refused = traveller.browser, traveller.first_step()
    remembered.headers["X-Forwarded-For"] = shared
    remembered.cookies.delete("tokenhouse-session")
    traveller.browser = remembered
    by_both = traveller.answer(traveller.first_step(), "/login/second-factor/passkey")
    own_page = traveller.begin()
    traveller.browser = stranger
    by_passkey = traveller.answer(refused, "/login/passkey")
    traveller.new_browser()
    traveller.browser.headers["X-Forwarded-For"] = shared
    known = traveller.first_step()
    traveller.browser = stranger
    neighbour = traveller.send(page, "/account/login", username="nobody", password="guess")

    assert refused.status_code == 429
    assert "Too many attempts from your network failed. Wait " in refused.text
    assert "Sign in with a passkey: it does not wait for that." in refused.text
    assert [each.status_code for each in (by_both, by_passkey, known, neighbour)] == [303, 303, 200, 429]
    assert "data-options=" in own_page.text
    assert "Use a passkey" in known.text
