"""Token introspection (RFC 7662)."""

import json

from sanic import HTTPResponse, Request
from tokenhouse.v1.introspection_pb2 import IntrospectTokenRequest, IntrospectTokenResponse

from facade.client_credentials import parse_client_credentials
from facade.client_keys import with_client_keys
from facade.facade import Facade
from facade.forms import parse_form
from facade.replies import json_reply

#: RFC 7662 §2.2, byte for byte: whatever is wrong with a token, nobody learns what.
_INACTIVE = b'{"active":false}'


async def introspect_token(request: Request, facade: Facade) -> HTTPResponse:
    """What a token says, to a client that has proven who it is, about a token for what that client is."""
    form = parse_form(request.headers.get("content-type"), request.query_string, request.body)
    client = parse_client_credentials(request.headers.get("authorization"), form)
    question = IntrospectTokenRequest(token=form.require("token"), client=client)
    told = await with_client_keys(facade.core, client, lambda: facade.core.introspect_token(question))
    return json_reply(_encode(told))


def _encode(told: IntrospectTokenResponse) -> bytes:
    if not told.active:
        return _INACTIVE
    audience = list(told.audience)
    members: dict[str, object] = {
        "active": True,
        "iss": told.issuer,
        "sub": told.subject,
        "aud": audience[0] if len(audience) == 1 else audience,
        "client_id": told.client_id,
        "scope": " ".join(told.scope),
        "token_type": "Bearer",
        "jti": told.token_id,
        "iat": told.issued_at,
        "exp": told.expires_at,
    }
    if told.username:
        members |= {"username": told.username, "groups": list(told.groups)}
    return json.dumps(members, separators=(",", ":")).encode()
