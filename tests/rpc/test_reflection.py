"""gRPC reflection, where it is switched on, costs the listener nothing."""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from tokenhouse.v1 import validation_pb2

from tests.serving import DEADLINE, ISSUER, Serving

_INFO = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture(scope="module")
def reflecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core with Grpc.Reflection = true."""
    with Serving(tmp_path_factory.mktemp("core"), "Reflection = true") as serving:
        yield serving


def ask(serving: Serving, messages: Iterator[bytes]) -> Any:
    """A stream of answers."""
    method: Any = serving.channels["service"].stream_stream(_INFO)
    return method(messages, timeout=DEADLINE)


def test_questions_are_answered_one_by_one(reflecting: Serving) -> None:
    """One stream may ask for the services and then for the file of one of them."""
    questions = [
        ServerReflectionRequest(list_services=""),
        ServerReflectionRequest(file_containing_symbol="tokenhouse.v1.ValidationService"),
    ]
    answers = ask(reflecting, iter([question.SerializeToString() for question in questions]))
    listed, file = (ServerReflectionResponse.FromString(answer) for answer in answers)
    assert "tokenhouse.v1.ValidationService" in {each.name for each in listed.list_services_response.service}
    assert b"ValidateToken" in file.file_descriptor_response.file_descriptor_proto[0]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff", grpc.StatusCode.INVALID_ARGUMENT),
        (b"\x3a\x80\x80\x08" + b"a" * 2**17, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
    ids=["malformed", "large"],
)
def test_what_is_no_question_is_refused(reflecting: Serving, raw: bytes, code: grpc.StatusCode) -> None:
    """Garbage is INVALID_ARGUMENT and more than 64 KiB RESOURCE_EXHAUSTED, never a failure of the server."""
    with pytest.raises(grpc.RpcError) as caught:
        list(ask(reflecting, iter([raw])))
    assert caught.value.code() is code


def test_open_streams_hold_no_thread_of_validation(reflecting: Serving) -> None:
    """Forty streams that never end, more than the listener has threads: a token is validated all the same."""
    end = threading.Event()

    def wait() -> Iterator[bytes]:
        end.wait(DEADLINE)
        yield b""

    streams = [ask(reflecting, wait()) for _ in range(40)]
    request = validation_pb2.ValidateTokenRequest(token="none", audience=ISSUER)
    assert not reflecting.validation.ValidateToken(request, timeout=DEADLINE / 2).active
    end.set()
    for stream in streams:
        stream.cancel()
