"""Registration by token alone, and none at all (RFC 7591 §3), over HTTP and with the operators' command."""

import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.running import wait_until

_BODY = {"redirect_uris": ["http://127.0.0.1/cb"]}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Core and facade where registering needs a token."""
    with Pair(tmp_path_factory.mktemp("token"), server_lines=("[Registration]", "Mode = token")) as pair:
        yield pair


@pytest.fixture(scope="module")
def operator(pair: Pair) -> Operator:
    """The operators' command."""
    return Operator(pair.folder / "t.conf")


def register(pair: Pair, authorization: str | None = None) -> httpx.Response:
    """Registers with this header."""
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    return pair.client.post("/oauth/v1/register", json=_BODY, headers=headers)


@pytest.mark.parametrize("authorization", [None, "Basic eDp5", "Bearer", "Bearer thi_wrong", "Bearer thi_ü"])
def test_without_a_good_token_it_is_401(pair: Pair, authorization: str | None) -> None:
    """RFC 7591 §3, RFC 6750 §3.1: 401, a Bearer challenge and the error as JSON."""
    refused = register(pair, authorization)
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_token"
    assert refused.headers["www-authenticate"].startswith("Bearer ")
    assert refused.headers["cache-control"] == "no-store"


def test_a_token_from_beginning_to_end(pair: Pair, operator: Operator) -> None:
    """Made and shown once, used, listed without being told, used up, removed; the metadata name the endpoint."""
    added = operator("clients", "registration-token", "add", "--note", "CI", "--uses", "1", "--json").json
    token, token_id = added["initial_access_token"], added["registration_token"]["token_id"]
    assert register(pair, f"bearer {token}").status_code == 201
    assert register(pair, f"Bearer {token}").status_code == 401
    [listed] = operator("clients", "registration-token", "list", "--json").json
    assert (listed["note"], listed["uses_left"], listed["uses"]) == ("CI", 0, 1)
    assert listed["expires_at"] - listed["created_at"] == 7 * 24 * 3600
    assert "CI" in operator("clients", "registration-token", "list").stdout
    removed = operator("clients", "registration-token", "remove", token_id)
    assert removed.stdout == f"{token_id} is good for nothing any more.\n"
    assert operator("clients", "registration-token", "remove", token_id).status == 1
    endless = operator("clients", "registration-token", "add", "--expires", "never").stdout
    assert "shown this once" in endless
    assert operator("clients", "registration-token", "add", "--expires", "soon").status == 2
    stored = b"".join(file.read_bytes() for file in (pair.folder / "data" / "database").iterdir())
    for text in (stored.decode(errors="replace"), pair.core_log.read_text(), pair.facade_log.read_text()):
        assert token[4:] not in text
    assert "registration_endpoint" in metadata(pair)


def metadata(pair: Pair) -> dict[str, Any]:
    """RFC 8414."""
    document: dict[str, Any] = pair.client.get("/.well-known/oauth-authorization-server").json()
    return document


def test_off(pair: Pair) -> None:
    """After a reload nobody registers, and the metadata name no endpoint for it (RFC 8414 §2)."""
    file = pair.folder / "t.conf"
    file.write_text(file.read_text().replace("Mode = token", "Mode = off"))
    pair.core.send_signal(signal.SIGHUP)
    wait_until(lambda: "registration_endpoint" not in metadata(pair), "the metadata to follow")
    refused = register(pair, "Bearer thi_wrong")
    assert refused.status_code == 403
    assert refused.json()["error"] == "access_denied"
