"""What the user's own page asks of the core."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from google.protobuf.message import Message
from tokenhouse.v1 import account_pb2 as pb

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

_SERVICE = "/tokenhouse.v1.AccountService/"


class Method(Protocol):
    """Makes the call of one method; it raises Refusal."""

    def __call__(self, path: str, _request: type[Q], response: type[R]) -> Callable[[Q], Awaitable[R]]: ...


class AccountCalls:
    """One call for each method of AccountService; each may happen twice: what was ended stays ended."""

    def __init__(self, method: Method) -> None:
        self.open_page = method(_SERVICE + "OpenAccountPage", pb.OpenAccountPageRequest, pb.OpenAccountPageResponse)
        self.disconnect_app = method(_SERVICE + "DisconnectApp", pb.DisconnectAppRequest, pb.DisconnectAppResponse)
        self.disconnect_all_apps = method(
            _SERVICE + "DisconnectAllApps", pb.DisconnectAllAppsRequest, pb.DisconnectAllAppsResponse
        )
