"""Who the client is (RFC 6749 §2.3, OAuth 2.1 §2.4)."""

from dataclasses import dataclass, field

from core.domain.clients.client import Client, ClientFacts
from core.domain.errors import InvalidClient


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client sent to say who it is; nothing here has been verified."""

    client_id: str
    client_secret: str | None = field(repr=False)
    #: RFC 8414 token_endpoint_auth_method.
    method: str


def authenticate_client(credentials: ClientCredentials, clients: ClientFacts) -> Client:
    """The client that sent the request. All registered clients are public: they name themselves and prove nothing.

    Raises:
        InvalidClient: unknown, deleted or blocked, or it sent a secret that was never given.
    """
    if not credentials.client_id:
        raise InvalidClient("client_id is missing")
    client = clients.find_client(credentials.client_id)
    if client is None or client.blocked:
        raise InvalidClient("unknown client: register again")
    # A public client that sends a secret takes itself for another: the secret cannot be right (RFC 6749 §2.3.1).
    if credentials.client_secret:
        raise InvalidClient("this client is public and has no secret")
    return client
