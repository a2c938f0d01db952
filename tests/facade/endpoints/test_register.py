"""Dynamic client registration (RFC 7591)."""

import pytest

from tests.facade.pair import Pair

_REGISTER = "/oauth/v1/register"


def test_a_client_is_registered(pair: Pair) -> None:
    """RFC 7591 §3.2.1: 201, the redirect URIs exactly as sent, no secret, nobody stores it."""
    body = {"client_name": "Ünïcode 🛠", "redirect_uris": ["http://127.0.0.1:1234/cb", "http://localhost:5678/"]}
    response = pair.client.post(_REGISTER, json=body)
    answer = response.json()

    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    assert answer["redirect_uris"] == body["redirect_uris"]
    assert answer["client_name"] == body["client_name"]
    assert answer["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer
    assert None not in answer.values()


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_has_more_spellings(pair: Pair, content_type: str) -> None:
    """RFC 9110 §8.3.1: case and parameters make no difference."""
    body = b'{"redirect_uris":["http://127.0.0.1/cb"]}'
    response = pair.client.post(_REGISTER, content=body, headers={"content-type": content_type})

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        (None, b'{"redirect_uris":["http://127.0.0.1/cb"]}', "invalid_client_metadata"),
        ("text/plain", b'{"redirect_uris":["http://127.0.0.1/cb"]}', "invalid_client_metadata"),
        ("application/x-www-form-urlencoded", b"redirect_uris=x", "invalid_client_metadata"),
        ("application/json", b"", "invalid_client_metadata"),
        ("application/json", b"[]", "invalid_client_metadata"),
        ("application/json", b"{\xff}", "invalid_client_metadata"),
        ("application/json", b"[" * 40_000, "invalid_client_metadata"),
        ("application/json", b'{"redirect_uris":["https://evil.example/cb"]}', "invalid_redirect_uri"),
        ("application/json", b"{}", "invalid_redirect_uri"),
    ],
)
def test_bad_bodies(pair: Pair, content_type: str | None, body: bytes, error: str) -> None:
    """RFC 7591 §3.2.2: every refusal is JSON with a registered code."""
    headers = {} if content_type is None else {"content-type": content_type}
    response = pair.client.post(_REGISTER, content=body, headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_refused_redirect_uri_names_the_setting(pair: Pair) -> None:
    """Operators find the URI and the setting in the error itself."""
    response = pair.client.post(_REGISTER, json={"redirect_uris": ["https://evil.example/cb"]})

    assert "https://evil.example/cb" in response.json()["error_description"]
    assert "OAuthAllowedRedirectURI" in response.json()["error_description"]
