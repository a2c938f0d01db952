"""The steps of somebody who signs in at another provider, over gRPC."""

from dataclasses import dataclass, field
from random import randrange
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tokenhouse.v1 import session_pb2, upstream_pb2, user_admin_pb2

from tests.openid_provider import OpenIdProvider, ProviderVisit
from tests.rpc.road import BINDING, Road, register
from tests.serving import DEADLINE, Serving, parameters_of


@dataclass
class Away:
    """One user of the provider on the way to a client of the core."""

    serving: Serving
    provider: OpenIdProvider
    #: The `sub` at the provider.
    account: str
    road: Road = field(init=False)
    visit: ProviderVisit = field(init=False)
    #: Where the browser stands: what one test wastes is no other's.
    network: str = field(default_factory=lambda: f"10.{randrange(256)}.{randrange(256)}.{randrange(256)}")

    def __post_init__(self) -> None:
        self.road = Road(self.serving, client_id=register(self.serving))
        self.visit = ProviderVisit(self.provider)
        self.know()

    def know(self, **claims: Any) -> None:
        """What the provider says of the user."""
        email = f"{self.account}@example.com"
        good = {"preferred_username": self.account, "email": email, "email_verified": True, "groups": []}
        self.provider.know(self.account, **(good | claims))

    def starting(self, **parameters: str) -> upstream_pb2.StartUpstreamLoginRequest:
        """The button on the login page of an authorization request."""
        sealed = self.road.start(**parameters).login.sealed_request
        return upstream_pb2.StartUpstreamLoginRequest(
            provider="company", sealed_request=sealed, browser_binding=BINDING
        )

    def url(self, **parameters: str) -> str:
        """The address of the provider's sign-in page."""
        answer = self.serving.upstream.StartUpstreamLogin(self.starting(**parameters), timeout=DEADLINE)
        return str(answer.authorization_url)

    def answer(self, account: str | None = None, **parameters: str) -> dict[str, str]:
        """What the provider sends back with the browser."""
        return answer_in(self.visit.sign_in(self.url(**parameters), self.account if account is None else account))

    def finishing(self, answer: dict[str, str], **changes: Any) -> upstream_pb2.FinishUpstreamLoginRequest:
        """What the facade makes of it."""
        fields = {
            "provider": "company",
            "browser_binding": BINDING,
            "parameters": parameters_of(answer),
            "network_address": self.network,
        } | changes
        return upstream_pb2.FinishUpstreamLoginRequest(**fields)

    def finish(self, answer: dict[str, str]) -> upstream_pb2.FinishUpstreamLoginResponse:
        """Come back."""
        return self.serving.upstream.FinishUpstreamLogin(self.finishing(answer), timeout=DEADLINE)

    def sign_in(self) -> upstream_pb2.FinishUpstreamLoginResponse:
        """There and back again; the road goes on with the session."""
        finished = self.finish(self.answer())
        self.road.session_token = finished.session_token
        return finished

    def user(self, username: str | None = None) -> user_admin_pb2.User:
        """The user here."""
        request = user_admin_pb2.GetUserRequest(username=username or self.account)
        return self.serving.users.GetUser(request, timeout=DEADLINE).user

    def sign_out(self) -> session_pb2.LogOutResponse:
        """The button on the consent page."""
        sealed = self.road.start(self.road.session_token).consent.sealed_request
        request = session_pb2.LogOutRequest(
            session_token=self.road.session_token, sealed_request=sealed, browser_binding=BINDING
        )
        return self.serving.sessions.LogOut(request, timeout=DEADLINE)


def answer_in(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query))
