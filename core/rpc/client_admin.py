"""ClientAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1 import client_admin_pb2_grpc

from core.domain.administration.clients import ClientAdministration
from core.domain.administration.preregistration import ClientPreregistration
from core.domain.clients.client import Client, ClientSource
from core.domain.clients.preregistration import Preregistration
from core.rpc.paging import require_page_size

_SOURCES = {
    ClientSource.OPERATOR: pb.CLIENT_SOURCE_OPERATOR,
    ClientSource.DOCUMENT: pb.CLIENT_SOURCE_DOCUMENT,
    ClientSource.REGISTRATION: pb.CLIENT_SOURCE_REGISTRATION,
}
_log = logging.getLogger(__name__)


class ClientAdminServicer(client_admin_pb2_grpc.ClientAdminServiceServicer):
    """Proto → act on a client → proto."""

    def __init__(self, clients: ClientAdministration, preregistration: ClientPreregistration) -> None:
        self._clients = clients
        self._preregistration = preregistration

    def ListClients(self, request: pb.ListClientsRequest, context: grpc.ServicerContext) -> pb.ListClientsResponse:
        size = require_page_size(request.page_size)
        clients = self._clients.list(limit=size + 1, after=request.after_client_id, containing=request.containing)
        return pb.ListClientsResponse(
            clients=[self._write(client) for client in clients[:size]], has_more=len(clients) > size
        )

    def GetClient(self, request: pb.GetClientRequest, context: grpc.ServicerContext) -> pb.GetClientResponse:
        return pb.GetClientResponse(client=self._write(self._clients.get(request.client_id)))

    def CreateClient(self, request: pb.CreateClientRequest, context: grpc.ServicerContext) -> pb.CreateClientResponse:
        client, secret = self._preregistration.create(
            Preregistration(
                client_id=request.client_id,
                client_name=request.client_name,
                redirect_uris=tuple(request.redirect_uris),
                grant_types=tuple(request.grant_types),
                scope=tuple(request.scope),
                resources=tuple(request.resources),
                keys=request.keys,
                jwks_uri=request.jwks_uri,
                authentication_method=request.token_endpoint_auth_method,
            )
        )
        _log.info("client added", extra={"client_id": client.client_id})
        return pb.CreateClientResponse(client=self._write(client), client_secret=secret.text if secret else "")

    def AddClientSecret(
        self, request: pb.AddClientSecretRequest, context: grpc.ServicerContext
    ) -> pb.AddClientSecretResponse:
        secret = self._preregistration.add_secret(request.client_id)
        _log.info("client secret added", extra={"client_id": request.client_id, "secret_id": secret.secret_id})
        return pb.AddClientSecretResponse(secret_id=secret.secret_id, client_secret=secret.text)

    def RemoveClientSecret(
        self, request: pb.RemoveClientSecretRequest, context: grpc.ServicerContext
    ) -> pb.RemoveClientSecretResponse:
        self._preregistration.remove_secret(request.client_id, request.secret_id)
        _log.info("client secret removed", extra={"client_id": request.client_id, "secret_id": request.secret_id})
        return pb.RemoveClientSecretResponse()

    def RevokeClientTokens(
        self, request: pb.RevokeClientTokensRequest, context: grpc.ServicerContext
    ) -> pb.RevokeClientTokensResponse:
        revoked = self._clients.revoke_tokens(request.client_id)
        _log.info("client's tokens revoked", extra={"client_id": request.client_id, "revoked_grants": revoked})
        return pb.RevokeClientTokensResponse(revoked_grants=revoked)

    def DeleteClient(self, request: pb.DeleteClientRequest, context: grpc.ServicerContext) -> pb.DeleteClientResponse:
        revoked = self._clients.delete(request.client_id)
        _log.info("client deleted", extra={"client_id": request.client_id, "revoked_grants": revoked})
        return pb.DeleteClientResponse(revoked_grants=revoked)

    def BlockClient(self, request: pb.BlockClientRequest, context: grpc.ServicerContext) -> pb.BlockClientResponse:
        revoked = self._clients.block(request.client_id)
        _log.info("client blocked", extra={"client_id": request.client_id, "revoked_grants": revoked})
        return pb.BlockClientResponse(revoked_grants=revoked)

    def UnblockClient(
        self, request: pb.UnblockClientRequest, context: grpc.ServicerContext
    ) -> pb.UnblockClientResponse:
        self._clients.unblock(request.client_id)
        _log.info("client unblocked", extra={"client_id": request.client_id})
        return pb.UnblockClientResponse()

    def _write(self, client: Client) -> pb.Client:
        secrets = [
            pb.ClientSecret(secret_id=secret.secret_id, created_at=secret.created_at)
            for secret in self._preregistration.list_secrets(client)
        ]
        return pb.Client(
            client_id=client.client_id,
            client_name=client.client_name,
            redirect_uris=client.redirect_uris,
            created_at=client.created_at,
            last_used_at=client.last_used_at,
            blocked=client.blocked,
            metadata=client.metadata,
            token_endpoint_auth_method=client.terms.authentication_method,
            preregistered=client.terms.preregistered,
            source=_SOURCES[client.source],
            grant_types=client.grant_types,
            scope=client.terms.scope,
            secrets=secrets,
            users=self._clients.count_users(client.client_id),
            resources=client.terms.resources,
        )
