"""A telephone that makes a user's codes, over gRPC."""

import pyotp
from tokenhouse.v1 import second_factor_pb2 as pb
from tokenhouse.v1 import session_pb2

from tests.rpc.road import BINDING, PASSWORD, Road
from tests.serving import DEADLINE

ADDRESS = "192.0.2.1"


class Telephone:
    """Made known with `begin`, and asked for by every login after `confirm`."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.secret = ""
        self.recovery_codes: list[str] = []

    def begin(self) -> None:
        """Scan the secret."""
        service, token = self.road.serving.second_factors, self.road.session_token
        service.BeginSecondFactor(pb.BeginSecondFactorRequest(session_token=token), timeout=DEADLINE)
        state = service.GetSecondFactor(pb.GetSecondFactorRequest(session_token=token), timeout=DEADLINE)
        self.secret = state.waiting_secret

    def confirming(self) -> pb.ConfirmSecondFactorRequest:
        """The form with the first code."""
        return pb.ConfirmSecondFactorRequest(
            session_token=self.road.session_token, code=self.code(), password=PASSWORD, network_address=ADDRESS
        )

    def switch_on(self) -> None:
        """Scan, and send the first code, whose step is over then."""
        self.begin()
        answer = self.road.serving.second_factors.ConfirmSecondFactor(self.confirming(), timeout=DEADLINE)
        self.recovery_codes = list(answer.recovery_codes)
        self.road.serving.clock.advance(30)

    def code(self) -> str:
        """The code of now."""
        return pyotp.TOTP(self.secret).at(self.road.serving.clock.now())

    def proving(self, form: session_pb2.LogInRequest, code: str = "") -> session_pb2.ProveSecondFactorRequest:
        """The second step of a login that begins with `form`."""
        answer = self.road.serving.sessions.LogIn(form, timeout=DEADLINE)
        assert (answer.session_token, answer.expires_at, list(answer.parameters)) == ("", 0, [])
        return session_pb2.ProveSecondFactorRequest(
            sealed_second_factor=answer.sealed_second_factor,
            browser_binding=BINDING,
            code=code or self.code(),
            network_address=ADDRESS,
        )
