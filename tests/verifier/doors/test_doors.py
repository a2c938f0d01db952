"""Every door of verifier/README.md, its example running: who gets in, and what everybody else is told."""

import json
import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from tokenhouse.v1 import grant_admin_pb2
from tokenhouse_verifier import fastmcp, mcp
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import InsufficientScope
from tokenhouse_verifier.fastmcp import TokenhouseProvider
from tokenhouse_verifier.mcp import McpTokenVerifier
from tokenhouse_verifier.protected_resource import ProtectedResource, metadata_url

from tests.rpc.road import Road
from tests.serving import DEADLINE, ISSUER, Serving
from tests.verifier.doors.opened import Door, bearer_for
from tests.verifier.doors.served import Reply
from tests.verifier.forms import wait_until

MCP = "https://mcp.example.com/mcp"
_HTTP = ("asgi", "sanic", "mcp", "fastmcp")
_OWN_ROUTES = ("asgi", "sanic", "grpc", "grpc-aio")


def test_a_good_token_gets_in_with_its_user(door: Door, user: Road) -> None:
    """The service is told who calls (RFC 9068 §2.2, the user's name as it is now)."""
    reply = door.ask("/whoami", bearer_for(user, door))

    assert (reply.status, reply.text) == (200, user.username)


def test_no_token(door: Door) -> None:
    """RFC 6750 §3.1: 401, and a challenge without an error code."""
    reply = door.ask("/whoami")

    assert (reply.status, reply.challenge) == (401, f"Bearer {door.challenge}")


@pytest.mark.parametrize("token", ["Bearer unknown", "Bearer e30.e30.e30"])
def test_a_bad_token(door: Door, token: str) -> None:
    """RFC 6750 §3.1: 401 invalid_token."""
    _assert_invalid(door, door.ask("/whoami", token))


def test_a_token_for_another_audience(door: Door, user: Road) -> None:
    """RFC 8707 §2: a token for one resource is good there alone."""
    _assert_invalid(door, door.ask("/whoami", bearer_for(user, door, resource="https://files.example.com/")))


def test_a_revoked_token(door: Door, user: Road) -> None:
    """RFC 7009 §2: a token that was good a moment ago is refused."""
    bearer = bearer_for(user, door)
    assert door.ask("/whoami", bearer).status == 200
    grant = user.validate(bearer.removeprefix("Bearer "), door.audience).grant_id

    user.serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant), timeout=DEADLINE)

    wait_until(lambda: door.ask("/whoami", bearer).status != 200, "the revocation to arrive")
    _assert_invalid(door, door.ask("/whoami", bearer))


def test_a_missing_scope(door: Door, user: Road) -> None:
    """RFC 6750 §3.1: 403 insufficient_scope, and the challenge names what is needed."""
    reply = door.ask("/whoami", bearer_for(user, door, scope="files"))

    said = 'error="insufficient_scope", error_description="the scopes needed are mcp"'
    assert (reply.status, reply.challenge) == (403, f"Bearer {said}, {door.challenge}")


def test_the_core_is_gone(door: Door, user: Road) -> None:
    """RFC 9110 §15.6.4: 503 with Retry-After, never a yes, and no challenge that would sign the user out."""
    bearer, usual = bearer_for(user, door), door.verifier.timeout
    door.proxy.freeze()
    door.verifier.timeout = 0.05
    try:
        reply = door.ask("/whoami", bearer)
    finally:
        door.verifier.timeout = usual
        door.proxy.thaw()

    assert (reply.status, reply.challenge, reply.retry_after) == (503, None, "1")
    assert door.ask("/whoami", bearer).status == 200


