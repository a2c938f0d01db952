"""The examples of verifier/README.md, opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.rpc.road import Road
from tests.serving import Serving
from tests.verifier.doors.examples import examples_of, run_example
from tests.verifier.doors.served import (
    Ask,
    serve_asgi,
    serve_grpc,
    serve_grpc_aio,
    serve_mcp,
    serve_sanic,
)
from tests.verifier.proxy import Proxy

#: How each is served, and the example: below which heading, and the how-manieth.
DOORS = {
    "asgi": (serve_asgi, "### ASGI", 0),
    "sanic": (serve_sanic, "### Sanic", 0),
    "grpc": (serve_grpc, "### gRPC", 0),
    "grpc-aio": (serve_grpc_aio, "### gRPC", 1),
    "mcp": (serve_mcp, "### The MCP Python SDK", 0),
    "fastmcp": (serve_mcp, "### FastMCP", 0),
}


@dataclass
class Door:
    """One example, served."""

    name: str
    ask: Ask
    verifier: Any
    proxy: Proxy

    @property
    def audience(self) -> str:
        """The resource that it is."""
        return str(self.verifier.audience)

    @property
    def challenge(self) -> str:
        """What every challenge ends with: what to ask for, and where to read more (RFC 9728 §5.1)."""
        metadata = self.verifier.resource_metadata
        return 'scope="mcp"' + (f', resource_metadata="{metadata}"' if metadata else "")


@contextmanager
def opened(name: str, serving: Serving) -> Iterator[Door]:
    """One of them, served, behind a network of its own."""
    serve, heading, number = DOORS[name]
    with Proxy(serving.config.grpc.listen.port) as proxy:
        names = run_example(examples_of(heading)[number], proxy.target)
        verifier = names["verifier"]
        try:
            with serve(names) as ask:
                yield Door(name, ask, verifier, proxy)
        finally:
            verifier._end()


def bearer_for(road: Road, door: Door, scope: str = "mcp", resource: str = "") -> str:
    """An `Authorization` of this user for this door."""
    return f"Bearer {road.connect(resource=resource or door.audience, scope=scope).access_token}"
