"""A walk past every page of a running server, by somebody who is an operator, too."""

import re
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
import pyotp
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from facade.branding import OURS
from facade.pages.rendering import Pages
from facade.settings import parse_address
from facade.texts.languages import CATALOGUES, choose_texts
from tests.authenticator import BE, UP, UV, Authenticator
from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import plain_client

_PASSWORD = "a long password for the gallery"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_RESOURCE = "https://mcp.example.com/mcp"


@dataclass(frozen=True)
class Shown:
    """One page; `template` is the name of what it was made from, `name` its own."""

    name: str
    template: str
    reply: httpx.Response
    #: An image that is its reader's alone, and gone later.
    image: httpx.Response | None = None


@dataclass
class Reader:
    """A browser with a language."""

    pair: Pair
    language: str
    browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Accept-Language": self.language}
        self.browser = plain_client(self.pair.base, headers=headers, follow_redirects=True)

    def get(self, path: str, **query: str) -> httpx.Response:
        """A page."""
        return self.browser.get(self.pair.url(path), params=query or None)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """The first form of the page that goes to `action`, and where that leads."""
        return self.browser.post(self.pair.url(action), data=hidden_fields(page, self.pair.url(action)) | fields)

    def sign_in(self, path: str, login: str, username: str = "ada") -> httpx.Response:
        """A page that asks for a login first."""
        return self.send(self.get(path), login, username=username, password=_PASSWORD)


