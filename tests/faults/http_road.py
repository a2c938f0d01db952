"""The same road where the token endpoint and the revocation endpoint are the facade's."""

import time
from dataclasses import dataclass, field

import httpx
from tokenhouse.v1 import token_pb2

from tests.faults.promises import Promise, PromiseKind
from tests.faults.road import REDIRECT_URI, Held, Road
from tests.patience import PATIENCE
from tests.plain_http import plain_client

#: Between two tries to connect, in seconds.
_PAUSE = 0.02


class Refused(Exception):
    """What an HTTP client is told instead of what it asked for."""

    def __init__(self, response: httpx.Response) -> None:
        self.status: int = response.status_code
        self.error: str = response.json()["error"]
        super().__init__(f"{self.status} {self.error}")


def http_client(url: str) -> httpx.Client:
    """A client of the facade at `url`; to be closed."""
    return plain_client(url)


@dataclass
class HttpRoad(Road):
    """As `Road`; what the facade refuses is raised as Refused, and what it does not answer as httpx.TransportError.

    Where nobody listens nothing was sent: it is sent when somebody does.
    """

    http: httpx.Client = field(kw_only=True)

    def revoke(self, held: Held) -> None:
        form = {"token": held.refresh_token, "client_id": held.client_id}
        self._post("/oauth/v1/revoke", form)
        self.promise(Promise(PromiseKind.REVOKED, held.grant_id.hex()))

    def _send(self, request: token_pb2.IssueTokenRequest) -> token_pb2.IssueTokenResponse:
        form = {"client_id": request.client.client_id}
        if request.WhichOneof("grant") == "refresh_token":
            form |= {"grant_type": "refresh_token", "refresh_token": request.refresh_token.refresh_token}
        else:
            grant = request.authorization_code
            form |= {"grant_type": "authorization_code", "code": grant.code, "code_verifier": grant.code_verifier}
            form |= {"redirect_uri": REDIRECT_URI}
        tokens = self._post("/oauth/v1/token", form).json()
        return token_pb2.IssueTokenResponse(access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])

    def _post(self, path: str, form: dict[str, str]) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = self.http.post(path, data=form)
                break
            except httpx.ConnectError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)
        if response.status_code != 200:
            raise Refused(response)
        return response
