"""Requests to the endpoints for clients, good ones, and what can be wrong with one of any kind."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx

from tests.attacks.desk import DEVICE, DEVICE_GRANT_TYPE, FORM, REVOKE, TOKEN, Desk

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """One request, before it is sent."""

    url: str
    form: Pairs
    #: The parameter that holds the credential.
    secret: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: FORM)
    body: str | None = None

    def send(self, desk: Desk) -> httpx.Response:
        """Byte for byte; repeated and blank parameters stay."""
        content = urlencode(self.form) if self.body is None else self.body
        return desk.pair.client.request(self.method, self.url, content=content, headers=dict(self.headers))

    def with_value(self, name: str, value: str) -> "Asked":
        """The parameter with another value."""
        return replace(self, form=(*(pair for pair in self.form if pair[0] != name), (name, value)))

    def without(self, name: str) -> "Asked":
        """The parameter left out."""
        return replace(self, form=tuple(pair for pair in self.form if pair[0] != name))

    def also(self, name: str, value: str) -> "Asked":
        """One more parameter."""
        return replace(self, form=(*self.form, (name, value)))

    def value(self, name: str) -> str:
        """What the parameter says, or nothing."""
        return dict(self.form).get(name, "")


def redemption(desk: Desk) -> Asked:
    """A code."""
    form = (("grant_type", "authorization_code"), ("code", desk.code()), ("client_id", desk.client_id),
            ("redirect_uri", desk.visit.redirect_uri), ("code_verifier", desk.visit.verifier))  # fmt: skip
    return Asked(TOKEN, form, "code")


def refresh(desk: Desk) -> Asked:
    """A refresh token."""
    form = (("grant_type", "refresh_token"), ("refresh_token", desk.tokens()["refresh_token"]))
    return Asked(TOKEN, (*form, ("client_id", desk.client_id)), "refresh_token")


def revocation(desk: Desk) -> Asked:
    """A refresh token that is to end."""
    form = (("token", desk.tokens()["refresh_token"]), ("client_id", desk.client_id))
    return Asked(REVOKE, form, "token")


def poll(desk: Desk) -> Asked:
    """A device code."""
    form = (
        ("grant_type", DEVICE_GRANT_TYPE),
        ("device_code", desk.device_code()),
        ("client_id", desk.device_client_id),
    )
    return Asked(TOKEN, form, "device_code")


def device(desk: Desk) -> Asked:
    """A device that asks for its codes; it has no credential, and whatever it names can be named again."""
    return Asked(DEVICE, (("client_id", desk.device_client_id), ("scope", "mcp")), "scope")


ENDPOINTS: dict[str, Callable[[Desk], Asked]] = {
    "redemption": redemption,
    "refresh": refresh,
    "revocation": revocation,
    "poll": poll,
    "device": device,
}
#: What works once, whatever comes of it.
ONCE = frozenset({"redemption", "poll"})


def basic(client_id: str, secret: str = "made up") -> dict[str, str]:
    """An Authorization header (RFC 7617)."""
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def as_json(asked: Asked) -> Asked:
    """The same members as a JSON document."""
    return replace(asked, body=json.dumps(dict(asked.form)), headers={"content-type": "application/json"})


def in_url(asked: Asked) -> Asked:
    """The whole form in the query string, the body empty."""
    return replace(asked, url=f"{asked.url}?{urlencode(asked.form)}", form=())


def with_query(asked: Asked) -> Asked:
    """A good form, and one parameter of it in the URL, too."""
    return replace(asked, url=f"{asked.url}?client_id={asked.value('client_id')}")


def with_method(method: str) -> Callable[[Asked], Asked]:
    """Another method with the form in the URL."""
    return lambda asked: replace(in_url(asked), method=method, headers={})


def with_headers(asked: Asked, headers: Mapping[str, str]) -> Asked:
    """More headers."""
    return replace(asked, headers={**asked.headers, **headers})
