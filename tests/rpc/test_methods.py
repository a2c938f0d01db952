"""What holds for every method: a deadline, a size, a form."""

import grpc
import pytest
from tokenhouse.v1 import token_pb2, validation_pb2

from core.rpc.callers import may_call
from tests.patience import PATIENCE
from tests.rpc.contract import LISTENERS, OURS, UNARY, call_raw, empty_request
from tests.rpc.road import Refused, read_refusal, refused
from tests.serving import ISSUER, Serving

GARBAGE = [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05ab", b"\x0b" * 200, b'{"json": true}', b"\x00"]
BATCHES = {name for name, method in OURS.items() if "requests" in method.input_type.fields_by_name}


def _channel(serving: Serving, method: str) -> grpc.Channel:
    """The channel of a caller that may use the method."""
    return next(serving.channels[name] for name, caller in LISTENERS.items() if may_call(caller, method))


def _refused(serving: Serving, method: str, raw: bytes, **options: float | None) -> Refused:
    return refused(lambda data, **given: call_raw(_channel(serving, method), method, data, **given), raw, **options)


def test_the_hot_methods_have_a_batch_form() -> None:
    """Registration, token issuance and validation, which has a stream of them too."""
    assert sorted(BATCHES) == [
        "/tokenhouse.v1.RegistrationService/RegisterClients",
        "/tokenhouse.v1.TokenService/IssueTokens",
        "/tokenhouse.v1.ValidationService/StreamValidateTokens",
        "/tokenhouse.v1.ValidationService/ValidateTokens",
    ]


@pytest.mark.parametrize("timeout", [None, 7200.0])
def test_every_call_needs_a_deadline(serving: Serving, timeout: float | None) -> None:
    """Nobody waits for ever, and an hour and more is for ever."""
    for method in UNARY:
        refusal = _refused(serving, method, empty_request(method), timeout=timeout)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "DEADLINE_REQUIRED"), method


@pytest.mark.parametrize("raw", GARBAGE)
def test_bytes_that_are_no_message_are_refused(serving: Serving, raw: bytes) -> None:
    """Garbage is INVALID_ARGUMENT, never a failure of the server."""
    for method in OURS:
        refusal = _refused(serving, method, raw)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE"), method


@pytest.mark.parametrize("method", OURS)
def test_a_message_has_64_kib_and_a_batch_a_megabyte(serving: Serving, method: str) -> None:
    """One byte more is RESOURCE_EXHAUSTED; the limit itself is read."""
    limit = 1024 * 1024 if method in BATCHES else 64 * 1024
    # An unknown field 1000, length-delimited: valid protobuf of any size for every message.
    for size in (limit + 1, limit + 4096, limit):
        head = b"\xc2\x3e"
        length = size - len(head) - 3
        varint = bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14])
        try:
            call_raw(_channel(serving, method), method, head + varint + b"x" * length)
        except grpc.RpcError as error:
            refusal = read_refusal(error)
            assert (refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED) is (size > limit), (size, refusal)
        else:
            assert size <= limit


def test_a_small_message_that_unpacks_to_nothing_is_answered_or_refused(serving: Serving) -> None:
    """An empty message of each method is dealt with by the rules: no INTERNAL, no UNKNOWN."""
    for method in OURS:
        try:
            call_raw(_channel(serving, method), method, empty_request(method))
        except grpc.RpcError as error:
            refusal = read_refusal(error)
            assert refusal.code not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN), method
            assert refusal.reason, method
            assert refusal.description, method


def test_strings_are_utf8(serving: Serving) -> None:
    """Protobuf: a string of other bytes is no message."""
    for method in ("/tokenhouse.v1.UserAdminService/GetUser", "/tokenhouse.v1.ValidationService/ValidateToken"):
        assert _refused(serving, method, b"\x0a\x02\xff\xfe").reason == "MALFORMED_MESSAGE"


@pytest.mark.parametrize("count", [0, 129, 500])
def test_a_batch_has_1_to_128_requests(serving: Serving, count: int) -> None:
    """The proto's bound, for both batches."""
    tokens = token_pb2.IssueTokensRequest(requests=[token_pb2.IssueTokenRequest()] * count)
    validations = validation_pb2.ValidateTokensRequest(requests=[validation_pb2.ValidateTokenRequest()] * count)
    methods = ((serving.tokens.IssueTokens, tokens), (serving.validation.ValidateTokens, validations))
    for refusal in (refused(method, request) for method, request in methods):
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


@pytest.mark.parametrize(("size", "passes"), [(7_000, True), (8_192, False), (12_000, False), (100_000, False)])
def test_metadata_have_8_kib(serving: Serving, size: int, passes: bool) -> None:
    """What is larger is refused each time, not now and then, and reaches nobody; the next call is answered."""
    request = validation_pb2.ValidateTokenRequest(token="x", audience=ISSUER)
    for _ in range(12):
        try:
            serving.validation.ValidateToken(request, timeout=PATIENCE, metadata=(("x", "y" * size),))
        except grpc.RpcError as error:
            assert (error.code(), passes) == (grpc.StatusCode.RESOURCE_EXHAUSTED, False)
        else:
            assert passes
    assert not serving.validation.ValidateToken(request, timeout=PATIENCE).active
