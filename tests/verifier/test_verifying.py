"""Verifying: what a good token says, why others are refused, and in which words."""

import asyncio
import gc
import math
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tokenhouse.v1 import grant_admin_pb2, user_admin_pb2
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import (
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    MissingToken,
    NotVerified,
    Unavailable,
)
from tokenhouse_verifier.verifier import TokenVerifier

from tests.rpc.road import Road
from tests.serving import DEADLINE, ISSUER
from tests.verifier.conftest import Open
from tests.verifier.forms import PATIENCE, Form, follow, refusal_of, wait_until, wait_until_refused
from tests.verifier.proxy import Proxy

MCP = "https://mcp.example.com/mcp"
METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"


def _expected(road: Road, token: str, audience: str) -> AccessToken:
    told = road.validate(token, audience)
    return AccessToken(
        subject=told.subject,
        username=road.username,
        client_id=road.client_id,
        scopes=tuple(told.scope),
        audience=(audience,),
        groups=("dev",),
        expires_at=told.expires_at,
        grant_id=told.grant_id,
    )


def test_a_good_token_says_whose_it_is(road: Road, opened: Open) -> None:
    """Subject, name, client, scopes, audience, groups, expiry and grant: asked for, and remembered, the same."""
    token = road.connect(resource=MCP, scope="mcp files").access_token
    form = opened(audience=MCP)
    first = form.verify(token)
    assert first == _expected(road, token, MCP)
    assert set(first.scopes) == {"mcp", "files"}
    assert follow(form, token) == first
    assert form.verify(token) is form.verify(token)


@pytest.mark.parametrize("company", [1, 8])
def test_a_core_that_knows_less_than_it_told_is_asked_anew(road: Road, form: Form, company: int) -> None:
    """validation.proto, `min_revision`: its database was restored. Everything is forgotten, and the answer counts."""
    tokens = [road.connect().access_token for _ in range(company)]
    follow(form, road.connect().access_token)
    memory = form.verifier._memory
    memory.revision += 1000
    with ThreadPoolExecutor(company) as threads:
        found = list(threads.map(lambda token: form.verify(token, timeout=PATIENCE), tokens))
    assert [token.username for token in found] == [road.username] * company
    assert memory.revision < 1000


def test_what_is_remembered_needs_no_core(road: Road, form: Form, proxy: Proxy) -> None:
    """A token that was seen is verified while nothing is heard, one that was not is not."""
    token, unseen = (road.connect().access_token for _ in range(2))
    follow(form, token)
    proxy.freeze()
    assert form.verify(token, timeout=0.01).username == road.username
    assert isinstance(refusal_of(form, unseen, timeout=0.05), Unavailable)
    proxy.thaw()
    assert form.verify(unseen).username == road.username


def test_what_was_revoked_needs_no_core(road: Road, form: Form, proxy: Proxy) -> None:
    """Whoever presents it again and again is refused here, whether it was ever good or was revoked before it came."""
    token, other, unseen = (road.connect().access_token for _ in range(3))
    follow(form, token)
    revoked = [token, _revoked(road)]
    _revoke(road, token)
    for each in revoked:
        wait_until_refused(form, each)
    assert form.verify(other).username == road.username
    proxy.freeze()
    for each in (*revoked, *revoked):
        assert isinstance(refusal_of(form, each, timeout=0), InvalidToken)
    assert isinstance(refusal_of(form, unseen, timeout=0.05), Unavailable)
    proxy.thaw()
    assert form.verify(unseen).username == road.username


def _revoke(road: Road, token: str) -> None:
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=road.validate(token).grant_id)
    road.serving.grants.RevokeGrant(request, timeout=DEADLINE)


def _revoked(road: Road) -> str:
    token = road.connect().access_token
    _revoke(road, token)
    return token


def _disabled(road: Road) -> str:
    token = road.connect().access_token
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    return token


BAD: list[Callable[[Road], str]] = [
    _revoked,
    _disabled,
    lambda road: road.connect(resource=MCP).access_token,
    lambda road: road.connect().refresh_token,
    lambda road: road.connect().access_token[:-1],
    lambda road: road.connect().access_token + "A",
    lambda road: "unknown",
    lambda road: "two words",
    lambda road: "x" * 9000,
    lambda road: "\u20ac",
    lambda road: "\udce4",
    lambda road: "a\r\nb",
]


@pytest.mark.parametrize("make", BAD)
def test_a_bad_token_is_invalid_whatever_the_reason(road: Road, form: Form, make: Callable[[Road], str]) -> None:
    """RFC 6750 §3.1: 401 invalid_token, with the challenge ready, and nothing of the token in the words."""
    token = make(road)
    for _ in range(2):
        refusal = refusal_of(form, token)
        assert isinstance(refusal, InvalidToken)
        assert (refusal.status, refusal.code) == (401, "invalid_token")
        assert refusal.www_authenticate == f'Bearer error="invalid_token", error_description="{refusal.description}"'
        assert token not in str(refusal)
        assert token not in refusal.www_authenticate


