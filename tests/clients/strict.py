"""Replies as the strictest parsers of the field want them: their schemas know no null, and no text for a number."""

from collections.abc import Mapping
from typing import Any

import httpx

_Types = Mapping[str, type]

#: RFC 8414 §2.
METADATA: _Types = {
    "issuer": str,
    "authorization_endpoint": str,
    "token_endpoint": str,
    "registration_endpoint": str,
    "response_types_supported": list,
    "grant_types_supported": list,
    "token_endpoint_auth_methods_supported": list,
    "code_challenge_methods_supported": list,
    "scopes_supported": list,
    "authorization_response_iss_parameter_supported": bool,
}
#: RFC 7591 §3.2.1, of a client without a secret.
REGISTRATION: _Types = {
    "client_id": str,
    "client_id_issued_at": int,
    "redirect_uris": list,
    "grant_types": list,
    "response_types": list,
    "token_endpoint_auth_method": str,
}
#: RFC 6749 §5.1; the scope because it may be less than was asked for (§3.3).
TOKENS: _Types = {"access_token": str, "token_type": str, "expires_in": int, "refresh_token": str, "scope": str}
#: RFC 6749 §5.2.
REFUSAL: _Types = {"error": str, "error_description": str}


def read_reply(response: httpx.Response, status: int, types: _Types, *, stored: bool = False) -> dict[str, Any]:
    """The members of a JSON reply; `stored` where caches may keep it (RFC 9111 §5.2.2)."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert ("no-store" in response.headers["cache-control"]) is not stored
    reply: dict[str, Any] = response.json()
    assert {name: type(reply.get(name)) for name in types} == types
    assert _empty_members(reply) == []
    return reply


def _empty_members(reply: Mapping[str, Any]) -> list[str]:
    """Members that are there to say nothing: absent ones say that without breaking a parser."""
    return [name for name, value in reply.items() if value in (None, "", [])]
