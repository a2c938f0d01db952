"""Whether this process lives, and whether it can do its work."""

from sanic import HTTPResponse, Request
from sanic.response import text

from facade.facade import Facade

_PATIENCE = 1.0
_HEADERS = {"Cache-Control": "no-store"}


async def show_livez(_request: Request, _facade: Facade) -> HTTPResponse:
    """The process answers; the core is not asked."""
    return text("ok\n", headers=_HEADERS)


async def show_readyz(_request: Request, facade: Facade) -> HTTPResponse:
    """The core says, within a second, that it serves."""
    if await facade.core.is_serving(_PATIENCE):
        return text("ok\n", headers=_HEADERS)
    return text("the core is not serving\n", 503, headers=_HEADERS | {"Retry-After": "1"})
