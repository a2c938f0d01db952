"""A core, a user and a client for the verifier, and both of its forms."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.fakes.clock import RunningClock
from tests.rpc.road import Road
from tests.serving import ISSUER, Serving
from tests.verifier.forms import FORMS, Form, verifying
from tests.verifier.proxy import Proxy

SETTINGS = """
[OAuth]
Scope = mcp: Use MCP servers as you
Scope = files: Read your files
DefaultScope = mcp
"""

Open = Callable[..., Form]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core that serves, and whose time passes."""
    with Serving(tmp_path_factory.mktemp("core"), SETTINGS, RunningClock()) as core:
        yield core


@pytest.fixture
def road(serving: Serving) -> Road:
    """A signed-in user and a registered client."""
    begun = Road(serving)
    begun.begin()
    return begun


@pytest.fixture
def proxy(serving: Serving) -> Iterator[Proxy]:
    """The network between the core and the verifier."""
    with Proxy(serving.config.grpc.listen.port) as passing:
        yield passing


@pytest.fixture(params=FORMS)
def opened(request: pytest.FixtureRequest, proxy: Proxy) -> Iterator[Open]:
    """Makes verifiers of either form behind the proxy, by default for server-wide tokens."""
    with ExitStack() as stack:
        yield lambda target=proxy.target, **arguments: stack.enter_context(
            verifying(request.param, target, **{"audience": ISSUER, **arguments})
        )


@pytest.fixture
def form(opened: Callable[..., Any]) -> Form:
    """One verifier with its defaults."""
    made: Form = opened()
    return made
