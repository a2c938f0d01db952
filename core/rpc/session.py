"""SessionService: browser logins for the facade."""

import grpc
from tokenhouse.v1 import back_to_pb2, session_pb2, session_pb2_grpc

from core.domain.authorization.parameters import with_word
from core.domain.sessions.login import Logins, SecondFactorWanted
from core.domain.sessions.second_factor_login import SecondFactorLogins
from core.domain.sessions.session import Session
from core.domain.upstream.login import BackTo, Parameters
from core.domain.upstream.sign_out import UpstreamSignOut
from core.rpc.authorization import write_parameters
from core.rpc.login_watch import LoginWatch
from core.rpc.sign_in_pages import WRITTEN_BACK_TO, SignInPages
from core.rpc.waiting_page import open_waiting_page, write_waiting_page

#: Pages that have nothing to go on with.
_BACK_TO = {back_to_pb2.BACK_TO_CONSOLE: BackTo.CONSOLE, back_to_pb2.BACK_TO_ACCOUNT: BackTo.ACCOUNT}


class SessionServicer(session_pb2_grpc.SessionServiceServicer):
    """Proto → login or logout → proto."""

    def __init__(
        self,
        logins: Logins,
        second_factors: SecondFactorLogins,
        sign_out: UpstreamSignOut,
        pages: SignInPages,
        watch: LoginWatch,
    ) -> None:
        self._logins = logins
        self._second_factors = second_factors
        self._sign_out = sign_out
        self._pages = pages
        self._watch = watch

    def LogIn(self, request: session_pb2.LogInRequest, context: grpc.ServicerContext) -> session_pb2.LogInResponse:
        # Opened first: a login form of another browser, or an old one, never gets to try a password.
        back_to, parameters = self._pages.open(request)
        try:
            with self._watch.over(back_to, parameters, request):
                token, session = self._log_in(request)
        except SecondFactorWanted as wanted:
            page = write_waiting_page(request)
            sealed = self._second_factors.seal(wanted.user, page, request.browser_binding)
            return session_pb2.LogInResponse(sealed_second_factor=sealed)
        return session_pb2.LogInResponse(
            session_token=token,
            expires_at=session.expires_at,
            parameters=write_parameters(parameters),
            remembered_browser=self._logins.browsers.remember(session),
        )

    def ProveSecondFactor(
        self, request: session_pb2.ProveSecondFactorRequest, context: grpc.ServicerContext
    ) -> session_pb2.ProveSecondFactorResponse:
        pending = self._second_factors.require_open(request.sealed_second_factor, request.browser_binding)
        back_to, parameters = open_waiting_page(self._pages, pending, request.browser_binding)
        with self._watch.over(back_to, parameters, request):
            token, session = self._second_factors.prove(
                pending,
                request.code,
                network_address=request.network_address,
                previous_token=request.session_token,
                remembered=request.remembered_browser,
            )
        return session_pb2.ProveSecondFactorResponse(
            session_token=token,
            expires_at=session.expires_at,
            parameters=write_parameters(parameters),
            back_to=WRITTEN_BACK_TO[back_to],
            remembered_browser=self._logins.browsers.remember(session),
        )

    def _log_in(self, request: session_pb2.LogInRequest) -> tuple[str, Session]:
        return self._logins.log_in(
            request.username,
            request.password,
            network_address=request.network_address,
            previous_token=request.session_token,
            remembered=request.remembered_browser,
        )

    def LogOut(self, request: session_pb2.LogOutRequest, context: grpc.ServicerContext) -> session_pb2.LogOutResponse:
        try:
            found = self._find_way_back(request)
            return session_pb2.LogOutResponse() if found is None else self._write_way_out(request, *found)
        finally:
            # Whatever becomes of the page, who signs out is signed out.
            self._logins.log_out(request.session_token)

    def _find_way_back(self, request: session_pb2.LogOutRequest) -> tuple[BackTo, Parameters] | None:
        binding = request.browser_binding
        if request.sealed_device_page:
            return BackTo.DEVICE, self._pages.devices.parameters_after_login(request.sealed_device_page, binding)
        if request.sealed_request:
            opened, _ = self._pages.endpoint.reopen(request.sealed_request, binding)
            return BackTo.AUTHORIZE, opened.parameters
        back_to = _BACK_TO.get(request.back_to)
        return None if back_to is None else (back_to, ())

    def _write_way_out(
        self, request: session_pb2.LogOutRequest, back_to: BackTo, parameters: Parameters
    ) -> session_pb2.LogOutResponse:
        # Who is still signed in at the provider would come back at once as the same user.
        anew = with_word(parameters, "prompt", "login")
        sign_out = self._sign_out.find(request.session_token, back_to, anew, browser_binding=request.browser_binding)
        if sign_out is None:
            return session_pb2.LogOutResponse(parameters=write_parameters(parameters))
        return session_pb2.LogOutResponse(parameters=write_parameters(anew), end_session_url=sign_out.url)
