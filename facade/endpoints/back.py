"""The ways back to the page that somebody signed in or out for."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from sanic import HTTPResponse, Request
from tokenhouse.v1.back_to_pb2 import BACK_TO_ACCOUNT, BACK_TO_AUTHORIZE, BACK_TO_CONSOLE, BACK_TO_DEVICE
from tokenhouse.v1.parameter_pb2 import Parameter
from tokenhouse.v1.passkey_login_pb2 import PasskeySession
from tokenhouse.v1.session_pb2 import ProveSecondFactorResponse
from tokenhouse.v1.upstream_pb2 import FinishUpstreamLoginResponse

from facade import paths
from facade.facade import Facade
from facade.forms import Form, parse_parameters
from facade.redirects import encode_parameters
from facade.replies import redirect

#: A new session, with where it leads.
NewSession: TypeAlias = PasskeySession | ProveSecondFactorResponse | FinishUpstreamLoginResponse


def back_to_authorize(facade: Facade, parameters: Iterable[Parameter]) -> HTTPResponse:
    """Begins the same authorization request again."""
    return redirect(f"{facade.local_url(paths.AUTHORIZE)}?{encode_parameters(parameters)}")


def back_to_device(facade: Facade, parameters: Iterable[Parameter]) -> HTTPResponse:
    """Opens the page for devices again."""
    return _open(facade, paths.DEVICE, parameters)


def back_to_account(facade: Facade, parameters: Iterable[Parameter] = ()) -> HTTPResponse:
    """Opens the user's own page again; without a session it asks for a login."""
    return _open(facade, paths.ACCOUNT, parameters)


def back_to_console(facade: Facade, parameters: Iterable[Parameter]) -> HTTPResponse:
    """Opens the operators' console again."""
    return _open(facade, paths.CONSOLE, parameters)


def asks_anew(request: Request) -> bool:
    """Whether a way back says that the provider has to ask who somebody is, since they have just signed out."""
    return Form(parse_parameters(request.query_string.encode())).find("prompt") == "login"


def _open(facade: Facade, path: str, parameters: Iterable[Parameter]) -> HTTPResponse:
    query = encode_parameters(each for each in parameters if each.value)
    return redirect(facade.local_url(path) + (f"?{query}" if query else ""))


#: By what the core says.
BACK: dict[int, Callable[[Facade, Iterable[Parameter]], HTTPResponse]] = {
    BACK_TO_AUTHORIZE: back_to_authorize,
    BACK_TO_DEVICE: back_to_device,
    BACK_TO_CONSOLE: back_to_console,
    BACK_TO_ACCOUNT: back_to_account,
}


class BegunSession(Protocol):
    """What any login answers with."""

    @property
    def session_token(self) -> str:
        """For the session's cookie."""
        ...

    @property
    def remembered_browser(self) -> str:
        """For the browser to keep."""
        ...


def give_cookies(facade: Facade, reply: HTTPResponse, session: BegunSession) -> None:
    """The cookies of a login."""
    for cookie in facade.cookies.signed_in(session.session_token, session.remembered_browser):
        reply.headers.add("Set-Cookie", cookie)


def enter(facade: Facade, session: NewSession) -> HTTPResponse:
    """The way back for who has just signed in, with the cookies of it."""
    reply = BACK[session.back_to](facade, session.parameters)
    give_cookies(facade, reply, session)
    return reply
