"""Too many attempts, and whose they are."""

import secrets

import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register


def new_client() -> dict[str, object]:
    """The registration of a client that the server does not know yet: those alone are counted."""
    return {"client_name": secrets.token_hex(8), "redirect_uris": ["http://127.0.0.1/cb"]}


def register_from(pair: Pair, address: str) -> int:
    """Registers with an X-Forwarded-For and gives the status."""
    return pair.client.post("/oauth/v1/register", json=new_client(), headers={"X-Forwarded-For": address}).status_code


def test_a_stranger_cannot_choose_an_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a trusted proxy X-Forwarded-For buys no second budget; 429 says when to come back (attacks table F)."""
    with Pair(tmp_path_factory.mktemp("stranger"), limit_lines=("Registrations = 1/h",)) as pair:
        assert register_from(pair, "198.51.100.1") == 201
        assert register_from(pair, "198.51.100.2") == 429
        refused = pair.client.post("/oauth/v1/register", json=new_client())

        assert refused.json()["error"] == "temporarily_unavailable"
        assert 0 < int(refused.headers["retry-after"]) <= 3600


def test_a_trusted_proxy_names_the_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Behind a trusted proxy each client network has its own budget, and what stands further left is not believed."""
    with Pair(
        tmp_path_factory.mktemp("proxy"), limit_lines=("Registrations = 1/h",), trusted_proxies=("127.0.0.0/8",)
    ) as pair:
        assert register_from(pair, "198.51.100.1") == 201
        assert register_from(pair, "203.0.113.1") == 201
        assert register_from(pair, "192.0.2.99, 198.51.100.1") == 429


def test_too_many_wrong_passwords(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The login form comes back with 429, Retry-After and the time in words; the right password does not help then."""
    with Pair(tmp_path_factory.mktemp("logins"), limit_lines=("LoginFailures = 2/15m",)) as pair:
        visit = Visit(pair, register(pair))
        page = visit.start()
        statuses = [visit.log_in(page, password="wrong").status_code for _ in range(2)]
        limited = visit.log_in(page)

        assert statuses == [403, 403]
        assert limited.status_code == 429
        assert 0 < int(limited.headers["retry-after"]) <= 900
        assert "Too many attempts with this user name failed in your network. Wait " in limited.text
        assert 'role="alert"' in limited.text
        assert 'value="admin"' in limited.text
