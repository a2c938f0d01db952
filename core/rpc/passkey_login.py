"""PasskeyLoginService: logins with passkeys, for the facade."""

import grpc
from tokenhouse.v1 import passkey_login_pb2 as pb
from tokenhouse.v1 import passkey_login_pb2_grpc

from core.domain.sessions.passkey_login import Offer, PasskeyLogins
from core.domain.sessions.remembered_browser import RememberedBrowsers
from core.domain.sessions.second_factor_login import SecondFactorLogins
from core.domain.sessions.session import Session
from core.domain.upstream.login import BackTo, Parameters
from core.rpc.authorization import write_parameters
from core.rpc.login_watch import LoginWatch
from core.rpc.sign_in_pages import WRITTEN_BACK_TO, SignInPages
from core.rpc.waiting_page import open_waiting_page


class PasskeyLoginServicer(passkey_login_pb2_grpc.PasskeyLoginServiceServicer):
    """Proto → a login with a passkey → proto."""

    def __init__(
        self,
        logins: PasskeyLogins,
        second_factors: SecondFactorLogins,
        browsers: RememberedBrowsers,
        pages: SignInPages,
        watch: LoginWatch,
    ) -> None:
        self._logins = logins
        self._second_factors = second_factors
        self._browsers = browsers
        self._pages = pages
        self._watch = watch

    def OfferPasskeyLogin(
        self, request: pb.OfferPasskeyLoginRequest, context: grpc.ServicerContext
    ) -> pb.OfferPasskeyLoginResponse:
        return pb.OfferPasskeyLoginResponse(offer=_write_offer(self._logins.offer(request.browser_binding)))

    def LogInWithPasskey(
        self, request: pb.LogInWithPasskeyRequest, context: grpc.ServicerContext
    ) -> pb.LogInWithPasskeyResponse:
        # Opened first: a login form of another browser, or an old one, uses no challenge up.
        back_to, parameters = self._pages.open(request)
        with self._watch.over(back_to, parameters, request):
            token, session = self._logins.log_in(
                request.answer.response,
                request.answer.sealed_challenge,
                browser_binding=request.browser_binding,
                network_address=request.network_address,
                previous_token=request.session_token,
                remembered=request.remembered_browser,
            )
        return pb.LogInWithPasskeyResponse(session=self._write_session(token, session, back_to, parameters))

    def OfferPasskeySecondFactor(
        self, request: pb.OfferPasskeySecondFactorRequest, context: grpc.ServicerContext
    ) -> pb.OfferPasskeySecondFactorResponse:
        pending = self._second_factors.require_open(request.sealed_second_factor, request.browser_binding)
        offer = self._logins.offer_second_factor(pending, request.browser_binding)
        return pb.OfferPasskeySecondFactorResponse(
            offer=_write_offer(offer), has_codes=self._second_factors.has_codes(pending)
        )

    def ProvePasskey(self, request: pb.ProvePasskeyRequest, context: grpc.ServicerContext) -> pb.ProvePasskeyResponse:
        pending = self._second_factors.require_open(request.sealed_second_factor, request.browser_binding)
        back_to, parameters = open_waiting_page(self._pages, pending, request.browser_binding)
        with self._watch.over(back_to, parameters, request):
            token, session = self._logins.prove(
                pending,
                request.answer.response,
                request.answer.sealed_challenge,
                browser_binding=request.browser_binding,
                network_address=request.network_address,
                previous_token=request.session_token,
                remembered=request.remembered_browser,
            )
        return pb.ProvePasskeyResponse(session=self._write_session(token, session, back_to, parameters))

    def _write_session(
        self, token: str, session: Session, back_to: BackTo, parameters: Parameters
    ) -> pb.PasskeySession:
        return pb.PasskeySession(
            session_token=token,
            expires_at=session.expires_at,
            parameters=write_parameters(parameters),
            back_to=WRITTEN_BACK_TO[back_to],
            remembered_browser=self._browsers.remember(session),
        )


def _write_offer(offer: Offer | None) -> pb.PasskeyOffer | None:
    if offer is None:
        return None
    options, sealed = offer
    return pb.PasskeyOffer(request_options=options, sealed_challenge=sealed)
