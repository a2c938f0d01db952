"""LimitAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import limit_admin_pb2 as pb
from tokenhouse.v1 import limit_admin_pb2_grpc

from core.domain.administration.limits import LimitAdministration, ListedLimit, WantedLimits
from core.domain.errors import InvalidArgument
from core.rpc.paging import require_page_size

_log = logging.getLogger(__name__)


class LimitAdminServicer(limit_admin_pb2_grpc.LimitAdminServiceServicer):
    """Proto → look at tries, or give them back → proto."""

    def __init__(self, limits: LimitAdministration) -> None:
        self._limits = limits

    def ListLimits(self, request: pb.ListLimitsRequest, context: grpc.ServicerContext) -> pb.ListLimitsResponse:
        found, _, has_more = self._limits.list(
            WantedLimits(request.username, request.client_id, request.network),
            used_up=request.used_up,
            limit=require_page_size(request.page_size),
            after=request.after_limit_id,
        )
        return pb.ListLimitsResponse(limits=map(_write, found), has_more=has_more)

    def ClearLimits(self, request: pb.ClearLimitsRequest, context: grpc.ServicerContext) -> pb.ClearLimitsResponse:
        wanted = WantedLimits(request.username, request.client_id, request.network)
        if not request.limit_id:
            cleared = self._limits.clear_matching(wanted, everything=request.all)
        elif wanted != WantedLimits() or request.all:
            raise InvalidArgument("name one count, or what the counts have to match")
        else:
            cleared = self._limits.clear(request.limit_id)
        _log.info("limits cleared", extra={"cleared": cleared})
        return pb.ClearLimitsResponse(cleared=cleared)


def _write(listed: ListedLimit) -> pb.Limit:
    bucket = listed.bucket
    return pb.Limit(
        limit_id=bucket.key.hex(),
        kind=bucket.kind,
        account=listed.account,
        network=bucket.network,
        count=listed.count,
        left=listed.left,
        next_at=listed.next_at,
        full_at=-(-bucket.full_at_ms // 1000),
        setting=listed.setting,
    )
