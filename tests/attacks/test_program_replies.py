"""The reply table for clients that authenticate: a program's own token, and introspection, by what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
import httpx
import pytest
from tokenhouse.v1 import client_admin_pb2 as pb
from tokenhouse.v1.client_admin_pb2_grpc import ClientAdminServiceStub

from tests.attacks.asking import Asked, basic
from tests.attacks.combinations import WHEN
from tests.attacks.desk import FORM, TOKEN, Desk, restart
from tests.attacks.wrong_requests import Change, list_form_cells
from tests.facade.pair import Pair
from tests.serving import DEADLINE

_INTROSPECT = "/oauth/v1/introspect"
_BOTH = ("own token", "introspection")
_Told = tuple[int, str]
_NOBODY, _MALFORMED = (401, "invalid_client"), (400, "invalid_request")
_NOT_FOR_IT = (400, "unauthorized_client")


@dataclass(frozen=True)
class _Cast:
    """A program that is a resource server, too, what it asks about, and those who come in its place."""

    program: tuple[str, str]
    another: tuple[str, str]
    portal: tuple[str, str]
    public: str
    token: str

    def good(self, endpoint: str) -> Asked:
        """A good request."""
        headers = {**FORM, **basic(*self.program)}
        if endpoint == "introspection":
            return Asked(_INTROSPECT, (("token", self.token),), "token", headers=headers)
        return Asked(TOKEN, (("grant_type", "client_credentials"), ("scope", "mcp")), "scope", headers=headers)


def _by(authorization: Mapping[str, str], *more: tuple[str, str]) -> Change:
    return lambda asked: replace(asked, headers={**FORM, **authorization}, form=(*asked.form, *more))


#: Who asks, and what is replied for a token of its own, and for introspection.
_WHO: dict[str, tuple[Callable[[_Cast], Change], _Told, _Told]] = {
    "nothing wrong": (lambda cast: _by(basic(*cast.program)), (200, ""), (200, "")),
    "nobody": (lambda cast: _by({}), _NOBODY, _NOBODY),
    "its name alone": (lambda cast: _by({}, ("client_id", cast.program[0])), _NOBODY, _NOBODY),
    "a wrong secret": (lambda cast: _by(basic(cast.program[0])), _NOBODY, _NOBODY),
    "no secret": (lambda cast: _by(basic(cast.program[0], "")), _NOBODY, _NOBODY),
    "another's secret": (lambda cast: _by(basic(cast.program[0], cast.another[1])), _NOBODY, _NOBODY),
    "its secret in the body": (
        lambda cast: _by({}, ("client_id", cast.program[0]), ("client_secret", cast.program[1])),
        _NOBODY,
        _NOBODY,
    ),
    "its secret twice": (
        lambda cast: _by(basic(*cast.program), ("client_secret", cast.program[1])),
        _MALFORMED,
        _MALFORMED,
    ),
    "another name in the body": (
        lambda cast: _by(basic(*cast.program), ("client_id", cast.another[0])),
        _MALFORMED,
        _MALFORMED,
    ),
    "Bearer": (lambda cast: _by({"Authorization": f"Bearer {cast.token}"}), _NOBODY, _NOBODY),
    "an assertion of no kind": (lambda cast: _by({}, ("client_assertion", "a.b.c")), _NOBODY, _NOBODY),
    "a public client": (lambda cast: _by({}, ("client_id", cast.public)), _NOT_FOR_IT, _NOBODY),
    "a client for codes": (lambda cast: _by(basic(*cast.portal)), _NOT_FOR_IT, _NOT_FOR_IT),
}
#: What is asked for.
_WHAT: dict[tuple[str, str], tuple[Change, _Told]] = {
    ("introspection", "no token"): (lambda asked: asked.without("token"), _MALFORMED),
    ("introspection", "a blank token"): (lambda asked: asked.with_value("token", ""), _MALFORMED),
    ("introspection", "two tokens"): (lambda asked: asked.also("token", "x"), _MALFORMED),
    ("introspection", "a hint"): (lambda asked: asked.also("token_type_hint", "x"), (200, "")),
    ("own token", "no grant type"): (lambda asked: asked.without("grant_type"), _MALFORMED),
    ("own token", "two grant types"): (lambda asked: asked.also("grant_type", "client_credentials"), _MALFORMED),
    ("own token", "two scopes"): (lambda asked: asked.also("scope", "mcp"), _MALFORMED),
    ("own token", "a wider scope"): (lambda asked: asked.with_value("scope", "mcp files"), (400, "invalid_scope")),
    ("own token", "an unknown scope"): (lambda asked: asked.with_value("scope", "x"), (400, "invalid_scope")),
    ("own token", "a blank scope"): (lambda asked: asked.with_value("scope", ""), (200, "")),
    ("own token", "no resource"): (lambda asked: asked.also("resource", "no uri"), (400, "invalid_target")),
    ("own token", "a grant type of people's"): (
        lambda asked: asked.with_value("grant_type", "password"),
        (400, "unsupported_grant_type"),
    ),
    ("own token", "another one of its own"): (
        lambda asked: asked.with_value("grant_type", "refresh_token").also("refresh_token", "thr_x"),
        _NOT_FOR_IT,
    ),
}
#: Whatever is wrong with a form is so at every endpoint for clients.
_FORMS = [cell for cell in list_form_cells() if cell.endpoint == "revocation"]
_EXPECTED: dict[tuple[str, str], _Told] = {
    **{(endpoint, cell.fault): (cell.reply.status, cell.reply.error) for cell in _FORMS for endpoint in _BOTH},
    **{("own token", who): told for who, (_, told, _) in _WHO.items()},
    **{("introspection", who): told for who, (_, _, told) in _WHO.items()},
    **{cell: told for cell, (_, told) in _WHAT.items()},
}


@pytest.fixture(scope="module")
def replies(pair: Pair) -> Mapping[tuple[str, str, str], httpx.Response]:
    """Each cell, asked of the core that registered the clients and of the next one."""
    desk = Desk(pair)
    cast = _register(pair, desk)
    changes = {(endpoint, cell.fault): cell.change for cell in _FORMS for endpoint in _BOTH}
    changes |= {(endpoint, who): told[0](cast) for who, told in _WHO.items() for endpoint in _BOTH}
    changes |= {cell: change for cell, (change, _) in _WHAT.items()}
    told: dict[tuple[str, str, str], httpx.Response] = {}
    for when in WHEN:
        if when:
            restart(pair)
        told |= {(*cell, when): change(cast.good(cell[0])).send(desk) for cell, change in changes.items()}
    return told


def _register(pair: Pair, desk: Desk) -> _Cast:
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock", [("grpc.enable_http_proxy", 0)]) as channel:
        operator = ClientAdminServiceStub(channel)

        def add(**wanted: Any) -> tuple[str, str]:
            request = pb.CreateClientRequest(token_endpoint_auth_method="client_secret_basic", **wanted)
            added = operator.CreateClient(request, timeout=DEADLINE, wait_for_ready=True)
            return added.client.client_id, added.client_secret

        program: dict[str, Any] = {
            "grant_types": ["client_credentials"],
            "scope": ["mcp"],
            "resources": ["https://reports.example/"],
        }
        return _Cast(
            program=add(**program),
            another=add(**program),
            portal=add(redirect_uris=["https://portal.example/callback"]),
            public=desk.client_id,
            token=desk.tokens()["access_token"],
        )


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(("endpoint", "fault"), _EXPECTED)
def test_each_request_gets_the_reply_of_the_table(
    replies: Mapping[tuple[str, str, str], httpx.Response], endpoint: str, fault: str, when: str
) -> None:
    """Rows 6, 13, 15, 24, 26 and 27: status and code; a challenge with every 401 and with nothing else; nobody stores
    it, and whoever is refused learns nothing of a token."""
    reply = replies[endpoint, fault, when]
    body = reply.json()

    assert (reply.status_code, body.get("error", "")) == _EXPECTED[endpoint, fault]
    assert reply.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in reply.headers) is (reply.status_code == 401)
    if reply.status_code == 200:
        assert body["active"] is True if endpoint == "introspection" else "refresh_token" not in body
    else:
        assert set(body) == {"error", "error_description"}
