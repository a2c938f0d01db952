"""Authorization server metadata (RFC 8414 §3)."""

import re

from sanic import HTTPResponse, Request

from facade.discovery import Document, ServerMetadata
from facade.errors import Refusal
from facade.facade import Facade
from facade.replies import json_reply

_CACHE = {"Cache-Control": "public, max-age=60, stale-if-error=86400"}
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


async def show_metadata(request: Request, facade: Facade) -> HTTPResponse:
    """The metadata document."""
    return metadata_reply(request, await facade.discovery.current())


def metadata_reply(request: Request, metadata: ServerMetadata) -> HTTPResponse:
    """The metadata document out of what is known already."""
    return document_reply(request, metadata.metadata)


async def show_nothing(_request: Request, _facade: Facade) -> HTTPResponse:
    """There is no such document."""
    raise Refusal("NOT_FOUND", "There is nothing here.")


def document_reply(request: Request, document: Document) -> HTTPResponse:
    """A public document that may be cached for a minute; 304 where the client has it (RFC 9110 §13.1.2)."""
    cache = _CACHE | {"ETag": document.etag}
    if _has(request.headers.getall("if-none-match", []), document):
        return HTTPResponse(None, 304, cache)
    response = json_reply(document.body, headers=cache)
    del response.headers["Pragma"]
    return response


def _has(if_none_match: list[str], document: Document) -> bool:
    """Weak comparison (RFC 9110 §8.8.3.2): proxies that compress make strong tags weak."""
    given = ",".join(if_none_match)
    return given.strip() == "*" or document.etag in _ENTITY_TAG.findall(given)
