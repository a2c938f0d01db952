"""An endpoint that holds its requests until a test has seen enough."""

import asyncio

from sanic import HTTPResponse, Request

from facade.facade import Facade
from facade.route import Kind, Route
from tests.patience import PATIENCE


class Slow:
    """An endpoint that answers when it is let, and counts who is inside."""

    def __init__(self) -> None:
        self.inside = 0
        self.changed = asyncio.Condition()
        self.open = asyncio.Event()
        self.route = Route("/slow", ("POST",), self.answer, Kind.API)

    async def wait_for(self, inside: int) -> None:
        """Returns once so many are inside."""
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: self.inside == inside), PATIENCE)

    async def answer(self, _request: Request, _facade: Facade) -> HTTPResponse:
        """The endpoint."""
        await self._count(1)
        try:
            await self.open.wait()
        finally:
            await self._count(-1)
        return HTTPResponse(b"slow")

    async def _count(self, change: int) -> None:
        async with self.changed:
            self.inside += change
            self.changed.notify_all()
