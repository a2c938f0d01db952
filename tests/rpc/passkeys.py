"""A user's authenticator, over gRPC."""

from tokenhouse.v1 import passkey_login_pb2, session_pb2
from tokenhouse.v1 import passkey_pb2 as pb

from tests.authenticator import Authenticator
from tests.rpc.road import BINDING, PASSWORD, Road
from tests.serving import DEADLINE, ISSUER

ADDRESS = "192.0.2.1"


class Keyring:
    """Makes passkeys for the road's user, and signs in with them."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.authenticator = Authenticator(ISSUER)

    def beginning(self, password: str = PASSWORD) -> pb.BeginPasskeyRequest:
        """The form that asks for one."""
        return pb.BeginPasskeyRequest(
            session_token=self.road.session_token, browser_binding=BINDING, password=password, network_address=ADDRESS
        )

    def adding(self, **changes: object) -> pb.AddPasskeyRequest:
        """What the browser has made; `changes` is what is wrong with it."""
        begun = self.road.serving.passkeys.BeginPasskey(self.beginning(), timeout=DEADLINE)
        return pb.AddPasskeyRequest(
            session_token=self.road.session_token,
            browser_binding=BINDING,
            sealed_challenge=begun.sealed_challenge,
            response=self.authenticator.create(begun.creation_options, **changes),
        )

    def add(self) -> pb.AddPasskeyResponse:
        """One more."""
        return self.road.serving.passkeys.AddPasskey(self.adding(), timeout=DEADLINE)

    def signing_in(
        self, form: session_pb2.LogInRequest | None = None, **changes: object
    ) -> passkey_login_pb2.LogInWithPasskeyRequest:
        """A login without a password, to where `form` leads."""
        form = form or self.road.login_request()
        question = passkey_login_pb2.OfferPasskeyLoginRequest(browser_binding=BINDING)
        offer = self.road.serving.passkey_logins.OfferPasskeyLogin(question, timeout=DEADLINE).offer
        return passkey_login_pb2.LogInWithPasskeyRequest(
            sealed_request=form.sealed_request,
            sealed_device_page=form.sealed_device_page,
            sealed_account_page=form.sealed_account_page,
            sealed_console=form.sealed_console,
            browser_binding=BINDING,
            answer=self._answer(offer, changes),
            network_address=ADDRESS,
        )

    def proving(self, **changes: object) -> passkey_login_pb2.ProvePasskeyRequest:
        """The second step of a login with a password."""
        service, form = self.road.serving, self.road.login_request()
        sealed = service.sessions.LogIn(form, timeout=DEADLINE).sealed_second_factor
        question = passkey_login_pb2.OfferPasskeySecondFactorRequest(
            sealed_second_factor=sealed, browser_binding=BINDING
        )
        offer = service.passkey_logins.OfferPasskeySecondFactor(question, timeout=DEADLINE).offer
        return passkey_login_pb2.ProvePasskeyRequest(
            sealed_second_factor=sealed,
            browser_binding=BINDING,
            answer=self._answer(offer, changes),
            network_address=ADDRESS,
        )

    def _answer(
        self, offer: passkey_login_pb2.PasskeyOffer, changes: dict[str, object]
    ) -> passkey_login_pb2.PasskeyAnswer:
        response = self.authenticator.get(offer.request_options, **changes)
        return passkey_login_pb2.PasskeyAnswer(sealed_challenge=offer.sealed_challenge, response=response)
