"""Dynamic client registration (RFC 7591 §3)."""

from sanic import HTTPResponse, Request
from tokenhouse.v1.registration_pb2 import RegisterClientRequest

from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import media_type
from facade.replies import json_reply


async def register_client(request: Request, facade: Facade) -> HTTPResponse:
    """Hands the body over unread and answers with what the core made of it."""
    if media_type(request.headers.get("content-type")) != "application/json":
        raise Refusal("INVALID_CLIENT_METADATA", "The content type must be application/json.")
    registered = await facade.core.register_client(
        RegisterClientRequest(
            client_metadata=request.body,
            network_address=facade.network_address(request),
            initial_access_token=_initial_access_token(request.headers.get("authorization", "")),
        )
    )
    return json_reply(registered.client_information, 201)


def _initial_access_token(authorization: str) -> str:
    """RFC 7591 §3, RFC 6750 §2.1; empty where there is none. What is not ASCII is no token."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.isascii() else ""