def test_no_token_is_an_invalid_request(form: Form) -> None:
    """RFC 6750 §3.1: 400 invalid_request."""
    refusal = refusal_of(form, "")
    assert isinstance(refusal, InvalidRequest)
    assert (refusal.status, refusal.code) == (400, "invalid_request")


def test_required_scopes(road: Road, opened: Open) -> None:
    """RFC 6750 §3.1: 403 insufficient_scope names what is needed; all of it has to be there, each time."""
    form = opened(required_scopes=["mcp", "files"], resource_metadata=METADATA)
    enough = road.connect(scope="mcp files").access_token
    less = road.connect(scope="mcp").access_token
    assert set(follow(form, enough).scopes) == {"mcp", "files"}
    for _ in range(3):
        refusal = refusal_of(form, less)
        assert isinstance(refusal, InsufficientScope)
        assert (refusal.status, refusal.code) == (403, "insufficient_scope")
        assert refusal.www_authenticate == (
            'Bearer error="insufficient_scope", error_description="the scopes needed are mcp files", '
            f'scope="mcp files", resource_metadata="{METADATA}"'
        )


def test_the_audience_decides(road: Road, opened: Open) -> None:
    """RFC 8707: a token for one resource is good there alone; a server-wide one everywhere, while that is allowed."""
    own, wide = road.connect(resource=MCP).access_token, road.connect().access_token
    at_home, elsewhere = opened(audience=MCP), opened(audience="https://files.example.com/")
    assert follow(at_home, own).audience == (MCP,)
    assert follow(elsewhere, wide).audience == (ISSUER,)
    assert isinstance(refusal_of(elsewhere, own), InvalidToken)


AUTHORIZATIONS: list[tuple[str | None, type[NotVerified], int]] = [
    (None, MissingToken, 401),
    ("", MissingToken, 401),
    ("Basic YTpi", MissingToken, 401),
    ("Bearertoken", MissingToken, 401),
    ("Bearer", InvalidRequest, 400),
    ("Bearer ", InvalidRequest, 400),
    ("Bearer a b", InvalidRequest, 400),
    ("Bearer a,b", InvalidRequest, 400),
    ("Bearer \u20ac", InvalidRequest, 400),
    ("Bearer unknown", InvalidToken, 401),
]


@pytest.mark.parametrize(("header", "kind", "status"), AUTHORIZATIONS)
def test_headers_that_hold_no_good_token(
    opened: Open, header: str | None, kind: type[NotVerified], status: int
) -> None:
    """RFC 6750 §3.1: without authentication the challenge has no error code; RFC 9728 §5.1: where the metadata is."""
    form = opened(resource_metadata=METADATA)
    with pytest.raises(kind) as refused:
        form.verify_authorization(header)
    assert refused.value.status == status
    assert f'resource_metadata="{METADATA}"' in refused.value.www_authenticate
    assert ("error=" in refused.value.www_authenticate) is (kind is not MissingToken)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_headers_that_hold_one(road: Road, form: Form, scheme: str) -> None:
    """RFC 9110 §11.1: the scheme's case does not matter."""
    assert form.verify_authorization(f"{scheme}{road.connect().access_token}").username == road.username


