"""Every request of every service, as any message of its type and as any bytes, to a real core over real gRPC."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from tokenhouse.v1 import backup_admin_pb2

from core.rpc.callers import may_call
from tests.fuzz.core_target import CoreTarget
from tests.fuzz.held import Property
from tests.fuzz.messages import raw_messages
from tests.rpc.contract import EVERY, LISTENERS
from tests.serving import DEADLINE, Serving

#: What says that the server failed, and not that the request was refused.
_FAILURES = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.UNIMPLEMENTED,
}
#: UNIMPLEMENTED is how an unsupported grant type is refused.
_REFUSES_GRANT_TYPES = "/tokenhouse.v1.TokenService/IssueToken"
#: Wherever an operator says.
_WRITES_A_FILE = "/tokenhouse.v1.BackupAdminService/CreateBackup"
#: Each makes a key for good.
_FEW = {"/tokenhouse.v1.KeyAdminService/RotateSigningKey", "/tokenhouse.v1.KeyAdminService/RotateMasterKey"}

#: Each method with a listener that offers it; those of operators last, for they delete what the others live from.
CALLS = [
    (name, listener)
    for listener in ("facade", "service", "operator")
    for name in sorted(EVERY)
    if listener == next(each for each in LISTENERS if may_call(LISTENERS[each], name))
]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreTarget]:
    """A core with reflection switched on."""
    with Serving(tmp_path_factory.mktemp("core"), "Reflection = true") as serving, CoreTarget(serving) as target:
        yield target


def property_of(core: CoreTarget, name: str, listener: str) -> Property:
    """Whatever the method is sent, it is answered or refused."""
    method = EVERY[name]
    call = _caller(core.serving.channels[listener], name, method)
    answer_type = GetMessageClass(method.output_type)

    def holds(raw: bytes) -> None:
        try:
            answer = answer_type.FromString(call(raw))
        except grpc.RpcError as error:
            refused_as_unsupported = name == _REFUSES_GRANT_TYPES and error.code() is grpc.StatusCode.UNIMPLEMENTED
            assert refused_as_unsupported or error.code() not in _FAILURES, f"{error.code()}: {error.details()}"
        else:
            reasons = [item.error.reason for item in getattr(answer, "results", ())]
            assert "SERVER_ERROR" not in reasons

    inputs = raw_messages(method.input_type, core.words, core.blobs, core.good(method.input_type))
    return Property(name, inputs.filter(_harmless) if name == _WRITES_A_FILE else inputs, holds)


@pytest.mark.parametrize(("name", "listener"), CALLS)
def test_any_request_is_answered_or_refused(core: CoreTarget, name: str, listener: str) -> None:
    """No crash, no UNKNOWN and no INTERNAL, whatever a message says (protobuf's encoding; google.rpc.Code)."""
    property_of(core, name, listener).check(3 if name in _FEW else 16)
    assert core.incidents.messages == []


def test_the_core_is_well_afterwards(core: CoreTarget) -> None:
    """After all of it a new user connects a new client, and their token is valid."""
    core.require_well()


def _harmless(raw: bytes) -> bool:
    """Nothing is written on this machine outside the folder of the test."""
    try:
        return not backup_admin_pb2.CreateBackupRequest.FromString(raw).path.startswith("/")
    except DecodeError:
        return True


def _caller(channel: Any, name: str, method: MethodDescriptor) -> Callable[[bytes], bytes]:
    """Calls with one message; of a stream of answers the first one is taken."""
    if not method.server_streaming:
        return lambda raw: bytes(channel.unary_unary(name)(raw, timeout=DEADLINE))

    def first(raw: bytes) -> bytes:
        if method.client_streaming:
            stream = channel.stream_stream(name)(iter([raw]), timeout=DEADLINE)
        else:
            stream = channel.unary_stream(name)(raw, timeout=DEADLINE)
        try:
            return bytes(next(stream))
        finally:
            stream.cancel()

    return first
