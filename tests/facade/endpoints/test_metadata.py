"""The metadata says what is served, and no more (RFC 8414)."""

import json

import pytest

from tests.facade.pair import Pair

_PATH = "/.well-known/oauth-authorization-server"
_METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
_ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"]


def test_the_document_is_exact(pair: Pair) -> None:
    """RFC 8414 §2: the members, the issuer letter for letter, every endpoint below it, and no null."""
    response = pair.client.get(_PATH)
    document = response.json()

    assert response.headers["content-type"] == "application/json"
    assert document == {
        "issuer": pair.issuer,
        "authorization_endpoint": f"{pair.issuer}/oauth/v1/authorize",
        "token_endpoint": f"{pair.issuer}/oauth/v1/token",
        "registration_endpoint": f"{pair.issuer}/oauth/v1/register",
        "revocation_endpoint": f"{pair.issuer}/oauth/v1/revoke",
        "introspection_endpoint": f"{pair.issuer}/oauth/v1/introspect",
        "introspection_endpoint_auth_methods_supported": _METHODS[1:],
        "token_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "revocation_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "introspection_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "jwks_uri": f"{pair.issuer}/oauth/v1/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "device_authorization_endpoint": f"{pair.issuer}/oauth/v1/device_authorization",
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
            "client_credentials",
        ],
        "token_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": document["scopes_supported"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }
    assert "mcp" in document["scopes_supported"]
    assert "null" not in response.text


def test_every_endpoint_it_names_is_served(pair: Pair) -> None:
    """Row 29 of the reply table: a named endpoint answers something other than 404."""
    for name, url in pair.client.get(_PATH).json().items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert pair.client.get(url).status_code in (200, 400, 405)


def test_documents_may_be_cached_for_a_short_time(pair: Pair) -> None:
    """RFC 9111 §5.2.2 and RFC 5861 §4: a short max-age, stale on errors, an entity tag that is honoured."""
    for path in (_PATH, "/oauth/v1/jwks"):
        first = pair.client.get(path)
        again = pair.client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        other = pair.client.get(path, headers={"If-None-Match": '"other"'})

        assert "max-age=60" in first.headers["cache-control"]
        assert "stale-if-error" in first.headers["cache-control"]
        assert "pragma" not in first.headers
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["access-control-allow-origin"] == "*"
        assert other.status_code == 200


@pytest.mark.parametrize("shape", ["*", "W/{}", '"other", W/{}', "{}", '"a,b",{}'])
def test_an_entity_tag_matches_in_every_form(pair: Pair, shape: str) -> None:
    """RFC 9110 §13.1.2: * and weak comparison, for proxies that compress make tags weak."""
    etag = pair.client.get(_PATH).headers["etag"]

    assert pair.client.get(_PATH, headers={"If-None-Match": shape.format(etag)}).status_code == 304


@pytest.mark.parametrize("value", ["W/*", '"*"', "", "other"])
def test_another_entity_tag_does_not_match(pair: Pair, value: str) -> None:
    """RFC 9110 §13.1.2: only the document's own tag, or a bare *, saves the body."""
    assert pair.client.get(_PATH, headers={"If-None-Match": value}).status_code == 200


def test_the_keys_are_public_ones(pair: Pair) -> None:
    """RFC 7517 §5: a set of keys with ids, and no private member in any."""
    keys = json.loads(pair.client.get("/oauth/v1/jwks").content)["keys"]

    assert keys
    for key in keys:
        assert {"kty", "kid", "alg", "use"} <= set(key)
        assert not {"d", "p", "q", "k"} & set(key)