class Gallery:
    """The pages, and what has to be there for them to have something to show."""

    def __init__(self, pair: Pair) -> None:
        """Adds users, an operator and others, and connects some apps."""
        self._pair = pair
        self._recovery_codes: dict[str, list[str]] = {}
        with grpc.insecure_channel(f"unix:{pair.folder / 'data' / 'admin.sock'}") as channel:
            users = {"ada": ["operators", "research"], "grace": ["research"]}
            users |= {f"{name}-{language}": ["research"] for language in CATALOGUES for name in ("lin", "kim")}
            for username, groups in users.items():
                user = user_admin_pb2.CreateUserRequest(username=username, password=_PASSWORD, groups=groups)
                UserAdminServiceStub(channel).CreateUser(user, timeout=PATIENCE)
        for language in CATALOGUES:
            self._make_passkeys(language)
        self._client_id = register(pair, name="Claude Code")
        for name in ("Visual Studio Code", "Positron"):
            visit = Visit(pair, register(pair, name=name))
            page = visit.browser.get(visit.log_in(visit.start(), _PASSWORD, "ada").headers["location"])
            answer = urlsplit(visit.send(page, "/consent", decision="allow").headers["location"])
            assert "refresh_token" in visit.redeem(parse_qs(answer.query)["code"][0]).json()

    def _make_passkeys(self, language: str) -> None:
        """Of one kind and of the other; then logins ask for one."""
        reader = Reader(self._pair, language)
        reader.sign_in("/account", "/account/login", f"kim-{language}")
        origin = self._pair.issuer.removesuffix(self._pair.path)
        for made in (Authenticator(origin), Authenticator(origin, flags=UP | UV)):
            page = reader.send(reader.get("/account/passkeys"), "/account/passkeys/begin", password=_PASSWORD)
            [options] = re.findall('data-options="([^"]*)"', page.text)
            name = "" if made.flags & BE else "Security key"
            response = made.create(unescape(options))
            added = reader.send(page, "/account/passkeys/add", response=response, name=name)
            if language not in self._recovery_codes:
                self._recovery_codes[language] = re.findall("<li>([A-Z2-7-]{19})</li>", added.text)

    def walk(self, language: str) -> Iterator[Shown]:
        """Every page, each of its templates at least once."""
        yield from self._connecting(language)
        yield copy_context().run(self._choosing_a_provider, language)
        yield copy_context().run(self._leaving, language)
        yield from self._connecting_a_device(language)
        reader = Reader(self._pair, language)
        yield Shown("account", "account.html", reader.sign_in("/account", "/account/login"))
        yield Shown("account_password", "account_password.html", reader.get("/account/password"))
        yield from self._passkeys(language)
        yield from self._second_factor(language)
        yield from self._console(Reader(self._pair, language))
        other = Reader(self._pair, language).sign_in("/admin", "/admin/login", "grace")
        yield Shown("console_not_an_operator", "console/not_an_operator.html", other)

    def _connecting(self, language: str) -> Iterator[Shown]:
        reader = Reader(self._pair, language)
        request = Visit(self._pair, self._client_id).parameters(resource=_RESOURCE)
        login = reader.get("/oauth/v1/authorize", **request)
        yield Shown("login", "login.html", login)
        wrong = reader.send(login, "/login", username="ada", password="wrong")
        yield Shown("login_refused", "login.html", wrong)
        consent = reader.send(login, "/login", username="ada", password=_PASSWORD)
        yield Shown("consent", "consent.html", consent)
        refused = reader.get("/oauth/v1/authorize", **request | {"redirect_uri": "https://app.example.com/callback"})
        yield Shown("error", "error.html", refused)

    def _choosing_a_provider(self, language: str) -> Shown:
        """As it is made where the settings have providers; the login form stays what it is."""
        values = {
            "way": "client",
            "client_name": "Claude Code",
            "local_users": True,
            "carried": {},
            "csrf_token": "",
            "login_url": self._pair.url("/login"),
            "providers": [("company", "Example Inc."), ("university", "Example University")],
            "carried_to_provider": {},
            "provider_csrf_token": "",
            "passkey": None,
            "provider_url": self._pair.url("/login/upstream"),
            "username": "",
            "problem": None,
            "kept_out": "",
        }
        return self._made("login_providers", "login.html", language, values)

    def _leaving(self, language: str) -> Shown:
        """As it is made; where it leads is somebody else's server."""
        values = {"url": "https://login.example.com/authorize", "label": "Example Inc.", "signing_out": False}
        return self._made("leaving", "leaving.html", language, values)

    def _made(self, name: str, template: str, language: str, values: dict[str, object]) -> Shown:
        choose_texts([language])
        made = Pages(parse_address(self._pair.issuer), replace(OURS, name="Example")).render(template, values)
        headers = [*made.headers.items(), ("Content-Type", made.content_type or "")]
        return Shown(name, template, httpx.Response(200, headers=headers, content=made.body))

    def _connecting_a_device(self, language: str) -> Iterator[Shown]:
        body = {"client_name": "A terminal", "grant_types": [_DEVICE_GRANT, "refresh_token"]}
        client_id = self._pair.client.post(self._pair.url("/oauth/v1/register"), json=body).json()["client_id"]
        form = {"client_id": client_id, "resource": _RESOURCE}
        started = self._pair.client.post(self._pair.url("/oauth/v1/device_authorization"), data=form).json()
        reader = Reader(self._pair, language)
        device = reader.sign_in("/device", "/device/login")
        yield Shown("device", "device.html", device)
        consent = reader.send(device, "/device", user_code=started["user_code"])
        yield Shown("device_consent", "consent.html", consent)
        decided = reader.send(consent, "/device/consent", decision="allow")
        yield Shown("device_decided", "device_decided.html", decided)

    def _second_factor(self, language: str) -> Iterator[Shown]:
        """Of somebody who switches it on, and is asked for it then."""
        reader, username = Reader(self._pair, language), f"lin-{language}"
        reader.sign_in("/account", "/account/login", username)
        off = reader.get("/account/second-factor")
        yield Shown("second_factor_off", "account_second_factor.html", off)
        waiting = reader.send(off, "/account/second-factor/begin")
        image = reader.get("/account/second-factor/qr")
        yield Shown("second_factor_waiting", "account_second_factor.html", waiting, image)
        [secret] = re.findall(r'<p class="detail">([A-Z2-7 ]+)</p>', waiting.text)
        code = pyotp.TOTP(secret.replace(" ", "")).now()
        confirmed = reader.send(waiting, "/account/second-factor/confirm", code=code, password=_PASSWORD)
        yield Shown("recovery_codes", "recovery_codes.html", confirmed)
        yield Shown("second_factor_on", "account_second_factor.html", reader.get("/account/second-factor"))
        asked = Reader(self._pair, language).sign_in("/account", "/account/login", username)
        yield Shown("second_factor_login", "second_factor_login.html", asked)

    def _passkeys(self, language: str) -> Iterator[Shown]:
        """Of somebody who has some."""
        reader, username = Reader(self._pair, language), f"kim-{language}"
        reader.sign_in("/account", "/account/login")
        begun = reader.send(reader.get("/account/passkeys"), "/account/passkeys/begin", password=_PASSWORD)
        yield Shown("passkey_new", "account_passkey_new.html", begun)
        asked = Reader(self._pair, language).sign_in("/account", "/account/login", username)
        yield Shown("passkey_login", "second_factor_login.html", asked)
        reader = Reader(self._pair, language)
        reader.send(
            reader.sign_in("/account", "/account/login", username),
            "/login/second-factor",
            code=self._recovery_codes[language].pop(),
        )
        yield Shown("passkeys", "account_passkeys.html", reader.get("/account/passkeys"))

    def _console(self, reader: Reader) -> Iterator[Shown]:
        def shown(name: str, reply: httpx.Response) -> Shown:
            return Shown(f"console_{name}", f"console/{name}.html", reply)

        yield shown("overview", reader.sign_in("/admin", "/admin/login"))
        for name in ("clients", "users", "grants", "keys", "connections", "statistics", "audit", "limits"):
            yield shown(name, reader.get(f"/admin/{name}"))
        yield shown("client", reader.get("/admin/client", client_id=self._client_id))
        yield shown("user", reader.get("/admin/user", username="ada"))
        grants = re.findall(r'/admin/grant\?grant_id=([^"&]+)', reader.get("/admin/grants").text)
        yield shown("grant", reader.get("/admin/grant", grant_id=grants[0]))
        asks = reader.get("/admin/act", act="revoke_client_tokens", target=self._client_id)
        yield shown("confirm", asks)
        yield shown("done", reader.send(asks, "/admin/act"))
        yield shown("nothing", reader.get("/admin/client", client_id="nobody"))
