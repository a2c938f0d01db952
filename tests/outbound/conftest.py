"""One authority, one host with a public name, and a network in which it stands at a public address."""

import ssl
from collections.abc import Iterator

import pytest

from core.outbound.guarded_http import GuardedHttp
from tests.certificates import Authority, dns
from tests.document_host import DocumentHost
from tests.fakes.network import LaidOutNetwork

HOST = "client.example"
ADDRESS = "93.184.215.14"


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who issues certificates."""
    return Authority()


@pytest.fixture
def host(authority: Authority) -> Iterator[DocumentHost]:
    """The server of client.example."""
    with DocumentHost(authority, dns(HOST)) as serving:
        yield serving


@pytest.fixture
def network(host: DocumentHost) -> LaidOutNetwork:
    """client.example has one address, and its server stands there."""
    return LaidOutNetwork({HOST: [[ADDRESS]]}, {ADDRESS: host.port})


@pytest.fixture
def http(network: LaidOutNetwork, authority: Authority) -> GuardedHttp:
    """The guard on that network."""
    return GuardedHttp(network, lambda: ssl.create_default_context(cadata=authority.pem.decode()))
