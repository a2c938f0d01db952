"""Revocation (RFC 7009)."""

import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register

_REVOKE = "/oauth/v1/revoke"


@pytest.fixture(scope="module")
def client_id(pair: Pair) -> str:
    """A registered client."""
    return register(pair)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revoked_grant_refreshes_no_more(pair: Pair, client_id: str, kind: str) -> None:
    """RFC 7009 §2.1: naming either token ends the grant; the reply is an empty 200."""
    visit = Visit(pair, client_id)
    tokens = visit.redeem(visit.code()).json()
    response = pair.client.post(_REVOKE, data={"token": tokens[kind], "client_id": client_id, "token_type_hint": "x"})
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client_id}
    refresh = pair.client.post("/oauth/v1/token", data=form)

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["cache-control"] == "no-store"
    assert (refresh.status_code, refresh.json()["error"]) == (400, "invalid_grant")


def test_an_unknown_token_is_no_error(pair: Pair, client_id: str) -> None:
    """RFC 7009 §2.2: an invalid token is answered as success."""
    response = pair.client.post(_REVOKE, data={"token": "whatever", "client_id": client_id})

    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"token": ""}, 400, "invalid_request"),
        ({"token": "a", "client_id": "nobody"}, 401, "invalid_client"),
    ],
)
def test_bad_forms(pair: Pair, client_id: str, form: dict[str, str], status: int, error: str) -> None:
    """RFC 7009 §2.2.1: the errors of the token endpoint."""
    response = pair.client.post(_REVOKE, data={"client_id": client_id} | form)

    assert (response.status_code, response.json()["error"]) == (status, error)


def test_a_json_body_is_refused(pair: Pair) -> None:
    """RFC 7009 §2.1: a form, like everywhere."""
    response = pair.client.post(_REVOKE, json={"token": "a"})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
