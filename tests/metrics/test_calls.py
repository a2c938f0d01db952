"""Calls by method and status, refusals by reason, batches, and what is in flight."""

from contextlib import suppress

import grpc
import pytest
from tokenhouse.v1 import validation_pb2

from core.rpc.callers import MAY_CALL
from tests.metrics.conftest import Look
from tests.rpc.batches import conversing, streams_of
from tests.rpc.contract import call_raw
from tests.rpc.road import Road, refused
from tests.scrape import grown
from tests.serving import DEADLINE, ISSUER, Serving

_CALLS = "rpc_server_call_duration_seconds_count"
_BY_STATUS = ("rpc_method", "rpc_response_status_code")
_VALIDATE = "tokenhouse.v1.ValidationService/ValidateToken"


def _question(token: str) -> validation_pb2.ValidateTokenRequest:
    return validation_pb2.ValidateTokenRequest(token=token, audience=ISSUER)


def test_calls_are_counted_by_method_and_status(serving: Serving, look: Look) -> None:
    """OpenTelemetry, rpc.server.call.duration: the method with its service, the status by its name."""
    before = look()
    serving.validation.ValidateToken(_question("x"), timeout=DEADLINE)
    refused(serving.validation.ValidateToken, _question(""))
    refused(serving.validation.ValidateToken, _question("x"), timeout=7200)
    with pytest.raises(grpc.RpcError):
        call_raw(serving.channels["service"], f"/{_VALIDATE}", b"\xff")
    after = look()

    assert grown(before, after, _CALLS, _BY_STATUS) == {(_VALIDATE, "OK"): 1, (_VALIDATE, "INVALID_ARGUMENT"): 3}
    assert grown(before, after, "tokenhouse_rpc_refusals_total", ("reason",)) == {
        ("INVALID_ARGUMENT",): 1,
        ("DEADLINE_REQUIRED",): 1,
        ("MALFORMED_MESSAGE",): 1,
    }
    seconds = "rpc_server_call_duration_seconds_sum"
    assert after.value(seconds, rpc_method=_VALIDATE) > before.value(seconds, rpc_method=_VALIDATE)


def test_what_is_denied_or_unknown_is_counted_without_its_name(serving: Serving, look: Look) -> None:
    """A method that is another caller's keeps its name; one that there is not has none that anybody chose."""
    before = look()
    for method in ("/tokenhouse.v1.TokenService/IssueToken", "/tokenhouse.v1.TokenService/Canary", "/canary/canary"):
        with pytest.raises(grpc.RpcError):
            call_raw(serving.channels["service"], method, b"")
    after = look()

    assert grown(before, after, _CALLS, _BY_STATUS) == {
        ("tokenhouse.v1.TokenService/IssueToken", "PERMISSION_DENIED"): 1,
        ("_OTHER", "UNIMPLEMENTED"): 2,
    }
    assert "anary" not in after.text


def test_items_of_a_batch_are_counted_too(serving: Serving, look: Look) -> None:
    """How many travelled together, and why some of them were refused, though the call itself succeeds."""
    before, method = look(), "tokenhouse.v1.ValidationService/ValidateTokens"
    batch = validation_pb2.ValidateTokensRequest(requests=[_question("x"), _question(""), _question("")])
    serving.validation.ValidateTokens(batch, timeout=DEADLINE)
    after = look()

    assert grown(before, after, _CALLS, _BY_STATUS) == {(method, "OK"): 1}
    assert grown(before, after, "tokenhouse_rpc_refusals_total", ("reason",)) == {("INVALID_ARGUMENT",): 2}
    assert grown(before, after, "tokenhouse_rpc_batch_items_sum", ("rpc_method",)) == {(method,): 3}
    assert grown(before, after, "tokenhouse_rpc_batch_items_count", ("rpc_method",)) == {(method,): 1}


def test_each_message_of_a_stream_is_counted_as_a_call(
    serving: Serving, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a stream that there is no room for is refused, not turned away: its caller asks by calls."""
    before, method = look(), "tokenhouse.v1.ValidationService/StreamValidateTokens"
    with conversing(serving.channels["service"]) as stream:
        for _ in range(2):
            assert stream.ask("unknown", "").results
        stream.put()
        assert stream.refusal().reason == "INVALID_ARGUMENT"
    monkeypatch.setattr(streams_of(serving).room, "most", 0)
    with conversing(serving.channels["service"]) as stream:
        assert stream.refusal().reason == "OVERLOADED"
    after = look()

    assert grown(before, after, _CALLS, _BY_STATUS) == {
        (method, "OK"): 2,
        (method, "INVALID_ARGUMENT"): 1,
        (method, "RESOURCE_EXHAUSTED"): 1,
    }
    assert grown(before, after, "tokenhouse_rpc_batch_items_sum", ("rpc_method",)) == {(method,): 4}
    assert not grown(before, after, "tokenhouse_rpc_shed_calls_total", ("caller",))


def test_labels_are_of_this_server(road: Road, look: Look) -> None:
    """Whatever callers send, the second time no series is new: labels hold nothing of theirs (bounded cardinality)."""

    def mischief(word: str) -> None:
        road.validate(word, f"https://{word}.example/")
        refused(road.serving.validation.ValidateToken, validation_pb2.ValidateTokenRequest(token=word, audience=word))
        refused(road.serving.tokens.IssueToken, road.redeeming(word))
        refused(road.serving.sessions.LogIn, road.login_request(username=word, password=word, network_address=word))
        for name, channel in road.serving.channels.items():
            for method in (*MAY_CALL, f"/{word}/{word}"):
                with suppress(grpc.RpcError):
                    call_raw(channel, method, word.encode(), metadata=[("tokenhouse-correlation-id", f"{word}{name}")])

    mischief("canary-one")
    first = look()
    mischief("canary-two")
    second = look()

    assert first.series() == second.series()
    assert "canary" not in second.text


def test_state(serving: Serving, look: Look) -> None:
    """Keys, clock, memory, disk and queue as they are now; the process by its usual names."""
    found = look()

    assert found.value("tokenhouse_build_info", process="core") == 1
    assert found.value("tokenhouse_signing_keys", state="signing") == 1
    assert found.value("tokenhouse_signing_key_created_timestamp_seconds") <= serving.clock.now()
    assert abs(found.value("tokenhouse_clock_drift_seconds") - serving.clock.drift()) <= 2 * 60
    assert found.value("tokenhouse_oauth_clients_enabled") == 1
    assert found.value("tokenhouse_rpc_in_flight_calls_limit", caller="facade") == 512
    assert found.value("tokenhouse_store_writable") == 1
    assert found.value("tokenhouse_store_size_bytes", file="database") > 4096
    assert found.value("tokenhouse_store_disk_free_bytes") > 0
    assert found.value("process_resident_memory_bytes") > 1e6
    assert found.value("process_open_fds") > 3