def test_a_challenge_needs_no_argument(form: Form) -> None:
    """RFC 6750 §3: the bare scheme."""
    with pytest.raises(MissingToken) as refused:
        form.verify_authorization(None)
    assert refused.value.www_authenticate == "Bearer"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"target": ""}, "target is empty"),
    ({"audience": ""}, "audience is an absolute URI"),
    ({"audience": "mcp"}, "audience is an absolute URI"),
    ({"audience": "https://mcp.example.com/#x"}, "audience is an absolute URI"),
    ({"audience": "https://["}, "audience is an absolute URI"),
    ({"resource_metadata": "/.well-known"}, "resource_metadata is an absolute URI"),
    ({"resource_metadata": "ftp://mcp.example.com/"}, "resource_metadata is an http or https URL"),
    ({"resource_metadata": 'https://mcp.example.com/"a'}, "resource_metadata is an http or https URL"),
    ({"resource_metadata": "https://mcp.example.com/\r\nX-Y: 1"}, "resource_metadata is an absolute URI"),
    ({"required_scopes": "mcp"}, "required_scopes is one string"),
    ({"required_scopes": ["mcp", "a b"]}, "required_scopes: 'a b' is not one scope"),
    ({"required_scopes": ['a"b']}, "is not one scope"),
    ({"timeout": 0}, "positive"),
    ({"timeout": math.nan}, "positive"),
    ({"timeout": math.inf}, "positive"),
    ({"accept_stale_for": -1}, "at least 0"),
    ({"max_entries": 0}, "positive"),
    ({"max_bytes": 0}, "positive"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_arguments_are_checked_at_once(arguments: dict[str, Any], said: str) -> None:
    """In the caller's own terms, before anybody presents a token."""
    with pytest.raises(ValueError, match=said):
        TokenVerifier(**{"target": "127.0.0.1:1", "audience": ISSUER, **arguments})


@pytest.mark.parametrize("token", ["\u00e9" * 8000, "a b", 'a"b', "a\n", "=a", "\ud800", "a" * 8193])
def test_what_is_no_token_costs_nobody_anything(form: Form, proxy: Proxy, token: str) -> None:
    """RFC 6750 §2.1 b64token: it is refused before the core is asked, whose batches it might not fit into."""
    proxy.freeze()
    refusal = refusal_of(form, token, timeout=0.05)
    assert isinstance(refusal, InvalidToken)
    assert refusal.description == "the token is malformed"


def test_it_can_begin_before_the_first_token(form: Form) -> None:
    """verifier/README.md, `start()`: a service that is probed before it is used follows the changes by then."""
    assert not form.verifier.is_following
    form.verifier.start()
    wait_until(lambda: form.verifier.is_following, "the changes to be followed")
    form.close()
    with pytest.raises(Unavailable):
        form.verifier.start()


def test_without_time_memory_alone_answers(road: Road, form: Form) -> None:
    """verifier/README.md, Every argument: with 0 nobody is asked, so whoever has time keeps the stream."""
    known, new = (road.connect().access_token for _ in range(2))
    follow(form, known)
    stream = form.verifier._link.batches._open  # type: ignore[union-attr]
    for timeout in (0, -1):
        assert form.verify(known, timeout=timeout).username == road.username
        assert isinstance(refusal_of(form, new, timeout=timeout), Unavailable)
    assert form.verify(new, timeout=PATIENCE).username == road.username
    assert form.verifier._link.batches._open is stream  # type: ignore[union-attr]


def test_all_the_time_in_the_world_is_a_deadline(road: Road, form: Form) -> None:
    """validation.proto: every call needs one, which to the core is an hour at the most; on a stream and by a call."""
    for way in ("stream", "call"):
        for timeout in (3601, 1e10, math.inf):
            assert form.verify(road.connect().access_token, timeout=timeout).username == road.username
        if way == "stream":
            batches = form.verifier._link.batches  # type: ignore[union-attr]
            batches.end(time.monotonic() + PATIENCE)
            batches._not_before = math.inf


def test_a_closed_verifier_says_so(road: Road, opened: Open) -> None:
    """Not from memory either; closing twice is no error."""
    form, token = opened(), road.connect().access_token
    follow(form, token)
    form.close()
    refusal = refusal_of(form, token)
    assert isinstance(refusal, Unavailable)
    assert (refusal.status, refusal.code, refusal.www_authenticate) == (503, "", "")
    assert "closed" in refusal.description


def test_a_loop_never_waits_for_a_fork(road: Road, proxy: Proxy) -> None:
    """verifier/README.md: whoever asks while a fork waits is kept to their own deadline, and no other task is kept."""
    known, first, second = (road.connect().access_token for _ in range(3))

    async def ask_meanwhile() -> tuple[AccessToken, BaseException]:
        async with AsyncTokenVerifier(proxy.target, audience=ISSUER, timeout=PATIENCE) as verifier:
            await verifier.verify(known)
            assert verifier._link is not None
            verifier._link.gate.close()
            patient = asyncio.create_task(verifier.verify(first))
            (hasty,) = await asyncio.gather(verifier.verify(second, timeout=0.05), return_exceptions=True)
            verifier._link.gate.open()
            assert isinstance(hasty, BaseException)
            return await patient, hasty

    verified, hasty = asyncio.run(ask_meanwhile())
    assert verified.username == road.username
    assert isinstance(hasty, Unavailable)


def test_an_event_loop_that_has_ended_is_let_go(road: Road, proxy: Proxy) -> None:
    """Some programs run a loop for each call (`asyncio.run`): a verifier that outlives them keeps the last alone."""
    verifier = AsyncTokenVerifier(proxy.target, audience=ISSUER)
    ended: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

    async def verify_unknown() -> None:
        ended.add(asyncio.get_running_loop())
        await verifier.verify(road.connect().access_token, timeout=PATIENCE)

    for _ in range(4):
        asyncio.run(verify_unknown())
    gc.collect()
    assert len(ended) == 1
    asyncio.run(verifier.close())
