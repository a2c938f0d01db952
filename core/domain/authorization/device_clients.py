"""Clients that are known by a document and come from a terminal (RFC 8628): kept before anybody has decided.

In a browser such a client is kept with the user's decision. A terminal's request is a row that waits for one, and needs
its client's; so the client is kept like one that registers: out of the same budget, and forgotten as soon where nobody
lets it in.
"""

from typing import Protocol

from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.assertion import find_subject
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import BLOCKED, Client, ClientFacts, ClientIntents
from core.domain.clients.document_url import names_document
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.clients.registration import spend_registration
from core.domain.clock import Clock
from core.domain.errors import (
    ClientBlocked,
    ClientDocumentWanted,
    DeviceFlowDisabled,
    InvalidClient,
    UnauthorizedClient,
)
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents
from core.domain.policy import Policy, PolicySource
from core.domain.writing import Writes


class DeviceClientTransaction(ClientFacts, ClientIntents, LimitIntents, Protocol):
    """What keeping a client reads and writes."""


class DeviceClientStore(ClientFacts, Writes[DeviceClientTransaction], Protocol):
    """What terminals' clients need of a store."""


class DeviceClients:
    """Whose documents are wanted, and what becomes of them."""

    def __init__(
        self, store: DeviceClientStore, documents: ClientDocuments, policy: PolicySource, clock: Clock
    ) -> None:
        self._store = store
        self._documents = documents
        self._policy = policy
        self._clock = clock

    def require_kept(self, credentials: ClientCredentials) -> None:
        """Pass a client that is kept, or that is known by no document.

        Raises:
            ClientDocumentWanted: its document has to be fetched first, see `keep`.
            ClientDocumentRefused, ClientDocumentUnwanted: this URL is not taken here, whatever is there.
        """
        client_id = _id_of(credentials)
        if names_document(client_id) and self._store.find_client(client_id) is None:
            self._documents.require_wanted(client_id, self._policy.current)
            raise ClientDocumentWanted("the client's document has to be fetched first")

    def keep(self, credentials: ClientCredentials, *, network_address: str) -> None:
        """Fetch the document where there is no fresh one, and keep its client. Waits on the network: never in a batch.

        Raises:
            ClientDocumentRefused, ClientDocumentUnwanted: it cannot be had, or not be used.
            InvalidClient: it names no document, or the operator has blocked the client.
            UnauthorizedClient: it is not for terminals.
            TooManyAttempts: too many documents were fetched, or clients registered, for this network or in all.
            TemporarilyUnavailable: too many ask for documents.
            ClientsDisabled, DeviceFlowDisabled: the operator switched it off.
        """
        policy, client_id = self._policy.current, _id_of(credentials)
        require_clients_enabled(policy)
        require_device_flow(policy)
        if not names_document(client_id):
            raise InvalidClient("this client is not known by a document")
        client = self._documents.load(client_id, policy, network_address=network_address)
        require_for_devices(client)
        network = network_of(network_address)
        self._store.write(lambda tx: self._keep(tx, client, network, policy))

    def _keep(self, tx: DeviceClientTransaction, client: Client, network: str, policy: Policy) -> None:
        if tx.find_client(client.client_id) is None:
            spend_registration(tx, network, policy, now_ms=self._clock.now_ms())
        if tx.keep_document_client(client).blocked:
            raise ClientBlocked(BLOCKED).because("client_blocked")


def require_device_flow(policy: Policy) -> None:
    """Pass while the device flow is switched on.

    Raises:
        DeviceFlowDisabled: it is not.
    """
    if not policy.device_flow.enabled:
        raise DeviceFlowDisabled("devices without a browser are not let in here")


def require_for_devices(client: Client) -> None:
    """Pass a client that says it is for devices.

    Raises:
        UnauthorizedClient: it is not.
    """
    if DEVICE_CODE not in client.grant_types:
        raise UnauthorizedClient(f"this client is not registered for {DEVICE_CODE}")


def _id_of(credentials: ClientCredentials) -> str:
    return credentials.client_id or find_subject(credentials.client_assertion)
