"""What the user's own page asks of the core."""

from typing import Protocol, TypeVar

from google.protobuf.message import Message
from tokenhouse.v1 import account_pb2 as pb

from facade.passkey_calls import PasskeyCalls
from facade.second_factor_calls import SecondFactorCalls

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
Q_contra = TypeVar("Q_contra", bound=Message, contravariant=True)
R_co = TypeVar("R_co", bound=Message, covariant=True)

_SERVICE = "/tokenhouse.v1.AccountService/"


class Call(Protocol[Q_contra, R_co]):
    """One method; it raises Refusal."""

    async def __call__(self, request: Q_contra, timeout: float | None = None) -> R_co:
        """The answer within `timeout` seconds, where the call has another patience than most."""
        ...


class Method(Protocol):
    """Makes the call of one method."""

    def __call__(self, path: str, _request: type[Q], response: type[R]) -> Call[Q, R]: ...


class AccountCalls:
    """One call for each method of AccountService.

    Each may happen twice: what was ended stays ended. Of a password that was changed when the reply was lost, the
    second call says that the old one is wrong, and so it is.
    """

    def __init__(self, method: Method) -> None:
        self.second_factor = SecondFactorCalls(method)
        self.passkeys = PasskeyCalls(method)
        self.open_page = method(_SERVICE + "OpenAccountPage", pb.OpenAccountPageRequest, pb.OpenAccountPageResponse)
        self.disconnect_app = method(_SERVICE + "DisconnectApp", pb.DisconnectAppRequest, pb.DisconnectAppResponse)
        self.disconnect_all_apps = method(
            _SERVICE + "DisconnectAllApps", pb.DisconnectAllAppsRequest, pb.DisconnectAllAppsResponse
        )
        self.end_session = method(_SERVICE + "EndSession", pb.EndSessionRequest, pb.EndSessionResponse)
        self.end_all_sessions = method(_SERVICE + "EndAllSessions", pb.EndAllSessionsRequest, pb.EndAllSessionsResponse)
        self.change_password = method(_SERVICE + "ChangePassword", pb.ChangePasswordRequest, pb.ChangePasswordResponse)
