"""OverviewAdminService, for operators."""

import grpc
from tokenhouse.v1 import overview_admin_pb2 as pb
from tokenhouse.v1 import overview_admin_pb2_grpc

from core.domain.administration.overview import OverviewAdministration


class OverviewAdminServicer(overview_admin_pb2_grpc.OverviewAdminServiceServicer):
    """Proto → a look at everything → proto."""

    def __init__(self, overview: OverviewAdministration) -> None:
        self._overview = overview

    def GetOverview(self, request: pb.GetOverviewRequest, context: grpc.ServicerContext) -> pb.GetOverviewResponse:
        seen = self._overview.look()
        return pb.GetOverviewResponse(
            clients=seen.inventory.clients,
            blocked_clients=seen.inventory.blocked_clients,
            users=seen.inventory.users,
            disabled_users=seen.inventory.disabled_users,
            live_grants=seen.inventory.live_grants,
            live_sessions=seen.inventory.live_sessions,
            connected_verifiers=seen.connected_verifiers,
            signing_key_id=seen.signing_key_id,
            clock_unconfirmed=seen.clock_unconfirmed,
        )
