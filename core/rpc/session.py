"""SessionService: browser logins for the facade."""

import grpc
from tokenhouse.v1 import session_pb2, session_pb2_grpc

from core.domain.account.page import AccountPage
from core.domain.administration.operators import Operators
from core.domain.authorization.endpoint import AuthorizationEndpoint
from core.domain.grants.device_consent import DeviceConsent
from core.domain.sessions.login import Logins
from core.domain.sessions.session import Session
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.authorization import write_parameters
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.errors import reason_of


class SessionServicer(session_pb2_grpc.SessionServiceServicer):
    """Proto → login or logout → proto."""

    def __init__(
        self,
        logins: Logins,
        endpoint: AuthorizationEndpoint,
        devices: DeviceConsent,
        operators: Operators,
        account: AccountPage,
        outcomes: OutcomeMetrics,
        notes: ConnectionNotes,
    ) -> None:
        self._logins = logins
        self._endpoint = endpoint
        self._devices = devices
        self._operators = operators
        self._account = account
        self._outcomes = outcomes
        self._notes = notes

    def LogIn(self, request: session_pb2.LogInRequest, context: grpc.ServicerContext) -> session_pb2.LogInResponse:
        # Opened first: a login form of another browser, or an old one, never gets to try a password.
        parameters = self._parameters_after_login(request)
        if not request.sealed_request:
            # For a page of this server's own: no client waits for it.
            token, session = self._log_in(request)
        else:
            with self._notes.logging_in(parameters, request.network_address):
                token, session = self._log_in(request)
        return session_pb2.LogInResponse(
            session_token=token, expires_at=session.expires_at, parameters=write_parameters(parameters)
        )

    def _parameters_after_login(self, request: session_pb2.LogInRequest) -> tuple[tuple[str, str], ...]:
        if request.sealed_console:
            return self._operators.parameters_after_login(request.sealed_console, request.browser_binding)
        if request.sealed_device_page:
            return self._devices.parameters_after_login(request.sealed_device_page, request.browser_binding)
        if request.sealed_account_page:
            return self._account.parameters_after_login(request.sealed_account_page, request.browser_binding)
        return self._endpoint.parameters_after_login(request.sealed_request, request.browser_binding)

    def _log_in(self, request: session_pb2.LogInRequest) -> tuple[str, Session]:
        try:
            started = self._logins.log_in(
                request.username,
                request.password,
                network_address=request.network_address,
                previous_token=request.session_token,
            )
        except Exception as error:
            self._outcomes.login(reason_of(error))
            raise
        self._outcomes.login("SUCCEEDED")
        return started

    def LogOut(self, request: session_pb2.LogOutRequest, context: grpc.ServicerContext) -> session_pb2.LogOutResponse:
        self._logins.log_out(request.session_token)
        if request.sealed_device_page:
            page = self._devices.parameters_after_login(request.sealed_device_page, request.browser_binding)
            return session_pb2.LogOutResponse(parameters=write_parameters(page))
        if not request.sealed_request:
            return session_pb2.LogOutResponse()
        opened, _ = self._endpoint.reopen(request.sealed_request, request.browser_binding)
        return session_pb2.LogOutResponse(parameters=write_parameters(opened.parameters))
