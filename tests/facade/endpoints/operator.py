"""An operator at the console, and an app of theirs."""

from dataclasses import dataclass, field

import httpx

from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.plain_http import plain_client


@dataclass
class Operator:
    """A browser at the console."""

    pair: Pair
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = plain_client(self.pair.base)

    def get(self, path: str, **query: str) -> httpx.Response:
        """A page."""
        return self.browser.get(path, params=query or None)

    def sign_in(self, username: str = "admin", password: str | None = None) -> httpx.Response:
        """The first page, or what is shown instead."""
        fields = {"username": username, "password": self.pair.password if password is None else password}
        answer = self.send(self.get("/admin"), "/admin/login", **fields)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The form of the page that goes to `action`."""
        return self.browser.post(action, data=hidden_fields(page, action) | fields)

    def act(self, act: str, target: str) -> httpx.Response:
        """Opens the page that asks once more, and confirms."""
        return self.send(self.get("/admin/act", act=act, target=target), "/admin/act")


def connect(pair: Pair, name: str) -> tuple[str, str]:
    """A new app that the first user has let in: its client_id and its refresh token."""
    visit = Visit(pair, register(pair, name=name))
    token: str = visit.redeem(visit.code()).json()["refresh_token"]
    return visit.client_id, token


def refreshes(pair: Pair, client_id: str, token: str) -> bool:
    """Whether the token is good for another."""
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
    return pair.client.post("/oauth/v1/token", data=form).status_code == 200
