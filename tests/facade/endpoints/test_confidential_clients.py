"""Clients that prove who they are, over HTTP (RFC 6749 §2.3.1)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus

import grpc
import httpx
import pytest
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1.client_admin_pb2_grpc import ClientAdminServiceStub

from tests.attacks.asking import basic
from tests.facade.pair import Pair
from tests.facade.road import Visit
from tests.serving import DEADLINE

_TOKEN, _REVOKE = "/oauth/v1/token", "/oauth/v1/revoke"
_REDIRECT_URI = "https://portal.example.com/callback"


@dataclass
class _Portal:
    """A web application on a server of its own."""

    pair: Pair
    client_id: str
    secret: str

    def post(self, path: str, headers: dict[str, str] | None = None, /, **form: str) -> httpx.Response:
        """A form."""
        return self.pair.client.post(path, data=form, headers=headers)

    def code(self) -> dict[str, str]:
        """The form that redeems a code that a user has just allowed."""
        visit = Visit(self.pair, self.client_id, _REDIRECT_URI)
        return {
            "grant_type": "authorization_code",
            "code": visit.code(),
            "redirect_uri": _REDIRECT_URI,
            "code_verifier": visit.verifier,
        }

    def basic(self) -> dict[str, str]:
        """The header, both halves form-encoded as RFC 6749 §2.3.1 has it."""
        return basic(quote_plus(self.client_id), quote_plus(self.secret))


@pytest.fixture(scope="module")
def operator(pair: Pair) -> Iterator[ClientAdminServiceStub]:
    """Whoever adds clients."""
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock") as channel:
        yield ClientAdminServiceStub(channel)


def _add(pair: Pair, operator: ClientAdminServiceStub, method: str) -> _Portal:
    # "~" is what Python leaves and JavaScript may escape: either way it is the same id.
    request = pb.CreateClientRequest(
        client_id=f"portal~{secrets.token_hex(6)}",
        client_name="The portal",
        redirect_uris=[_REDIRECT_URI],
        token_endpoint_auth_method=method,
    )
    answer = operator.CreateClient(request, timeout=DEADLINE)
    return _Portal(pair, answer.client.client_id, answer.client_secret)


def test_basic(pair: Pair, operator: ClientAdminServiceStub) -> None:
    """RFC 6749 §2.3.1: a code, a refresh and a revocation behind Basic; escaped more than it has to be, too."""
    portal = _add(pair, operator, "client_secret_basic")

    tokens = portal.post(_TOKEN, portal.basic(), **portal.code())
    escaped = basic(portal.client_id.replace("~", "%7E"), portal.secret)
    refreshed = portal.post(_TOKEN, escaped, grant_type="refresh_token", refresh_token=tokens.json()["refresh_token"])
    revoked = portal.post(_REVOKE, portal.basic(), token=refreshed.json()["refresh_token"])

    assert (tokens.status_code, refreshed.status_code, revoked.status_code) == (200, 200, 200)
    again = portal.post(
        _TOKEN, portal.basic(), grant_type="refresh_token", refresh_token=refreshed.json()["refresh_token"]
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_post(pair: Pair, operator: ClientAdminServiceStub) -> None:
    """RFC 6749 §2.3.1: the secret in the body, for clients that were registered so."""
    portal = _add(pair, operator, "client_secret_post")
    proof = {"client_id": portal.client_id, "client_secret": portal.secret}

    tokens = portal.post(_TOKEN, **portal.code(), **proof)

    assert tokens.status_code == 200
    assert portal.post(_REVOKE, token=tokens.json()["access_token"], **proof).status_code == 200


@pytest.mark.parametrize("path", [_TOKEN, _REVOKE])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_anything_else_is_invalid_client(pair: Pair, operator: ClientAdminServiceStub, method: str, path: str) -> None:
    """RFC 6749 §5.2, row 15 of the reply table: 401 with a challenge, whatever was wrong with the proof."""
    portal = _add(pair, operator, method)
    form = {"grant_type": "refresh_token", "refresh_token": "thr_x", "token": "thr_x"}
    other = "client_secret_post" if method == "client_secret_basic" else "client_secret_basic"
    in_the_way = {
        "client_secret_basic": (portal.basic(), {}),
        "client_secret_post": (None, {"client_id": portal.client_id, "client_secret": portal.secret}),
    }
    answers = [
        portal.post(path, in_the_way[other][0], **form, **in_the_way[other][1]),
        portal.post(path, client_id=portal.client_id, **form),
        portal.post(path, basic(portal.client_id), **form),
        portal.post(path, client_id=portal.client_id, client_secret="made up", **form),
        portal.post(path, basic(portal.client_id, ""), **form),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert portal.secret not in answer.text
    known = portal.post(path, in_the_way[method][0], **form, **in_the_way[method][1])
    assert (known.status_code, known.content[:25]) in ((200, b""), (400, b'{"error": "invalid_grant"'))


def test_a_program_asks_for_itself(pair: Pair, operator: ClientAdminServiceStub) -> None:
    """RFC 6749 §4.4.3: the members of the answer, without a refresh token, and no null; it is signed as any other."""
    request = pb.CreateClientRequest(
        grant_types=["client_credentials"], scope=["mcp"], token_endpoint_auth_method="client_secret_basic"
    )
    added = operator.CreateClient(request, timeout=DEADLINE)
    program = _Portal(pair, added.client.client_id, added.client_secret)

    answer = program.post(_TOKEN, program.basic(), grant_type="client_credentials", scope="mcp")
    wider = program.post(_TOKEN, program.basic(), grant_type="client_credentials", scope="mcp files")
    revoked = program.post(_REVOKE, program.basic(), token=answer.json()["access_token"])

    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "token_type", "expires_in", "scope"})
    assert answer.headers["cache-control"] == "no-store"
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    assert (revoked.status_code, revoked.content) == (200, b"")
