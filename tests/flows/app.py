"""An app that speaks OAuth by hand, so that a story can do what no library lets it do."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx

from tests.flows.browser import Person
from tests.flows.callback import Callback
from tests.patience import PATIENCE
from tests.plain_http import NOBODY


class App:
    """A registered public client with a listener of its own."""

    def __init__(self, issuer: str, callback: Callback, http: httpx.AsyncClient, client_id: str) -> None:
        self.issuer = issuer
        self.callback = callback
        self.http = http
        self.client_id = client_id
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(24)

    def authorization_url(self, **extra: str) -> str:
        """RFC 6749 §4.1.1 with RFC 7636 §4.3."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/oauth/v1/authorize?{urlencode(parameters | extra)}"

    async def take_code(self) -> str:
        """The code that the browser has brought, with the state and the issuer that belong to it (RFC 9207)."""
        answer = await self.callback.answer()
        assert (answer["state"], answer["iss"]) == (self.state, self.issuer)
        return answer["code"]

    async def get_code(self, person: Person) -> str:
        """A code that this person, who has not signed in yet, allows."""
        await person.connect(self.authorization_url())
        return await self.take_code()

    async def get_tokens(self, person: Person) -> dict[str, str]:
        """Tokens that this person allows."""
        redeemed = await self.redeem(await self.get_code(person))
        assert redeemed.status_code == 200, redeemed.text
        tokens: dict[str, str] = redeemed.json()
        return tokens

    async def redeem(self, code: str) -> httpx.Response:
        """RFC 6749 §4.1.3."""
        return await self._post(
            "token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.callback.redirect_uri,
            code_verifier=self.verifier,
        )

    async def refresh(self, refresh_token: str) -> httpx.Response:
        """RFC 6749 §6."""
        return await self._post("token", grant_type="refresh_token", refresh_token=refresh_token)

    async def revoke(self, token: str) -> httpx.Response:
        """RFC 7009 §2.1."""
        return await self._post("revoke", token=token)

    async def _post(self, endpoint: str, **form: str) -> httpx.Response:
        url = f"{self.issuer}/oauth/v1/{endpoint}"
        return await self.http.post(url, data={"client_id": self.client_id, **form})


@asynccontextmanager
async def register_app(issuer: str, name: str = "An app", redirect_uri: str | None = None) -> AsyncIterator[App]:
    """Register a client (RFC 7591 §3.1); its redirect URI is its own listener unless another one is named."""
    async with Callback() as callback, httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=NOBODY) as http:
        callback.redirect_uri = redirect_uri or callback.redirect_uri
        metadata = {"client_name": name, "redirect_uris": [callback.redirect_uri]}
        registered = await http.post(f"{issuer}/oauth/v1/register", json=metadata)
        assert registered.status_code == 201, registered.text
        yield App(issuer, callback, http, registered.json()["client_id"])


def refusal(response: httpx.Response) -> tuple[int, str]:
    """The status and the error of a refusal (RFC 6749 §5.2)."""
    return response.status_code, response.json()["error"]
