"""The public keys (RFC 7517 §5)."""

from sanic import HTTPResponse, Request

from facade.discovery import ServerMetadata
from facade.endpoints.metadata import document_reply
from facade.facade import Facade


async def show_jwks(request: Request, facade: Facade) -> HTTPResponse:
    """The JWK Set, as the core wrote it."""
    return jwks_reply(request, await facade.discovery.current())


def jwks_reply(request: Request, metadata: ServerMetadata) -> HTTPResponse:
    """The JWK Set out of what is known already."""
    return document_reply(request, metadata.jwks)
