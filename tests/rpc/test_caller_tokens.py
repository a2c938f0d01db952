"""Where certificates are too much, a service proves its name with a token: over TLS, and with nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import changes_pb2, changes_pb2_grpc

from core.domain.policy import CallerToken
from core.rpc import change_streams, silent_calls
from tests.certificates import Authority
from tests.patience import PATIENCE
from tests.rpc.batches import conversing
from tests.rpc.road import Road, read_refusal
from tests.rpc.service_calls import TLS, ask, calling, reason_of_refusal, serving_over_tls
from tests.running import wait_until
from tests.serving import Serving

REPORTS = "https://reports.example.com/api"
TOKEN, NEXT = "the token of reports", "the next token of reports"
CALLERS = f"""
Caller = reports: ValidationService, ChangesService, {REPORTS}
Caller = other: ChangesService
CallerToken = reports: {sha256(TOKEN.encode()).hexdigest()}
CallerToken = reports: {sha256(NEXT.encode()).hexdigest().upper()}
CallerToken = other: {sha256(b"other").hexdigest()}
"""
UNKNOWN = (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Serving]:
    """A core that knows its callers by their tokens."""
    with serving_over_tls(tmp_path_factory.mktemp("core"), authority, TLS + CALLERS) as core:
        yield core


@pytest.fixture
def channel(serving: Serving, authority: Authority) -> Iterator[grpc.Channel]:
    """A connection without a certificate."""
    with calling(serving, authority.credentials()) as made:
        yield made


def _bearer(token: str, scheme: str = "Bearer") -> tuple[str, str]:
    return "authorization", f"{scheme} {token}"


def test_a_token_names_its_caller(road: Road, serving: Serving, authority: Authority, channel: grpc.Channel) -> None:
    """RFC 6750 §2.1, as gRPC's own call credentials send it; both of two tokens, so that one can be replaced."""
    own = road.connect(resource=REPORTS).access_token
    for token in (TOKEN, NEXT):
        assert ask(channel, own, REPORTS, (_bearer(token),)).active
        credentials = grpc.composite_channel_credentials(
            authority.credentials(), grpc.access_token_call_credentials(token)
        )
        with calling(serving, credentials) as composed:
            assert ask(composed, own, REPORTS).active
    assert ask(channel, own, REPORTS, (_bearer(TOKEN, "bearer"),)).active
    assert reason_of_refusal(channel, REPORTS, (_bearer("other"),))[1] == "CALLER_NOT_ALLOWED"


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        (_bearer(""),),
        (_bearer("wrong"),),
        (_bearer(TOKEN[:-1]),),
        (_bearer(TOKEN, "Basic"),),
        (_bearer(sha256(TOKEN.encode()).hexdigest()),),
        (("authorization", TOKEN),),
        (_bearer(TOKEN), _bearer("wrong")),
        (("x-authorization", f"Bearer {TOKEN}"),),
    ],
)
def test_anything_else_is_nobody(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    """Deny by default; the digest that stands in the file is no token."""
    assert reason_of_refusal(channel, REPORTS, metadata) == UNKNOWN


def test_a_user_s_token_is_no_caller_s(road: Road, channel: grpc.Channel) -> None:
    """What was issued to a client opens nothing here."""
    tokens = road.connect()
    for token in (tokens.access_token, tokens.refresh_token):
        assert reason_of_refusal(channel, REPORTS, (_bearer(token),)) == UNKNOWN


def test_a_stranger_keeps_no_stream_from_others(
    road: Road, serving: Serving, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """validation.proto, StreamValidateTokens: nobody waits for the first message of who is not listed."""
    for patience in ("PATIENCE", "PATIENCE_WHERE_BUSY"):
        monkeypatch.setattr(silent_calls, patience, PATIENCE)
    for metadata, reason in (((), "CALLER_UNKNOWN"), ((_bearer("other"),), "CALLER_NOT_ALLOWED")):
        with conversing(channel, metadata) as stream:
            assert stream.refusal().reason == reason
    token = road.connect(resource=REPORTS).access_token
    with conversing(channel, (_bearer(TOKEN),)) as stream:
        assert stream.ask(token, audience=REPORTS).results[0].response.active


def test_a_token_that_is_taken_back_ends_its_stream(serving: Serving, channel: grpc.Channel) -> None:
    """README, Services on other machines: on open streams at once, with the next message; the other token goes on."""
    policy = serving.config.policy()
    left = tuple(each for each in policy.caller_tokens if each.digest != sha256(TOKEN.encode()).digest())
    with conversing(channel, (_bearer(TOKEN),)) as ending, conversing(channel, (_bearer(NEXT),)) as staying:
        for stream in (ending, staying):
            assert not stream.ask("any", audience=REPORTS).results[0].response.active
        serving.core.change_policy(replace(policy, caller_tokens=left))
        try:
            ending.put("any", audience=REPORTS)
            refusal = ending.refusal()
            assert staying.ask("any", audience=REPORTS).results
        finally:
            serving.core.change_policy(policy)
    assert (refusal.code, refusal.reason) == UNKNOWN


def _watch_until_refused(channel: grpc.Channel, token: str) -> tuple[list[Any], tuple[grpc.StatusCode, str]]:
    """Streams that stay open, until one is refused; and how that is."""
    stub, opened = changes_pb2_grpc.ChangesServiceStub(channel), list[Any]()
    while True:
        call = stub.WatchChanges(changes_pb2.WatchChangesRequest(), timeout=60, metadata=(_bearer(token),))
        try:
            next(call)
        except grpc.RpcError as error:
            refusal = read_refusal(error)
            return opened, (refusal.code, refusal.reason)
        opened.append(call)


def test_no_caller_takes_the_streams_of_the_others(
    serving: Serving, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """changes.proto, WatchChanges: half of those that the others leave; so there is room for another caller."""
    monkeypatch.setattr(change_streams, "MOST_STREAMS", 12)
    enough = (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS_OF_CALLER")
    mine, refusal = _watch_until_refused(channel, TOKEN)
    others: list[Any] = []
    try:
        assert (len(mine), refusal) == (6, enough)
        assert _watch_until_refused(channel, NEXT) == ([], enough)
        others, refusal = _watch_until_refused(channel, "other")
        assert (len(others), refusal) == (3, enough)
        for call in mine[:4]:
            call.cancel()
        wait_until(lambda: serving.core._streams.count() == 5, "the streams to be gone")
        again, refusal = _watch_until_refused(channel, TOKEN)
        mine += again
        assert (len(again), refusal) == (2, enough)
    finally:
        for call in (*mine, *others):
            call.cancel()


def test_a_token_that_is_withdrawn_is_refused_at_once(serving: Serving, channel: grpc.Channel) -> None:
    """README ↻."""
    policy = serving.config.policy()
    kept: tuple[CallerToken, ...] = tuple(
        each for each in policy.caller_tokens if each.digest != sha256(TOKEN.encode()).digest()
    )
    serving.core.change_policy(replace(policy, caller_tokens=kept))
    try:
        assert reason_of_refusal(channel, REPORTS, (_bearer(TOKEN),)) == UNKNOWN
        assert not ask(channel, "any", REPORTS, (_bearer(NEXT),)).active
    finally:
        serving.core.change_policy(policy)
