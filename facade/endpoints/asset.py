"""The few files that pages load: bytes read at the start, under names that change with their content."""

from sanic import HTTPResponse, Request

from facade.errors import Refusal
from facade.facade import Facade

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    # Of an image that somebody opens by itself: nothing in it runs, and it belongs to no origin (CSP Level 3 §6.3).
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


async def show_asset(request: Request, facade: Facade) -> HTTPResponse:
    """One file from a fixed table; no path of the file system is ever made of a request's."""
    asset = facade.pages.assets.get(request.path.rpartition("/")[2])
    if asset is None:
        raise Refusal("NOT_FOUND")
    return HTTPResponse(asset.body, 200, _HEADERS, content_type=asset.content_type)
