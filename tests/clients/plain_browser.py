"""A browser without scripts or a picture: it keeps cookies, sends the pages' forms and follows where they lead."""

import re
import ssl
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from tests.facade.road import hidden_fields
from tests.patience import PATIENCE
from tests.plain_http import NOBODY
from tests.running import PASSWORD

_ACTION = re.compile(r'<form method="post" action="([^"]+)">')


class PlainBrowser:
    """Somebody with a user name, from `with` on."""

    def __init__(self, username: str, password: str = PASSWORD, trusted: ssl.SSLContext | None = None) -> None:
        #: Who signs in.
        self.username = username
        self._password = password
        self._http = httpx.Client(follow_redirects=True, timeout=PATIENCE, trust_env=False, verify=trusted or NOBODY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def open(self, authorization_url: str) -> httpx.Response:
        """The page that the user gets to see, once signed in: the consent page, if nothing is wrong."""
        page = self._http.get(authorization_url)
        if _form(page, "/login") is None:
            return page
        return self._send(page, "/login", username=self.username, password=self._password)

    def decide(self, page: httpx.Response, decision: str = "allow") -> str:
        """Where the consent page's form sends the browser: the client's redirect URI, with the answer."""
        reply = self._send(page, "/consent", follow=False, decision=decision)
        # RFC 9700 §4.12: what was posted here is not posted there.
        assert reply.status_code == 303, reply.text
        return reply.headers["location"]

    def approve(self, authorization_url: str) -> str:
        """The whole road: where the browser is sent in the end."""
        return self.decide(self.open(authorization_url))

    def allow_device(self, link: str) -> None:
        """Open the link that a device shows, compare the code and allow it (RFC 8628 §3.3.1)."""
        (code,) = parse_qs(urlsplit(link).query)["user_code"]
        page = self._send(self.open(link), "/device", user_code=code)
        decided = self._send(page, "/device/consent", decision="allow")
        assert "Go back to your device" in decided.text, decided.text

    def visit(self, url: str) -> httpx.Response:
        """Go there, as a browser does that was sent to a client's listener."""
        return self._http.get(url)

    def _send(self, page: httpx.Response, ending: str, *, follow: bool = True, **fields: str) -> httpx.Response:
        action = _form(page, ending)
        assert action is not None, page.text
        url = urljoin(str(page.url), action)
        # The pages' own policy lets forms go nowhere else (CSP form-action 'self').
        assert urlsplit(url)[:2] == urlsplit(str(page.url))[:2]
        return self._http.post(url, data=hidden_fields(page, action) | fields, follow_redirects=follow)


def _form(page: httpx.Response, ending: str) -> str | None:
    return next((action for action in _ACTION.findall(page.text) if urlsplit(action).path.endswith(ending)), None)
