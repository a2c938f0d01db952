"""What a client's document must say, and what it may not (draft, "Client ID Metadata Document")."""

import json
from typing import Any

import pytest

from core.domain.clients.document_url import parse_document_url
from core.domain.clients.metadata_document import MAXIMUM_DOCUMENT, client_of_metadata, parse_metadata_document
from core.domain.errors import ClientDocumentRefused
from tests.document_host import a_document

CLIENT = "https://client.example/client.json"
URL = parse_document_url(CLIENT)
NOW = 1_800_000_000
RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}

#: What clients' makers publish, as far as it is known.
REAL: dict[str, dict[str, Any]] = {
    "Claude Code": {
        "client_name": "Claude Code",
        "client_uri": "https://claude.ai",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    },
    "ChatGPT": {
        "client_name": "ChatGPT",
        "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        "response_types": ["code"],
    },
    "VS Code": {
        "client_name": "Visual Studio Code",
        "redirect_uris": [
            "http://127.0.0.1:33418/",
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
        ],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "application_type": "native",
    },
    "with a private-use scheme": {
        "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback", "com.example:/callback"],
        "logo_uri": "",
        "scope": None,
    },
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no client_id": ({"client_id": None}, "client_id"),
    "another client_id": ({"client_id": "https://client.example/other.json"}, "client_id"),
    "a client_id with a slash": ({"client_id": CLIENT + "/"}, "client_id"),
    "a client_id in capitals": ({"client_id": CLIENT.upper()}, "client_id"),
    "a client_id with a port": ({"client_id": "https://client.example:443/client.json"}, "client_id"),
    "a client_id in a list": ({"client_id": [CLIENT]}, "client_id"),
    "client_secret": ({"client_secret": "s"}, "client_secret"),
    "client_secret_expires_at": ({"client_secret_expires_at": 0}, "client_secret_expires_at"),
    "private_key_jwt with a jwks_uri that is no URL": (
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://a.example/"},
        "jwks_uri",
    ),
    "private_key_jwt with keys of no use": (
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "EC", "crv": "P-521"}]}},
        "jwks",
    ),
    "private_key_jwt with both": (
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [RSA]}, "jwks_uri": "https://a.example/k"},
        "either",
    ),
    "client_secret_basic": ({"token_endpoint_auth_method": "client_secret_basic"}, "client_secret_basic"),
    "client_secret_post": ({"token_endpoint_auth_method": "client_secret_post"}, "client_secret_post"),
    "client_secret_jwt": ({"token_endpoint_auth_method": "client_secret_jwt"}, "client_secret_jwt"),
    "private_key_jwt alone": ({"token_endpoint_auth_method": "private_key_jwt"}, "private_key_jwt"),
    "secrets in the array": (
        {"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]},
        "client_secret_basic, client_secret_post",
    ),
    "no method in the array": (
        {"token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        "private_key_jwt",
    ),
    "a method that is no string": ({"token_endpoint_auth_method": 1}, "must be a string"),
    "methods that are no array": ({"token_endpoint_auth_methods_supported": "none"}, "array of strings"),
    "methods that are no strings": ({"token_endpoint_auth_methods_supported": ["none", 1]}, "array of strings"),
    "a private key": ({"jwks": {"keys": [RSA, {**RSA, "d": "AQAB"}]}}, "private key"),
    "a shared key": ({"jwks": {"keys": [{"kty": "oct", "k": "AQAB"}]}}, "private key"),
    "no redirect_uris": ({"redirect_uris": None}, "redirect_uris"),
    "no redirect URI": ({"redirect_uris": []}, "redirect_uris"),
    "a redirect URI alone": ({"redirect_uris": "http://127.0.0.1/callback"}, "redirect_uris"),
    "redirect URIs that are no strings": ({"redirect_uris": [1]}, "redirect_uris"),
    "too many redirect URIs": ({"redirect_uris": [f"http://127.0.0.1/{n}" for n in range(33)]}, "more than 32"),
    "no good redirect URI": (
        {"redirect_uris": ["javascript:alert(1)", "http://client.example/cb", "https://client.example/#x"]},
        "none of its redirect_uris",
    ),
    "another grant type alone": ({"grant_types": ["client_credentials"]}, "grant_types"),
    "another response type": ({"response_types": ["token"]}, "response_types"),
    "a name that is no text": ({"client_name": ["A", "tool"]}, "client_name"),
    "a link that runs": ({"client_uri": "javascript:alert(1)"}, "client_uri"),
}


@pytest.mark.parametrize("members", REAL.values(), ids=REAL)
def test_real_documents(members: dict[str, Any]) -> None:
    """Whatever a maker's document says beside, a client comes of it that is kept and read again as it was."""
    members = {name: value for name, value in members.items() if value is not None}
    document = parse_metadata_document(URL, json.dumps({"client_id": CLIENT, **members}).encode())

    client = document.to_client(NOW)

    assert client.client_id == CLIENT
    assert client.client_name == members.get("client_name", "")
    assert client.grant_types == tuple(members.get("grant_types") or ("authorization_code", "refresh_token"))
    assert client_of_metadata(client.metadata, NOW) == client
    assert set(json.loads(client.metadata)) <= {*members, "client_id", "grant_types", "response_types"}


@pytest.mark.parametrize(("members", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(members: dict[str, Any], reason: str) -> None:
    """The refusal names the document and says what is wrong in it."""
    with pytest.raises(ClientDocumentRefused, match=reason) as caught:
        parse_metadata_document(URL, a_document(CLIENT, **members))

    assert caught.value.description.startswith(f"{CLIENT}: ")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe{}",
        a_document(CLIENT).decode().encode("utf-16"),
        b"[" * 5000,
        b'{"a":' + b"9" * 5000 + b"}",
        a_document(CLIENT) + b" " * MAXIMUM_DOCUMENT,
    ],
    ids=["empty", "cut", "null", "array", "string", "no UTF-8", "UTF-16", "deep", "a long number", "too large"],
)
def test_no_document(document: bytes) -> None:
    """JSON in UTF-8, an object, 5 KB (RFC 8259 §8.1; draft, "Maximum Response Size")."""
    with pytest.raises(ClientDocumentRefused):
        parse_metadata_document(URL, document)


def test_as_large_as_it_may_be() -> None:
    """5 KB are read."""
    document = a_document(CLIENT)
    assert parse_metadata_document(URL, document + b" " * (MAXIMUM_DOCUMENT - len(document))).url == URL


def test_redirect_uris() -> None:
    """Loopback URIs are kept without their ports (RFC 8252 §7.3), each once; those that mean nothing are left out."""
    sent = ["http://127.0.0.1:33418/", "http://127.0.0.1/", "https://a.example/cb", "http://a.example/cb", "x"]

    document = parse_metadata_document(URL, a_document(CLIENT, redirect_uris=sent))

    assert document.redirect_uris == ("http://127.0.0.1/", "https://a.example/cb")
    assert document.left_out == ("http://a.example/cb", "x")


def test_what_everybody_may_read_is_shown_as_it_is() -> None:
    """A name loses what nobody sees, and stays readable where it is kept."""
    document = parse_metadata_document(URL, a_document(CLIENT, client_name="W\u00e4chter \u202e\u2713"))

    assert document.to_client(NOW).client_name == "W\u00e4chter \u2713"
    assert "W\u00e4chter" in document.to_client(NOW).metadata
