"""What somebody may hold, and every door of this server that one such thing opens."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx
from tokenhouse.v1 import client_admin_pb2, client_admin_pb2_grpc, validation_pb2, validation_pb2_grpc

from facade.cookies import Browser
from facade.csrf import csrf_token
from tests.attacks.asking import basic
from tests.attacks.desk import DEVICE_GRANT_TYPE, REVOKE, TOKEN, Desk
from tests.facade.road import hidden_fields
from tests.patience import PATIENCE

_INTROSPECT = "/oauth/v1/introspect"
_BROWSER, _SESSION = "tokenhouse-browser", "tokenhouse-session"
#: Where proxies and careless servers put who somebody is.
IDENTITY_HEADERS = (
    "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Access-Token", "X-Auth-Request-User", "X-Remote-User",
    "Remote-User", "Remote_User", "X_Forwarded_User", "X-Api-Key", "X-Access-Token", "X-Session", "X-Client-Id",
    "X-Client-Cert", "X-User-Id", "From",
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """Everything that one signed-in user and their client hold, each good for one thing and not yet used for it."""

    things: dict[str, str]
    #: Consent forms, each of a request of its own, by the door that is tried with it.
    forms: dict[str, dict[str, str]]
    #: The client of the devices.
    device_client: str
    #: A resource server that asks over HTTP, and its secret.
    server: tuple[str, str]
    #: A refresh token of another grant of the same client, for requests in which it is not what is tried.
    spare: str


def gather(desk: Desk) -> Held:
    """New ones."""
    tokens, spare = desk.tokens(), desk.tokens()["refresh_token"]
    forms = {
        name: hidden_fields(desk.visit.start(), "/consent") for name in ("browser", "form token", "sealed request")
    }
    things = {
        "access token": tokens["access_token"],
        "refresh token": tokens["refresh_token"],
        "code": desk.code(),
        "session": desk.visit.browser.cookies[_SESSION],
        "browser": desk.visit.browser.cookies[_BROWSER],
        "sealed request": forms["sealed request"]["sealed_request"],
        "form token": forms["form token"]["csrf_token"],
        "device code": desk.device_code(),
        "device page": hidden_fields(desk.device_question()[1], "/device/consent")["sealed_device_page"],
        "client_id": desk.client_id,
    }
    return Held(things, forms, desk.device_client_id, _add_server(desk), spare)


def _add_server(desk: Desk) -> tuple[str, str]:
    pair = desk.pair
    request = client_admin_pb2.CreateClientRequest(
        resources=[pair.issuer], token_endpoint_auth_method="client_secret_basic"
    )
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock", [("grpc.enable_http_proxy", 0)]) as channel:
        operator = client_admin_pb2_grpc.ClientAdminServiceStub(channel)
        added = operator.CreateClient(request, timeout=PATIENCE, wait_for_ready=True)
    return added.client.client_id, added.client_secret


class Doors:
    """Tries one thing at one door; whether it opened."""

    def __init__(self, desk: Desk, other_client: str, held: Held) -> None:
        self._desk = desk
        self._other_client = other_client
        self._held = held

    def redemption(self, thing: str) -> bool:
        """As a code."""
        return self._desk.visit.redeem(thing).status_code == 200

    def refresh(self, thing: str) -> bool:
        """As a refresh token."""
        return self._desk.refresh(thing).status_code == 200

    def poll(self, thing: str) -> bool:
        """As a device code."""
        form = {"grant_type": DEVICE_GRANT_TYPE, "device_code": thing, "client_id": self._held.device_client}
        return self._desk.pair.client.post(TOKEN, data=form).status_code == 200

    def device_page(self, thing: str) -> bool:
        """As the page for a device that is decided; who holds the browser's cookie can make the right form token."""
        things = self._held.things
        token = csrf_token(Browser(things["browser"]), "device consent", things["session"], thing)
        form = {"sealed_device_page": thing, "csrf_token": token, "decision": "allow"}
        cookies = {"Cookie": f"{_BROWSER}={things['browser']}; {_SESSION}={things['session']}"}
        return self._plain("POST", "/device/consent", cookies, data=form).status_code == 200

    def client_secret(self, thing: str) -> bool:
        """As the client's secret in the body, or behind Basic, or as a Bearer token."""
        form = {"grant_type": "refresh_token", "refresh_token": self._held.spare}
        post = self._desk.pair.client.post
        return 200 in (
            self._desk.post(TOKEN, **form, client_secret=thing).status_code,
            post(TOKEN, data=form, headers=basic(self._desk.client_id, thing)).status_code,
            self._desk.pair.client.post(
                TOKEN, data=form | {"client_id": self._desk.client_id}, headers={"Authorization": f"Bearer {thing}"}
            ).status_code,
        )

    def session(self, thing: str) -> bool:
        """As the cookie of a browser that is signed in."""
        return self._is_known({"Cookie": f"{_BROWSER}={self._held.things['browser']}; {_SESSION}={thing}"})

    def header(self, thing: str) -> bool:
        """In every header and parameter that could say who somebody is."""
        headers = dict.fromkeys(IDENTITY_HEADERS, thing) | {"Authorization": f"Bearer {thing}"}
        return self._is_known(headers, access_token=thing, id_token_hint=thing, login_hint=thing, user=thing)

    def browser(self, thing: str) -> bool:
        """As the cookie that names the browser, with that browser's own form."""
        return self._decide(self._held.forms["browser"], browser=thing)

    def form_token(self, thing: str) -> bool:
        """As the token that says that a form is from a page of ours."""
        return self._decide(self._held.forms["form token"] | {"csrf_token": thing})

    def sealed_request(self, thing: str) -> bool:
        """As the request that is decided; who holds the browser's cookie can make the right form token for it."""
        things = self._held.things
        token = csrf_token(Browser(things["browser"]), "consent", things["session"], thing)
        return self._decide({"sealed_request": thing, "csrf_token": token})

    def validation(self, thing: str) -> bool:
        """As an access token."""
        pair = self._desk.pair
        question = validation_pb2.ValidateTokenRequest(token=thing, audience=pair.issuer)
        with grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}", [("grpc.enable_http_proxy", 0)]) as channel:
            service = validation_pb2_grpc.ValidationServiceStub(channel)
            return bool(service.ValidateToken(question, timeout=PATIENCE, wait_for_ready=True).active)

    def introspection(self, thing: str) -> bool:
        """As a token that a resource server asks about, or as what lets somebody ask about a good one."""
        post, things = self._desk.pair.client.post, self._held.things
        told = post(_INTROSPECT, data={"token": thing}, headers=basic(*self._held.server)).json()
        about = {"token": things["access token"]}
        return told["active"] or 200 in (
            post(_INTROSPECT, data=about, headers={"Authorization": f"Bearer {thing}"}).status_code,
            post(_INTROSPECT, data=about, headers=basic(self._held.server[0], thing)).status_code,
            post(_INTROSPECT, data=about | {"client_id": self._desk.client_id, "client_secret": thing}).status_code,
            post(_INTROSPECT, data=about | {"client_id": thing}).status_code,
        )

    def revocation(self, thing: str) -> bool:
        """As a token that another client wants to end: 200, and whether it did shows at its own door."""
        return self._desk.post(REVOKE, token=thing, client_id=self._other_client).status_code != 200

    def _is_known(self, headers: dict[str, str], **parameters: str) -> bool:
        """Whether a request that may show no page finds a user who is signed in (OpenID Connect Core §3.1.2.6)."""
        asked = self._desk.visit.parameters(prompt="none", **parameters)
        response = self._plain("GET", "/oauth/v1/authorize", headers, params=asked)
        return parse_qs(urlsplit(response.headers["location"]).query)["error"] != ["login_required"]

    def _decide(self, form: dict[str, str], browser: str = "") -> bool:
        things = self._held.things
        cookies = {"Cookie": f"{_BROWSER}={browser or things['browser']}; {_SESSION}={things['session']}"}
        return "location" in self._plain("POST", "/consent", cookies, data=form | {"decision": "allow"}).headers

    def _plain(self, method: str, path: str, headers: dict[str, str], **body: dict[str, str]) -> httpx.Response:
        return self._desk.pair.client.request(method, path, headers=headers, **body)  # type: ignore[arg-type]


#: Each door, and what opens it.
DOORS: dict[str, tuple[Callable[[Doors, str], bool], str | None]] = {
    "revocation": (Doors.revocation, None),
    "client secret": (Doors.client_secret, None),
    "header": (Doors.header, None),
    "validation": (Doors.validation, "access token"),
    "introspection": (Doors.introspection, "access token"),
    "session": (Doors.session, "session"),
    "redemption": (Doors.redemption, "code"),
    "refresh": (Doors.refresh, "refresh token"),
    "browser": (Doors.browser, "browser"),
    "form token": (Doors.form_token, "form token"),
    "sealed request": (Doors.sealed_request, "sealed request"),
    "poll": (Doors.poll, "device code"),
    "device page": (Doors.device_page, "device page"),
}
