"""A network that a test lays out: what names lead to, and which server of this machine stands at an address."""

import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.patience import PATIENCE


@dataclass
class LaidOutNetwork:
    """`core.outbound.network.Network`: real sockets, and names and routes by hand."""

    #: The answers to each question about a name, one after the other; the last one stays.
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    #: Which port of this machine stands at an address; where none does, nobody answers.
    routes: dict[str, int] = field(default_factory=dict)
    #: The names that were asked about.
    asked: list[str] = field(default_factory=list)
    #: The addresses and ports that were connected to.
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answers = self.names.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        self.connected.append((address, port))
        if address not in self.routes:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.routes[address]), timeout)


@dataclass
class HangingNetwork(LaidOutNetwork):
    """One whose resolver answers nobody until it is released."""

    released: threading.Event = field(default_factory=threading.Event)

    def resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        self.released.wait(PATIENCE)
        return []
