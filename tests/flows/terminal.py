"""A program in a terminal without a browser (RFC 8628), which knows nothing but the issuer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.patience import PATIENCE
from tests.plain_http import NOBODY

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


class Terminal:
    """A registered client that has asked for a code, and shows it."""

    def __init__(self, metadata: dict[str, str], http: httpx.AsyncClient, client_id: str) -> None:
        self._metadata = metadata
        self._http = http
        self.client_id = client_id
        #: RFC 8628 §3.2.
        self.shown: dict[str, str] = {}

    async def ask(self, **parameters: str) -> None:
        """RFC 8628 §3.1."""
        form = {"client_id": self.client_id, **parameters}
        answer = await self._http.post(self._metadata["device_authorization_endpoint"], data=form)
        assert answer.status_code == 200, answer.text
        self.shown = answer.json()

    async def poll(self) -> dict[str, str]:
        """Tokens, or why there are none yet (RFC 8628 §3.4, §3.5)."""
        form = {"grant_type": GRANT_TYPE, "device_code": self.shown["device_code"], "client_id": self.client_id}
        answer = await self._http.post(self._metadata["token_endpoint"], data=form)
        assert answer.status_code in (200, 400), answer.text
        told: dict[str, str] = answer.json()
        return told

    async def refresh(self, refresh_token: str) -> dict[str, str]:
        """RFC 6749 §6."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        told: dict[str, str] = (await self._http.post(self._metadata["token_endpoint"], data=form)).json()
        return told


@asynccontextmanager
async def open_terminal(issuer: str, name: str) -> AsyncIterator[Terminal]:
    """Find out where everything is (RFC 8414 §3), register (RFC 7591 §3.1), and ask."""
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=NOBODY) as http:
        metadata = (await http.get(f"{issuer}/.well-known/oauth-authorization-server")).json()
        assert GRANT_TYPE in metadata["grant_types_supported"]
        body = {"client_name": name, "grant_types": [GRANT_TYPE, "refresh_token"]}
        registered = await http.post(metadata["registration_endpoint"], json=body)
        assert registered.status_code == 201, registered.text
        terminal = Terminal(metadata, http, registered.json()["client_id"])
        await terminal.ask()
        yield terminal
