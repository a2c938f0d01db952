"""Registration (RFC 7591): a well-formed answer for every body that real clients send, and one id for one client."""

import json
from typing import Any

import pytest

from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.clients.registration import RegistrationRequest
from core.domain.errors import (
    ClientsDisabled,
    InvalidClientMetadata,
    InvalidRedirectUri,
    OAuthError,
)
from tests.domain.clients.bodies import ALLOWED, BODIES
from tests.domain.house import House
from tests.domain.road import register

LOOPBACK = "http://localhost:3030/callback"


def _values(value: object) -> list[object]:
    if isinstance(value, dict):
        return [inner for member in value.values() for inner in _values(member)]
    if isinstance(value, list):
        return [inner for member in value for inner in _values(member)]
    return [value]


@pytest.mark.parametrize("name", BODIES)
def test_every_real_client_gets_a_well_formed_answer(house: House, name: str) -> None:
    """RFC 7591 §3.2.1: no nulls, no secret, method none, numbers as numbers, URIs as sent."""
    body = BODIES[name]
    with house.under(allowed_redirect_uris=ALLOWED):
        answer = register(house, body)
    assert None not in _values(answer)
    assert "" not in _values(answer)
    assert answer["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer
    assert type(answer["client_id_issued_at"]) is int
    assert answer["redirect_uris"] == [uri for uri in body["redirect_uris"] if "www.cursor.com" not in uri]
    assert answer["grant_types"] == (body.get("grant_types") or ["authorization_code", "refresh_token"])
    assert answer["response_types"] == ["code"]
    assert not answer["client_id"].startswith("https://")
    for member in ("client_name", "client_uri", "scope", "application_type", "software_id", "software_version"):
        assert answer.get(member) == (body.get(member) or None)


@pytest.mark.parametrize("name", BODIES)
def test_registering_again_gives_the_same_client_and_no_second_row(house: House, name: str) -> None:
    """The client_id is derived, so reconnecting for ever makes one row."""
    with house.under(allowed_redirect_uris=ALLOWED):
        first = register(house, BODIES[name])
        rows = len(house.clients.list(limit=500, after=""))
        house.clock.advance(60)
        assert register(house, BODIES[name]) == first
    assert len(house.clients.list(limit=500, after="")) == rows


@pytest.mark.parametrize(
    "uris",
    [
        ["http://localhost:1/cb", "http://127.0.0.1:2/cb"],
        ["http://127.0.0.1:2/cb", "http://localhost:1/cb"],
        ["http://localhost/cb", "http://127.0.0.1/cb"],
        ["http://localhost:65535/cb", "http://127.0.0.1/cb", "http://localhost:7/cb"],
        ["http://localhost/cb", "http://127.0.0.1/cb", "https://not-allowed.example.com/cb"],
    ],
)
def test_ports_order_and_what_is_left_out_do_not_make_another_client(house: House, uris: list[str]) -> None:
    """RFC 8252 §7.3: an ephemeral port is no property of the client; the answer echoes the URIs of this request."""
    answer = register(house, {"client_name": "port", "redirect_uris": uris})
    assert answer["redirect_uris"] == [uri for uri in uris if "not-allowed" not in uri]
    known = register(house, {"client_name": "port", "redirect_uris": ["http://localhost/cb", "http://127.0.0.1/cb"]})
    assert answer["client_id"] == known["client_id"]


REFERENCE: dict[str, Any] = {
    "client_name": "Reference",
    "redirect_uris": [LOOPBACK],
    "client_uri": "https://example.com",
    "logo_uri": "https://example.com/logo.png",
    "tos_uri": "https://example.com/tos",
    "policy_uri": "https://example.com/policy",
    "scope": "mcp",
    "application_type": "native",
    "software_id": "reference",
    "software_version": "1",
    "contacts": ["someone@example.com"],
    "grant_types": ["authorization_code", "refresh_token"],
}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("client_name", "Reference 2"),
        ("client_name", "reference"),
        ("client_name", None),
        ("redirect_uris", ["http://127.0.0.1:3030/callback"]),
        ("redirect_uris", ["http://localhost:3030/callback/"]),
        ("redirect_uris", [LOOPBACK, "https://vscode.dev/redirect"]),
        ("client_uri", "https://example.org"),
        ("logo_uri", "https://example.com/other.png"),
        ("logo_uri", None),
        ("tos_uri", "https://example.com/other"),
        ("policy_uri", "https://example.com/other"),
        ("scope", "mcp files"),
        ("application_type", "web"),
        ("software_id", "other"),
        ("software_version", "2"),
        ("grant_types", ["authorization_code"]),
        ("client_name#de", "Referenz"),
    ],
)
def test_whatever_users_see_or_changes_behaviour_makes_another_client(house: House, member: str, value: object) -> None:
    """Nobody registers under the id of a client that looks or behaves otherwise."""
    assert register(house, {**REFERENCE, member: value})["client_id"] != register(house, REFERENCE)["client_id"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("x_unknown", 1),
        ("token_endpoint_auth_method", "client_secret_post"),
        ("contacts", ["other@example.com"]),
        ("grant_types", []),
        ("client_name", " Refer\u200bence\u202e\u00a0"),
        ("client_name#", "Referenz"),
        ("client_name#\ud800", "Referenz"),
        ("client_name#" + "a" * 100, "Referenz"),
        ("client_uri#<b>", "no link"),
    ],
)
def test_what_is_ignored_does_not_make_another_client(house: House, member: str, value: object) -> None:
    """RFC 7591 §2: what is not kept, what is empty and what nobody sees in a name are ignored."""
    assert register(house, {**REFERENCE, member: value})["client_id"] == register(house, REFERENCE)["client_id"]


