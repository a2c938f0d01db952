"""ClientAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1 import client_admin_pb2_grpc

from core.domain.administration.clients import ClientAdministration
from core.domain.clients.client import Client
from core.rpc.paging import require_page_size

_log = logging.getLogger(__name__)


class ClientAdminServicer(client_admin_pb2_grpc.ClientAdminServiceServicer):
    """Proto → act on a client → proto."""

    def __init__(self, clients: ClientAdministration) -> None:
        self._clients = clients

    def ListClients(self, request: pb.ListClientsRequest, context: grpc.ServicerContext) -> pb.ListClientsResponse:
        size = require_page_size(request.page_size)
        clients = self._clients.list(limit=size + 1, after=request.after_client_id)
        return pb.ListClientsResponse(
            clients=[_write(client) for client in clients[:size]], has_more=len(clients) > size
        )

    def GetClient(self, request: pb.GetClientRequest, context: grpc.ServicerContext) -> pb.GetClientResponse:
        return pb.GetClientResponse(client=_write(self._clients.get(request.client_id)))

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


def _write(client: Client) -> pb.Client:
    return pb.Client(
        client_id=client.client_id,
        client_name=client.client_name,
        redirect_uris=client.redirect_uris,
        created_at=client.created_at,
        last_used_at=client.last_used_at,
        blocked=client.blocked,
        metadata=client.metadata,
    )
