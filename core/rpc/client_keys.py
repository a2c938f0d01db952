"""ClientKeysService: keys of clients that have to be fetched before they can prove who they are."""

import grpc
from tokenhouse.v1 import client_keys_pb2, client_keys_pb2_grpc

from core.domain.clients.authentication import ClientAuthentication
from core.rpc.client_credentials import read_credentials


class ClientKeysServicer(client_keys_pb2_grpc.ClientKeysServiceServicer):
    """Proto → authentication's wish for keys → proto."""

    def __init__(self, authentication: ClientAuthentication) -> None:
        self._authentication = authentication

    def FetchClientKeys(
        self, request: client_keys_pb2.FetchClientKeysRequest, context: grpc.ServicerContext
    ) -> client_keys_pb2.FetchClientKeysResponse:
        self._authentication.load_keys(read_credentials(request.client))
        return client_keys_pb2.FetchClientKeysResponse()