REFUSED: dict[str, tuple[bytes, type[OAuthError]]] = {
    "nothing": (b"", InvalidClientMetadata),
    "no JSON": (b"redirect_uris=x", InvalidClientMetadata),
    "an array": (b"[]", InvalidClientMetadata),
    "a string": (b'"x"', InvalidClientMetadata),
    "null": (b"null", InvalidClientMetadata),
    "not UTF-8": (b"\xff\xfe{", InvalidClientMetadata),
    "nested beyond reason": (b"[" * 20_000, InvalidClientMetadata),
    "no redirect URIs": (b"{}", InvalidRedirectUri),
    "empty redirect URIs": (b'{"redirect_uris": []}', InvalidRedirectUri),
    "redirect URIs as text": (b'{"redirect_uris": "http://localhost/"}', InvalidRedirectUri),
    "redirect URIs of numbers": (b'{"redirect_uris": [1]}', InvalidRedirectUri),
    "redirect URIs with a null": (b'{"redirect_uris": ["http://localhost/", null]}', InvalidRedirectUri),
    "33 redirect URIs": (
        json.dumps({"redirect_uris": [f"http://localhost/{n}" for n in range(33)]}).encode(),
        InvalidRedirectUri,
    ),
}
for _member, _value in {
    "client_name": 7,
    "client_uri": "javascript:alert(1)",
    "logo_uri": "data:image/svg+xml,<svg onload=alert(1)>",
    "tos_uri": "vbscript:x",
    "policy_uri": "//example.com",
    "scope": ["mcp"],
    "grant_types": ["client_credentials"],
    "response_types": ["token"],
    "software_id": "line\nbreak",
    "software_version": "x" * 2049,
}.items():
    REFUSED[f"{_member} = {str(_value)[:20]}"] = (
        json.dumps({"redirect_uris": [LOOPBACK], _member: _value}).encode(),
        InvalidClientMetadata,
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_that_cannot_be_meant_is_refused_with_its_code(house: House, name: str) -> None:
    """RFC 7591 §3.2.2: invalid_redirect_uri or invalid_client_metadata, never another failure."""
    body, refusal = REFUSED[name]
    with pytest.raises(refusal):
        house.registrations.register(RegistrationRequest(body, "192.0.2.1"))


def test_a_name_that_nobody_sees_is_none(house: House) -> None:
    """RFC 7591 §2: what is left of such a name is empty, and empty is absent, from the answer too."""
    body = {"redirect_uris": [LOOPBACK]}
    answer = register(house, {**body, "client_name": "\u200b\ud800 \u202e"})
    assert answer == register(house, body)
    assert "client_name" not in answer


def test_the_refusal_names_the_uri_and_the_setting(house: House) -> None:
    """The operator reads which URI to allow, and where."""
    uri = "https://claude.ai/api/mcp/auth_callback"
    with pytest.raises(InvalidRedirectUri) as caught:
        register(house, {"redirect_uris": [uri]})
    assert uri in caught.value.description
    assert "Server.OAuthAllowedRedirectURI" in caught.value.description


def test_what_was_left_out_is_told_to_the_operator(house: House) -> None:
    """One of Cursor's three URIs is not allowed by default: the others register, the log line names it."""
    registration = house.registrations.register(RegistrationRequest(json.dumps(BODIES["Cursor"]).encode(), ""))
    assert registration.left_out == ("https://www.cursor.com/agents/mcp/oauth/callback",)


def test_a_deleted_client_registers_again_under_its_id(house: House) -> None:
    """After an operator deleted it, registering gives the same id."""
    client_id = register(house, REFERENCE)["client_id"]
    house.clients.delete(client_id)
    house.clock.advance(5)
    again = register(house, REFERENCE)
    assert again["client_id"] == client_id
    assert again["client_id_issued_at"] == house.clock.now()


@pytest.mark.parametrize("then", ["", "deleted", "restarted"])
def test_a_blocked_client_does_not_register_again(house: House, then: str) -> None:
    """A block outlives deletion and restart, until it is lifted."""
    body = {**REFERENCE, "client_name": f"blocked {then}"}
    client_id = register(house, body)["client_id"]
    house.clients.block(client_id)
    if then == "deleted":
        house.clients.delete(client_id)
    if then == "restarted":
        house.restart()
    with pytest.raises(InvalidClientMetadata):
        register(house, body)
    house.clients.unblock(client_id)
    assert register(house, body)["client_id"] == client_id


def test_no_registration_while_clients_are_switched_off(house: House) -> None:
    """Server.OAuthClientsEnabled = false; what is registered stays stored."""
    client_id = register(house, REFERENCE)["client_id"]
    with house.under(clients_enabled=False), pytest.raises(ClientsDisabled):
        register(house, REFERENCE)
    assert house.clients.get(client_id).client_name == "Reference"


def test_a_body_of_more_than_48_kib_is_refused_before_it_is_read(house: House) -> None:
    """RFC 7591 §3.2.2: invalid_client_metadata; the limit is the contract's, whoever calls."""
    body = {**REFERENCE, "padding": "x" * 48 * 1024}
    with pytest.raises(InvalidClientMetadata, match="48 KiB"):
        register(house, body)


def test_a_device_alone_needs_no_redirect_uri(house: House) -> None:
    """RFC 7591 §2, §2.1: whoever has no use for a redirect URI or a response type has none."""
    answer = register(house, {"client_name": "Terminal", "grant_types": [DEVICE_CODE, "refresh_token", "password"]})

    assert (answer["redirect_uris"], answer["response_types"]) == ([], [])
    assert answer["grant_types"] == ["refresh_token", DEVICE_CODE]


@pytest.mark.parametrize(
    "grant_types", [["refresh_token"], ["password"], "urn:ietf:params:oauth:grant-type:device_code"]
)
def test_a_client_can_begin_something(house: House, grant_types: object) -> None:
    """RFC 7591 §3.2.2: a client that could never get a grant is told so; one that is sent a browser needs its URI."""
    with pytest.raises(InvalidClientMetadata):
        register(house, {"grant_types": grant_types})
    with pytest.raises(InvalidRedirectUri):
        register(house, {"grant_types": [DEVICE_CODE, "authorization_code"]})
