"""A house whose way out leads to a real HTTPS server of this machine, which stands at a public address."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.domain.clients.documents import ClientDocuments
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from tests.certificates import Authority, dns
from tests.document_host import DocumentHost
from tests.domain.house import POLICY, House
from tests.fakes.network import LaidOutNetwork

ADDRESS = "93.184.215.14"
CLIENT = "https://client.example/client.json"


@dataclass
class World:
    """The server of client.example, the network around it, and the house that fetches from it."""

    host: DocumentHost
    network: LaidOutNetwork
    house: House
    names: tuple[str, ...]

    def begin_anew(self) -> None:
        """Nothing has been fetched, nothing has failed, nothing is served; the database stays."""
        self.host.answers.clear()
        self.host.requests.clear()
        self.network.names = {name: [[ADDRESS]] for name in self.names}
        self.network.routes = {ADDRESS: self.host.port}
        self.network.connected.clear()
        self.house.policy.current = POLICY
        turns = self.house.documents.turns
        self.house.documents = ClientDocuments(self.house.store, FetchedDocuments(self.house.http), self.house.clock)
        self.house.documents.turns = turns


@contextmanager
def build_world(folder: Path, *more_names: str) -> Iterator[World]:
    """The host serves the documents of client.example, and of the other names."""
    names = ("client.example", *more_names)
    authority = Authority()
    with ExitStack() as stack:
        host = stack.enter_context(DocumentHost(authority, *map(dns, names)))
        network = LaidOutNetwork()
        http = GuardedHttp(network, lambda: ssl.create_default_context(cadata=authority.pem.decode()))
        house = House(folder / "database", http=http)
        stack.callback(house.close)
        world = World(host, network, house, names)
        world.begin_anew()
        yield world
