"""What the doctor of connections is made of: what is seen, who notes it, and who shows it."""

from core.domain.administration.connections import ClockLook, ConnectionAdministration
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.client import ClientFacts
from core.domain.clock import Clock
from core.domain.connections.journal import Journal
from core.domain.connections.reads import MetadataReads
from core.domain.policy import PolicySource
from core.rpc.connection_admin import ConnectionAdminServicer
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.device_notes import DeviceNotes


class SeenConnections:
    """The memory, with those who write and read it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.journal = Journal(clock)
        self.reads = MetadataReads(clock)

    def notes(self, seal: RequestSeal) -> ConnectionNotes:
        """For the servicers of the facade; `seal` is that of authorization requests."""
        return ConnectionNotes(self.journal, seal)

    def device_notes(self, page_seal: RequestSeal) -> DeviceNotes:
        """For devices; `page_seal` is that of their page."""
        return DeviceNotes(self.journal, page_seal)

    def servicer(self, clients: ClientFacts, policy: PolicySource, clock_look: ClockLook) -> ConnectionAdminServicer:
        """For operators."""
        return ConnectionAdminServicer(
            ConnectionAdministration(self.journal, self.reads, clients, policy, self._clock, clock_look)
        )
