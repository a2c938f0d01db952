"""The MCP SDK's own client with its own OAuth, as an app on the user's machine uses it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.flows.callback import Callback
from tests.patience import PATIENCE

#: What the person does with the URL that the app opens in the browser.
Browsing = Callable[[str], Awaitable[None]]


class Keychain:
    """The SDK's TokenStorage: what the app keeps on the user's machine, longer than a connection lasts."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens of the last connection."""
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep the tokens."""
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """The registration."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep the registration."""
        self.client = client_info


class McpApp:
    """One installed app; what it opens in the browser goes to `browsing`, which a test may replace on the way."""

    def __init__(self, server_url: str, callback: Callback, browsing: Browsing, document: str | None = None) -> None:
        self.server_url = server_url
        self.callback = callback
        self.browsing = browsing
        self.keychain = Keychain()
        #: The authorization URLs it has opened.
        self.opened: list[str] = []
        self.oauth = OAuthClientProvider(
            server_url,
            OAuthClientMetadata(client_name="Notes on MCP", redirect_uris=[AnyUrl(callback.redirect_uri)]),
            self.keychain,
            redirect_handler=self._open_browser,
            callback_handler=self._wait_for_browser,
            client_metadata_url=document,
        )

    async def whoami(self) -> dict[str, Any]:
        """Connect, signing in where the SDK finds that it must, and call the tool."""
        async with (
            httpx2.AsyncClient(auth=self.oauth, timeout=PATIENCE, trust_env=False) as http,
            Client(streamable_http_client(self.server_url, http_client=http)) as client,
        ):
            result = await client.call_tool("whoami")
        assert not result.is_error, result
        answer = result.structured_content
        assert isinstance(answer, dict)
        return answer

    @property
    def tokens(self) -> OAuthToken:
        """What the keychain holds."""
        assert self.keychain.tokens is not None
        return self.keychain.tokens

    async def _open_browser(self, url: str) -> None:
        self.opened.append(url)
        await self.browsing(url)

    async def _wait_for_browser(self) -> AuthorizationCodeResult:
        answer = await self.callback.answer()
        return AuthorizationCodeResult(code=answer.get("code", ""), state=answer.get("state"), iss=answer.get("iss"))


@asynccontextmanager
async def install_app(server_url: str, browsing: Browsing, document: str | None = None) -> AsyncIterator[McpApp]:
    """An app with nothing in its keychain; `document` is where its makers describe it, if they do."""
    async with Callback() as callback:
        yield McpApp(server_url, callback, browsing, document)
