"""UpstreamService: logins at other OpenID providers, for the facade."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import grpc
from tokenhouse.v1 import upstream_pb2 as pb
from tokenhouse.v1 import upstream_pb2_grpc

from core.domain.errors import Refusal
from core.domain.policy import PolicySource
from core.domain.sessions.remembered_browser import RememberedBrowsers
from core.domain.upstream.login import BackTo, FinishedLogin, Parameters, UpstreamLogins
from core.domain.upstream.sign_out import UpstreamSignOut
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.authorization import write_parameters
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.errors import reason_of
from core.rpc.sign_in_pages import WRITTEN_BACK_TO, SignInPages


class UpstreamServicer(upstream_pb2_grpc.UpstreamServiceServicer):
    """Proto → login or logout at a provider → proto."""

    def __init__(
        self,
        logins: UpstreamLogins,
        browsers: RememberedBrowsers,
        sign_out: UpstreamSignOut,
        pages: SignInPages,
        policy: PolicySource,
        outcomes: OutcomeMetrics,
        notes: ConnectionNotes,
    ) -> None:
        self._logins = logins
        self._browsers = browsers
        self._sign_out = sign_out
        self._pages = pages
        self._policy = policy
        self._outcomes = outcomes
        self._notes = notes

    def StartUpstreamLogin(
        self, request: pb.StartUpstreamLoginRequest, context: grpc.ServicerContext
    ) -> pb.StartUpstreamLoginResponse:
        back_to, parameters = self._pages.open(request)
        fresh = request.fresh or self._pages.wants_login(request)
        with _leading_back(back_to), self._noting((back_to, parameters), request.browser_binding, "", "went_elsewhere"):
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
        answer = [(parameter.name, parameter.value) for parameter in request.parameters]
        begun = self._logins.find_way_back(answer, browser_binding=request.browser_binding)
        with (
            _leading_back(begun and begun[0]),
            self._noting(begun, request.browser_binding, request.network_address, "succeeded"),
        ):
            finished = self._finish(request, answer)
        return pb.FinishUpstreamLoginResponse(
            session_token=finished.session_token,
            expires_at=finished.session.expires_at,
            back_to=WRITTEN_BACK_TO[finished.back_to],
            parameters=write_parameters(finished.parameters),
            remembered_browser=self._browsers.remember(finished.session),
        )

    def FinishUpstreamLogout(
        self, request: pb.FinishUpstreamLogoutRequest, context: grpc.ServicerContext
    ) -> pb.FinishUpstreamLogoutResponse:
        back_to, parameters = self._sign_out.come_back(request.state, browser_binding=request.browser_binding)
        return pb.FinishUpstreamLogoutResponse(
            back_to=WRITTEN_BACK_TO[back_to], parameters=write_parameters(parameters)
        )

    def _noting(
        self, begun: tuple[BackTo, Parameters] | None, browser_binding: bytes, network_address: str, good: str
    ) -> AbstractContextManager[None]:
        """A login for a page of this server's own is no step of a client's attempt to connect."""
        if begun is None or begun[0] is not BackTo.AUTHORIZE:
            return nullcontext()
        return self._notes.logging_in(begun[1], browser_binding, network_address, good=good)

    def _finish(self, request: pb.FinishUpstreamLoginRequest, answer: Parameters) -> FinishedLogin:
        try:
            finished = self._logins.finish(
                request.provider,
                answer,
                browser_binding=request.browser_binding,
                previous_token=request.session_token,
                network_address=request.network_address,
                remembered=request.remembered_browser,
            )
        except Exception as error:
            self._outcomes.login(reason_of(error))
            raise
        self._outcomes.login("SUCCEEDED")
        return finished


@contextmanager
def _leading_back(back_to: BackTo | None) -> Iterator[None]:
    """What goes wrong meanwhile knows where its user came from."""
    try:
        yield
    except Refusal as refusal:
        refusal.back_to = back_to or ""
        raise
