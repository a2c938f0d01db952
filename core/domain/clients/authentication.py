"""Who the client is (RFC 6749 §2.3, OAuth 2.1 §2.4): the one place that says so, for every endpoint."""

from dataclasses import dataclass, field
from typing import Protocol

from core.domain.clients.client import Client, ClientFacts
from core.domain.clients.client_secret import ClientSecretFacts, is_client_secret
from core.domain.errors import InvalidClient


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client sent to say who it is; nothing here has been verified."""

    client_id: str
    client_secret: str | None = field(repr=False)
    #: RFC 8414 token_endpoint_auth_method.
    method: str


class AuthenticationFacts(ClientFacts, ClientSecretFacts, Protocol):
    """What is read to find out who a client is."""


def authenticate_client(credentials: ClientCredentials, facts: AuthenticationFacts) -> Client:
    """The client that sent the request. A public one names itself; any other proves it in the one way it registered.

    Raises:
        InvalidClient: unknown, deleted or blocked; or the proof is missing, wrong, or of another kind than agreed.
    """
    if not credentials.client_id:
        raise InvalidClient("client_id is missing")
    client = facts.find_client(credentials.client_id)
    if client is None or client.blocked:
        raise InvalidClient("unknown client: register again")
    if not client.terms.confidential:
        # A public client that sends a secret takes itself for another: the secret cannot be right (RFC 6749 §2.3.1).
        if credentials.client_secret:
            raise InvalidClient("this client is public and has no secret")
        return client
    method = client.terms.authentication_method
    # Another method is another agreement: a secret that leaks from bodies into logs must not work there.
    if credentials.method != method:
        raise InvalidClient(f"this client has to authenticate with {method}, as it is registered")
    if not is_client_secret(credentials.client_secret or "", facts.list_client_secrets(client.client_id)):
        raise InvalidClient("the client_secret is wrong or has been removed")
    return client
