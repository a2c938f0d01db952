"""Bodies in a content coding, which nobody here unpacks (RFC 9110 §8.4)."""

import gzip

import pytest

from tests.facade.pair import Pair

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PACKED = gzip.compress(b"grant_type=refresh_token&client_id=a")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/oauth/v1/token", "invalid_request"),
        ("/oauth/v1/revoke", "invalid_request"),
        ("/oauth/v1/introspect", "invalid_request"),
        ("/oauth/v1/device_authorization", "invalid_request"),
        ("/oauth/v1/register", "invalid_client_metadata"),
    ],
)
@pytest.mark.parametrize("coding", ["gzip", "identity, GZIP", "x-unheard-of"])
def test_an_endpoint_of_machines_says_what_it_takes(pair: Pair, path: str, error: str, coding: str) -> None:
    """RFC 9110 §15.5.16: 415, and Accept-Encoding with what would have been read; RFC 6749 §5.2, RFC 7591 §3.2.2."""
    response = pair.client.post(path, content=_PACKED, headers={**_FORM, "Content-Encoding": coding})

    assert (response.status_code, response.json()["error"]) == (415, error)
    assert "content coding" in response.json()["error_description"]
    assert response.headers["accept-encoding"] == "identity"
    assert response.headers["access-control-allow-origin"] == "*"


def test_chunks_in_a_coding_are_refused_like_a_whole_body(pair: Pair) -> None:
    """RFC 9112 §7.1: how a message is sent says nothing about how its content is packed."""
    headers = {**_FORM, "Content-Encoding": "gzip"}

    assert pair.client.post("/oauth/v1/token", content=iter([_PACKED]), headers=headers).status_code == 415


@pytest.mark.parametrize("path", ["/login", "/consent", "/account/login", "/oauth/v1/authorize"])
def test_people_get_a_page(pair: Pair, path: str) -> None:
    """RFC 9110 §15.5.16: the same at a form of ours, before any of it is read."""
    response = pair.client.post(path, content=_PACKED, headers={**_FORM, "Content-Encoding": "gzip"})

    assert (response.status_code, response.headers["content-type"]) == (415, "text/html; charset=utf-8")
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "", "Identity, identity"])
def test_no_coding_by_its_name_is_none(pair: Pair, coding: str) -> None:
    """RFC 9110 §8.4.1: identity ought not to be said, and says nothing."""
    response = pair.client.post(
        "/oauth/v1/token", content=b"grant_type=canary", headers={**_FORM, "Content-Encoding": coding}
    )

    assert (response.status_code, response.json()["error"]) == (400, "unsupported_grant_type")


def test_where_there_is_no_body_nothing_is_packed(pair: Pair) -> None:
    """RFC 9110 §8.4: the field is about content."""
    assert pair.client.get("/oauth/v1/jwks", headers={"Content-Encoding": "gzip"}).status_code == 200
