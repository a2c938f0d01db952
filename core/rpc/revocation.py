"""RevocationService: RFC 7009 for the facade."""

import grpc
from tokenhouse.v1 import revocation_pb2, revocation_pb2_grpc

from core.domain.grants.revocation import Revocation
from core.rpc.client_credentials import read_credentials


class RevocationServicer(revocation_pb2_grpc.RevocationServiceServicer):
    """Proto → revocation → proto."""

    def __init__(self, revocation: Revocation) -> None:
        self._revocation = revocation

    def RevokeToken(
        self, request: revocation_pb2.RevokeTokenRequest, context: grpc.ServicerContext
    ) -> revocation_pb2.RevokeTokenResponse:
        self._revocation.revoke(request.token, read_credentials(request.client))
        return revocation_pb2.RevokeTokenResponse()
