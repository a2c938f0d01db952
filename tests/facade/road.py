"""The road of a client through a running pair, without a browser: the steps that tests take again and again."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.plain_http import plain_client

REDIRECT_URI = "http://127.0.0.1:7777/callback"


class Site(Protocol):
    """A running server, as a browser and its clients see it."""

    @property
    def base(self) -> str:
        """Its URL without a path."""
        ...

    @property
    def issuer(self) -> str:
        """Its public address."""
        ...

    @property
    def client(self) -> httpx.Client:
        """For what is asked by no browser."""
        ...

    @property
    def password(self) -> str:
        """The first user's."""
        ...

    def url(self, path: str) -> str:
        """A path below the address's own."""
        ...


def register(pair: Site, *redirect_uris: str, name: str = "A test") -> str:
    """Registers a client and gives its client_id."""
    body = {"client_name": name, "redirect_uris": list(redirect_uris or (REDIRECT_URI,))}
    response = pair.client.post(pair.url("/oauth/v1/register"), json=body)
    assert response.status_code == 201, response.text
    client_id: str = response.json()["client_id"]
    return client_id


@dataclass
class Visit:
    """One browser on its way through login and consent; cookies as a browser keeps them."""

    pair: Site
    client_id: str
    redirect_uri: str = REDIRECT_URI
    state: str = "a state"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.browser = plain_client(self.pair.base)

    def parameters(self, **changes: str) -> dict[str, str]:
        """A whole authorization request."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        request = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return request | changes

    def start(self, **changes: str) -> httpx.Response:
        """Opens the authorization endpoint."""
        return self.browser.get(self.pair.url("/oauth/v1/authorize"), params=self.parameters(**changes))

    def log_in(self, page: httpx.Response, password: str | None = None, username: str = "admin") -> httpx.Response:
        """Sends the login form of `page`."""
        secret = self.pair.password if password is None else password
        return self.send(page, "/login", username=username, password=secret)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """Sends the form of `page` that goes to `action`, with `fields` filled in."""
        return self.browser.post(self.pair.url(action), data=hidden_fields(page, self.pair.url(action)) | fields)

    def consent_page(self, **changes: str) -> httpx.Response:
        """From the start to the consent page."""
        return self.browser.get(self.log_in(self.start(**changes)).headers["location"])

    def code(self) -> str:
        """The whole way, allowed."""
        answer = self.send(self.consent_page(), "/consent", decision="allow")
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def redeem(self, code: str, **changes: str) -> httpx.Response:
        """Sends the code to the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.pair.client.post(self.pair.url("/oauth/v1/token"), data=form | changes)


def seen_words(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    return words_of(page.text)


def words_of(text: str) -> str:
    """The same of a page's own text."""
    return unescape(re.sub(r"<[^>]*>", "", text))


def hidden_fields(page: httpx.Response, action: str) -> dict[str, str]:
    """The hidden inputs of the page's first form with this action, as a browser sends them."""
    form = re.search(rf'<form [^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page.text, re.S)
    assert form is not None, page.text
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group(1))
    return {name: unescape(value) for name, value in inputs}
