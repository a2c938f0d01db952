"""RegistrationTokenAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import registration_token_admin_pb2 as pb
from tokenhouse.v1 import registration_token_admin_pb2_grpc

from core.domain.administration.registration_tokens import RegistrationTokenAdministration
from core.domain.clients.registration_token import RegistrationToken

_log = logging.getLogger(__name__)


class RegistrationTokenAdminServicer(registration_token_admin_pb2_grpc.RegistrationTokenAdminServiceServicer):
    """Proto → act on an initial access token → proto."""

    def __init__(self, tokens: RegistrationTokenAdministration) -> None:
        self._tokens = tokens

    def CreateRegistrationToken(
        self, request: pb.CreateRegistrationTokenRequest, context: grpc.ServicerContext
    ) -> pb.CreateRegistrationTokenResponse:
        made = self._tokens.create(
            request.note,
            lifetime=request.lifetime_seconds if request.HasField("lifetime_seconds") else None,
            uses=request.uses if request.HasField("uses") else None,
        )
        _log.info("registration token added", extra={"token_id": made.token.token_id})
        return pb.CreateRegistrationTokenResponse(registration_token=_write(made.token), initial_access_token=made.text)

    def ListRegistrationTokens(
        self, request: pb.ListRegistrationTokensRequest, context: grpc.ServicerContext
    ) -> pb.ListRegistrationTokensResponse:
        return pb.ListRegistrationTokensResponse(registration_tokens=map(_write, self._tokens.list()))

    def DeleteRegistrationToken(
        self, request: pb.DeleteRegistrationTokenRequest, context: grpc.ServicerContext
    ) -> pb.DeleteRegistrationTokenResponse:
        self._tokens.remove(request.token_id)
        _log.info("registration token removed", extra={"token_id": request.token_id})
        return pb.DeleteRegistrationTokenResponse()


def _write(token: RegistrationToken) -> pb.RegistrationToken:
    return pb.RegistrationToken(
        token_id=token.token_id,
        note=token.note,
        created_at=token.created_at,
        expires_at=token.expires_at,
        uses_left=token.uses_left,
        uses=token.uses,
    )
