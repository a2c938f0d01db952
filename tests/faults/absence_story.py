"""What every endpoint answers while the core is away, and once it is back; each asked by a browser of its own."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
from tokenhouse.v1 import client_admin_pb2, client_admin_pb2_grpc, validation_pb2, validation_pb2_grpc

from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register
from tests.faults.absences import Absence
from tests.patience import PATIENCE
from tests.running import wait_until

#: For clients and scripts; for people; from memory; for whoever watches the processes.
API = (
    *("token with a code", "token with a refresh token", "token of a program", "revoke", "introspect", "register"),
    *("device authorization", "poll"),
)
PAGES = ("authorize", "login", "logout", "consent", "device", "device consent")
DOCUMENTS = {"metadata": "/.well-known/oauth-authorization-server", "jwks": "/oauth/v1/jwks"}
PROBES = {"livez": "/livez", "readyz": "/readyz"}

_LINES = ("LoginFailures = 0", "LoginFailuresPerNetwork = 0", "Registrations = 0", "[OAuth]", "CodeLifetime = 10m")
#: How long a service waits for the core, in seconds.
_VALIDATION_DEADLINE = 2

_RESOURCE = "https://reports.example.com/"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

Ask = Callable[[], httpx.Response]


@dataclass(frozen=True)
class Story:
    """What was answered."""

    before: Mapping[str, httpx.Response]
    during: Mapping[str, httpx.Response]
    after: Mapping[str, httpx.Response]
    #: What a service was told of a good token, while the core was away: the status of its call, or the answer.
    validation: grpc.StatusCode | validation_pb2.ValidateTokenResponse
    logs: str


def tell_story(absence: Absence, folder: Path) -> Story:
    """Let the core be away, and come back."""
    pair = Pair(folder, limit_lines=_LINES, core_module=absence.module, core_environment=absence.environment)
    with pair:
        documents = {name: _get(pair, path) for name, path in DOCUMENTS.items()}
        probes = {name: _get(pair, path) for name, path in PROBES.items()}
        asking, token = _prepare(pair)
        before = _ask_all(documents)
        absence.begin(pair)
        during = _ask_all(asking | documents | probes)
        validation = validate(pair, token)
        absence.end(pair)
        wait_until(lambda: _get(pair, "/readyz")().status_code == 200, "the core to be back")
        after = _ask_all(asking | documents | probes)
        return Story(before, during, after, validation, pair.facade_log.read_text() + pair.core_log.read_text())


def _prepare(pair: Pair) -> tuple[dict[str, Ask], str]:
    """One request for each endpoint, good at any time; and an access token that stays good."""
    client_id = register(pair)

    def visit() -> Visit:
        return Visit(pair, client_id)

    redeeming, refreshing, revoking = visit(), visit(), visit()
    code = redeeming.code()
    refresh_token = refreshing.redeem(refreshing.code()).json()["refresh_token"]
    revoked = revoking.redeem(revoking.code()).json()["refresh_token"]
    access_token = revoking.redeem(visit_again(revoking)).json()["access_token"]
    at_login, at_logout, at_consent, starting = visit(), visit(), visit(), visit()
    login_page, logout_page, consent_page = at_login.start(), at_logout.consent_page(), at_consent.consent_page()
    device: dict[str, object] = {"client_name": "A device", "grant_types": [_DEVICE]}
    device_client = _post_json(pair, device).json()["client_id"]
    started = _post(pair, "/oauth/v1/device_authorization", client_id=device_client).json()
    at_question = visit()
    at_question.log_in(at_question.start())
    question = at_question.send(at_question.browser.get("/device"), "/device", user_code=started["user_code"])
    program, service = _add_client(pair), _add_client(pair)
    return {
        "token of a program": lambda: _post(pair, "/oauth/v1/token", **program, grant_type="client_credentials"),
        "introspect": lambda: _post(pair, "/oauth/v1/introspect", **service, token=access_token),
        "device authorization": lambda: _post(pair, "/oauth/v1/device_authorization", client_id=device_client),
        "poll": lambda: _post(
            pair, "/oauth/v1/token", grant_type=_DEVICE, device_code=started["device_code"], client_id=device_client
        ),
        "device": lambda: httpx.get(f"{pair.base}/device", timeout=PATIENCE, verify=False),
        "device consent": lambda: at_question.send(question, "/device/consent", decision="allow"),
        "token with a code": lambda: redeeming.redeem(code),
        "token with a refresh token": lambda: _post(
            pair, "/oauth/v1/token", grant_type="refresh_token", refresh_token=refresh_token, client_id=client_id
        ),
        "revoke": lambda: _post(pair, "/oauth/v1/revoke", token=revoked, client_id=client_id),
        "register": lambda: _post_json(pair, {"redirect_uris": [REDIRECT_URI]}),
        "authorize": starting.start,
        "login": lambda: at_login.log_in(login_page),
        "logout": lambda: at_logout.send(logout_page, "/logout"),
        "consent": lambda: at_consent.send(consent_page, "/consent", decision="allow"),
    }, access_token


def _add_client(pair: Pair) -> dict[str, str]:
    """A client that an operator adds, a program and a resource server at once: what it says who it is with."""
    request = client_admin_pb2.CreateClientRequest(
        grant_types=["client_credentials"],
        scope=["mcp"],
        resources=[_RESOURCE],
        token_endpoint_auth_method="client_secret_post",
    )
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock") as channel:
        added = client_admin_pb2_grpc.ClientAdminServiceStub(channel).CreateClient(request, timeout=PATIENCE)
    return {"client_id": added.client.client_id, "client_secret": added.client_secret}


def visit_again(visit: Visit) -> str:
    """Another code, for a browser that is signed in."""
    answer = visit.send(visit.start(), "/consent", decision="allow")
    return httpx.URL(answer.headers["location"]).params["code"]


def _post(pair: Pair, path: str, **form: str) -> httpx.Response:
    return httpx.post(f"{pair.base}{path}", data=form, timeout=PATIENCE, verify=False)


def _post_json(pair: Pair, body: dict[str, object]) -> httpx.Response:
    return httpx.post(f"{pair.base}/oauth/v1/register", json=body, timeout=PATIENCE, verify=False)


def _get(pair: Pair, path: str) -> Ask:
    return lambda: httpx.get(f"{pair.base}{path}", timeout=PATIENCE, verify=False)


def _ask_all(asking: Mapping[str, Ask]) -> dict[str, httpx.Response]:
    with ThreadPoolExecutor(len(asking)) as pool:
        answers = [pool.submit(ask) for ask in asking.values()]
        return {name: answer.result() for name, answer in zip(asking, answers, strict=True)}


def validate(pair: Pair, token: str) -> grpc.StatusCode | validation_pb2.ValidateTokenResponse:
    """The status of a service's call, or the answer."""
    request = validation_pb2.ValidateTokenRequest(token=token, audience=pair.issuer)
    with grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}", [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            return validation_pb2_grpc.ValidationServiceStub(channel).ValidateToken(
                request, timeout=_VALIDATION_DEADLINE
            )
        except grpc.RpcError as error:
            return error.code()
