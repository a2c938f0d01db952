"""ValidationService.StreamValidateTokens: every message is answered as ValidateTokens would be, or the stream ends."""

from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import grant_admin_pb2, validation_pb2, validation_pb2_grpc

from core.rpc import silent_calls
from core.rpc.callers import Caller
from core.rpc.known_answers import KnownAnswers
from core.rpc.listener import _THREADS, Listener
from core.rpc.messages import BATCH_MESSAGE_BYTES
from tests.patience import PATIENCE
from tests.rpc.batches import conversing, streams_of
from tests.rpc.road import Road, read_refusal, refused
from tests.running import wait_until
from tests.serving import DEADLINE, ISSUER, Serving


@pytest.fixture
def channel(road: Road) -> grpc.Channel:
    """The services' way to the core."""
    return road.serving.channels["service"]


@pytest.fixture
def alone(serving: Serving) -> None:
    """Nobody else's stream is open any more."""
    streams = streams_of(serving)
    wait_until(lambda: not streams.room.taken, "the streams of other tests to end")


def _revoke(road: Road, token: str) -> None:
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=road.validate(token).grant_id)
    assert road.serving.grants.RevokeGrant(request, timeout=DEADLINE).revoked


def test_each_batch_is_answered_as_a_call_would_be(road: Road, channel: grpc.Channel) -> None:
    """validation.proto: one message for one, in their order, each with its number; good, bad and impossible alike."""
    good = [road.connect().access_token for _ in range(3)]
    batches = [[good[0], "unknown"], [good[1]], ["", good[2], good[0]], ["unknown"] * 128]
    with conversing(channel) as stream:
        for number, tokens in enumerate(batches, 7):
            stream.put(*tokens, number=number)
        for number, tokens in enumerate(batches, 7):
            answer = stream.hear()
            requests = [validation_pb2.ValidateTokenRequest(token=token, audience=ISSUER) for token in tokens]
            call = validation_pb2.ValidateTokensRequest(requests=requests)
            assert answer.number == number
            assert list(answer.results) == list(road.serving.validation.ValidateTokens(call, timeout=DEADLINE).results)


def test_what_was_revoked_is_not_good_in_the_next_batch(road: Road, channel: grpc.Channel) -> None:
    """An acknowledged revocation counts for every later message of a stream that was open before it."""
    token = road.connect().access_token
    with conversing(channel) as stream:
        assert stream.ask(token).results[0].response.active
        _revoke(road, token)
        assert not stream.ask(token).results[0].response.active


@pytest.mark.parametrize("count", [0, 129])
def test_what_a_call_would_be_refused_with_ends_the_stream(road: Road, channel: grpc.Channel, count: int) -> None:
    """validation.proto: 1 to 128 requests; what was answered before stays answered."""
    with conversing(channel) as stream:
        assert stream.ask("unknown").results
        stream.put(*["unknown"] * count)
        refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_a_message_is_no_larger_than_a_call_s(channel: grpc.Channel) -> None:
    """validation.proto: 1 MiB, as ValidateTokens; and that is what the refusal says."""
    validate = validation_pb2_grpc.ValidationServiceStub(channel).ValidateTokens
    large = [validation_pb2.ValidateTokenRequest(token="x" * BATCH_MESSAGE_BYTES, audience=ISSUER)]
    with conversing(channel) as stream:
        stream.put(large[0].token)
        refusals = [stream.refusal(), refused(validate, validation_pb2.ValidateTokensRequest(requests=large))]
    for refusal in refusals:
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
        assert refusal.description == "the message is larger than 1 MiB"


def test_a_caller_may_end_it(channel: grpc.Channel) -> None:
    """Whoever has no more to ask says so, and the status is OK."""
    with conversing(channel) as stream:
        assert stream.ask("unknown").results
        stream.end()
        with pytest.raises(StopIteration):
            stream.hear()


def test_where_every_stream_is_taken_calls_are_answered(
    road: Road, channel: grpc.Channel, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """validation.proto: RESOURCE_EXHAUSTED for one more stream, and for nothing else."""
    monkeypatch.setattr(streams_of(road.serving).room, "most", 2)
    token = road.connect().access_token
    with conversing(channel) as first, conversing(channel) as second, conversing(channel) as third:
        assert first.ask(token).results[0].response.active
        assert second.ask(token).results[0].response.active
        third.put(token)
        assert third.refusal().code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert road.validate(token).active
        assert first.ask(token).results[0].response.active


def test_streams_hold_none_of_the_threads_of_calls(road: Road, channel: grpc.Channel) -> None:
    """More of them than the listener has threads, none of which asks, and calls are answered."""
    with ExitStack() as stack:
        streams = [stack.enter_context(conversing(channel)) for _ in range(_THREADS[Caller.SERVICE] + 1)]
        for stream in streams:
            stream.put("unknown")
        for stream in streams:
            assert stream.hear().results
        assert road.validate(road.connect().access_token).active


@pytest.mark.parametrize("busy", [False, True])
def test_a_silent_stream_is_ended_in_time(
    road: Road,
    channel: grpc.Channel,
    alone: None,
    busy: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """CANCELLED, sooner where every stream is taken; that is nobody's fault, so nothing is logged."""
    monkeypatch.setattr(streams_of(road.serving)._pool, "_workers", 1 if busy else 2)
    monkeypatch.setattr(silent_calls, "PATIENCE_BETWEEN_WHERE_BUSY" if busy else "PATIENCE_BETWEEN", 0.0)
    for first in ("PATIENCE", "PATIENCE_WHERE_BUSY"):
        monkeypatch.setattr(silent_calls, first, PATIENCE)
    with conversing(channel) as stream:
        stream.put("unknown")
        assert stream.refusal_in_the_end().code is grpc.StatusCode.CANCELLED
    assert not caplog.records


def test_a_stop_waits_for_no_stream(tmp_path: Path) -> None:
    """One that waits for its next message ends, however long the calls under way have."""
    with Serving(tmp_path) as serving, conversing(serving.channels["service"]) as stream:
        assert stream.ask("unknown").results
        assert _listener(serving).stop(10 * PATIENCE).wait(PATIENCE)
        # OK where the answer had been heard and the next message was not waited for yet.
        with pytest.raises((grpc.RpcError, StopIteration)) as caught:
            stream.hear()
        if isinstance(caught.value, grpc.RpcError):
            assert read_refusal(caught.value).code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


def test_what_is_asked_when_the_core_stops_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a call under way is; then the stream ends, and nobody is left without a word."""
    begun, go_on, find = Event(), Event(), KnownAnswers.find

    def find_later(*arguments: Any) -> bytes:
        begun.set()
        go_on.wait(PATIENCE)
        return find(*arguments)

    monkeypatch.setattr(KnownAnswers, "find", find_later)
    with Serving(tmp_path) as serving, conversing(serving.channels["service"]) as stream:
        stream.put("unknown")
        assert begun.wait(PATIENCE)
        stopped = _listener(serving).stop(10 * PATIENCE)
        go_on.set()
        assert stream.hear().results
        with pytest.raises(StopIteration):
            stream.hear()
        assert stopped.wait(PATIENCE)


def _listener(serving: Serving) -> Listener:
    return next(each for each in serving.core._listeners if each._methods._batch_streams is streams_of(serving))
