"""The token endpoint's replies, one by one (RFC 6749 §5)."""

import base64
import json

import grpc
import pytest
from tokenhouse.v1.key_admin_pb2 import RotateSigningKeyRequest
from tokenhouse.v1.key_admin_pb2_grpc import KeyAdminServiceStub

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.serving import DEADLINE

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_TOKEN = "/oauth/v1/token"


@pytest.fixture(scope="module")
def client_id(pair: Pair) -> str:
    """A registered client."""
    return register(pair)


def test_a_code_becomes_tokens(pair: Pair, client_id: str) -> None:
    """RFC 6749 §5.1: the members, numbers as numbers, no null, and nobody stores it."""
    visit = Visit(pair, client_id)
    response = visit.redeem(visit.code())
    tokens = response.json()

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert tokens["token_type"] == "Bearer"
    assert type(tokens["expires_in"]) is int
    assert tokens["scope"] == "mcp"


def test_a_token_leaves_after_its_key(pair: Pair, client_id: str) -> None:
    """Whoever meets a "kid" they do not know fetches the JWK Set once more (RFC 7517 §4.5): by then it is there."""
    visit = Visit(pair, client_id)
    tokens = visit.redeem(visit.code()).json()
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock") as channel:
        operator: KeyAdminServiceStub = KeyAdminServiceStub(channel)
        for _ in range(5):
            before = _published(pair)
            made = operator.RotateSigningKey(RotateSigningKeyRequest(now=True), timeout=DEADLINE).key.key_id
            form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client_id}
            tokens = pair.client.post(_TOKEN, data=form).json()

            assert _key_id_of(tokens["access_token"]) == made
            assert made not in before
            assert made in _published(pair)


def _published(pair: Pair) -> set[str]:
    return {key["kid"] for key in pair.client.get("/oauth/v1/jwks").json()["keys"]}


def _key_id_of(access_token: str) -> str:
    return str(json.loads(base64.urlsafe_b64decode(access_token.partition(".")[0] + "=="))["kid"])


