"""UpstreamService: logins at other OpenID providers, for the facade."""

import grpc
from tokenhouse.v1 import back_to_pb2, upstream_pb2_grpc
from tokenhouse.v1 import upstream_pb2 as pb

from core.domain.policy import PolicySource
from core.domain.upstream.login import BackTo, FinishedLogin, UpstreamLogins
from core.domain.upstream.sign_out import UpstreamSignOut
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.authorization import write_parameters
from core.rpc.errors import reason_of
from core.rpc.sign_in_pages import SignInPages

_BACK_TO = {
    BackTo.AUTHORIZE: back_to_pb2.BACK_TO_AUTHORIZE,
    BackTo.DEVICE: back_to_pb2.BACK_TO_DEVICE,
    BackTo.CONSOLE: back_to_pb2.BACK_TO_CONSOLE,
    BackTo.ACCOUNT: back_to_pb2.BACK_TO_ACCOUNT,
}


class UpstreamServicer(upstream_pb2_grpc.UpstreamServiceServicer):
    """Proto → login or logout at a provider → proto."""

    def __init__(
        self,
        logins: UpstreamLogins,
        sign_out: UpstreamSignOut,
        pages: SignInPages,
        policy: PolicySource,
        outcomes: OutcomeMetrics,
    ) -> None:
        self._logins = logins
        self._sign_out = sign_out
        self._pages = pages
        self._policy = policy
        self._outcomes = outcomes

    def StartUpstreamLogin(
        self, request: pb.StartUpstreamLoginRequest, context: grpc.ServicerContext
    ) -> pb.StartUpstreamLoginResponse:
        back_to, parameters = self._pages.open(request)
        fresh = request.fresh or self._pages.wants_login(request)
        url = self._logins.start(
            request.provider, back_to, parameters, browser_binding=request.browser_binding, fresh=fresh
        )
        provider = self._policy.current.upstream.find(request.provider)
        return pb.StartUpstreamLoginResponse(
            authorization_url=url, label=request.provider if provider is None else provider.label
        )

    def FinishUpstreamLogin(
        self, request: pb.FinishUpstreamLoginRequest, context: grpc.ServicerContext
    ) -> pb.FinishUpstreamLoginResponse:
        finished = self._finish(request)
        return pb.FinishUpstreamLoginResponse(
            session_token=finished.session_token,
            expires_at=finished.session.expires_at,
            back_to=_BACK_TO[finished.back_to],
            parameters=write_parameters(finished.parameters),
        )

    def FinishUpstreamLogout(
        self, request: pb.FinishUpstreamLogoutRequest, context: grpc.ServicerContext
    ) -> pb.FinishUpstreamLogoutResponse:
        back_to, parameters = self._sign_out.come_back(request.state, browser_binding=request.browser_binding)
        return pb.FinishUpstreamLogoutResponse(back_to=_BACK_TO[back_to], parameters=write_parameters(parameters))

    def _finish(self, request: pb.FinishUpstreamLoginRequest) -> FinishedLogin:
        answer = [(parameter.name, parameter.value) for parameter in request.parameters]
        try:
            finished = self._logins.finish(
                request.provider,
                answer,
                browser_binding=request.browser_binding,
                previous_token=request.session_token,
                network_address=request.network_address,
            )
        except Exception as error:
            self._outcomes.login(reason_of(error))
            raise
        self._outcomes.login("SUCCEEDED")
        return finished
