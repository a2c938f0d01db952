"""Token revocation (RFC 7009)."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.revocation_pb2 import RevokeTokenRequest

from facade.client_credentials import parse_client_credentials
from facade.client_keys import with_client_keys
from facade.correlation import asked_from
from facade.facade import Facade
from facade.forms import parse_form
from facade.headers import NO_STORE


async def revoke_token(request: Request, facade: Facade) -> HTTPResponse:
    """An empty 200 once the revocation is on disk, and for tokens nobody knows (RFC 7009 §2.2)."""
    form = parse_form(request.headers.get("content-type"), request.query_string, request.body)
    client = parse_client_credentials(request.headers.get("authorization"), form)
    asked_from.set(facade.network_address(request))
    question = RevokeTokenRequest(token=form.require("token"), client=client)
    await with_client_keys(facade.core, client, lambda: facade.core.revoke_token(question))
    return HTTPResponse(b"", 200, dict(NO_STORE), content_type="text/plain")
