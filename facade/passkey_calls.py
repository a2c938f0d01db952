"""What passkeys ask of the core: at the user's own page, and at every login."""

from typing import TYPE_CHECKING

from tokenhouse.v1 import passkey_login_pb2 as login_pb
from tokenhouse.v1 import passkey_pb2 as pb

if TYPE_CHECKING:
    from facade.account_calls import Method

_OWN = "/tokenhouse.v1.PasskeyService/"
_LOGIN = "/tokenhouse.v1.PasskeyLoginService/"


class PasskeyCalls:
    """One call for each method.

    Each may happen twice. Of a login or an addition that was done when the reply was lost, the second call says that
    its page was used: the user begins again, and a passkey that was added is in the list.
    """

    def __init__(self, method: "Method") -> None:
        self.list = method(_OWN + "ListPasskeys", pb.ListPasskeysRequest, pb.ListPasskeysResponse)
        self.begin = method(_OWN + "BeginPasskey", pb.BeginPasskeyRequest, pb.BeginPasskeyResponse)
        self.add = method(_OWN + "AddPasskey", pb.AddPasskeyRequest, pb.AddPasskeyResponse)
        self.rename = method(_OWN + "RenamePasskey", pb.RenamePasskeyRequest, pb.RenamePasskeyResponse)
        self.remove = method(_OWN + "RemovePasskey", pb.RemovePasskeyRequest, pb.RemovePasskeyResponse)
        self.offer_login = method(
            _LOGIN + "OfferPasskeyLogin", login_pb.OfferPasskeyLoginRequest, login_pb.OfferPasskeyLoginResponse
        )
        self.log_in = method(
            _LOGIN + "LogInWithPasskey", login_pb.LogInWithPasskeyRequest, login_pb.LogInWithPasskeyResponse
        )
        self.offer_second_factor = method(
            _LOGIN + "OfferPasskeySecondFactor",
            login_pb.OfferPasskeySecondFactorRequest,
            login_pb.OfferPasskeySecondFactorResponse,
        )
        self.prove = method(_LOGIN + "ProvePasskey", login_pb.ProvePasskeyRequest, login_pb.ProvePasskeyResponse)
