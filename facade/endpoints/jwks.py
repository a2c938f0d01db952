"""The public keys (RFC 7517 §5)."""

from sanic import HTTPResponse, Request

from facade.endpoints.metadata import document_reply
from facade.facade import Facade


async def show_jwks(request: Request, facade: Facade) -> HTTPResponse:
    """The JWK Set, as the core wrote it."""
    return document_reply(request, (await facade.discovery.current()).jwks)
