"""SecondFactorService: what users do with their second factor, for the facade."""

import logging

import grpc
from tokenhouse.v1 import second_factor_pb2 as pb
from tokenhouse.v1 import second_factor_pb2_grpc

from core.domain.account.own_second_factor import OwnSecondFactor

_log = logging.getLogger(__name__)


class SecondFactorServicer(second_factor_pb2_grpc.SecondFactorServiceServicer):
    """Proto → an act on the second factor → proto. What is told here is in no log."""

    def __init__(self, second_factor: OwnSecondFactor) -> None:
        self._second_factor = second_factor

    def GetSecondFactor(
        self, request: pb.GetSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.GetSecondFactorResponse:
        state = self._second_factor.look(session_token=request.session_token)
        return pb.GetSecondFactorResponse(
            on_since=state.on_since,
            recovery_codes_left=state.recovery_codes_left,
            waiting_secret=state.waiting_secret,
            waiting_uri=state.waiting_uri,
            has_second_factor=state.has_second_factor,
        )

    def BeginSecondFactor(
        self, request: pb.BeginSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.BeginSecondFactorResponse:
        self._second_factor.begin(session_token=request.session_token)
        return pb.BeginSecondFactorResponse()

    def ConfirmSecondFactor(
        self, request: pb.ConfirmSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.ConfirmSecondFactorResponse:
        codes = self._second_factor.confirm(
            request.code,
            request.password,
            session_token=request.session_token,
            network_address=request.network_address,
        )
        _log.info("second factor switched on by its user")
        return pb.ConfirmSecondFactorResponse(recovery_codes=codes)

    def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, context: grpc.ServicerContext
    ) -> pb.RenewRecoveryCodesResponse:
        codes = self._second_factor.renew_recovery_codes(
            request.password, session_token=request.session_token, network_address=request.network_address
        )
        return pb.RenewRecoveryCodesResponse(recovery_codes=codes)

    def SwitchOffSecondFactor(
        self, request: pb.SwitchOffSecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.SwitchOffSecondFactorResponse:
        self._second_factor.switch_off(
            request.password, session_token=request.session_token, network_address=request.network_address
        )
        _log.info("second factor switched off by its user")
        return pb.SwitchOffSecondFactorResponse()
