"""Protected-resource metadata: where it is, what it says, and what it refuses to say (RFC 9728)."""

import json
from typing import Any

import pytest
from tokenhouse_verifier.protected_resource import ProtectedResource, metadata_url

ISSUERS = ["https://auth.example.com"]
_WELL_KNOWN = "/.well-known/oauth-protected-resource"

PLACES = [
    ("https://mcp.example.com", f"https://mcp.example.com{_WELL_KNOWN}"),
    ("https://mcp.example.com/", f"https://mcp.example.com{_WELL_KNOWN}"),
    ("https://mcp.example.com/mcp", f"https://mcp.example.com{_WELL_KNOWN}/mcp"),
    ("https://mcp.example.com/a/b/", f"https://mcp.example.com{_WELL_KNOWN}/a/b/"),
    ("http://localhost:9000/mcp?tenant=1", f"http://localhost:9000{_WELL_KNOWN}/mcp?tenant=1"),
]


@pytest.mark.parametrize(("resource", "place"), PLACES)
def test_where_it_is(resource: str, place: str) -> None:
    """RFC 9728 §3.1: the well-known path stands between the host and the resource's own path."""
    assert metadata_url(resource) == ProtectedResource(resource, ISSUERS).metadata_url == place


def test_what_it_says() -> None:
    """RFC 9728 §2: everything that is known, spelled as it was given; no nulls and no empty lists."""
    least = ProtectedResource("https://mcp.example.com/mcp", ISSUERS)
    most = ProtectedResource("https://mcp.example.com/mcp", ISSUERS, ["mcp"], "Notes", "https://mcp.example.com/about")

    assert least.document() == {
        "resource": "https://mcp.example.com/mcp",
        "authorization_servers": ISSUERS,
        "bearer_methods_supported": ["header"],
    }
    assert most.document() == least.document() | {
        "scopes_supported": ["mcp"],
        "resource_name": "Notes",
        "resource_documentation": "https://mcp.example.com/about",
    }


def test_how_it_is_asked_for() -> None:
    """RFC 9728 §3.2 for GET; a browser's preflight is answered for any origin (Fetch §3.3); nothing else is."""
    resource = ProtectedResource("https://mcp.example.com/mcp", ISSUERS)
    found, head, preflight, posted = (resource.answer(method) for method in ("GET", "HEAD", "OPTIONS", "POST"))

    assert json.loads(found.body) == resource.document()
    assert head == found
    assert (found.status, found.headers["Content-Type"]) == (200, "application/json")
    assert (preflight.status, preflight.body, preflight.headers["Access-Control-Allow-Origin"]) == (204, b"", "*")
    assert "MCP-Protocol-Version" in preflight.headers["Access-Control-Allow-Headers"]
    assert (posted.status, posted.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"resource": "mcp.example.com"}, "resource is an http or https URL"),
    ({"resource": "https://mcp.example.com/#top"}, "without a fragment"),
    ({"resource": "https://mcp.example.com/#"}, "without a fragment"),
    ({"resource": "https://["}, "resource is"),
    ({"authorization_servers": "https://auth.example.com"}, "authorization_servers is a list"),
    ({"authorization_servers": []}, "at least one issuer"),
    ({"authorization_servers": ["auth.example.com"]}, "authorization_servers is an http or https URL"),
    ({"scopes_supported": "mcp"}, "scopes_supported is one string"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_arguments_are_checked_at_once(arguments: dict[str, Any], said: str) -> None:
    """In the caller's own terms, before anybody asks."""
    with pytest.raises(ValueError, match=said):
        ProtectedResource(**{"resource": "https://mcp.example.com/", "authorization_servers": ISSUERS, **arguments})
