"""ClockAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import clock_admin_pb2 as pb
from tokenhouse.v1 import clock_admin_pb2_grpc

from core.domain.administration.clock import ClockAdministration

_log = logging.getLogger(__name__)


class ClockAdminServicer(clock_admin_pb2_grpc.ClockAdminServiceServicer):
    """Proto → look at the clock → proto."""

    def __init__(self, clock: ClockAdministration) -> None:
        self._clock = clock

    def GetClock(self, request: pb.GetClockRequest, context: grpc.ServicerContext) -> pb.GetClockResponse:
        state = self._clock.look()
        return pb.GetClockResponse(
            now=state.now,
            drift=state.drift,
            drifting=state.drifting,
            held_back=state.held_back,
            unconfirmed=state.unconfirmed,
        )

    def ConfirmClock(self, request: pb.ConfirmClockRequest, context: grpc.ServicerContext) -> pb.ConfirmClockResponse:
        confirmed = self._clock.confirm(request.today)
        if confirmed:
            _log.info("clock confirmed by an operator", extra={"today": request.today})
        return pb.ConfirmClockResponse(confirmed=confirmed)
