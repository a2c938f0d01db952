"""GrantAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import grant_admin_pb2 as pb
from tokenhouse.v1 import grant_admin_pb2_grpc

from core.domain.administration.grants import GrantAdministration, ListedGrant, shown_state
from core.domain.clock import Clock
from core.rpc.paging import require_page_size

_log = logging.getLogger(__name__)


class GrantAdminServicer(grant_admin_pb2_grpc.GrantAdminServiceServicer):
    """Proto → act on a grant → proto."""

    def __init__(self, grants: GrantAdministration, clock: Clock) -> None:
        self._grants = grants
        self._clock = clock

    def ListGrants(self, request: pb.ListGrantsRequest, context: grpc.ServicerContext) -> pb.ListGrantsResponse:
        grants, next_page_token = self._grants.list(
            username=request.username,
            client_id=request.client_id,
            include_ended=request.include_ended,
            limit=require_page_size(request.page_size),
            page_token=request.page_token,
        )
        now = self._clock.now()
        return pb.ListGrantsResponse(grants=[_write(listed, now) for listed in grants], next_page_token=next_page_token)

    def GetGrant(self, request: pb.GetGrantRequest, context: grpc.ServicerContext) -> pb.GetGrantResponse:
        return pb.GetGrantResponse(grant=_write(self._grants.get(request.grant_id), self._clock.now()))

    def RevokeGrant(self, request: pb.RevokeGrantRequest, context: grpc.ServicerContext) -> pb.RevokeGrantResponse:
        revoked = self._grants.revoke(request.grant_id)
        _log.info("grant revoked by an operator", extra={"grant_id": request.grant_id})
        return pb.RevokeGrantResponse(revoked=revoked)


def _write(listed: ListedGrant, now: int) -> pb.Grant:
    grant = listed.grant
    return pb.Grant(
        grant_id=grant.id.hex(),
        client_id=grant.client_id,
        client_name=listed.client.client_name if listed.client else "",
        subject=grant.subject,
        username=listed.user.username if listed.user else "",
        scope=grant.scope,
        resources=grant.resources,
        state=shown_state(grant, now),
        generation=grant.generation,
        created_at=grant.created_at,
        rotated_at=grant.rotated_at,
        expires_at=min(grant.idle_expires_at, grant.expires_at),
        revoked_at=grant.revoked_at,
        revoke_reason=grant.revoke_reason or "",
        uses=[pb.GrantUse(service=use.service, last_used_at=use.last_used_at) for use in listed.uses],
        verdicts=[
            pb.RefreshVerdictCount(verdict=each.verdict, count=each.count, last_at=each.last_at)
            for each in listed.verdicts
        ],
    )
