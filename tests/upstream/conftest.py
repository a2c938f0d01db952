"""One provider and one core for all tests of signing in elsewhere; each test brings accounts of its own."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.outbound.guarded_http import GuardedHttp
from tests.certificates import Authority
from tests.fakes.clock import ManualClock
from tests.fakes.network import LaidOutNetwork
from tests.openid_provider import OpenIdProvider, provider_settings
from tests.serving import ISSUER, Serving
from tests.upstream.road import Away

_LINES = (
    "Label = Example Company",
    "Scope = openid profile email groups",
    "GroupClaim = groups",
    "Group = IT Admins -> operators",
    "Group = Research -> research",
)


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who issues the provider's certificate."""
    return Authority()


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[OpenIdProvider]:
    """The company's own."""
    with OpenIdProvider(tmp_path_factory.mktemp("provider"), authority) as running:
        yield running


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, provider: OpenIdProvider) -> Iterator[Serving]:
    """A core that lets users sign in there."""
    limit = "[Limits]\nLoginFailuresPerNetwork = 8/h"
    with serving_with(tmp_path_factory.mktemp("core"), provider, more=limit) as core:
        yield core


@pytest.fixture
def away(serving: Serving, provider: OpenIdProvider) -> Iterator[Away]:
    """Somebody with an account at the provider alone."""
    yield Away(serving, provider, f"ada-{secrets.token_hex(4)}")
    provider.misbehave()


def serving_with(folder: Path, provider: OpenIdProvider, *lines: str, more: str = "") -> Serving:
    """A core with the provider in its settings; tokens of a real provider want the real time."""
    client = provider.register(ISSUER, "company")
    http = GuardedHttp(LaidOutNetwork(routes={"127.0.0.1": provider.port}), lambda: provider.trust)
    settings = provider_settings(folder, provider, client, *_LINES, *lines)
    return Serving(folder, f"{settings}\n{more}\n", clock=ManualClock(int(time.time())), http=http)
