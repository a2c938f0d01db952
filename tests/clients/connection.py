"""One client on its way through a running server: a profile's data on the wire, in the profile's order."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urljoin

import httpx

from tests.clients import strict
from tests.clients.plain_browser import PlainBrowser
from tests.clients.profile import Pairs, Profile
from tests.plain_http import plain_client
from tests.ports import free_port
from tests.running import Running


class Connection:
    """A client that has heard of the server and nothing else."""

    def __init__(self, running: Running, profile: Profile, http: httpx.Client) -> None:
        self.profile = profile
        self._http = http
        self._http.headers.update(profile.headers)
        self._verifier = secrets.token_urlsafe(48)
        #: What `{…}` stands for in the profile.
        self.known = {
            "issuer": running.issuer,
            "resource": profile.resource,
            "state": profile.state,
            "verifier": self._verifier,
            "challenge": _challenge(self._verifier),
        }
        self.metadata: Mapping[str, Any] = {}

    def discover(self) -> None:
        """Ask one well-known path after the other; those of others are not there (404), and never an error."""
        for probe in self.profile.probes:
            url = urljoin(self.known["issuer"], probe)
            if self.profile.head_first:
                looked = self._http.head(url)
                assert (looked.status_code in (200, 404), looked.content) == (True, b"")
            self._ask_first("GET", url)
            found = self._http.get(url)
            if found.status_code == 200:
                self.metadata = strict.read_reply(found, 200, strict.METADATA, stored=True)
                break
            strict.read_reply(found, 404, strict.REFUSAL)
        # Compared as it stands, without any normalisation (RFC 8414 §3.3).
        assert self.metadata["issuer"] == self.known["issuer"]

    def register(self) -> None:
        """Registers on a port of this start; or relies on its document, which takes both of these facts."""
        if self.profile.document is not None:
            assert self.metadata["client_id_metadata_document_supported"] is True
            assert "none" in self.metadata["token_endpoint_auth_methods_supported"]
            self.known["client_id"] = str(self.profile.document["client_id"])
            return
        url = self.metadata["registration_endpoint"]
        self._ask_first("POST", url)
        ids = set()
        for _ in range(2):
            sent = self._registration()
            told = strict.read_reply(self._http.post(url, json=sent), 201, strict.REGISTRATION)
            # Clients look for their own URI in the answer, letter for letter, and begin again without it.
            expected = [uri for uri in sent["redirect_uris"] if uri in told["redirect_uris"]]
            assert told["redirect_uris"] == expected
            assert told["token_endpoint_auth_method"] == "none"
            assert "client_secret" not in told
            ids.add(told["client_id"])
        # Another port at the next start is no other client.
        (self.known["client_id"],) = ids

    def authorize(self, browser: PlainBrowser) -> None:
        """The user allows; the answer is what RFC 6749 §4.1.2 and RFC 9207 §2 say, with nothing in it twice."""
        self.known["redirect_uri"] = self.profile.redirect_uri.format(port=free_port())
        query = httpx.QueryParams(self._filled(self.profile.authorize))
        location = browser.approve(f"{self.metadata['authorization_endpoint']}?{query}")
        target, _, added = location.partition("?")
        assert target == self.known["redirect_uri"]
        pairs = parse_qsl(added, keep_blank_values=True, strict_parsing=True)
        answer = dict(pairs)
        assert len(answer) == len(pairs)
        self.known["code"] = answer.pop("code")
        expected = {"state": self.profile.state, "iss": self.known["issuer"]}
        assert answer == {name: value for name, value in expected.items() if value}

    def redeem(self) -> dict[str, Any]:
        """Tokens for the code."""
        return self._take(self._post(self.profile.token))

    def refresh(self) -> dict[str, Any]:
        """Refresh with as many of its processes at once as it has: all get the same successor (grants, racing)."""
        form = self._filled(self.profile.refresh)
        with ThreadPoolExecutor(self.profile.refreshes_at_once) as processes:
            replies = list(processes.map(self._send, [form] * self.profile.refreshes_at_once))
        tokens = [strict.read_reply(reply, 200, strict.TOKENS) for reply in replies]
        assert len({each["refresh_token"] for each in tokens}) == 1
        return self._take(replies[0])

    def refuse(self) -> tuple[int, str]:
        """The status and the error of a refresh that is refused."""
        reply = self._post(self.profile.refresh)
        return reply.status_code, strict.read_reply(reply, reply.status_code, strict.REFUSAL)["error"]

    def revoke(self) -> None:
        """Sign off (RFC 7009); after that the refresh token is refused in the one way that makes clients begin anew."""
        url = self.metadata["revocation_endpoint"]
        form = {"token": self.known["refresh_token"], "client_id": self.known["client_id"]}
        assert self._http.post(url, data=form).status_code == 200
        assert self.refuse() == (400, "invalid_grant")

    def _registration(self) -> dict[str, Any]:
        assert self.profile.registration is not None
        port = free_port()
        sent = dict(self.profile.registration)
        sent["redirect_uris"] = [uri.format(port=port) for uri in _texts(sent["redirect_uris"])]
        return sent

    def _take(self, reply: httpx.Response) -> dict[str, Any]:
        tokens = strict.read_reply(reply, 200, strict.TOKENS)
        assert tokens["token_type"] == "Bearer"
        self.known |= {"refresh_token": tokens["refresh_token"], "scope": tokens["scope"]}
        return tokens

    def _post(self, pairs: Pairs) -> httpx.Response:
        self._ask_first("POST", self.metadata["token_endpoint"])
        return self._send(self._filled(pairs))

    def _send(self, form: Pairs) -> httpx.Response:
        content = str(httpx.QueryParams(form)).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return self._http.post(self.metadata["token_endpoint"], content=content, headers=kind)

    def _filled(self, pairs: Pairs) -> Pairs:
        return tuple((name, value.format_map(self.known)) for name, value in pairs)

    def _ask_first(self, method: str, url: str) -> None:
        """A preflight, where the client is a page (Fetch §3.3.2, §4.9): what it is about to send has to be allowed."""
        if self.profile.origin is None:
            return
        names = ["content-type", *map(str.lower, self.profile.headers)]
        asked = {"Origin": self.profile.origin, "Access-Control-Request-Method": method}
        told = self._http.options(url, headers=asked | {"Access-Control-Request-Headers": ",".join(sorted(names))})
        assert told.status_code in (200, 204)
        assert told.headers["access-control-allow-origin"] in ("*", self.profile.origin)
        assert method.lower() in _listed(told, "access-control-allow-methods")
        assert set(names) <= _listed(told, "access-control-allow-headers")


def open_http() -> httpx.Client:
    """A client's way to the server."""
    return plain_client()


def _listed(response: httpx.Response, name: str) -> set[str]:
    return {each.strip().lower() for each in response.headers[name].split(",")}


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
