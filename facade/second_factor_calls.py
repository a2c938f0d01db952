"""What a second factor asks of the core: at the user's own page, and as the second step of a login."""

from typing import TYPE_CHECKING

from tokenhouse.v1 import second_factor_pb2 as pb
from tokenhouse.v1.session_pb2 import ProveSecondFactorRequest, ProveSecondFactorResponse

if TYPE_CHECKING:
    from facade.account_calls import Method

_SERVICE = "/tokenhouse.v1.SecondFactorService/"


class SecondFactorCalls:
    """One call for each method.

    Each may happen twice. What can be done once and was done when the reply was lost is refused the second time: a code
    was used. And recovery codes that nobody has seen are made anew.
    """

    def __init__(self, method: "Method") -> None:
        self.get = method(_SERVICE + "GetSecondFactor", pb.GetSecondFactorRequest, pb.GetSecondFactorResponse)
        self.begin = method(_SERVICE + "BeginSecondFactor", pb.BeginSecondFactorRequest, pb.BeginSecondFactorResponse)
        self.confirm = method(
            _SERVICE + "ConfirmSecondFactor", pb.ConfirmSecondFactorRequest, pb.ConfirmSecondFactorResponse
        )
        self.renew_recovery_codes = method(
            _SERVICE + "RenewRecoveryCodes", pb.RenewRecoveryCodesRequest, pb.RenewRecoveryCodesResponse
        )
        self.switch_off = method(
            _SERVICE + "SwitchOffSecondFactor", pb.SwitchOffSecondFactorRequest, pb.SwitchOffSecondFactorResponse
        )
        self.prove = method(
            "/tokenhouse.v1.SessionService/ProveSecondFactor", ProveSecondFactorRequest, ProveSecondFactorResponse
        )
