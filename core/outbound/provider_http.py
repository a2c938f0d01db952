"""Guarded HTTP as a client library wants it: a session that posts forms and gets JSON, with its secrets in headers.

The issuer's own host is the operator's word, so it may stand in any network; what the provider's metadata name beside
it must be public, as everything that somebody else has chosen.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from core.domain.sayings import say
from core.outbound.guarded_http import Answer, Asking, CannotFetch, GuardedHttp

#: Metadata and keys of large providers take 20 KB.
_MOST = 256 * 1024
_FORM = "application/x-www-form-urlencoded"


class ClientAuthentication(Protocol):
    """How a request proves whose it is (`authlib.oauth2.ClientAuth`)."""

    def prepare(self, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
        """The request with the proof in it."""
        ...


@dataclass(frozen=True, slots=True)
class Response:
    """What the library reads of an answer."""

    status_code: int
    _body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body. Raises ValueError."""
        return json.loads(self._body)

    def raise_for_status(self) -> None:
        """Raises CannotFetch for anything but success."""
        if not 200 <= self.status_code < 300:
            raise CannotFetch(say("provider_status", status=self.status_code))


class ProviderHttp:
    """One provider's session."""

    def __init__(self, http: GuardedHttp, issuer: str) -> None:
        self._http = http
        self._own_host = urlsplit(issuer).hostname

    def post(
        self,
        url: str,
        data: Mapping[str, str],
        headers: Mapping[str, str],
        auth: ClientAuthentication,
    ) -> Response:
        """A form. Raises CannotFetch, TooBusy."""
        # A copy: the library's own dictionary is every provider's, and the proof is put into it.
        url, sent, body = auth.prepare("POST", url, {"Content-Type": _FORM, **headers}, urlencode(data))
        return _response(self._ask("POST", url, sent, body.encode("ascii")))

    def get_json(self, url: str, authorization: str = "") -> dict[str, Any]:
        """An object. Raises CannotFetch, TooBusy."""
        headers = {"Accept": "application/json"} | ({"Authorization": authorization} if authorization else {})
        answer = self._ask("GET", url, headers)
        response = _response(answer)
        response.raise_for_status()
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CannotFetch(say("provider_no_object"))
        return found

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 443
        except ValueError:
            raise CannotFetch(say("provider_no_url")) from None
        if parts.scheme != "https" or not host or parts.username is not None:
            raise CannotFetch(say("provider_no_https"))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asking = Asking(method, target, tuple(headers.items()), body, _MOST)
        shown = f"[{host}]" if ":" in host else host
        return self._http.ask(shown, port, asking, operators_own=host == self._own_host)


def _response(answer: Answer) -> Response:
    return Response(answer.status, answer.body)