def test_no_token_is_written_anywhere(door: Door, user: Road, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a log line of any level nor an answer has a token in it, good or bad (RFC 6750 §5.3)."""
    good, less = bearer_for(user, door), bearer_for(user, door, scope="files")
    bad = f"{good[:-8]}AAAAAAAA"
    with caplog.at_level(logging.DEBUG):
        replies = [door.ask("/whoami", bearer) for bearer in (good, less, bad)]

    written = caplog.text + repr(replies)
    assert [reply.status for reply in replies] == [200, 403, 401]
    assert [bearer for bearer in (good, less, bad) if bearer.removeprefix("Bearer ") in written] == []


@pytest.mark.parametrize("door", _OWN_ROUTES, indirect=True)
def test_a_part_that_needs_more(door: Door, user: Road) -> None:
    """RFC 6750 §3.1: `require_scopes` is a 403 whose challenge names all that is needed."""
    reply = door.ask("/files", bearer_for(user, door))

    assert reply.status == 403
    assert 'scope="mcp files"' in (reply.challenge or "")
    assert door.ask("/files", bearer_for(user, door, scope="mcp files")).text == "your files"


@pytest.mark.parametrize("door", _OWN_ROUTES, indirect=True)
def test_what_is_public_needs_no_token(door: Door) -> None:
    """Exactly what is named, with or without a token."""
    assert [door.ask("/health").text, door.ask("/health", "Bearer unknown").text] == ["well", "well"]
    assert {door.ask(path).status for path in ("/healthy", "/nowhere")} <= {401, 404}


def test_two_tokens_are_none(door: Door, user: Road) -> None:
    """RFC 6750 §2 and RFC 9110 §11.6.2: one Authorization; of two nobody can say which one counts."""
    good = bearer_for(user, door)
    assert door.ask("/whoami", good).status == 200
    for both in ((good, "Bearer unknown"), ("Bearer unknown", good), (good, good), ("Basic YTpi", good)):
        assert door.ask("/whoami", *both).status in (400, 401)


@pytest.mark.parametrize("door", _HTTP, indirect=True)
def test_the_metadata_is_where_the_challenge_says(door: Door) -> None:
    """RFC 9728 §3: without a token, for any origin; the issuer is spelled as its own metadata does (RFC 8414 §3.3)."""
    resource = door.audience
    path = door.verifier.resource_metadata.partition("example.com")[2]

    reply = door.ask(path, headers=[("Origin", "https://app.example.com")])

    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.headers["access-control-allow-origin"] == "*"
    document = json.loads(reply.text)
    assert (document["resource"], document["authorization_servers"]) == (resource, ["http://localhost:8080"])
    assert None not in document.values()


@pytest.mark.parametrize("door", ["asgi", "sanic"], indirect=True)
def test_methods_of_the_metadata(door: Door) -> None:
    """RFC 9110 §9.3: HEAD has no body, a preflight is answered without a token, POST is not allowed."""
    path = door.verifier.resource_metadata.partition("example.com")[2]
    head, preflight, posted = (door.ask(path, method=method) for method in ("HEAD", "OPTIONS", "POST"))

    assert (head.status, head.text, head.headers["content-type"]) == (200, "", "application/json")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert posted.status == 405


@pytest.mark.parametrize("door", ["mcp", "fastmcp"], indirect=True)
def test_the_frameworks_token_does_not_show(door: Door, user: Road) -> None:
    """Whoever logs the object that the framework hands out writes no token (RFC 6750 §5.3)."""
    token = bearer_for(user, door).removeprefix("Bearer ")
    kind = mcp.VerifiedToken if door.name == "mcp" else fastmcp.VerifiedToken
    made = kind(token=token, client_id="c", scopes=["mcp"])

    assert made.token == token
    assert token not in repr(made) + str(made)


@pytest.mark.parametrize("made", [McpTokenVerifier, TokenhouseProvider])
def test_a_verifier_that_names_no_metadata(made: Any) -> None:
    """Clients would not find the authorization server: said at once, with what to write."""
    with pytest.raises(ValueError, match="give the verifier resource_metadata="):
        made(_verifier(), issuer=ISSUER)


def test_fastmcp_serves_where_the_audience_is() -> None:
    """RFC 9728 §3.3: clients refuse metadata of another resource."""
    provider = TokenhouseProvider(_verifier(resource_metadata=metadata_url(MCP)), issuer=ISSUER)
    with pytest.raises(ValueError, match=r"FastMCP serves at /api, but the verifier's audience is https://mcp\.ex"):
        provider.set_mcp_path("/api")


async def test_without_the_middleware_nobody_is_signed_out(user: Road, serving: Serving) -> None:
    """The SDK would make a 401 of "nobody can tell" and of "not for this", and its clients would ask for new tokens."""
    arguments = {"audience": MCP, "resource_metadata": metadata_url(MCP), "required_scopes": ["mcp"]}
    verifier = AsyncTokenVerifier(f"127.0.0.1:{serving.config.grpc.listen.port}", **arguments)  # type: ignore[arg-type]
    door = McpTokenVerifier(verifier, issuer=ISSUER)

    assert await door.verify_token("unknown") is None
    with pytest.raises(InsufficientScope):
        await door.verify_token(user.connect(resource=MCP, scope="files").access_token)
    await verifier.close()


def test_the_examples_application_is_the_sdks_own() -> None:
    """`protect` gives back what it was given, so that it can be mounted and added to."""
    door = McpTokenVerifier(_verifier(resource_metadata=metadata_url(MCP)), issuer=ISSUER)
    app = Starlette()
    assert door.protect(app) is app
    assert ProtectedResource(MCP, [ISSUER]).metadata_url == door.verifier.resource_metadata


def _verifier(**arguments: Any) -> AsyncTokenVerifier:
    return AsyncTokenVerifier("127.0.0.1:1", **{"audience": MCP, **arguments})


def _assert_invalid(door: Door, reply: Reply) -> None:
    assert reply.status == 401
    assert (reply.challenge or "").startswith('Bearer error="invalid_token", error_description="')
    assert (reply.challenge or "").endswith(f'", {door.challenge}')
