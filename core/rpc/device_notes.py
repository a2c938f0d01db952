"""What is noted of devices without a browser (RFC 8628)."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.domain.authorization.parameters import find_one
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.connections.attempt import Trace
from core.domain.connections.event import Happening, Step
from core.domain.connections.journal import Journal
from core.domain.errors import ClientDocumentRefused, Refusal
from core.domain.grants.device_consent import DevicePrompt
from core.domain.tokens.grant_token import TokenKind
from core.rpc.connection_traces import COMES_AGAIN, STRANGERS, grant_id_of, refusal_of, seen_network
from core.rpc.quiet_notes import quietly


class DeviceNotes:
    """Notes in a journal. None of its methods raises anything but what happens inside of it."""

    def __init__(self, journal: Journal, page_seal: RequestSeal) -> None:
        """`page_seal` is that of the page for devices."""
        self._journal = journal
        self._page_seal = page_seal

    @contextmanager
    def starting(self, client_id: str, network_address: str) -> Iterator[None]:
        """Note the refusal of a device's request (RFC 8628 §3.1)."""
        try:
            yield
        except COMES_AGAIN:
            raise
        except Exception as error:
            self._refused(client_id, network_address, error)
            raise

    @quietly
    def _refused(self, client_id: str, network_address: str, error: Exception) -> None:
        network = seen_network(network_address)
        step = Step.DOCUMENT if isinstance(error, ClientDocumentRefused) else Step.DEVICE
        refusal = refusal_of(step, error, network)
        stranger = refusal.outcome in STRANGERS
        self._journal.note(Trace(client_id, network=network, stranger=stranger), refusal)

    @quietly
    def document_found(self, client_id: str, network_address: str) -> None:
        """Note that the document of a device's client was found."""
        network = seen_network(network_address)
        trace = Trace(client_id, network=network)
        self._journal.note(trace, Happening(Step.DOCUMENT, "fetched", network=network))

    @quietly
    def started(self, client_id: str, network_address: str, device_code: str) -> None:
        """Note a device's request; the id in its code becomes the grant's."""
        network, grant_id = seen_network(network_address), grant_id_of(TokenKind.DEVICE_CODE, device_code)
        trace = Trace(client_id, grant_id=grant_id, network=network, takes_over=True)
        self._journal.note(trace, Happening(Step.DEVICE, "started", network=network))

    @quietly
    def user_code_entered(self, prompt: DevicePrompt, browser_binding: bytes, network_address: str) -> None:
        """Note that a user has typed a good code."""
        trace = Trace(prompt.client.client_id, grant_id=self._find_device(prompt.sealed_page, browser_binding))
        happening = Happening(Step.DEVICE, "code_entered", network=seen_network(network_address))
        self._journal.note(trace, happening, username=prompt.user.username)

    @quietly
    def decided(self, sealed_page: str, browser_binding: bytes, *, approved: bool) -> None:
        """Note a decision about a device."""
        if self._journal.knows(device_id := self._find_device(sealed_page, browser_binding)):
            trace = Trace(grant_id=device_id)
            self._journal.note(trace, Happening(Step.DEVICE, "allowed" if approved else "denied"))

    def _find_device(self, sealed_page: str, browser_binding: bytes) -> str:
        try:
            opened = self._page_seal.require_open(sealed_page, browser_binding)
        except Refusal:
            # It has expired this very moment; what was decided stays decided.
            return ""
        return find_one(opened.parameters, "device") or ""
