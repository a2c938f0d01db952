"""Introspection over HTTP (RFC 7662)."""

import secrets
from collections.abc import Iterator

import grpc
import httpx
import pytest
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1.client_admin_pb2_grpc import ClientAdminServiceStub

from tests.attacks.asking import basic
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.serving import DEADLINE

_INTROSPECT = "/oauth/v1/introspect"
_REPORTS, _OTHER = "https://reports.example.com/", "https://other.example.com/"


class _Service:
    """A resource server that speaks no gRPC."""

    def __init__(self, pair: Pair, operator: ClientAdminServiceStub, resource: str) -> None:
        request = pb.CreateClientRequest(
            client_id=f"service-{secrets.token_hex(6)}",
            resources=[resource],
            token_endpoint_auth_method="client_secret_basic",
        )
        self._secret = operator.CreateClient(request, timeout=DEADLINE).client_secret
        self._client_id = request.client_id
        self._pair = pair

    def ask(self, token: str, **form: str) -> httpx.Response:
        """RFC 7662 §2.1."""
        headers = basic(self._client_id, self._secret)
        return self._pair.client.post(_INTROSPECT, data={"token": token, **form}, headers=headers)


@pytest.fixture(scope="module")
def operator(pair: Pair) -> Iterator[ClientAdminServiceStub]:
    """Whoever adds clients."""
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock") as channel:
        yield ClientAdminServiceStub(channel)


@pytest.fixture(scope="module")
def reports(pair: Pair, operator: ClientAdminServiceStub) -> _Service:
    """The service that the token is for."""
    return _Service(pair, operator, _REPORTS)


@pytest.fixture(scope="module")
def tokens(pair: Pair) -> dict[str, str]:
    """What a user's tool holds."""
    visit = Visit(pair, register(pair))
    answer = visit.send(visit.consent_page(resource=_REPORTS), "/consent", decision="allow")
    found: dict[str, str] = visit.redeem(httpx.URL(answer.headers["location"]).params["code"]).json()
    return found


def test_an_active_token(pair: Pair, reports: _Service, tokens: dict[str, str]) -> None:
    """RFC 7662 §2.2: the members, numbers as numbers, no null; nobody stores it."""
    answer = reports.ask(tokens["access_token"], token_type_hint="refresh_token")
    told = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert "null" not in answer.text
    assert told == {
        "active": True,
        "iss": pair.issuer,
        "sub": told["sub"],
        "aud": _REPORTS,
        "client_id": told["client_id"],
        "scope": "mcp",
        "token_type": "Bearer",
        "jti": told["jti"],
        "iat": told["iat"],
        "exp": told["iat"] + 3600,
        "username": "admin",
        "groups": ["operators"],
    }
    assert type(told["iat"]) is int


def test_anything_else_is_inactive_to_the_letter(
    pair: Pair, operator: ClientAdminServiceStub, reports: _Service, tokens: dict[str, str]
) -> None:
    """CVE-2026-37979, CVE-2026-18208, row 27 of the reply table: the same bytes for another audience's token, a refresh
    token, a revoked one, one that was cut, and nonsense."""
    other = _Service(pair, operator, _OTHER)
    visit = Visit(pair, register(pair))
    ended = visit.redeem(visit.code()).json()["access_token"]
    assert reports.ask(ended).json()["active"] is True
    pair.client.post("/oauth/v1/revoke", data={"token": ended, "client_id": visit.client_id})
    answers = [
        other.ask(tokens["access_token"]),
        reports.ask(tokens["refresh_token"]),
        reports.ask(tokens["refresh_token"], token_type_hint="refresh_token"),
        reports.ask(ended),
        reports.ask(tokens["access_token"][:-1]),
        reports.ask("nonsense"),
        reports.ask("x" * 10_000),
    ]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b'{"active":false}')] * 7
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


@pytest.mark.parametrize(
    ("headers", "form", "status", "error"),
    [
        ({}, {"token": "x"}, 401, "invalid_client"),
        ({"Authorization": "Bearer x"}, {"token": "x"}, 401, "invalid_client"),
        (basic("nobody"), {"token": "x"}, 401, "invalid_client"),
        (basic("nobody"), {}, 400, "invalid_request"),
        (basic("nobody"), {"token": "x", "client_secret": "y"}, 400, "invalid_request"),
    ],
)
def test_who_is_nobody_learns_nothing(
    pair: Pair, headers: dict[str, str], form: dict[str, str], status: int, error: str
) -> None:
    """RFC 7662 §2.1, §2.3: 401 with a challenge and not a word about the token."""
    answer = pair.client.post(_INTROSPECT, data=form, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)


def test_a_tool_may_not_ask_about_its_own_token(pair: Pair, tokens: dict[str, str]) -> None:
    """RFC 7662 §2.1, §4: who only names itself is not let in, whosever token it is; nor is the token a proof."""
    client_id = Visit(pair, register(pair)).client_id
    named = pair.client.post(_INTROSPECT, data={"token": tokens["access_token"], "client_id": client_id})
    shown = pair.client.post(
        _INTROSPECT,
        data={"token": tokens["access_token"]},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    in_url = pair.client.get(_INTROSPECT, params={"token": tokens["access_token"]})

    assert [answer.status_code for answer in (named, shown, in_url)] == [401, 401, 405]
