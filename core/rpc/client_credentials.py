"""ClientCredentials: proto → domain."""

from tokenhouse.v1 import client_credentials_pb2

from core.domain.clients.authentication import ClientCredentials


def read_credentials(message: client_credentials_pb2.ClientCredentials) -> ClientCredentials:
    """What the client sent to say who it is, unverified."""
    secret = message.client_secret if message.HasField("client_secret") else None
    return ClientCredentials(message.client_id, secret, message.method, message.client_assertion, message.attempt_id)
