"""Dynamic client registration (RFC 7591 §3): public clients only, and the same client never twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.domain.clients.client import Client, ClientFacts, ClientIntents
from core.domain.clients.client_metadata import ClientMetadata, parse_client_metadata
from core.domain.clock import Clock
from core.domain.errors import ClientsDisabled, InvalidClientMetadata
from core.domain.limits.network import limit_key, network_of
from core.domain.limits.rate import LimitIntents, require_slot
from core.domain.policy import Policy, PolicySource
from core.domain.writing import Writes


class RegistrationTransaction(ClientFacts, ClientIntents, LimitIntents, Protocol):
    """What a registration writes."""


class RegistrationStore(ClientFacts, Writes[RegistrationTransaction], Protocol):
    """What registration needs of a store."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered client and the answer it gets."""

    client: Client
    #: RFC 7591 §3.2.1, ready for JSON; no member is null.
    information: Mapping[str, object]
    #: Redirect URIs of the request that policy left out.
    left_out: tuple[str, ...]


class Registrations:
    """Registers clients that name themselves."""

    def __init__(self, store: RegistrationStore, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def register(self, document: bytes, *, network_address: str) -> Registration:
        """Register the client that `document` describes, or find it again.

        Raises:
            InvalidClientMetadata, InvalidRedirectUri: RFC 7591 §3.2.2.
            TooManyAttempts: the network's registrations are used up.
            ClientsDisabled: the operator switched OAuth clients off.
        """
        policy = self._policy.current
        if not policy.clients_enabled:
            raise ClientsDisabled("OAuth clients are switched off")
        metadata = parse_client_metadata(document, policy.allowed_redirect_uris)
        wanted = Client(
            client_id=metadata.client_id,
            metadata=metadata.canonical,
            client_name=str(metadata.members.get("client_name", "")),
            redirect_uris=metadata.kept_redirect_uris,
            grant_types=tuple(str(grant_type) for grant_type in _list(metadata.members["grant_types"])),
            created_at=self._clock.now(),
        )
        network = network_of(network_address)
        client = self._store.write(lambda tx: self._store_client(tx, wanted, network, policy))
        if client.blocked:
            raise InvalidClientMetadata("this client has been blocked by the operator")
        return Registration(client, _information(client, metadata), metadata.left_out)

    def _store_client(self, tx: RegistrationTransaction, client: Client, network: str, policy: Policy) -> Client:
        key = limit_key("registration", network)
        require_slot(tx, key, policy.registrations, now_ms=self._clock.now_ms(), what="registrations")
        return tx.register_client(client)


def _information(client: Client, metadata: ClientMetadata) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "client_id_issued_at": client.created_at,
        **metadata.members,
        # As sent, ports and all: clients look for their own URI in the answer and register again without it.
        "redirect_uris": [uri.text for uri in metadata.redirect_uris],
        "token_endpoint_auth_method": "none",
    }


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