def test_a_refresh_token_becomes_tokens(pair: Pair, client_id: str) -> None:
    """RFC 6749 §6: a blank scope is absent, an unknown parameter is ignored, the refresh token rotates."""
    visit = Visit(pair, client_id)
    first = visit.redeem(visit.code()).json()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": first["refresh_token"],
        "client_id": client_id,
        "scope": "",
        "unknown": "x",
    }
    second = pair.client.post(_TOKEN, data=form)

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=authorization_code&code=", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unauthorized_client"),
        ("grant_type=authorization_code&code=thc_nonsense", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=thr_nonsense", "invalid_grant"),
        ("grant_type=authorization_code&code=a&code=b", "invalid_request"),
        ("grant_type=authorization_code&grant_type=authorization_code&code=a", "invalid_request"),
        ("grant_type=authorization_code&code=a&code_verifier=b&code_verifier=b", "invalid_request"),
        ("grant_type=authorization_code&code=%ff", "invalid_request"),
        ("grant_type=authorization_code&code=%", "invalid_request"),
    ],
)
def test_bad_forms(pair: Pair, client_id: str, body: str, error: str) -> None:
    """RFC 6749 §5.2: each mistake has its code, 400, and nobody stores the reply."""
    response = pair.client.post(_TOKEN, content=f"{body}&client_id={client_id}", headers=_FORM)

    assert (response.status_code, response.json()["error"]) == (400, error)
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("url", "headers", "body"),
    [
        (_TOKEN, {"content-type": "application/json"}, '{"grant_type":"refresh_token"}'),
        (_TOKEN, {}, "grant_type=refresh_token&refresh_token=a&client_id=b"),
        (_TOKEN, {"content-type": "multipart/form-data; boundary=x"}, "--x--"),
        (f"{_TOKEN}?client_id=a", _FORM, "grant_type=refresh_token&refresh_token=a"),
        (f"{_TOKEN}?grant_type=refresh_token&refresh_token=a&client_id=b", _FORM, ""),
    ],
)
def test_bodies_that_are_no_form(pair: Pair, url: str, headers: dict[str, str], body: str) -> None:
    """Row 13: another media type, none, or parameters in the URL are invalid_request."""
    response = pair.client.post(url, content=body, headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_an_unknown_client_is_told_so(pair: Pair) -> None:
    """RFC 6749 §5.2: 401 invalid_client, which makes clients register again; RFC 9110 §15.5.2: with a challenge."""
    form = {"grant_type": "refresh_token", "refresh_token": "thr_a", "client_id": "nobody"}
    response = pair.client.post(_TOKEN, data=form)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize("path", [_TOKEN, "/oauth/v1/revoke"])
def test_no_browser_asks_its_user_for_a_password(pair: Pair, path: str) -> None:
    """A form of another site leads a browser here: 400 without a challenge, which RFC 6749 §5.2 leaves open."""
    form = {"grant_type": "refresh_token", "refresh_token": "thr_a", "token": "thr_a", "client_id": "nobody"}
    response = pair.client.post(path, data=form, headers={"Sec-Fetch-Mode": "navigate"})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_client")
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("credentials", ["nobody:secret", "no colon", "%zz:b"])
def test_basic_in_vain_is_challenged(pair: Pair, credentials: str) -> None:
    """Row 15: 401 with WWW-Authenticate: Basic when the client used the Authorization header."""
    headers = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
    form = {"grant_type": "refresh_token", "refresh_token": "thr_a"}
    response = pair.client.post(_TOKEN, data=form, headers=headers)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith('Basic realm="')


def test_two_ways_of_authentication_are_refused(pair: Pair) -> None:
    """Row 15: Basic and a secret in the body at once is invalid_request."""
    headers = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
    form = {"grant_type": "refresh_token", "refresh_token": "a", "client_id": "a", "client_secret": "b"}
    response = pair.client.post(_TOKEN, data=form, headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_a_bearer_token_opens_nothing_here(pair: Pair, client_id: str) -> None:
    """An access token is no client credential and no session."""
    visit = Visit(pair, client_id)
    bearer = {"Authorization": f"Bearer {visit.redeem(visit.code()).json()['access_token']}"}
    form = {"grant_type": "refresh_token", "refresh_token": "a", "client_id": client_id}
    token = pair.client.post(_TOKEN, data=form, headers=bearer)
    page = pair.client.get("/oauth/v1/authorize", params=visit.parameters(), headers=bearer)

    assert (token.status_code, token.json()["error"]) == (401, "invalid_client")
    assert "<h1>Sign in</h1>" in page.text


def test_a_code_used_twice(pair: Pair, client_id: str) -> None:
    """Row 18: the second use is invalid_grant."""
    visit = Visit(pair, client_id)
    code = visit.code()

    assert visit.redeem(code).status_code == 200
    again = visit.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("change", [{"code_verifier": "x" * 43}, {"redirect_uri": "http://127.0.0.1:7777/other"}])
def test_a_code_with_something_else(pair: Pair, client_id: str, change: dict[str, str]) -> None:
    """Rows 17 and 20: a wrong verifier and another redirect_uri are invalid_grant."""
    visit = Visit(pair, client_id)
    response = visit.redeem(visit.code(), **change)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


def test_several_resources_may_be_named(pair: Pair, client_id: str) -> None:
    """RFC 8707 §2.2: resource alone may repeat, and every one of them reaches the token's audience."""
    visit = Visit(pair, client_id)
    body = f"grant_type=authorization_code&code={visit.code()}&client_id={client_id}&code_verifier={visit.verifier}"
    resources = ["https://a.example/mcp", "https://b.example/mcp"]
    response = pair.client.post(
        _TOKEN, content=f"{body}&resource={resources[0]}&resource=&resource={resources[1]}", headers=_FORM
    )
    claims = response.json()["access_token"].split(".")[1]

    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"] == resources
